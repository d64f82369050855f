"""Threads share a mini-batch, or the images of a prediction, and do not change a bit."""

import os
import pickle
import signal

import numpy as np
import pytest
from scipy.sparse import csr_matrix

import cmlp
from cmlp.core.blas_threads import blas_threads
from cmlp.model.threads import WORTH_SHARING, WORTH_SHARING_FORWARDS, number_of_threads, processors

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
    for sizes in ((90, 16, 10), (90, 33, 20, 10), (90, 150, 10)):
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


def test_processors_are_those_of_this_process(monkeypatch):
    if hasattr(os, "sched_getaffinity"):
        assert processors() == len(os.sched_getaffinity(0))
        monkeypatch.delattr("os.sched_getaffinity")
    monkeypatch.setattr("os.process_cpu_count", lambda: 3, raising=False)
    assert processors() == 3
    monkeypatch.delattr("os.process_cpu_count")
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert processors() == 1


def test_default_number(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    engine = cmlp.Network((90, 10)).engine
    some = WORTH_SHARING // engine.parameters.size
    assert number_of_threads(None, engine, some) == 1
    assert number_of_threads(None, engine, some + 1) == processors()
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert number_of_threads(None, engine, some) == 1
    assert number_of_threads(None, engine, some + 1) == 3
    assert number_of_threads(None, engine, some + 1, WORTH_SHARING_FORWARDS) == 1
    assert number_of_threads(2, engine, 1) == 2


PREDICTIONS = {
    "call": lambda network, images, labels, threads: network(images, threads=threads),
    "predict": lambda network, images, labels, threads: network.predict(images, threads=threads),
    "test": lambda network, images, labels, threads: network.test((images, labels), threads=threads),
    "evaluate": lambda network, images, labels, threads: network.engine.evaluate(
        network._batch(images, labels).source(), threads
    ),
}


@pytest.mark.parametrize("predict", PREDICTIONS.values(), ids=PREDICTIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_predictions_have_the_same_bits_with_any_number(dtype, predict):
    network = cmlp.Network((90, 150, 10), dtype=dtype, seed=1)
    for n in (1, 2, 255, 257, 2001):
        images, labels = samples(n)
        for given in (images, images.astype("float32"), (images * 255).astype("uint8"), csr_matrix(images)):
            expected = pickle.dumps(predict(network, given, labels, 1))
            for threads in (2, 3, 8, 100):
                assert pickle.dumps(predict(network, given, labels, threads)) == expected


def test_estimators_predict_with_their_own_number(monkeypatch):
    images, labels = samples()
    model = cmlp.MLPClassifier((8,), threads=3).partial_fit(images, labels, classes=range(10))
    asked = []
    monkeypatch.setattr("cmlp.model.evaluation.number_of_threads", lambda threads, *_: asked.append(threads) or 1)
    model.predict(images)
    model.predict_proba(images)
    assert asked == [3, 3]


@pytest.mark.parametrize("images", [np.zeros(90), np.zeros((5, 90))], ids=["one", "five"])
def test_a_wrong_number_is_refused(images):
    network = cmlp.Network((90, 10))
    for call in (network, network.predict):
        with pytest.raises(cmlp.ModelError, match=r"^threads must be a positive integer below 2\*\*31, got 0$"):
            call(images, threads=0)


class Interrupted(Exception):
    """What the handler of the next test raises."""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timer of processor time")
@pytest.mark.parametrize("threads", [1, 2])
def test_a_signal_ends_a_prediction(threads):
    network = cmlp.Network((100, 1000, 1000, 10), seed=1)
    images = np.random.default_rng(0).random((8000, 100))
    before = blas_threads()

    def interrupt(number, frame):
        raise Interrupted

    previous = signal.signal(signal.SIGPROF, interrupt)
    try:
        signal.setitimer(signal.ITIMER_PROF, 0.005)  # of processor time: within the call, however slow the machine is
        with pytest.raises(Interrupted) as caught:
            network(images, threads=threads)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)
    assert any(entry.path.name == "engine.pyx" for entry in caught.traceback)  # and not after the call
    assert blas_threads() == before
    assert network(images[:300], threads=threads).tobytes() == network(images[:300], threads=1).tobytes()


def test_blas_keeps_its_number():
    before = blas_threads()
    train(2, (90, 16, 10), samples(), {}, "float32")
    assert blas_threads() == before
