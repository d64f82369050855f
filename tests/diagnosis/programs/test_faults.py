"""Faults that other programs of this folder do not have, each in the smallest program that shows it."""

import numpy as np
import pytest

import cmlp

TRAIN, TEST = cmlp.load_digits()
X, Y, TESTED = TRAIN.images / 16, TRAIN.labels, (TEST.images / 16, TEST.labels)


class Net:
    """tanh and softmax, mini-batches of 20; `rate` of the hidden units are dropped."""

    def __init__(self, weights=None, rate=0.0, decay=0.0):
        rng = np.random.default_rng(0)
        self.w = rng.normal(size=(64, 20)) * 0.12 if weights is None else np.full((64, 20), weights)
        self.v = rng.normal(size=(20, 10)) * 0.2 if weights is None else np.full((20, 10), weights)
        self.b, self.c = np.zeros(20), np.zeros(10)
        self.rate, self.decay, self.rng = rate, decay, np.random.default_rng(1)

    def forward(self, x):
        self.h = np.tanh(x @ self.w + self.b)
        e = np.exp(self.h @ self.v + self.c)
        return e / e.sum(axis=1, keepdims=True)

    def update(self, x, y, eta):
        out, mask = self.dropped(x)
        delta = (out - np.eye(10)[y]) / len(x)
        before = self.delta_below(delta) * mask * (1 - self.h**2)
        for array, gradient in ((self.v, (self.h * mask).T @ delta), (self.w, x.T @ before)):
            array -= eta * (gradient + self.decay / len(x) * array)
        self.c -= eta * delta.sum(axis=0)
        self.b -= eta * before.sum(axis=0)

    def delta_below(self, delta):
        return delta @ self.v.T

    def dropped(self, x):
        self.forward(x)
        mask = (self.rng.random(self.h.shape) >= self.rate) / (1 - self.rate)
        e = np.exp((self.h * mask) @ self.v + self.c)
        return e / e.sum(axis=1, keepdims=True), mask

    def train(self, batches, epochs=15, eta=0.5):
        for _ in range(epochs):
            for x, y in batches:
                self.update(x, y, eta)


class Decaying(Net):
    def train(self, batches, epochs=15, eta=0.5):
        for _ in range(epochs):
            for x, y in batches:
                self.update(x, y, eta)
                eta *= 0.8


class Wrong(Net):
    def delta_below(self, delta):
        return delta[:, ::-1] @ self.v.T


def batches():
    return [(X[k : k + 20], Y[k : k + 20]) for k in range(0, len(X) - 19, 20)]


def codes(train, network, **settings):
    report = cmlp.check(train, TESTED, network=network, **settings, progress=False)
    return report, {finding.code for finding in report}


@pytest.mark.parametrize("rate", [0.0, 0.2])
@pytest.mark.parametrize(("kind", "expected"), [(Net, set()), (Wrong, {"hidden-delta", "wrong-gradient"})])
def test_dropout_hides_no_formula(kind, expected, rate):
    _, found = codes(batches(), kind(rate=rate), eta=0.5)
    assert bool(found & expected) == bool(expected)
    assert found <= expected


def test_a_generator_is_empty_after_an_epoch():
    report, found = codes((batch for batch in batches()), Net(), epochs=15, eta=0.01)
    assert "later-epochs-empty" in found
    assert any(finding.repair == "batches = list(batches)" for finding in report)
    assert "later-epochs-empty" not in codes(batches(), Net(), epochs=15, eta=0.5)[1]


def test_a_rate_that_decays_with_every_mini_batch():
    assert "learning-rate-decays" in codes(batches(), Decaying(), epochs=15, eta=0.5)[1]


def test_equal_weights_are_named_by_a_trial():
    assert "equal-weights" in codes(batches(), Net(weights=0.1), epochs=15, eta=0.5)[1]


def test_a_penalty_divided_by_the_samples_is_not_accused():
    """With six samples, as in the step that is examined, it is three times as large as in training."""
    assert "weight-decay-too-large" not in codes(batches(), Net(decay=0.01), epochs=2, eta=0.01)[1]
    assert "weight-decay-too-large" in codes(batches(), Net(decay=4.0), epochs=15, eta=0.5)[1]


def test_label_vectors_must_name_a_class():
    y = np.zeros((len(Y), 10))
    y[:, Y] = 1
    (finding,) = cmlp.check((X, y), (X[:100], y[:100]), network=Net(), progress=False)
    assert finding.code == "one-hot-labels"
    assert "1,437" in finding.measured
