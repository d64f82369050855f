"""Networks for two classes with a single output, a number with a sign: rows alone and among others mean the same."""

import numpy as np
import pytest

import cmlp

TRAIN, TEST = cmlp.load_digits()


def signed(data):
    pick = data.labels < 2
    return data.images[pick] / 16, np.where(data.labels[pick] == 1, 1.0, -1.0)


class Signed:
    def __init__(self, sign=-1):
        self.w, self.sign = np.random.default_rng(0).normal(size=64) / 10, sign

    def output(self, x):
        return np.tanh(x @ self.w)

    def fit(self, x, targets, epochs=5, eta=0.05):
        for image, target in [pair for _ in range(epochs) for pair in zip(x, targets, strict=True)]:
            out = np.tanh(image @ self.w)
            self.w += self.sign * eta * (out - target) * (1 - out**2) * image


@pytest.mark.parametrize(
    ("network", "settings", "expected"),
    [
        (Signed(), {"epochs": 5, "eta": 0.05}, set()),
        (Signed(+1), {"epochs": 5, "eta": 0.05}, {"uphill"}),
        (Signed(), {"epochs": 5, "eta": 1e-6}, {"eta-too-small"}),
    ],
    ids=["sound", "uphill", "small"],
)
def test_outputs_of_one_number_with_a_sign(network, settings, expected):
    report = cmlp.check(signed(TRAIN), signed(TEST), network=network, progress=False, **settings)
    assert {finding.code for finding in report.problems} == expected
