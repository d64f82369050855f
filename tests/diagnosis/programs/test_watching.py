"""Samples are counted where they reach functions and variables."""

import sys

import numpy as np

from cmlp.diagnosis.programs.rows import Rows
from cmlp.diagnosis.programs.samples import Samples
from cmlp.diagnosis.programs.watching import Tracer, traced

N, DEPTH, CLASSES = 40, 16, 3
X = np.random.default_rng(0).random((N, DEPTH))
Y = np.arange(N) % CLASSES
ROWS, SAMPLES = Rows(X), Samples((X, Y), "train")


def log_of(code, *names):
    tracer = Tracer(ROWS, SAMPLES)
    kept = sys.gettrace()
    with traced(tracer):
        code()
    assert sys.gettrace() is kept
    return tracer.logs[names]


def update(batch, labels):
    total = batch.sum() + labels.sum()
    return total


def by_batches():
    for start in range(0, 12, 4):
        update(X[start : start + 4], Y[start : start + 4])


def test_calls_are_counted():
    log = log_of(by_batches, "update", "batch")
    assert log.rows == list(range(12))
    assert log.labels == Y[:12].tolist()
    assert log.sizes == [4, 4, 4]


def one_by_one():
    for x, y in zip(X[:5], Y[:5], strict=True):
        double = 2 * x.sum() + y
    return double


def test_variables_are_counted_where_they_change():
    log = log_of(one_by_one, "one_by_one", "x")
    assert log.rows == [0, 1, 2, 3, 4]
    assert log.labels == [0, 1, 2, 0, 1]


def batches(data, labels):
    for start in range(0, 12, 4):
        batch, answers = data[start : start + 4], labels[start : start + 4]
        yield batch, answers


def by_generator():
    for some, answers in batches(X[:12], Y[:12]):
        update(some, answers)


def test_generators_are_counted_once():
    for names in (("batches", "batch"), ("by_generator", "some"), ("batches", "data")):
        assert log_of(by_generator, *names).rows == list(range(12))


def failing():
    for k in (1, 2):
        try:
            broken(X[k : k + 1])
        except ZeroDivisionError:
            continue


def broken(batch):
    return 1 / 0


def test_functions_that_fail_are_counted_as_well():
    assert log_of(failing, "broken", "batch").rows == [1, 2]
