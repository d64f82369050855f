"""The gradient of any architecture: central differences in double precision, and single precision against them."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from support import formulas

from cmlp import Network

H = 1e-4  # the stencil reaches 2 * H to either side
MARGIN = 0.01  # how far everything stays from a kink: much more than the stencil moves it
HIDDEN = sorted(formulas.PRIMES)
NO_SHRINKING = [Phase.explicit, Phase.reuse, Phase.generate]  # examples are small as they are


@st.composite
def architectures(draw, loss, activation):
    """Sizes, activations of which one hidden one is given, the number of images, and a seed."""
    hidden = draw(st.lists(st.sampled_from(HIDDEN), max_size=2))
    hidden.insert(draw(st.integers(0, len(hidden))), activation)
    activations = [*hidden, draw(st.sampled_from(formulas.outputs_of(loss)))]
    sizes = draw(st.lists(st.integers(1, 5), min_size=len(activations) + 1, max_size=len(activations) + 1))
    sizes[-1] += activations[-1] == "softmax"  # a single one is always 1
    return sizes, activations, draw(st.integers(1, 4)), draw(st.integers(0, 2**32))


def is_smooth(network, images, targets):
    """Whether no z, and no error of an output, is near a kink."""
    activations, loss = network.architecture.activations, network.architecture.loss
    zs, layers = formulas.feedforward(*formulas.parameters(network), activations, images.T)
    distances = [np.abs(z) for z, name in zip(zs, activations, strict=True) if name in formulas.KINKED]
    errors = np.abs(layers[-1] - targets)
    distances += [errors] if loss == "mean_absolute_error" else [np.abs(errors - 1)] if loss == "huber" else []
    moderate = all(np.abs(z).max() < 8 for z in zs)
    return moderate and all(part.min() > MARGIN for part in distances)


def make_problem(sizes, activations, loss, n, seed):
    """Return a network and a batch, redrawn until the loss is smooth around the weights, and not flat."""
    rng = np.random.default_rng(seed)
    network = Network(sizes, activation=activations, loss=loss)
    for attempt in range(300):
        formulas.jitter(network, rng, max(0.3, 0.98**attempt))
        images = rng.standard_normal((n, sizes[0]))
        labels, targets = formulas.random_targets(loss, sizes[-1], n, rng)
        with np.errstate(over="ignore", invalid="ignore"):
            smooth = is_smooth(network, images, targets)
        if smooth and size_of(network.gradient(images, labels)) > 1e-3:
            return network, images, labels
    raise AssertionError(f"{sizes}, {activations}, {loss}: no smooth place found")


def size_of(nabla):
    return max(np.abs(part).max() for parts in nabla for part in parts)


def differences(network, images, labels):
    """The derivative of the loss by every parameter, from five points of it: exact for polynomials of degree 4."""
    for array in [*network.weights, *network.biases]:
        slopes = np.empty(array.shape)
        for index in np.ndindex(array.shape):
            value, losses = array[index], []
            for steps in (-2, -1, 1, 2):
                array[index] = value + steps * H
                losses.append(network.loss(images, labels))
            array[index] = value
            slopes[index] = (losses[0] - 8 * losses[1] + 8 * losses[2] - losses[3]) / (12 * H)
        yield slopes


@pytest.mark.parametrize("activation", HIDDEN)
@pytest.mark.parametrize("loss", formulas.LOSSES)
def test_central_differences(loss, activation):
    @settings(deadline=None, max_examples=7, phases=NO_SHRINKING)
    @given(architectures(loss, activation))
    def check(architecture):
        sizes, activations, n, seed = architecture
        network, images, labels = make_problem(sizes, activations, loss, n, seed)
        nabla = [part for parts in network.gradient(images, labels) for part in parts]
        scale = max(np.abs(part).max() for part in nabla)
        assert scale > 1e-3, "a gradient of zeros would agree with anything"
        rounding = 1e-15 * max(1, abs(network.loss(images, labels))) / H
        for actual, expected in zip(nabla, differences(network, images, labels), strict=True):
            assert np.abs(actual - expected).max() <= 1e-6 * scale + 10 * rounding

        single = Network(sizes, activation=activations, loss=loss, dtype="float32")
        for narrow, wide in zip([*single.weights, *single.biases], [*network.weights, *network.biases], strict=True):
            narrow[...] = wide
            wide[...] = narrow
        images = images.astype(np.float32)
        nabla = [part for parts in network.gradient(images, labels) for part in parts]
        rounded = [part for parts in single.gradient(images, labels) for part in parts]
        for actual, expected in zip(rounded, nabla, strict=True):
            assert actual.dtype == np.float32
            assert np.abs(actual - expected).max() <= 1e-4 * scale + 1e-6

    check()


@settings(deadline=None, max_examples=100)
@given(
    pair=st.sampled_from(formulas.PAIRS),
    hidden=st.lists(st.sampled_from(sorted({*HIDDEN} - {"exponential"})), max_size=3),  # it overflows when stacked
    size=st.integers(1, 300),
    n=st.integers(1, 300),
    seed=st.integers(0, 2**32),
    dtype=st.sampled_from(["float64", "float32"]),
)
def test_formulas_of_any_size(pair, hidden, size, n, seed, dtype):
    loss, output = pair
    rng = np.random.default_rng(seed)
    activations = [*hidden, output]
    sizes = [*rng.integers(1, 20, len(activations)).tolist(), rng.integers(1, 12).item()]
    sizes[rng.integers(len(sizes))] = size
    network = Network(sizes, activation=activations, loss=loss, dtype=dtype)
    for (fan_in, _), w, b in zip(pairwise(sizes), network.weights, network.biases, strict=True):
        w[...] = rng.standard_normal(w.shape) / np.sqrt(fan_in)
        b[...] = rng.standard_normal(b.shape) / 2
    images = np.where(rng.random((n, sizes[0])) < rng.random(), rng.standard_normal((n, sizes[0])), 0).astype(dtype)
    labels, targets = formulas.random_targets(loss, sizes[-1], n, rng)
    expected = formulas.gradient(*formulas.parameters(network), activations, loss, images.T.astype(float), targets)
    nabla = network.gradient(images, labels)
    tolerance = {"float64": 1e-10, "float32": 1e-3}[dtype]
    assert formulas.distance([*nabla[0], *nabla[1]], [*expected[0], *expected[1]]) < tolerance
