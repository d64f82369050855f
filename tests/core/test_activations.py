"""Every activation and its derivative against the formulas, one number at a time."""

import numpy as np
import pytest
from support import formulas

from cmlp import Network

TYPES = pytest.mark.parametrize("dtype", ["float64", "float32"])
TOLERANCE = {"float64": 1e-12, "float32": 1e-5}
# Where rounding errors show: near 0, in the tails, and where exp is about to leave the range of float32.
Z = np.concatenate([np.linspace(-8, 8, 161), np.geomspace(1e-8, 80, 60), -np.geomspace(1e-8, 80, 60)])


def elementwise(activation, dtype, n):
    """A network whose n outputs are the activations of its n inputs."""
    network = Network([n, n], activation=[activation], loss="half_squared_error", initializer=[np.eye(n)], dtype=dtype)
    return network


def derivative(network, z):
    """dC/dz is the derivative of the activation if a - y is 1."""
    return network.gradient(z, network(z) - 1)[1][0]


@TYPES
@pytest.mark.parametrize("activation", formulas.PRIMES)
def test_values(activation, dtype):
    z = Z.astype(dtype)
    with np.errstate(under="ignore"):
        expected = formulas.ACTIVATIONS[activation](z.astype(float))
    a = elementwise(activation, dtype, len(z))(z)
    assert a.dtype == dtype
    np.testing.assert_allclose(a, expected, rtol=TOLERANCE[dtype], atol=1e-37)


@TYPES
@pytest.mark.parametrize("activation", formulas.PRIMES)
def test_derivatives(activation, dtype):
    z = Z[np.abs(Z) <= 8].astype(dtype)
    expected = formulas.PRIMES[activation](z.astype(float))
    actual = derivative(elementwise(activation, dtype, len(z)), z)
    scale = np.maximum(1, np.abs(formulas.ACTIVATIONS[activation](z.astype(float))))  # of a, from which y = a - 1
    assert (np.abs(actual - expected) <= TOLERANCE[dtype] * np.maximum(scale, np.abs(expected)) * scale).all()


@TYPES
@pytest.mark.parametrize("outputs", [1, 2, 3, 10, 300])
def test_softmax(outputs, dtype):
    rng = np.random.default_rng(outputs)
    z = (10 * rng.standard_normal(outputs)).astype(dtype)
    network = elementwise("softmax", dtype, outputs)
    expected = formulas.softmax(z.astype(float))
    np.testing.assert_allclose(network(z), expected, rtol=TOLERANCE[dtype])
    y = rng.standard_normal(outputs)
    a = network(z).astype(float)
    delta = network.gradient(z, y)[1][0]
    jacobian = np.diag(a) - np.outer(a, a)
    assert np.abs(delta - jacobian @ (a - y)).max() <= 10 * TOLERANCE[dtype]


@pytest.mark.parametrize("activation", formulas.PRIMES)
def test_kinks_and_limits(activation):
    network = elementwise(activation, "float64", 3)
    a = network(np.array([-1e4, 0, 600]))
    expected = {
        "identity": [-1e4, 0, 600],
        "sigmoid": [0, 0.5, 1],
        "tanh": [-1, 0, 1],
        "relu": [0, 0, 600],
        "leaky_relu": [-100, 0, 600],
        "elu": [-1, 0, 600],
        "gelu": [0, 0, 600],
        "silu": [0, 0, 600],
        "softplus": [0, np.log(2), 600],
        "exponential": [0, 1, np.exp(600)],
    }[activation]
    np.testing.assert_allclose(a, expected, rtol=1e-15, atol=0)


@TYPES
@pytest.mark.parametrize("activation", sorted(set(formulas.ACTIVATIONS) - {"exponential"}))
def test_finite_in_the_tails(activation, dtype):
    z = np.concatenate([s * np.geomspace(100, np.finfo(dtype).max / 256, 60) for s in (-1, 1)]).astype(dtype)
    network = elementwise(activation, dtype, len(z))
    assert np.isfinite(network(z)).all()
    # The targets must not make the loss overflow: only the derivative of the activation is in question.
    bounded = Network(
        [1, 1, 1], activation=[activation if activation != "softmax" else "identity", "sigmoid"],
        loss="half_squared_error", initializer="zeros", dtype=dtype,
    )  # fmt: skip
    bounded.weights[0] = [[1.0]]
    for pixel in z:
        nabla_w, nabla_b = bounded.gradient(np.array([pixel]), np.array([1.0]))
        assert all(np.isfinite(part).all() for part in [*nabla_w, *nabla_b])


@TYPES
def test_a_number_that_is_none_stays_none(dtype):
    for activation in formulas.ACTIVATIONS:
        network = elementwise(activation, dtype, 3)
        network.biases[0][...] = [np.nan, 1, 2]
        assert np.isnan(network(np.zeros(3))[0])


@pytest.mark.parametrize("activation", formulas.PRIMES)
@pytest.mark.parametrize("n", [1, 2, 17, 300])
def test_every_unit_of_every_image(activation, n):
    rng = np.random.default_rng(n)
    images = rng.standard_normal((n, 5))
    network = Network([5, 7, 3], activation=[activation, "identity"], loss="mean_squared_error", seed=n)
    formulas.jitter(network, rng)
    _, expected = formulas.feedforward(*formulas.parameters(network), [activation, "identity"], images.T)
    assert formulas.distance([network(images)], [expected[-1].T]) < 1e-13
    network.feedforward(images)
    assert formulas.distance(network.activations, [layer.T for layer in expected]) < 1e-13
