"""Learning rates, where an epoch is one step with the mean of all samples."""

import numpy as np
import pytest

import cmlp

TRAIN, TEST = cmlp.load_digits()
DATA, TESTED = (TRAIN.images.T / 16, TRAIN.labels), (TEST.images.T / 16, TEST.labels)


def softmax(z):
    e = np.exp(z - z.max(axis=0))
    return e / e.sum(axis=0)


def make_output(params, x):
    w1, b1, w2, b2 = params
    return softmax(w2 @ np.tanh(w1 @ x + b1) + b2)


def gradient_descent(params, x, y, alpha, iterations):
    w1, b1, w2, b2 = params
    for _ in range(iterations):
        hidden = np.tanh(w1 @ x + b1)
        delta = (softmax(w2 @ hidden + b2) - np.eye(10)[:, y]) / y.size
        below = w2.T @ delta * (1 - hidden**2)
        w2, b2 = w2 - alpha * delta @ hidden.T, b2 - alpha * delta.sum(axis=1, keepdims=True)
        w1, b1 = w1 - alpha * below @ x.T, b1 - alpha * below.sum(axis=1, keepdims=True)
    return w1, b1, w2, b2


@pytest.mark.parametrize(("alpha", "expected"), [(0.8, set()), (0.003, {"eta-too-small"})])
def test_one_step_with_all_samples_in_each_epoch(alpha, expected):
    rng = np.random.default_rng(0)
    params = rng.normal(size=(24, 64)) / 8, np.zeros((24, 1)), rng.normal(size=(10, 24)) / 5, np.zeros((10, 1))
    functions = {"fit": gradient_descent, "forward": make_output}
    report = cmlp.check(DATA, TESTED, network=params, **functions, alpha=alpha, iterations=120, progress=False)
    assert {finding.code for finding in report} == expected
