"""Threads share a mini-batch, and do not change a bit."""

import os

import numpy as np
import pytest

import cmlp
from cmlp.core.blas_threads import blas_threads
from cmlp.training import WORTH_SHARING, number_of_threads

SETTINGS = {
    "sgd": {},
    "nesterov": {"optimizer": "nesterov", "lmbda": 0.1},
    "adam": {"optimizer": "adam", "l1": 0.01, "clip_value": 0.01},
    "nadam": {"optimizer": "nadam", "clip_norm": 0.1, "max_norm": 2.0, "averaging": 0.9},
    "rmsprop": {"optimizer": "rmsprop", "label_smoothing": 0.1, "class_weight": "balanced"},
}


def samples(n=1000, features=90, zeros=0.8):
    rng = np.random.default_rng(0)
    images = np.where(rng.random((n, features)) < zeros, 0, rng.random((n, features)))
    return images, rng.integers(10, size=n)


def train(threads, sizes, data, settings, dtype, mini_batch_size=256):
    network = cmlp.Network(sizes, activation="relu", loss="cross_entropy", dropout=0.2, dtype=dtype, seed=1)
    history = network.train(data, 2, 0.01, mini_batch_size=mini_batch_size, threads=threads, **settings)
    parameters = [array.tobytes() for array in (*network.weights, *network.biases)]
    return parameters, history.loss, network.rng.bit_generator.state


@pytest.mark.parametrize("zeros", [0.0, 0.8], ids=["dense", "sparse"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_same_bits_with_any_number(settings, dtype, zeros):
    data = samples(zeros=zeros)
    for sizes in ((90, 16, 10), (90, 33, 20, 10)):
        expected = train(1, sizes, data, settings, dtype)
        for threads in (2, 3, 8, 100):
            assert train(threads, sizes, data, settings, dtype) == expected


def test_same_bits_where_a_mini_batch_cannot_be_divided():
    data = samples(n=57)
    assert train(4, (90, 16, 10), data, {}, "float32", 10) == train(1, (90, 16, 10), data, {}, "float32", 10)


def test_a_loss_that_is_not_finite_stops_all_of_them():
    images, labels = samples(zeros=0.0)
    data = cmlp.Dataset(images, labels)
    images[999] = np.nan  # behind the back of the Dataset, which has checked them
    before = None
    for threads in (1, 2, 8):
        network = cmlp.Network((90, 16, 10), seed=2)
        with pytest.raises(cmlp.ModelError, match="the loss is not finite"):
            network.train(data, 1, 1.0, mini_batch_size=256, threads=threads)
        weights = network.weights[0].tobytes()
        assert before in (None, weights)
        before = weights


def test_default_number(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert number_of_threads(None, 1000, 10) == 1
    assert number_of_threads(None, WORTH_SHARING, 1) == len(os.sched_getaffinity(0))
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert number_of_threads(None, WORTH_SHARING, 1) == 3
    assert number_of_threads(2, 1000, 10) == 2
    with pytest.raises(cmlp.ModelError, match=r"^threads must be a positive integer below 2\*\*31, got 0$"):
        number_of_threads(0, 1000, 10)


def test_blas_keeps_its_number():
    before = blas_threads()
    train(2, (90, 16, 10), samples(), {}, "float32")
    assert blas_threads() == before
