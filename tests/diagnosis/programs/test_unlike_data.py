"""Data whose two sets have two scales, or that no array of numbers holds; training functions in a decorator."""

import numpy as np
import pytest

import cmlp
from cmlp.diagnosis.programs.roles import parameters_of
from cmlp.errors import DataError

rng = np.random.default_rng(0)
CENTRES = rng.random((3, 12))
LABELS = np.arange(240) % 3
IMAGES = np.clip(CENTRES[LABELS] + rng.normal(size=(240, 12)) * 0.1, 0, 1)
TRAIN, TEST = (IMAGES[:180], LABELS[:180]), (IMAGES[180:], LABELS[180:])


class Net:
    def __init__(self):
        self.W, self.b = np.zeros((12, 3)), np.zeros(3)

    def forward(self, X):
        e = np.exp(X @ self.W + self.b)
        return e / e.sum(axis=1, keepdims=True)

    def fit(self, X, y, epochs, lr):
        for _ in range(epochs):
            delta = self.forward(X) - np.eye(3)[y]
            self.W -= lr * X.T @ delta / len(X)
            self.b -= lr * delta.mean(axis=0)


def timed(function):
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


def fit(network, X, y, epochs, lr):
    network.fit(X, y, epochs, lr)


class Decorated(Net):
    fit = timed(Net.fit)


def checked(train, test, network, **functions):
    return cmlp.check(train, test, network=network, epochs=100, lr=1.0, seconds=10, **functions)


def test_test_images_that_are_not_scaled():
    report = checked(TRAIN, (np.round(TEST[0] * 255), TEST[1]), Net())
    (finding,) = report.problems
    assert finding.code == "different-scale" and finding.repair == "test_images = test_images / 255"
    assert "values in 0..255, and the training images in 0..1" in finding.verdict
    assert finding.before <= finding.after == report.accuracy


def test_training_images_that_are_not_scaled():
    report = checked((np.round(TRAIN[0] * 255), TRAIN[1]), TEST, Net())
    (finding,) = [finding for finding in report if finding.code == "different-scale"]
    assert finding.repair == "train_images = train_images / 255"


@pytest.mark.parametrize(
    ("images", "advice"),
    [
        (TRAIN[0].astype(object), r"an array of objects: pass np.array\(images.tolist\(\), dtype=float\)"),
        (np.array([*map(list, TRAIN[0]), None], dtype=object)[:-1], "an array of objects: pass"),
    ],
)
def test_images_that_are_objects(images, advice):
    with pytest.raises(DataError, match=f"train must have images of numbers, got {advice}"):
        checked((images, TRAIN[1]), TEST, Net())


def test_images_in_a_sparse_matrix():
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(DataError, match=r"got a sparse matrix: pass images.toarray\(\)"):
        checked((sparse.csr_matrix(TRAIN[0]), TRAIN[1]), TEST, Net())


def test_a_decorator_that_hides_the_parameters():
    assert [p.name for p in parameters_of(timed(fit))] == ["network", "X", "y", "epochs", "lr"]
    assert [p.name for p in parameters_of(Decorated().fit)] == ["X", "y", "epochs", "lr"]
    assert parameters_of(lambda *args: None) == []


@pytest.mark.parametrize(
    ("network", "functions"), [(Net(), {"fit": timed(fit)}), (Decorated(), {}), (Net(), {"fit": fit})]
)
def test_a_training_in_another_function_is_counted(network, functions):
    report = checked(TRAIN, TEST, network, **functions)
    assert not list(report) and report.accuracy > 95
