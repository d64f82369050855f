"""What an epoch sees, where samples repeat, several networks see the same ones, and layers call layers."""

import numpy as np
import pytest

import cmlp

TRAIN, TEST = cmlp.load_digits()
DATA, TESTED = (TRAIN.images / 16, TRAIN.labels), (TEST.images / 16, TEST.labels)


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def said(data, tested, network, **settings):
    report = cmlp.check(data, tested, network=network, progress=False, **settings)
    return {finding.code: finding.severity.name for finding in report if finding.code != "duplicate-rows"}


class Two:
    """One hidden layer of tanh."""

    def __init__(self, inputs, outputs):
        rng = np.random.default_rng(0)
        self.v, self.w = rng.normal(size=(inputs, 24)) / 2, rng.normal(size=(24, outputs)) / 5

    def forward(self, x):
        self.h = np.tanh(x @ self.v)
        return softmax(self.h @ self.w)

    def train(self, x, y, epochs=40, lr=0.5):
        for k in [k for _ in range(epochs) for k in range(0, len(x), 20)]:
            delta = (self.forward(x[k : k + 20]) - np.eye(self.w.shape[1])[y[k : k + 20]]) / len(x[k : k + 20])
            below = delta @ self.w.T * (1 - self.h**2)
            self.w -= lr * self.h.T @ delta
            self.v -= lr * x[k : k + 20].T @ below


def table():
    """Return 800 rows of four bits, which are sixteen different ones; every twentieth label is another's."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2, (800, 4)).astype(float)
    y = (x[:, 0] != x[:, 1]).astype(int) + (x[:, 2] > 0)
    y[::20] = (y[::20] + 1) % 3
    return (x[:600], y[:600]), (x[600:], y[600:])


@pytest.mark.parametrize(("lr", "expected"), [(0.5, {}), (1e-4, {"eta-too-small": "ERROR"})])
def test_rows_that_repeat_are_seen(lr, expected):
    assert said(*table(), Two(4, 3), epochs=40, lr=lr) == expected


class Detector:
    def __init__(self, digit):
        self.digit, self.w, self.b = digit, np.zeros(64), 0.0

    def answer(self, x):
        return 1 / (1 + np.exp(-(x @ self.w + self.b)))

    def correct(self, x, target, rate):
        error = self.answer(x) - target
        self.w = self.w - rate * x.T @ error / len(x)
        self.b = self.b - rate * error.mean()


class Committee:
    """Ten detectors, each of which is told of every image whether it shows its digit."""

    def __init__(self):
        self.detectors = [Detector(digit) for digit in range(10)]

    def forward(self, x):
        return np.stack([detector.answer(x) for detector in self.detectors], axis=1)

    def train(self, x, y, epochs=6, rate=1.0, shuffled=False):
        rng = np.random.default_rng(0)
        for _ in range(epochs):
            order = rng.permutation(len(x))
            labels = y if shuffled else y[order]
            for k in range(0, len(x), 20):
                for detector in self.detectors:
                    target = (labels[k : k + 20] == detector.digit).astype(float)
                    detector.correct(x[order[k : k + 20]], target, rate)


def test_targets_of_one_against_the_rest_are_no_labels():
    assert said(DATA, TESTED, Committee(), epochs=6, rate=1.0) == {}


class Layer:
    def __init__(self, inputs, outputs, seed):
        self.w = np.random.default_rng(seed).normal(size=(inputs, outputs)) / np.sqrt(inputs)

    def __call__(self, x):
        self.x = x
        return x @ self.w


class Nested:
    """A network of layers that are called as it is, trained by a generator that is made before the epochs."""

    def __init__(self, once):
        self.once, self.layers = once, [Layer(64, 24, 0), Layer(24, 10, 1)]

    def __call__(self, x):
        self.h = np.tanh(self.layers[0](x))
        return softmax(self.layers[1](self.h))

    def batches(self, x, y):
        for k in range(0, len(x), 20):
            yield x[k : k + 20], y[k : k + 20]

    def train(self, x, y, epochs=12, lr=0.05):
        stream = self.batches(x, y)
        for _ in range(epochs):
            for images, labels in stream if self.once else self.batches(x, y):
                delta = (self(images) - np.eye(10)[labels]) / len(images)
                below = delta @ self.layers[1].w.T * (1 - self.h**2)
                self.layers[1].w -= lr * self.h.T @ delta
                self.layers[0].w -= lr * images.T @ below


@pytest.mark.parametrize(("once", "expected"), [(True, {"later-epochs-empty"}), (False, set())])
def test_layers_that_are_called_within_a_network(once, expected):
    assert set(said(DATA, TESTED, Nested(once), epochs=12, lr=0.05)) == expected
