"""Rates that fade from epoch to epoch, steps in half precision, and weights of a single output."""

import numpy as np
import pytest

import cmlp
from cmlp.diagnosis.programs.blocks import Block
from cmlp.diagnosis.programs.fits import fit
from cmlp.diagnosis.programs.usual_values import usual_values

TRAIN, TEST = cmlp.load_digits()
DATA, TESTED = (TRAIN.images / 16, TRAIN.labels), (TEST.images / 16, TEST.labels)


class Softmax:
    """One layer, mini-batches of 20; the rate is multiplied by `kept` after each epoch."""

    def __init__(self, kind=float, kept=1.0, sign=-1):
        self.W = (np.random.default_rng(0).normal(size=(64, 10)) / 10).astype(kind)
        self.b, self.kind, self.kept, self.sign = np.zeros(10, kind), kind, kept, sign

    def forward(self, X):
        e = np.exp(X.astype(self.kind) @ self.W + self.b)
        return e / e.sum(axis=1, keepdims=True)

    def fit(self, X, y, epochs, lr):
        X = X.astype(self.kind)
        for k in [k for _ in range(epochs) for k in (*range(0, len(X), 20), None)]:
            if k is None:
                lr *= self.kept
                continue
            x = X[k : k + 20]
            delta = (self.forward(x) - np.eye(10, dtype=self.kind)[y[k : k + 20]]) / len(x)
            self.W += self.sign * self.kind(lr) * (x.T @ delta)
            self.b -= self.kind(lr) * delta.sum(axis=0)


def codes(network, **settings):
    report = cmlp.check(DATA, TESTED, network=network, **settings, progress=False)
    return [finding.code for finding in report.problems], report


@pytest.mark.parametrize(("sign", "expected"), [(-1, []), (1, ["uphill"])], ids=["down", "up"])
def test_half_precision(sign, expected):
    assert codes(Softmax(np.float16, sign=sign), epochs=10, lr=0.5)[0] == expected


def test_a_rate_that_fades_costs_points_of_what_learns_all_the_same():
    assert codes(Softmax(kept=0.9), epochs=20, lr=0.1)[0] == []
    found, report = codes(Softmax(kept=0.1), epochs=20, lr=0.1)
    assert found == ["learning-rate-decays"]
    (finding,) = report.problems
    again = Softmax()
    again.fit(*DATA, 20, 0.1)
    accuracy = 100 * np.mean(again.forward(TESTED[0]).argmax(axis=1) == TESTED[1])
    assert finding.before + 7 < accuracy
    assert finding.after == pytest.approx(accuracy, abs=3)


def test_signs_that_go_up_and_signs_of_nothing():
    rng = np.random.default_rng(0)
    slopes = rng.normal(size=(6, 20, 10))
    total = slopes.sum(axis=0)
    few = np.where(rng.random(total.shape) < 0.03, -1, 1)  # of the signs differ, by rounding
    for sign in (1, -1):
        found = fit(sign * few * np.sign(total), slopes, adaptive=True)
        assert found.rest < 0.05
        assert np.sign(found.shares[0]) == sign
    assert fit(np.sign(rng.normal(size=total.shape)), slopes, adaptive=True).rest > 0.3


def test_weights_of_a_single_output_are_no_biases():
    blocks = [Block(((("attr", name),),), shape, name, "f") for name, shape in (("W2", (12, 1)), ("b2", (1, 12)))]
    weights, biases = usual_values(blocks, 2, 0)
    assert np.ptp(weights) > 0
    assert not biases.any()
