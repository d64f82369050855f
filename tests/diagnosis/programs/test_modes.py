"""Dropout that a program switches off before it asks: in its score or prediction, or at the end of its training."""

import numpy as np
import pytest

import cmlp

TRAIN, TEST = cmlp.load_digits()
DATA, TESTED = (TRAIN.images / 16, TRAIN.labels), (TEST.images / 16, TEST.labels)


class Part:
    training = True


class Dropout(Part):
    def forward(self, x):
        if not self.training:
            return x
        self.mask = (np.random.rand(*x.shape) > 0.3) / 0.7  # noqa: NPY002 (as people write it)
        return x * self.mask

    def backward(self, delta):
        return delta * self.mask if self.training else delta


class Linear(Part):
    def __init__(self, inputs, outputs, seed):
        self.w = np.random.default_rng(seed).normal(size=(inputs, outputs)) / np.sqrt(inputs)

    def forward(self, x):
        self.x = x
        return x @ self.w

    def backward(self, delta):
        self.dw = self.x.T @ delta
        return delta @ self.w.T


class ReLU(Part):
    def forward(self, x):
        self.on = x > 0
        return x * self.on

    def backward(self, delta):
        return delta * self.on


class Model:
    def __init__(self):
        self.parts = [Linear(64, 48, 0), ReLU(), Dropout(), Linear(48, 10, 1)]

    def mode(self, training):
        for part in self.parts:
            part.training = training

    def forward(self, x):
        for part in self.parts:
            x = part.forward(x)
        return x


class Predicting(Model):
    def predict(self, x):
        self.mode(False)
        return self.forward(x).argmax(axis=1)


def fit(model, x, y, epochs=8, lr=0.2):
    for _ in range(epochs):
        model.mode(True)
        for k in range(0, len(x), 16):
            z = model.forward(x[k : k + 16])
            e = np.exp(z - z.max(axis=1, keepdims=True))
            delta = (e / e.sum(axis=1, keepdims=True) - np.eye(10)[y[k : k + 16]]) / len(z)
            for part in model.parts[::-1]:
                delta = part.backward(delta)
            for part in (model.parts[0], model.parts[3]):
                part.w -= lr * part.dw


def fit_and_end(model, x, y, epochs=8, lr=0.2):
    fit(model, x, y, epochs, lr)
    model.mode(False)


def score(model, x, y):
    model.mode(False)
    return np.mean(model.forward(x).argmax(axis=1) == y)


def accused(network, **functions):
    report = cmlp.check(DATA, TESTED, network=network, epochs=8, lr=0.2, progress=False, **functions)
    return {finding.code for finding in report.problems}


@pytest.mark.parametrize(
    ("model", "functions"),
    [(Model(), {"fit": fit, "score": score}), (Model(), {"fit": fit_and_end}), (Predicting(), {"fit": fit})],
    ids=["score", "training", "prediction"],
)
def test_a_mode_that_the_program_sets_itself(model, functions):
    assert accused(model, **functions) == set()
    assert all(part.training for part in model.parts)  # as it was given


def test_a_mode_that_nobody_sets():
    assert accused(Model(), fit=fit) == {"forward-not-repeatable"}
