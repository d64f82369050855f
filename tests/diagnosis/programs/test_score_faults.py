"""What a network answers, against its outputs."""

import numpy as np
import pytest

import cmlp

WORDS = ["setosa", "versicolor", "virginica"]


def flowers(seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, 200)
    return np.array([[2.0, 0, 0, 1], [0, 2, 1, 0], [1, 0, 2, 0]])[y] * 2 + rng.normal(size=(200, 4)) / 2, np.array(
        WORDS
    )[y]


class Named:
    def __init__(self, words):
        self.words, self.w = words, np.zeros((4, 3))

    def outputs(self, x):
        e = np.exp(x @ self.w)
        return e / e.sum(axis=1, keepdims=True)

    def predict(self, x):
        return [self.words[k] for k in self.outputs(x).argmax(axis=1)]

    def train(self, x, labels, epochs=60, rate=0.5):
        targets = np.array([[float(word == label) for word in WORDS] for label in labels])
        for _ in range(epochs):
            self.w -= rate * x.T @ (self.outputs(x) - targets) / len(x)


@pytest.mark.parametrize(("words", "expected"), [(WORDS, set()), (WORDS[::-1], {"score-disagrees"})])
def test_names_in_another_order_than_the_outputs(words, expected):
    report = cmlp.check(flowers(1), flowers(2), network=Named(words), epochs=60, rate=0.5, progress=False)
    assert {finding.code for finding in report.problems} == expected
