"""Orthogonal weights: their rows, the sums that they begin with, and the moments of activations."""

from math import exp, pi, sqrt

import numpy as np
import pytest

from cmlp import Network
from cmlp.model.orthogonal import moments


def network(sizes, activation, seed=0, **settings):
    return Network(sizes, activation=activation, loss="cross_entropy", initializer="orthogonal", seed=seed, **settings)


@pytest.mark.parametrize("sizes", [(64, 8, 8, 10), (12, 40, 30, 3), (1, 1, 1, 2)])
def test_rows_or_columns_are_orthogonal(sizes):
    for w in network(sizes, "tanh").weights:
        fan_out, fan_in = w.shape
        gram = w @ w.T if fan_out <= fan_in else w.T @ w
        assert np.allclose(gram, gram[0, 0] * np.eye(min(w.shape)), atol=1e-12 * gram[0, 0])


@pytest.mark.parametrize(
    ("activation", "mean", "deviation"),
    [("sigmoid", 0, 0.5), ("tanh", 0, 0.5), ("relu", 1, 0.5), ("softplus", 0, 0.5), ("exponential", 0, 0.03)],
)
def test_sums_keep_mean_and_deviation_however_deep(activation, mean, deviation):
    """Inputs of mean 0 and deviation 1/2, as the start supposes, through twenty layers."""
    net = network([200] * 21 + [10], activation)
    images = 0.5 * np.random.default_rng(3).standard_normal((400, 200))
    net.feedforward(images)
    for layer in (0, 5, 19):
        sums = net.activations[layer] @ net.weights[layer].T + net.biases[layer]
        assert sums.mean() == pytest.approx(mean, abs=0.2 * deviation)
        assert sums.std() == pytest.approx(deviation, rel=0.2)


def test_gradients_of_six_narrow_layers_do_not_fade():
    images, labels = np.random.default_rng(0).random((500, 64)), np.arange(500) % 10
    for initializer, fades in (("glorot_normal", True), ("orthogonal", False)):
        net = Network([64] + [8] * 6 + [10], loss="cross_entropy", initializer=initializer)
        sizes = [np.linalg.norm(nabla) for nabla in net.gradient(images, labels)[0]]
        assert (sizes[1] < sizes[-1] / 100) == fades


def test_moments_are_those_of_the_formulas():
    assert moments("exponential", 0.0, 0.5) == pytest.approx(
        (exp(1 / 8), sqrt(exp(1 / 4) * (exp(1 / 4) - 1))), rel=1e-12
    )
    assert moments("relu", 0.0, 1.0) == pytest.approx((1 / sqrt(2 * pi), sqrt(0.5 - 0.5 / pi)), rel=1e-2)
    assert moments("sigmoid", 0.0, 2.0)[0] == pytest.approx(0.5)


def test_the_same_seed_gives_the_same_weights_in_both_types():
    one, same, other = (network((64, 30, 10), "relu", seed=seed).engine.parameters for seed in (1, 1, 2))
    assert np.array_equal(one, same) and not np.array_equal(one, other)
    single = network((64, 30, 10), "relu", seed=1, dtype="float32").engine.parameters
    assert np.allclose(single, one, rtol=1e-6)
