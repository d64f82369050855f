"""The figures of a test, held against scikit-learn's and against hand-worked ones."""

import json
from math import nan

import numpy as np
import pytest

import cmlp
from cmlp.errors import DataError, ModelError
from cmlp.reports.scores import Scores, score, wilson


def made(labels, answers, classes=3, confidence=0.8):
    """Return scores of answers that are all given with one confidence."""
    outputs = np.full((len(labels), classes), (1 - confidence) / (classes - 1))
    outputs[np.arange(len(labels)), answers] = confidence
    return Scores(np.array(labels), outputs, tuple("abcdefghij"[:classes]))


LABELS, ANSWERS = [0, 0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 1, 0, 1]


def test_a_small_example():
    scores = made(LABELS, ANSWERS)
    assert (scores.right, scores.accuracy) == (3, pytest.approx(300 / 7))
    assert scores.confusion.tolist() == [[2, 2, 0], [1, 1, 0], [0, 1, 0]]
    np.testing.assert_allclose(scores.precision, [2 / 3, 1 / 4, nan])
    np.testing.assert_allclose(scores.recall, [1 / 2, 1 / 2, 0])
    np.testing.assert_allclose(scores.f1, [4 / 7, 1 / 3, 0])
    assert scores.confusions(9) == [(0, 1, 2), (1, 0, 1), (2, 1, 1)]
    assert scores.confusions(1) == [(0, 1, 2)]


@pytest.mark.parametrize(
    ("right", "total", "interval"),
    # Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17, 1998, table I.
    [(81, 263, (25.53, 36.62)), (15, 148, (6.24, 16.05)), (0, 20, (0, 16.11)), (1, 29, (0.61, 17.18))],
)
def test_wilsons_interval(right, total, interval):
    np.testing.assert_allclose(wilson(right, total), interval, atol=0.006)
    low, high = wilson(total - right, total)
    np.testing.assert_allclose((100 - high, 100 - low), interval, atol=0.006)


def test_the_interval_contains_the_accuracy():
    for right in range(12):
        low, high = wilson(right, 11)
        assert 0 <= low <= 100 * right / 11 <= high <= 100


def test_like_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    outputs = rng.dirichlet(np.ones(5), 400)
    labels = np.where(rng.random(400) < 0.6, outputs.argmax(axis=1), rng.integers(0, 5, 400))
    scores = Scores(labels, outputs, tuple("abcde"))
    assert scores.accuracy == pytest.approx(100 * metrics.accuracy_score(labels, scores.answers))
    np.testing.assert_array_equal(scores.confusion, metrics.confusion_matrix(labels, scores.answers))
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(labels, scores.answers)
    np.testing.assert_allclose([scores.precision, scores.recall, scores.f1], [precision, recall, f1])


def test_calibration():
    labels = [0, 0, 0, 0, 0, 0]
    confidences = [0.45, 0.55, 0.58, 0.92, 1.0, 1.0]
    outputs = np.array([[p, 1 - p] for p in confidences])
    scores = Scores(np.array(labels), outputs, ("a", "b"))
    filled = {part.low: part for part in scores.calibration if part.count}
    assert {low: part.count for low, part in filled.items()} == {0.5: 3, 0.9: 3}
    assert filled[0.5].confidence == pytest.approx((0.55 + 0.55 + 0.58) / 3)
    assert (filled[0.5].accuracy, filled[0.9].accuracy) == (pytest.approx(2 / 3), 1.0)
    expected = (3 * abs(0.56 - 2 / 3) + 3 * abs(2.92 / 3 - 1)) / 6
    assert scores.calibration_error == pytest.approx(expected)
    assert Scores(np.array(labels), outputs - 0.9, ("a", "b")).calibration is None
    assert Scores(np.array(labels), outputs - 0.9, ("a", "b")).calibration_error is None


def test_the_worst_mistakes_come_first():
    outputs = np.array([[0.1, 0.9, 0.0], [0.9, 0.1, 0.0], [0.3, 0.6, 0.1], [0.0, 0.9, 0.1], [0.2, 0.2, 0.6]])
    scores = Scores(np.array([0, 0, 0, 2, 2]), outputs, tuple("abc"))
    # Leads: image 0 0.8, image 2 0.3, image 3 0.8; images that are right are none.
    assert scores.worst(9).tolist() == [0, 3, 2]
    assert scores.worst(1).tolist() == [0]
    assert made([0], [0]).worst(3).tolist() == [] == made([0], [0]).confusions(3)


def test_scores_of_a_network():
    train, test = cmlp.load_digits()
    net = cmlp.Network((64, 20, 10), loss="cross_entropy", activation="relu", dtype="float32")
    net.train(train, 5, 0.1, mini_batch_size=10)
    scores = score(net, test)
    assert scores.accuracy == net.test(test)
    np.testing.assert_array_equal(scores.answers, net.predict(test.images))
    assert scores.names == tuple("0123456789")
    floats = score(net, cmlp.Dataset(test.images / 16.0, test.labels))
    np.testing.assert_allclose(floats.outputs, scores.outputs, rtol=1e-6)
    assert score(net, test[:7]).labels.tolist() == test.labels[:7].tolist()


def test_images_of_another_scale_are_scaled_as_they_say():
    train, test = cmlp.load_digits()
    net = cmlp.Network((64, 10))
    net.train(train, 5, 1.0, mini_batch_size=10)
    bright = cmlp.Dataset(test.images * 15, test.labels, scale=1 / 240)
    np.testing.assert_allclose(score(net, bright).outputs, score(net, test).outputs, rtol=1e-12)
    assert score(net, bright).accuracy == net.test(bright)


def test_as_json():
    found = json.loads(json.dumps(made(LABELS, ANSWERS).to_dict(), allow_nan=False))
    assert (found["images"], found["right"], found["confusion"]) == (7, 3, [[2, 2, 0], [1, 1, 0], [0, 1, 0]])
    assert found["classes"][2] == {"name": "c", "images": 1, "precision": None, "recall": 0, "f1": 0}
    assert [part["count"] for part in found["calibration"]] == [0] * 8 + [7, 0]
    assert found["calibration_error"] == pytest.approx(0.8 - 3 / 7)


def test_what_cannot_be_scored():
    train, test = cmlp.load_digits()
    with pytest.raises(ModelError, match='got one with the loss "mean_squared_error"'):
        score(cmlp.Network((64, 1), loss="mean_squared_error"), test)
    with pytest.raises(DataError, match=r"^images must have the network's 63 pixels, got 64$"):
        score(cmlp.Network((63, 10)), test)
    with pytest.raises(DataError, match="got 9 outputs for 10 classes"):
        score(cmlp.Network((64, 9)), test)
    net = cmlp.Network((64, 10))
    net.biases[0] = np.full(10, np.nan)
    with pytest.raises(ModelError, match="must be numbers, got NaN"):
        score(net, train)
