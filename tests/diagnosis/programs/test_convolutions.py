"""Networks that are no chain of dense layers: shared filters over patches of an image, written by hand."""

import numpy as np

import cmlp

TRAIN, TEST = cmlp.load_digits()
DATA, TESTED = (TRAIN.images / 16, TRAIN.labels), (TEST.images / 16, TEST.labels)
PLACES = [8 * i + j for i in range(6) for j in range(6)]
PATCHES = np.array([[place + 8 * i + j for i in range(3) for j in range(3)] for place in PLACES])


class Filters:
    """Six filters of 3 x 3, a ReLU that is exactly 0 where a patch is blank, and softmax."""

    def __init__(self, *, equal=False):
        rng = np.random.default_rng(0)
        self.filters = rng.normal(size=(9, 6)) / 3
        self.bias = np.zeros(6)
        self.dense = rng.normal(size=(36 * 6, 10)) / 15
        if equal:
            self.filters[:] = self.filters[:, :1]
            self.dense[:] = 0

    def forward(self, x):
        self.cut = x[:, PATCHES]
        self.maps = np.maximum(self.cut @ self.filters + self.bias, 0)
        z = self.maps.reshape(len(x), -1) @ self.dense
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def step(self, x, y, lr):
        delta = (self.forward(x) - np.eye(10)[y]) / len(y)
        back = (delta @ self.dense.T).reshape(self.maps.shape) * (self.maps > 0)
        self.dense -= lr * self.maps.reshape(len(x), -1).T @ delta
        self.filters -= lr * np.einsum("npk,npf->kf", self.cut, back)
        self.bias -= lr * back.sum(axis=(0, 1))

    def train(self, x, y, epochs=8, lr=0.2):
        for k in [k for _ in range(epochs) for k in range(0, len(x), 20)]:
            self.step(x[k : k + 20], y[k : k + 20], lr)


def said(network, **settings):
    report = cmlp.check(DATA, TESTED, network=network, progress=False, **settings)
    return {finding.code: finding.severity.name for finding in report}


def test_slopes_at_the_kink_of_a_relu_accuse_nobody():
    assert said(Filters(), epochs=8, lr=0.2) == {}


def test_settings_are_tried_without_formulas():
    assert said(Filters(), epochs=8, lr=20.0).get("eta-too-large") == "ERROR"


def test_units_that_stay_equal_are_noted_where_the_network_learns():
    assert said(Filters(equal=True), epochs=10, lr=0.5) == {"equal-weights": "NOTE"}
