"""Batch normalisation in the core: its gradient, its running averages, and the same bits with any number of threads."""

import numpy as np
import pytest
from support import formulas

import cmlp
from cmlp.core.data_source import DataSource
from cmlp.core.engine import Engine
from cmlp.core.normalization import EPSILON, MOMENTUM
from cmlp.core.simd import choose_simd_path, simd_path_name, simd_path_names
from cmlp.training.epoch import new_state
from cmlp.training.options import Options

SIZES = (6, 7, 5, 4)
TYPES = pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-6)])


def make_engine(activation="tanh", dtype="float64", normalised=(True, True, False), sizes=SIZES, dropout=0.0):
    """Weights, biases, gammas and running averages at random."""
    depth = len(sizes) - 1
    activations = (activation,) * (depth - 1) + ("softmax",)
    dropouts = (dropout,) * (depth - 1) + (0.0,)
    engine = Engine(sizes, activations, "cross_entropy", dropouts, np.dtype(dtype), normalised)
    rng = np.random.default_rng(1)
    engine.parameters[...] = 0.5 * rng.standard_normal(engine.parameters.size)
    for _, _, variance in filter(None, engine.normalisation(engine.parameters)):
        variance[...] = rng.uniform(0.5, 2, variance.size)
    return engine


def make_data(n=40, pixels=SIZES[0], classes=SIZES[-1]):
    rng = np.random.default_rng(2)
    return rng.standard_normal((n, pixels)), rng.integers(classes, size=n)


def train(engine, images, labels, size, *, optimizer="sgd", eta=0.1, threads=1, average=None, key=0, **settings):
    """An epoch in the order of the images; return the mean loss."""
    options = Options(eta=eta, mini_batch_size=size, optimizer=optimizer, **settings)
    n = len(images)
    etas, order = np.full(-(-n // size), eta), np.arange(n)
    source, state = DataSource(images, 1 / 255, labels), new_state(options.optimizer, engine)
    loss, weight, done = engine.train(source, order, 0, n, etas, state, options, average, key, threads)
    assert done == n
    return loss / weight


def differences(engine, source):
    """Central differences of the mean loss by every parameter."""
    numbers, found, h = engine.parameters, [], 1e-5
    for i, kept in enumerate(numbers.copy()):
        losses = []
        for numbers[i] in (kept + h, kept - h):
            loss, weight, _ = engine.gradient(source)
            losses.append(loss / weight)
        numbers[i] = kept
        found.append((losses[0] - losses[1]) / (2 * h))
    return np.array(found)


@pytest.mark.parametrize("activation", sorted(formulas.PRIMES))
def test_central_differences(activation):
    engine, (images, labels) = make_engine(activation), make_data(13)
    source = DataSource(images, 1.0, labels)
    _, _, nabla = engine.gradient(source)
    assert np.abs(nabla - differences(engine, source)).max() < 1e-8
    single = make_engine(activation, "float32")
    assert np.abs(single.gradient(DataSource(images.astype("float32"), 1.0, labels))[2] - nabla).max() < 1e-5


@pytest.mark.parametrize("normalised", [(True, False, False), (False, True, False)], ids=str)
def test_central_differences_of_one_layer_with_weights_of_samples(normalised):
    engine, (images, labels) = make_engine("gelu", normalised=normalised), make_data(13)
    source = DataSource(images, 1.0, labels, None, np.linspace(0, 2, 13))
    assert np.abs(engine.gradient(source)[2] - differences(engine, source)).max() < 1e-8


def by_hand(engine, images):
    """The activations of a training pass in NumPy, and mean and unbiased variance of each layer."""
    a, moments = images.T, []
    layers = zip(*engine.views(engine.parameters), engine.normalisation(engine.parameters), strict=True)
    for number, (w, b, layer) in enumerate(layers):
        z = w @ a + b[:, np.newaxis]
        if layer is not None:
            z = w @ a
            moments.append((z.mean(axis=1), z.var(axis=1, ddof=1)))
            z = (z - z.mean(axis=1, keepdims=True)) / np.sqrt(z.var(axis=1, keepdims=True) + EPSILON)
            z = layer[0][:, np.newaxis] * z + b[:, np.newaxis]
        a = formulas.ACTIVATIONS["tanh" if number < 2 else "softmax"](z)
    return a.T, moments


@TYPES
@pytest.mark.parametrize("n", [2, 40, 300], ids=str)
def test_loss_and_running_averages(n, dtype, tolerance):
    """Of several parts, too: 300 images are divided."""
    engine, (images, labels) = make_engine(dtype=dtype), make_data(n)
    images = images.astype(dtype)
    exact = engine.copy("float64")
    outputs, moments = by_hand(exact, images)
    before = [tuple(map(np.copy, layer)) for layer in filter(None, exact.normalisation(exact.parameters))]
    loss = train(engine, images, labels, n, eta=1e-30)
    assert loss == pytest.approx(-np.log(outputs[np.arange(n), labels]).mean(), rel=tolerance)
    after = filter(None, engine.normalisation(engine.parameters))
    for (_, mean, variance), (_, old_mean, old_variance), (now, varied) in zip(after, before, moments, strict=True):
        np.testing.assert_allclose(mean, (1 - MOMENTUM) * old_mean + MOMENTUM * now, rtol=tolerance, atol=tolerance)
        np.testing.assert_allclose(variance, (1 - MOMENTUM) * old_variance + MOMENTUM * varied, rtol=3 * tolerance)


@TYPES
def test_a_mean_far_from_zero_cancels_nothing(dtype, tolerance):
    """The second unit's sums are those of the first, and 4096."""
    engine = make_engine(dtype=dtype, sizes=(2, 2, 2), normalised=(True, False))
    w, b = engine.views(engine.parameters)
    w[0][...], b[0][...], w[1][...] = [[1, 0], [1, 1]], 0, [[1, -1], [0, 0]]
    images = np.stack([np.arange(100) % 7 / 8, np.full(100, 4096.0)], axis=1).astype(dtype)
    gamma, mean, variance = engine.normalisation(engine.parameters)[0]
    gamma[...] = 1
    mean[...], variance[...] = 0, 1
    train(engine, images, np.arange(100) % 2, 100, eta=1e-30)
    np.testing.assert_allclose(variance[1], variance[0], rtol=10 * tolerance)
    assert mean[1] == pytest.approx(mean[0] + MOMENTUM * 4096, rel=tolerance)


def test_one_image_is_normalised_by_the_running_averages():
    engine, (images, labels) = make_engine(), make_data(1)
    source = DataSource(images, 1.0, labels)
    loss, _, nabla = engine.gradient(source)
    assert loss == pytest.approx(-np.log(engine.outputs(source)[0, labels[0]]))
    moving = engine.parameters.size - 2 * sum(SIZES[1:3])
    assert np.abs(nabla - differences(engine, source))[:moving].max() < 1e-8
    before = engine.parameters.copy()
    train(engine, images, labels, 1)
    assert (engine.parameters[:moving] != before[:moving]).any()
    assert (engine.parameters[moving:] == before[moving:]).all()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("kind", ["bytes", "floats", "wide"])
def test_any_number_of_threads_gives_the_same_bits(kind, dtype):
    rng = np.random.default_rng(3)
    sizes = (64, 150 if kind == "wide" else 30, 20, 10)
    images = rng.random((1003, 64)) * (rng.random((1003, 64)) < 0.3)
    images = images if kind == "floats" else (255 * images).astype(np.uint8)
    labels, found = rng.integers(10, size=1003), set()
    for threads in (1, 2, 3, 8):
        engine = make_engine("relu", dtype, sizes=sizes, dropout=0.2)
        average = engine.parameters.copy()
        train(
            engine, images, labels, 250, optimizer="adamw", eta=0.01, threads=threads, average=average, key=5,
            averaging=0.9, clip_norm=1.0 if kind == "wide" else None,
        )  # fmt: skip
        found.add(engine.parameters.tobytes() + average.tobytes())
    assert len(found) == 1


@pytest.mark.parametrize("path", simd_path_names())
def test_every_instruction_set(path):
    """Of whole vectors and of what is left over."""
    images, labels = make_data(23)
    before, found = simd_path_name(), []
    for name in (path, "baseline"):
        choose_simd_path(name)
        try:
            for dtype in ("float64", "float32"):
                engine = make_engine("tanh", dtype, sizes=(6, 37, 19, 4))
                train(engine, images.astype(dtype), labels, 23)
                found.append(engine.parameters.copy())
        finally:
            choose_simd_path(before)
    assert np.abs(found[0] - found[2]).max() < 1e-13
    assert np.abs(found[1] - found[3]).max() < 1e-5


def test_the_average_of_parameters_has_the_running_averages_too():
    engine, (images, labels) = make_engine(), make_data()
    average, steps = engine.parameters.copy(), [engine.parameters.copy()]
    for begin in range(0, 40, 10):
        train(engine, images[begin : begin + 10], labels[begin : begin + 10], 10)
        steps.append(engine.parameters.copy())
    expected = steps[0]
    for parameters in steps[1:]:
        expected = 0.75 * expected + 0.25 * parameters
    train(make_engine(), images, labels, 10, average=average, averaging=0.75)
    np.testing.assert_allclose(average, expected, rtol=1e-12, atol=1e-14)


def test_a_batch_whose_loss_is_not_finite_changes_nothing():
    engine, (images, labels) = make_engine("exponential"), make_data()
    images[3] = np.inf
    before = engine.parameters.copy()
    options = Options(mini_batch_size=40)
    state = new_state(options.optimizer, engine)
    source = DataSource(images, 1.0, labels)
    *_, done = engine.train(source, np.arange(40), 0, 40, np.ones(1), state, options)
    assert done == 0
    np.testing.assert_array_equal(engine.parameters, before)


def test_units_of_one_image_repeated_stay_finite():
    engine = make_engine("relu")
    images, labels = np.ones((20, 6)), np.zeros(20, np.intp)
    train(engine, images, labels, 20)
    assert np.isfinite(engine.parameters).all()


def test_the_outputs_are_never_normalised():
    with pytest.raises(ValueError, match="normalised must say of 3 layers"):
        make_engine(normalised=(True, True, True))
    with pytest.raises(ValueError, match="normalised must say of 3 layers"):
        make_engine(normalised=(True, False))


def test_weights_alone_decay():
    """With a learning rate so small that AdamW moves nothing but by decay."""
    engine, (images, labels) = make_engine(), make_data()
    images[...] = 0  # so the weights of the first layer have no gradient
    before = engine.parameters.copy()
    w, b = engine.views(before)
    gamma = engine.normalisation(before)[0][0]
    train(engine, images, labels, 40, optimizer=cmlp.AdamW(weight_decay=0.5, epsilon=1e30), eta=0.1)
    new_w, new_b = engine.views(engine.parameters)
    np.testing.assert_allclose(new_w[0], 0.95 * w[0], rtol=1e-12)
    np.testing.assert_array_equal(new_b[0], b[0])
    np.testing.assert_array_equal(engine.normalisation(engine.parameters)[0][0], gamma)
