"""The learning-rate range test: what it measures, that it changes nothing, and that its suggestion teaches."""

import copy
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import sparse
from support.markup import paths, read

import cmlp
from cmlp.model.samples import Samples
from cmlp.reports.eta_test import constant_loss, find_eta


@pytest.fixture(scope="module")
def digits():
    return cmlp.load_digits()


@pytest.fixture(scope="module")
def found(digits):
    return find_eta(cmlp.Network([64, 30, 10], loss="cross_entropy"), digits[0], mini_batch_size=20)


def test_the_losses_are_those_of_a_training_whose_eta_grows(digits):
    net = cmlp.Network([64, 12, 10], loss="cross_entropy", dropout=0.1)
    settings = {"mini_batch_size": 30, "optimizer": "adam", "lmbda": 2}
    found = find_eta(net, digits[0], low=1e-3, high=0.1, steps=50, seed=7, **settings)
    net.rng = np.random.default_rng(7)
    losses = []
    note = SimpleNamespace(on_batch_end=lambda event: losses.append(event.loss))
    net.train(digits[0], 2, 1e-3, schedule=lambda step: 100 ** (step / 49), callbacks=note, **settings)
    np.testing.assert_allclose(found.losses, losses[:50], rtol=1e-9)
    np.testing.assert_allclose(found.etas, np.geomspace(1e-3, 0.1, 50))


@pytest.mark.parametrize(
    ("settings", "training", "least"),
    [
        ({"sizes": [64, 16, 16, 10]}, {"mini_batch_size": 10}, 90),
        ({"sizes": [64, 100, 10], "activation": "relu", "loss": "cross_entropy"}, {"optimizer": "adam"}, 92),
        ({"sizes": [64, 30, 10], "activation": "tanh", "loss": "cross_entropy"}, {"mini_batch_size": 10}, 93),
        ({"sizes": [64, 30, 10], "loss": "cross_entropy"}, {"optimizer": "momentum"}, 85),
    ],
)  # fmt: skip
def test_the_suggestion_teaches(digits, settings, training, least):
    net = cmlp.Network(**settings)
    found = find_eta(net, digits[0], **training)
    net.train(digits[0], 15, found.suggestion, **training)
    assert net.test(digits[1]) > least


def test_the_network_and_the_data_stay_as_they_are(digits):
    net = cmlp.Network([64, 12, 10], dropout=0.5)
    net.train(digits[0], 1, 1.0)
    kept = copy.deepcopy(net.__getstate__())
    images, labels = digits[0].scaled(), digits[0].labels.copy()
    before = images.copy()
    find_eta(net, (images, labels), steps=30)
    after = net.__getstate__()
    assert after.pop("rng").bit_generator.state == kept.pop("rng").bit_generator.state
    assert after.pop("parameters").tobytes() == kept.pop("parameters").tobytes()
    after.pop("_pictures"), kept.pop("_pictures")
    assert after == kept
    np.testing.assert_array_equal(images, before)


def test_the_seed_decides(digits):
    net = cmlp.Network([64, 12, 10])
    first, again, other = (find_eta(net, digits[0], steps=30, seed=seed) for seed in (1, 1, 2))
    assert first.losses.tobytes() == again.losses.tobytes() != other.losses.tobytes()
    given = find_eta(net, digits[0], steps=30, seed=np.random.default_rng(1))
    assert given.losses.tobytes() == first.losses.tobytes()


def test_an_explosion_ends_it(digits):
    net = cmlp.Network([64, 30, 10], activation="relu", loss="mean_squared_error")
    found = find_eta(net, (digits[0].scaled(), np.eye(10)[digits[0].labels]), high=1e6, steps=300)
    assert len(found.losses) == len(found.etas) == len(found.smoothed) < 300
    assert np.isfinite(found.losses).all() and found.etas[-1] < 1e6
    assert found.suggestion < found.etas[int(found.smoothed.argmin())]


def test_what_cannot_be_learned_has_no_suggestion():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(200, 3)), rng.integers(0, 4, 200)
    found = find_eta(cmlp.Network([3, 4]), noise, steps=200)
    assert found.suggestion is None
    assert "no suggestion" in repr(found)
    read(found._repr_html_())


@pytest.mark.parametrize("mini_batch_size", [1, 10, 125])
def test_a_trained_network_is_called_one(digits, mini_batch_size):
    net = cmlp.Network([64, 30, 10], activation="relu", loss="cross_entropy")
    net.train(digits[0], 30, 0.01, optimizer="adam")
    found = find_eta(net, digits[0], mini_batch_size=mini_batch_size, steps=1_000)
    assert found.suggestion is None and "trained already" in repr(found)
    assert found.etas[-1] > 0.05, "noise was taken for an explosion"


def test_a_trained_regression_is_called_one():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 5))
    y = 100 * x @ rng.normal(size=(5, 2)) + rng.normal(size=(300, 2))
    net = cmlp.Network([5, 2], loss="mean_squared_error")
    assert find_eta(net, (x, y), mini_batch_size=20).suggestion > 0
    net.train((x, y), 100, 1.0, optimizer="lbfgs")
    found = find_eta(net, (x, y), mini_batch_size=20, steps=500)
    assert found.suggestion is None and "trained already" in repr(found)
    assert found.etas[-1] > 0.1


def test_a_loss_that_passes_zero_is_not_taken_for_an_explosion():
    """That of Poisson regression is negative where counts are large."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 5))
    counts = rng.poisson(np.exp(0.5 * x[:, :2] + 1.5))
    found = find_eta(cmlp.Network([5, 8, 2], activation="tanh", loss="poisson"), (x, counts), mini_batch_size=20)
    assert found.smoothed.min() < 0 < found.losses[0] and found.suggestion > 1e-3


def test_the_curve_fills_its_axis(digits):
    """Of a trained network the losses stay far below those of constant answers, and must be seen."""
    net = cmlp.Network([64, 30, 10], loss="cross_entropy")
    net.train(digits[0], 100, 1.0, optimizer="lbfgs")
    found = find_eta(net, digits[0], high=1e-3, steps=50)
    low, high = found._limits()
    assert found.smoothed.max() < 0.1 * found.constant
    assert high - low < 2 * (found.smoothed.max() - found.smoothed.min())


def test_every_kind_of_data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 5))
    y = x @ rng.normal(size=(5, 2))
    net = cmlp.Network([5, 8, 2], activation="tanh", loss="mean_squared_error")
    dense = find_eta(net, (x, y), mini_batch_size=20, steps=200)
    assert find_eta(net, iter(list(zip(x, y, strict=True))), mini_batch_size=20, steps=200).losses.tobytes() == (
        dense.losses.tobytes()
    )
    rows = find_eta(net, (sparse.csr_matrix(x), y), mini_batch_size=20, steps=200)
    np.testing.assert_allclose(rows.losses, dense.losses, rtol=1e-6)
    several = cmlp.Network([5, 2], loss="binary_cross_entropy")
    assert find_eta(several, (x, (y > 0).astype(int)), mini_batch_size=20).suggestion > 0


@pytest.mark.parametrize(
    "loss",
    [
        "quadratic",
        "cross_entropy",
        "binary_cross_entropy",
        "mean_squared_error",
        "half_squared_error",
        "huber",
        "poisson",
    ],
)
def test_the_loss_of_constant_answers_is_what_a_network_without_inputs_learns(loss):
    """A network that sees only zeros can but answer the same for all images."""
    rng = np.random.default_rng(1)
    labels = rng.choice(3, 60, p=[0.6, 0.3, 0.1]) if loss in ("quadratic", "cross_entropy") else None
    targets = None if labels is not None else rng.integers(0, 2, (60, 3)).astype(float)
    net = cmlp.Network([1, 3], loss=loss, activation="sigmoid")
    net.train((np.zeros((60, 1)), targets if labels is None else labels), 300, 1.0, optimizer="lbfgs")
    samples = Samples(np.zeros((60, 1)), labels, targets, 1.0)
    learned = net.loss(np.zeros((60, 1)), targets if labels is None else labels)
    assert constant_loss(samples, net.architecture, 0.0) == pytest.approx(learned, rel=1e-3)


def test_the_curve(found):
    elements, texts = read(found._repr_html_())
    assert len(paths(elements, "cmlp-blue")) == 2 and len(paths(elements, "cmlp-orange")) == 1
    assert any(text.startswith(f"suggestion: eta {found.suggestion:.2g}") for text in texts)
    assert len(found._repr_html_()) < 20_000
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    (axes,) = found.plot("A title").axes
    assert axes.get_xscale() == "log" and axes.get_title(loc="left") == "A title"
    np.testing.assert_array_equal(axes.lines[1].get_ydata(), found.smoothed)
    assert axes.lines[2].get_xdata()[0] == found.suggestion


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"low": 1.0, "high": 0.1}, "low must be below high, got 1 and 0.1"),
        ({"low": -1.0}, "low must be a positive number, got -1.0"),
        ({"high": np.inf}, "high must be a positive number, got inf"),
        ({"steps": 3}, "steps must be at least 20, got 3"),
        ({"steps": 2.5}, "steps must be a positive integer below 2**31, got 2.5"),
        ({"optimizer": "lbfgs"}, "lbfgs has no learning rate, it finds the length of each step itself"),
        ({"label_smoothing": 2.0}, "label_smoothing must be"),
        ({"mini_batch_size": 0}, "mini_batch_size must be a positive integer"),
        ({"network": 3}, "network must be a cmlp.Network, got 3"),
    ],
)
def test_what_is_refused(digits, arguments, message):
    with pytest.raises(cmlp.ModelError) as caught:
        find_eta(**{"network": cmlp.Network([64, 10]), "training_data": digits[0]} | arguments)
    assert str(caught.value).startswith(message)


def test_other_names_are_answered(digits):
    with pytest.raises(TypeError, match=r"'batch_size': did you mean \"mini_batch_size\"\?"):
        find_eta(cmlp.Network([64, 10]), digits[0], batch_size=3)
    with pytest.raises(cmlp.DataError):
        find_eta(cmlp.Network([63, 10]), digits[0])
