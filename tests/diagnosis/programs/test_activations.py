"""Activations and their slopes, against differences."""

import numpy as np
import pytest

from cmlp.diagnosis.programs.activations import FUNCTIONS, sigmoid, softmax


@pytest.mark.parametrize("name", FUNCTIONS)
def test_slopes_are_those_of_the_functions(name):
    function, slope = FUNCTIONS[name]
    z = np.random.default_rng(4).normal(size=(4, 3)) * 2
    h = 1e-6
    if name.endswith("softmax"):  # the diagonal
        moved = [function(z + h * np.eye(3)[k]) - function(z - h * np.eye(3)[k]) for k in range(3)]
        expected = np.stack([part[:, k] for k, part in enumerate(moved)], axis=1) / (2 * h)
    else:
        expected = (function(z + h) - function(z - h)) / (2 * h)
    np.testing.assert_allclose(slope(z, function(z)), expected, atol=1e-6)


def test_large_sums_are_no_overflow():
    z = np.array([[-1e4, 0.0, 1e4]])
    with np.errstate(all="raise", under="ignore"):
        assert sigmoid(z).tolist() == [[0.0, 0.5, 1.0]]
        assert softmax(z).tolist() == [[0.0, 0.0, 1.0]]
