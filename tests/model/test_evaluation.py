"""Loss, accuracy and R² of every kind of network, against NumPy, and scikit-learn where there is one."""

import numpy as np
import pytest
from scipy import sparse

import cmlp
from cmlp.model.evaluation import r2


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def test_labels(rng):
    train, test = cmlp.load_digits()
    net = cmlp.Network([64, 16, 10], loss="cross_entropy")
    net.train(train, 3, 0.5, mini_batch_size=10)
    found = net.evaluate(test)
    outputs = net(test.scaled())
    assert found.loss == pytest.approx(-np.log(outputs[np.arange(360), test.labels]).mean())
    assert found.accuracy == pytest.approx(100 * (outputs.argmax(axis=1) == test.labels).mean())
    assert (found.r2, found.samples) == (None, 360)
    loss, accuracy = found
    assert (loss, accuracy) == (found.loss, net.test(test))
    assert repr(found) == f"Evaluation(loss {loss:.4g}, accuracy {accuracy:.2f} %, 360 samples)"


@pytest.mark.parametrize(
    "loss", ["mean_squared_error", "half_squared_error", "mean_absolute_error", "huber", "poisson"]
)
@pytest.mark.parametrize("outputs", [1, 3])
def test_numbers(rng, loss, outputs):
    x, y = rng.normal(size=(50, 4)), rng.exponential(size=(50, outputs))
    net = cmlp.Network([4, 5, outputs], activation="tanh", loss=loss)
    found = net.evaluate((x, y))
    assert found.accuracy is None
    assert found.loss == pytest.approx(net.loss(x, y))
    left, whole = ((y - net(x)) ** 2).sum(axis=0), ((y - y.mean(axis=0)) ** 2).sum(axis=0)
    assert found.r2 == pytest.approx((1 - left / whole).mean())
    assert net.evaluate((sparse.csr_matrix(x), y)).r2 == pytest.approx(found.r2)


def test_r2_is_that_of_scikit_learn(rng):
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    for constant in (False, True):
        y = rng.normal(size=(20, 3)).astype(np.float32).astype(np.float64)
        y[:, 0] = 2.5 if constant else y[:, 0]
        for outputs in (y + rng.normal(size=y.shape), y, np.zeros_like(y)):
            assert r2(outputs, y) == pytest.approx(metrics.r2_score(y, outputs))


def test_several_answers_yes_and_no(rng):
    x, y = rng.normal(size=(40, 6)), rng.integers(0, 2, (40, 4))
    net = cmlp.Network([6, 4], loss="binary_cross_entropy")
    found = net.evaluate((x, y))
    assert found.accuracy == pytest.approx(100 * ((net(x) > 0.5) == y).mean())
    assert found.loss == pytest.approx(-(y * np.log(net(x)) + (1 - y) * np.log(1 - net(x))).sum(axis=1).mean())
    assert found.accuracy == net.evaluate((sparse.csr_matrix(x), y)).accuracy


def test_one_sample_has_no_r2():
    net = cmlp.Network([2, 1], loss="mean_squared_error")
    found = net.evaluate((np.ones((1, 2)), np.ones(1)))
    assert (found.r2, found.samples) == (None, 1)
    assert repr(found).endswith("1 sample)")


def test_what_is_refused(rng):
    net = cmlp.Network([2, 1], loss="mean_squared_error")
    with pytest.raises(cmlp.DataError):
        net.evaluate((np.ones((3, 5)), np.ones(3)))
    with pytest.raises(cmlp.ModelError, match=r"^threads must be a positive integer"):
        net.evaluate((np.ones((3, 2)), np.ones(3)), threads=0)
    net.weights[0][...] = np.nan
    with pytest.raises(cmlp.DataError, match="outputs that are not numbers"):
        net.evaluate((np.ones((3, 2)), np.ones(3)))
