"""Dropout whose outputs are not scaled, and dropout that is sound in each of the usual ways."""

import numpy as np
import pytest

import cmlp
from cmlp.diagnosis.programs.dropout_faults import _scaled

TRAIN, TEST = cmlp.load_digits()
DATA, TESTED = (TRAIN.images / 16, TRAIN.labels), (TEST.images / 16, TEST.labels)


class Dropped:
    """ReLU and softmax, with units that are dropped as `how` says."""

    def __init__(self, how, keep=0.5):
        rng = np.random.default_rng(0)
        self.v, self.w = rng.normal(size=(64, 40)) / 6, rng.normal(size=(40, 10)) / 6
        self.how, self.keep = how, keep

    def forward(self, x, train=False):
        self.h = np.maximum(x @ self.v, 0)
        if train and self.how != "never":
            self.mask = np.random.rand(*self.h.shape) < self.keep  # noqa: NPY002 (as people write it)
            self.h = self.h * self.mask / (self.keep if self.how == "inverted" else 1)
        elif self.how == "in the test":
            self.h = self.h * self.keep
        e = np.exp(self.h @ self.w)
        return e / e.sum(axis=1, keepdims=True)

    def fit(self, x, y, epochs=8, eta=0.2):
        for _ in range(epochs):
            for k in range(0, len(x), 30):
                delta = (self.forward(x[k : k + 30], train=True) - np.eye(10)[y[k : k + 30]]) / 30
                below = delta @ self.w.T * (self.h > 0)
                if self.how == "inverted":
                    below = below / self.keep
                self.w -= eta * self.h.T @ delta
                self.v -= eta * x[k : k + 30].T @ below


def examined(network, **settings):
    return cmlp.check(DATA, TESTED, network=network, **settings, progress=False)


@pytest.mark.parametrize("how", ["inverted", "in the test", "never"])
def test_sound_dropout_is_not_accused(how):
    assert [finding.code for finding in examined(Dropped(how), epochs=8)] == []


def test_what_costs_nothing_is_a_note():
    (finding,) = examined(Dropped("not scaled"), epochs=8)
    assert (finding.code, finding.severity.name) == ("dropout-not-scaled", "NOTE")
    assert "learns all the same" in finding.verdict
    assert finding.repair == "self.mask = (np.random.rand(*self.h.shape) < self.keep) / self.keep"
    assert "test_dropout_faults.py" in finding.measured


@pytest.mark.parametrize(
    ("line", "repair"),
    [
        ("m = rng.random(h.shape) > rate", "m = (rng.random(h.shape) > rate) / (1 - rate)"),
        ("m = rng.random(h.shape) < 0.8", "m = (rng.random(h.shape) < 0.8) / 0.8"),
        ("m = np.random.binomial(1, keep, h.shape)", ""),
        ("for k in range(3):", ""),
    ],
)
def test_the_repair_in_own_names(line, repair):
    assert _scaled(line) == repair
