"""Sigmoid over the whole range of floats, against decimal arithmetic of 60 digits."""

from decimal import Context, Decimal

import numpy as np
import pytest

DIGITS = Context(prec=60, Emin=-(10**6), Emax=10**6)
TYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def exact_sigmoid(z):
    e = DIGITS.exp(Decimal(-abs(float(z))))
    return DIGITS.divide(1, 1 + e) if z >= 0 else DIGITS.divide(e, 1 + e)


def evaluate(kernels, z):
    a, prime = np.empty_like(z), np.empty_like(z)
    kernels.map_sigmoid(z, a, prime)
    return a, prime


@TYPES
def test_exact_within_rounding(kernels, dtype):
    info = np.finfo(dtype)
    limit = -np.log(float(info.smallest_subnormal))
    z = np.concatenate([np.linspace(-limit, limit, 2001), np.linspace(-2, 2, 401)]).astype(dtype)
    a, prime = evaluate(kernels, z)
    for z_i, a_i, prime_i in zip(z, a, prime, strict=True):
        exact = exact_sigmoid(z_i)
        assert abs(Decimal(float(a_i)) - exact) <= 3 * Decimal(float(np.spacing(dtype(exact)))), z_i
        slope = Decimal(float(a_i)) * (1 - Decimal(float(a_i)))
        assert abs(Decimal(float(prime_i)) - slope) <= 2 * Decimal(float(np.spacing(dtype(slope)))), z_i


@TYPES
def test_finite_at_every_magnitude(kernels, dtype):
    info = np.finfo(dtype)
    magnitudes = np.concatenate([[0, info.smallest_subnormal, info.tiny, info.max], np.geomspace(1e-30, 1e30, 500)])
    z = np.concatenate([magnitudes, -magnitudes]).astype(dtype)
    a, prime = evaluate(kernels, z)
    assert np.isfinite(a).all() and np.isfinite(prime).all()
    assert (a >= 0).all() and (a <= 1).all() and (prime >= 0).all() and (prime <= 0.25).all()
    assert (np.diff(a[np.argsort(z, kind="stable")]) >= 0).all()


@TYPES
def test_limits_and_landmarks(kernels, dtype):
    a, prime = evaluate(kernels, np.array([-np.inf, np.inf, 0, -0.0, -355, -1000], dtype))
    assert a[:4].tolist() == [0, 1, 0.5, 0.5]
    assert prime[:4].tolist() == [0, 0, 0.25, 0.25]
    assert a[5] == prime[5] == 0
    assert 0 <= prime[4] < 1e-40, "where exp(-x) / (1 + exp(-x))**2 is inf / inf"


@TYPES
def test_nan_stays_nan(kernels, dtype):
    a, prime = evaluate(kernels, np.array([np.nan], dtype))
    assert np.isnan(a[0]) and np.isnan(prime[0])
