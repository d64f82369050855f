"""Data that networks are trained on, well and badly."""

import pytest
from support.training_faults import Setting

import cmlp


@pytest.fixture(scope="module")
def digits():
    return Setting(*cmlp.load_digits(), epochs=25)


@pytest.fixture(scope="module")
def real(mnist):
    sets = (cmlp.Dataset(mnist[f"{part} images"], mnist[f"{part} labels"]) for part in ("training", "test"))
    return Setting(*sets, epochs=2)


@pytest.fixture(params=["digits", "real"])
def setting(request):
    return request.getfixturevalue(request.param)
