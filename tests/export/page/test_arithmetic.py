"""What the page computes, in a real browser, is what the network computes."""

import numpy as np
import pytest

import cmlp
from cmlp.core.activations import ACTIVATIONS, OUTPUT_ONLY

HIDDEN = sorted(set(ACTIVATIONS) - OUTPUT_ONLY)
TOLERANCE = 1e-5
STEP = 1e-6


def outputs_of_page(browser, images):
    return np.array(browser.run("return arguments[0].map((image) => cmlp.outputs(image))", images.tolist()))


def outputs_of_examples(browser):
    """Return the outputs for the images that the page holds."""
    return np.array(browser.run("return cmlp.examples.images.map((image) => cmlp.outputs(image))"))


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).normal(size=(200, 7)) * np.logspace(-2, 1.5, 200)[:, np.newaxis]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("activation", HIDDEN)
def test_every_activation_on_200_images(browser, write, images, activation, dtype):
    """The images go from tiny to large ones; outputs beyond 1 are compared relatively."""
    network = cmlp.Network([7, 9, 8, 4], activation=activation, loss="mean_squared_error", dtype=dtype)
    if activation == "exponential":
        images = images / 30  # of exp(exp(x)) there is no more
    browser.open(write(network))
    expected = network(images)
    assert np.isfinite(expected).all()
    np.testing.assert_allclose(outputs_of_page(browser, images), expected, TOLERANCE, TOLERANCE)


@pytest.mark.parametrize("loss", ["quadratic", "cross_entropy", "binary_cross_entropy", "poisson"])
def test_every_activation_of_outputs(browser, write, images, loss):
    network = cmlp.Network([7, 9, 4], activation="tanh", loss=loss)
    browser.open(write(network))
    np.testing.assert_allclose(outputs_of_page(browser, images), network(images), TOLERANCE, TOLERANCE)


def test_outputs_that_a_naive_softmax_would_not_have(browser, write):
    network = cmlp.Network([2, 3], loss="cross_entropy", initializer=[[[900, 0], [0, 900], [1, 1]]])
    browser.open(write(network))
    images = np.array([[1.0, 0.0], [1.0, 1.0], [-1.0, -1.0]])
    np.testing.assert_allclose(outputs_of_page(browser, images), [[1, 0, 0], [0.5, 0.5, 0], [0, 0, 1]], atol=1e-12)


def test_the_200_images_in_the_page(browser, digits, digits_page, chosen):
    network, test = digits
    examples = chosen(network, test)
    assert examples.images.shape == (200, 64)
    browser.open(digits_page)
    np.testing.assert_allclose(outputs_of_examples(browser), network(examples.images), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_200_images_of_mnist(browser, write, mnist, chosen, dtype):
    network = cmlp.Network(dtype=dtype)
    network.train((mnist["training images"], mnist["training labels"]), 1, 3.0, progress=False)
    test = mnist["test images"], mnist["test labels"]
    examples = chosen(network, test)
    assert len(examples.images) == 200
    browser.open(write(network, test))
    np.testing.assert_allclose(outputs_of_examples(browser), network(examples.images), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("pixels", [np.float32, np.float64, "sparse"])
def test_images_that_are_no_bytes(browser, write, digits, pixels):
    from scipy.sparse import csr_matrix

    network, test = digits
    values = test.images[:50] / 16
    images = csr_matrix(values) if pixels == "sparse" else values.astype(pixels)
    browser.open(write(network, (images, test.labels[:50])))
    found = outputs_of_examples(browser)
    expected = network(values)
    wrong = expected.argmax(axis=1) != test.labels[:50]
    np.testing.assert_allclose(found, np.concatenate([expected[wrong], expected[~wrong]]), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("activation", HIDDEN)
def test_what_a_neuron_looks_for(browser, write, activation):
    """The gradient of an identity output against central differences of the network itself."""
    network = cmlp.Network([5, 6, 6, 3], activation=activation, loss="mean_squared_error", seed=1)
    browser.open(write(network))
    image = np.random.default_rng(2).normal(size=5)
    steps = STEP * np.eye(5)
    for unit in range(3):
        expected = (network(image + steps) - network(image - steps))[:, unit] / (2 * STEP)
        found = browser.run("return cmlp.gradient(arguments[0], 2, arguments[1])", image.tolist(), unit)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)
        assert np.abs(expected).max() > 1e-3
        first = browser.run("return cmlp.gradient(arguments[0], 0, arguments[1])", image.tolist(), unit)
        np.testing.assert_array_equal(first, network.weights[0][unit])
