"""Every path of the vector kernels that this machine has, against NumPy."""

import platform
import re
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csc_matrix

from cmlp.core.simd import choose_simd_path, simd_path_names

TYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])
FAN_OUTS = [1, 2, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 48, 63, 64, 65, 100, 130]
CPUINFO = Path("/proc/cpuinfo")
SPARE = 64  # bytes that a vector may reach beyond an array


@pytest.fixture(params=simd_path_names(), autouse=True)
def path(request):
    choose_simd_path(request.param)
    yield
    choose_simd_path(simd_path_names()[0])


def with_spare_memory(array):
    """The same array by columns, followed by memory that a vector may read or add zeros to, but not change."""
    spare = SPARE // array.itemsize
    memory = np.concatenate([array.ravel("F"), np.full(spare, 7, array.dtype)])
    return memory[: array.size].reshape(array.shape, order="F"), memory[array.size :]


def sparse_image(rng, features, share):
    return np.where(rng.random(features) < share, rng.integers(1, 256, features), 0).astype(np.uint8)


def test_the_best_path_comes_first():
    names = simd_path_names()
    assert names == [name for name in ("avx512", "avx2", "baseline") if name in names]
    assert names[-1] == "baseline"


@pytest.mark.skipif(not CPUINFO.exists() or platform.machine() != "x86_64", reason="the system does not say it there")
def test_the_paths_are_those_that_the_system_names():
    flags = set(re.search(r"^flags\s*:(.*)$", CPUINFO.read_text(), re.MULTILINE)[1].split())
    needed = {
        "avx512": {"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vbmi2", "avx2", "fma", "bmi1", "popcnt"},
        "avx2": {"avx2", "fma", "bmi1", "popcnt"},
        "baseline": set(),
    }
    assert simd_path_names() == [name for name in needed if needed[name] <= flags]


@TYPES
def test_sigmoid_is_that_of_one_number(kernels, dtype):
    limits = np.array([-np.inf, np.inf, np.nan, 0, -0.0, np.finfo(dtype).max, np.finfo(dtype).min], dtype)
    z = np.concatenate([limits, np.linspace(-1100, 1100, 5001), np.linspace(-4, 4, 999)]).astype(dtype)
    expected, _ = np.empty_like(z), np.empty_like(z)
    kernels.map_sigmoid(z, expected, _)
    found = z.copy()
    kernels.map_sigmoid_array(found)
    assert np.array_equal(found[:7], expected[:7], equal_nan=True)
    assert (np.abs(found[7:] - expected[7:]) <= 4 * np.spacing(expected[7:])).all()
    assert (np.diff(found[7:5008]) >= 0).all()


@TYPES
@pytest.mark.parametrize("n", range(1, 40))
def test_sigmoid_of_any_length(kernels, dtype, n):
    z, beyond = with_spare_memory(np.linspace(-3, 3, n).astype(dtype))
    expected = 1 / (1 + np.exp(-z.astype(float)))
    kernels.map_sigmoid_array(z)
    assert np.allclose(z, expected, rtol=4 * np.finfo(dtype).eps, atol=0)
    assert (beyond == 7).all()


@pytest.mark.parametrize("features", [1, 7, 63, 64, 65, 127, 128, 784, 1000, 65535])
@pytest.mark.parametrize("share", [0, 0.02, 0.2, 0.9, 1])
def test_positions_of_what_is_not_zero(kernels, features, share):
    rng = np.random.default_rng(features)
    for _ in range(20 if features < 2000 else 1):
        image = sparse_image(rng, features, share)
        pixels, found = np.empty(features + 64, np.int32), np.empty(features + 64, np.uint8)
        n = kernels.call_find_nonzero(image, pixels, found)
        assert np.array_equal(pixels[:n], np.flatnonzero(image))
        assert np.array_equal(found[:n], image[image != 0])


@TYPES
def test_bytes_times_a_number(kernels, dtype):
    image = np.arange(256, dtype=np.uint8)
    scaled = np.empty(256, dtype)
    kernels.call_scale_bytes(image, 1 / 255, scaled)
    assert np.array_equal(scaled, image * dtype(1 / 255))


@TYPES
@pytest.mark.parametrize("fan_out", FAN_OUTS)
@pytest.mark.parametrize("share", [0.05, 0.5, 1])
def test_products_with_sparse_images(kernels, dtype, fan_out, share):
    rng = np.random.default_rng(fan_out)
    features = 50
    image = sparse_image(rng, features, share)
    image[0] = 1
    pixels = np.flatnonzero(image).astype(np.int32)
    values = image[pixels].astype(dtype)
    tolerance = 1000 * np.finfo(dtype).eps

    W, _ = with_spare_memory(rng.normal(size=(fan_out, features)).astype(dtype))
    z, beyond_z = with_spare_memory(rng.normal(size=fan_out).astype(dtype))
    expected = z + W.astype(float) @ image
    kernels.call_multiply_vector(pixels, values, W, z)
    assert np.allclose(z, expected, rtol=0, atol=tolerance * np.abs(expected).max())
    assert (beyond_z == 7).all()

    delta, _ = with_spare_memory(rng.normal(size=fan_out).astype(dtype))
    nabla_w, beyond_w = with_spare_memory(rng.normal(size=(fan_out, features)).astype(dtype))
    expected = nabla_w + np.outer(delta.astype(float), image)
    kernels.call_accumulate_outer(pixels, values, delta, nabla_w)
    assert np.allclose(nabla_w, expected, rtol=0, atol=tolerance * np.abs(expected).max())
    assert (beyond_w == 7).all()


@TYPES
@pytest.mark.parametrize("fan_out", [1, 31, 32, 33, 63, 64, 65, 130, 300])
@pytest.mark.parametrize("add", [True, False])
def test_products_with_sparse_matrices(kernels, dtype, fan_out, add):
    rng = np.random.default_rng(fan_out)
    for n in (1, kernels.tile_rows(), 2 * kernels.tile_rows() + 5):
        S = np.where(rng.random((n, 9)) < 0.1, rng.normal(size=(n, 9)), 0).astype(dtype)
        S[:, 0], S[:, 1], S[:-1, 2], S[1:, 3] = 0, 1, 0, 0  # nothing, everything, the last row or tile, the first
        columns = csc_matrix(S)
        W = np.asfortranarray(rng.normal(size=(fan_out, n)), dtype)
        z, beyond = with_spare_memory(rng.normal(size=(fan_out, 9)).astype(dtype))
        expected = (z if add else 0) + W.astype(float) @ S
        tile = np.full(kernels.tile_rows() * 256 // dtype(0).itemsize, np.nan, dtype)  # what is not written is not used
        begins = columns.indptr.astype(np.intp)
        kernels.call_multiply_sparse(W, columns.indices, columns.data, begins, add, tile, z)
        assert np.allclose(z, expected, rtol=0, atol=1000 * np.finfo(dtype).eps * np.abs(expected).max())
        assert np.array_equal(begins, columns.indptr)
        assert (beyond == 7).all()


@TYPES
@pytest.mark.parametrize("n", [1, 7, 16, 17, 100])
def test_steps_by_moments(kernels, dtype, n):
    names = ("beta_1", "new_1", "beta_2", "new_2", "m_factor", "nabla_factor", "decay", "correction", "epsilon")
    a = dict(zip(names, (0.9, 0.2, 0.8, 0.3, 0.05, 0.02, 0.99, 1.5, 0.01), strict=True))
    nabla, m, v, parameters = np.random.default_rng(n).random((4, n)).astype(dtype)
    new_m = a["beta_1"] * m + a["new_1"] * nabla
    new_v = a["beta_2"] * v + a["new_2"] * nabla**2
    step = (a["m_factor"] * new_m + a["nabla_factor"] * nabla) / (a["correction"] * np.sqrt(new_v) + a["epsilon"])
    expected = new_m, new_v, a["decay"] * parameters - step
    kernels.call_step_with_moments(a, nabla, m, v, parameters)
    for found, wanted in zip((m, v, parameters), expected, strict=True):
        assert np.allclose(found, wanted, rtol=10 * np.finfo(dtype).eps, atol=0)
