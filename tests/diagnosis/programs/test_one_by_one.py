"""Trainings that take one sample at a time, with momentum kept in the object, and a learning rate in its class."""

import numpy as np
import pytest

import cmlp
from cmlp.diagnosis.programs.places import find_place

TRAIN, TEST = cmlp.load_digits()
RNG = np.random.default_rng(1)
DATA, TESTED = (TRAIN.images / 16, TRAIN.labels), (TEST.images / 16, TEST.labels)


class Moving:
    """tanh and softmax; each sample takes a step, of which the next one repeats `mu`."""

    eta, mu, order = 0.005, 0.9, range

    def __init__(self):
        rng = np.random.default_rng(3)
        self.W, self.b = rng.normal(0, 0.2, (20, 64)), np.zeros(20)
        self.V, self.c = rng.normal(0, 0.2, (10, 20)), np.zeros(10)
        self.moves = [np.zeros_like(a) for a in (self.W, self.b, self.V, self.c)]

    def run(self, x):
        self.h = np.tanh(self.W @ x + self.b)
        e = np.exp(self.V @ self.h + self.c)
        return e / e.sum()

    def slope(self, h):
        return 1 - h**2

    def learn(self, X, y, rounds):
        for k in [k for _ in range(rounds) for k in self.order(len(X))]:
            delta = self.run(X[k]) - np.eye(10)[y[k]]
            below = (self.V.T @ delta) * self.slope(self.h)
            gradients = np.outer(below, X[k]), below, np.outer(delta, self.h), delta
            for array, move, gradient in zip((self.W, self.b, self.V, self.c), self.moves, gradients, strict=True):
                move *= self.mu
                move -= self.eta * gradient
                array += move


class Shuffled(Moving):
    order = staticmethod(RNG.permutation)


class Unfading(Moving):
    mu, eta = 1.0, 0.01


class Derivative(Moving):
    eta = 0.1

    def slope(self, h):
        return h * (1 - h)


def checked(network):
    report = cmlp.check(DATA, TESTED, network=network, rounds=3, progress=False)
    return report, [finding.code for finding in report]


@pytest.mark.parametrize("network", [Moving(), Shuffled()], ids=["in order", "shuffled"])
def test_momentum_is_no_fault(network):
    report, codes = checked(network)
    assert codes == []
    assert report.accuracy > 90


def test_what_is_wrong_beside_momentum():
    assert checked(Derivative())[1] == ["hidden-delta"]


def applied(network, **changes):
    for name, value in changes.items():
        setattr(network, name, value)
    network.learn(*DATA, 3)
    predictions = [network.run(x).argmax() for x in TESTED[0]]
    return 100 * np.mean(predictions == TESTED[1])


def test_a_repair_brings_what_is_printed():
    report, codes = checked(Unfading())
    assert codes == ["not-reset"]
    (finding,) = report.problems
    assert finding.repair == "mu = 0.9"
    assert applied(Unfading(), mu=0.9) == pytest.approx(finding.after, abs=4)


def test_a_learning_rate_of_the_class_is_found_and_set_for_a_copy_only():
    network = Moving()
    place = find_place(network, None, "eta")
    assert place.read(network, None) == Moving.eta
    place.write(network, None, 0.25)
    assert network.eta == 0.25
    assert Moving.eta == 0.005
