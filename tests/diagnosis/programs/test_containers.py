"""What holds images and labels: the same samples come out of everything, and go back into the same form."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest

import cmlp
from cmlp.diagnosis.programs.samples import Samples

RNG = np.random.default_rng(0)
X, Y = RNG.random((12, 30)), np.arange(12) % 3
ONE_HOT = np.eye(3)[Y]


class Batch(NamedTuple):
    images: np.ndarray
    labels: np.ndarray


@dataclass
class Holder:
    name: str
    target: np.ndarray
    data: np.ndarray


def parts(given):
    """Return images and labels of any of the forms below."""
    if isinstance(given, Holder):
        return given.data, given.target
    if isinstance(given, SimpleNamespace):
        return given.x, given.y
    if isinstance(given, dict):
        return given["X"], given["y"]
    return given


FORMS = {
    "named tuple": Batch(X, Y),
    "dataclass": Holder("digits", Y, X),
    "namespace": SimpleNamespace(y=Y, x=X, rate=0.1),
    "dict": {"y": Y, "X": X},
    "dict with more": {"y": Y, "X": X, "names": ["a", "b", "c"]},
    "list": [X, Y],
}


@pytest.mark.parametrize("given", FORMS.values(), ids=FORMS)
def test_both_are_found_and_put_back(given):
    samples = Samples(given, "train")
    assert np.array_equal(samples.x, X)
    assert np.array_equal(samples.y, Y)
    made = samples.make(X[:5], Y[:5])
    assert type(made) is type(given)
    images, labels = parts(made)
    assert np.array_equal(images, X[:5])
    assert np.array_equal(labels, Y[:5])
    assert parts(given)[0] is X  # what was given keeps its own


@pytest.mark.parametrize("labels", [Y, ONE_HOT, [str(y) for y in Y]], ids=["numbers", "one-hot", "words"])
@pytest.mark.parametrize("paired", [True, False])
def test_labels_may_come_first(labels, paired):
    samples = Samples(list(zip(labels, X, strict=True)) if paired else (labels, X), "train")
    assert np.array_equal(samples.x, X)
    assert np.array_equal(samples.y, Y)
    made = samples.make(X[:5], Y[:5])
    first, second = zip(*made, strict=True) if paired else made
    assert np.array_equal(np.array(second), X[:5])
    assert np.array_equal(np.array(first), np.array(labels)[:5])


def test_pairs_that_are_named_tuples_stay_such():
    samples = Samples([Batch(x, y) for x, y in zip(X, Y, strict=True)], "train")
    assert all(
        isinstance(pair, Batch) and np.array_equal(pair.images, x)
        for pair, x in zip(samples.make(X, Y), X, strict=True)
    )


class FromOne:
    """A network whose first output is the label 1."""

    def __init__(self):
        self.w = np.zeros((64, 10))

    def forward(self, x):
        e = np.exp(x @ self.w)
        return e / e.sum(axis=1, keepdims=True)

    def train(self, x, y, epochs=40, alpha=1.0):
        targets = (y[:, None] == np.arange(1, 11)).astype(float)
        for _ in range(epochs):
            self.w -= alpha * x.T @ (self.forward(x) - targets) / len(x)


def test_labels_from_one_to_ten():
    train, test = ((data.images / 16, np.where(data.labels == 0, 10, data.labels)) for data in cmlp.load_digits())
    report = cmlp.check(train, test, network=FromOne(), epochs=40, alpha=1.0, progress=False)
    assert not report.problems
    assert report.accuracy > 85


class Scales(FromOne):
    """Its step takes scaled images and vectors, and its training makes both."""

    def step(self, image, target):
        self.w += 0.1 * np.outer(image, target - self.forward(image[None])[0])

    def train(self, pairs, epochs=3):
        for label, image in [pair for _ in range(epochs) for pair in pairs]:
            self.step(image / 16 + 0.01, np.eye(10)[label])

    def query(self, x):
        return FromOne.forward(self, np.atleast_2d(x) / 16 + 0.01)


def test_a_step_in_another_form_than_the_training_is_not_its_own():
    train, test = (list(zip(data.labels.tolist(), data.images, strict=True)) for data in cmlp.load_digits())
    functions = {"fit": Scales.train, "forward": Scales.query, "step": Scales.step}
    report = cmlp.check(train, test, network=Scales(), **functions, epochs=3, progress=False)
    assert not report.problems
    assert not list(report)
