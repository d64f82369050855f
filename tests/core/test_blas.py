"""Every routine against its formula; alpha and beta are neither 0 nor 1, so that a lost one shows."""

import numpy as np
import pytest

ALPHA, BETA = 2.5, -0.5
SHAPES = [(1, 1, 1), (1, 3, 1), (7, 1, 5), (3, 4, 5), (16, 33, 129)]
TYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def draw(rng, dtype, *shape):
    return np.asfortranarray(rng.normal(size=shape).astype(dtype))


def close(actual, expected):
    return np.allclose(actual, expected, rtol=0, atol=100 * np.finfo(actual.dtype).eps * np.abs(expected).max())


@TYPES
@pytest.mark.parametrize("incx", [1, 3])
@pytest.mark.parametrize("incy", [1, 2])
@pytest.mark.parametrize("n", [1, 2, 17])
def test_axpy(kernels, rng, dtype, n, incx, incy):
    x, y = draw(rng, dtype, incx * (n - 1) + 1), draw(rng, dtype, incy * (n - 1) + 1)
    expected = y.copy()
    expected[::incy] += dtype(ALPHA) * x[::incx]
    x.setflags(write=False)
    kernels.call_axpy(ALPHA, x, incx, y, incy)
    assert close(y, expected)


@TYPES
@pytest.mark.parametrize("trans", [False, True])
@pytest.mark.parametrize(("m", "n", "_"), SHAPES)
def test_gemv(kernels, rng, dtype, m, n, _, trans):
    a = draw(rng, dtype, m, n)
    op = a.T if trans else a
    x, y = draw(rng, dtype, op.shape[1]), draw(rng, dtype, op.shape[0])
    expected = ALPHA * (op.astype(float) @ x) + BETA * y
    for array in (a, x):
        array.setflags(write=False)
    kernels.call_gemv(trans, ALPHA, a, x, BETA, y)
    assert close(y, expected)


@TYPES
@pytest.mark.parametrize(("m", "n", "_"), SHAPES)
def test_ger(kernels, rng, dtype, m, n, _):
    a, x, y = draw(rng, dtype, m, n), draw(rng, dtype, m), draw(rng, dtype, n)
    expected = a + ALPHA * np.outer(x.astype(float), y)
    for array in (x, y):
        array.setflags(write=False)
    kernels.call_ger(ALPHA, x, y, a)
    assert close(a, expected)


@TYPES
@pytest.mark.parametrize("trans_a", [False, True])
@pytest.mark.parametrize("trans_b", [False, True])
@pytest.mark.parametrize(("m", "n", "k"), SHAPES)
def test_gemm(kernels, rng, dtype, m, n, k, trans_a, trans_b):
    a = draw(rng, dtype, *((k, m) if trans_a else (m, k)))
    b = draw(rng, dtype, *((n, k) if trans_b else (k, n)))
    c = draw(rng, dtype, m, n)
    product = (a.T if trans_a else a).astype(float) @ (b.T if trans_b else b)
    expected = ALPHA * product + BETA * c
    for array in (a, b):
        array.setflags(write=False)
    kernels.call_gemm(trans_a, trans_b, ALPHA, a, b, BETA, c)
    assert close(c, expected)
