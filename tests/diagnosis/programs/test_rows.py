"""Samples are recognised in any container, and the labels beside them."""

import numpy as np
import pytest

from cmlp.diagnosis.programs.rows import Rows, rows_and_labels
from cmlp.diagnosis.programs.samples import Samples

N, DEPTH, CLASSES = 40, 16, 3
X = np.random.default_rng(0).random((N, DEPTH))
Y = np.arange(N) % CLASSES
ROWS, SAMPLES = Rows(X), Samples((X, Y), "train")
PICK = [5, 3, 9, 3]
HOT = np.eye(CLASSES)[Y]

CONTAINERS = {
    "rows": lambda x: x,
    "columns": lambda x: x.T,
    "pictures": lambda x: x.reshape(-1, 4, 4),
    "column vectors": lambda x: x.reshape(-1, DEPTH, 1),
    "list of arrays": list,
    "tuple of arrays": tuple,
    "lists": np.ndarray.tolist,
    "list of tuples": lambda x: list(map(tuple, x.tolist())),
    "single precision": lambda x: x.astype(np.float32),
    "scaled": lambda x: x * 255,
    "scaled down": lambda x: (x / 255).astype(np.float32),
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_samples_are_found(container):
    assert ROWS.find(CONTAINERS[container](X[PICK])) == PICK
    assert ROWS.find(CONTAINERS[container](X)) == list(range(N))


@pytest.mark.parametrize("one", [X[4], X[4].reshape(4, 4), X[4][:, None], X[4].tolist(), tuple(X[4].tolist())])
def test_one_sample_is_found(one):
    assert ROWS.find(one) == [4]


@pytest.mark.parametrize(
    "other", [None, 3, "abc", [], {}, [1, 2], np.ones(DEPTH - 1), ["a"] * DEPTH, [{}], np.array(["a"]), [[1], [1, 2]]]
)
def test_what_is_no_sample_is_not_found(other):
    assert ROWS.find(other) == []


def test_unknown_and_equal_samples():
    assert ROWS.find(np.stack([X[2], 1 - X[2]])) == [2, -1]
    assert ROWS.find(X[2] + 0.01 * np.arange(DEPTH)) == [-1]
    twice = Rows(np.concatenate([X, X[:3], np.zeros((1, DEPTH))]))
    assert twice.same[-4:].tolist() == [0, 1, 2, N + 3]
    assert twice.find(np.zeros(DEPTH)) == [N + 3]


def test_single_precision_loses_none():
    x = np.random.default_rng(1).random((20_000, 30))
    assert Rows(x).find((x / 255).astype(np.float32)) == list(range(len(x)))


PAIRS = list(zip(X, Y, strict=True))
ARGUMENTS = {
    "pairs": [PAIRS[:4]],
    "pairs in a tuple": [tuple(PAIRS[:4])],
    "pairs of lists": [[[x.tolist(), int(y)] for x, y in PAIRS[:4]]],
    "pairs of columns": [[(x[:, None], y[:, None]) for x, y in zip(X[:4], HOT[:4], strict=True)]],
    "objects": [np.array([[x, y] for x, y in PAIRS[:4]], dtype=object)],
    "two arrays": [X[:4], Y[:4]],
    "one-hot": [X[:4], HOT[:4]],
    "columns": [X[:4].T, HOT[:4].T],
    "0.01 0.99": [X[:4], 0.01 + 0.98 * HOT[:4]],
    "after others": [0.1, None, "x", X[:4], 0.5, Y[:4].tolist()],
    "lists": [X[:4].tolist(), HOT[:4].tolist()],
    "list of columns": [X[:4], [row[:, None] for row in HOT[:4]]],
}


@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_samples_and_labels_of_a_call(arguments):
    assert rows_and_labels(ARGUMENTS[arguments], ROWS, SAMPLES) == ([0, 1, 2, 3], [0, 1, 2, 0])


def test_pairs_of_few_features():
    """Four features and one-hot vectors of three are of nearly one size."""
    x = X[:, :4]
    pairs = list(zip(x[:5], HOT[:5], strict=True))
    assert rows_and_labels([pairs], Rows(x), Samples((x, Y), "train")) == ([0, 1, 2, 3, 4], [0, 1, 2, 0, 1])


def test_calls_without_samples_or_labels():
    assert rows_and_labels([X[:2]], ROWS, SAMPLES) == ([0, 1], [])
    assert rows_and_labels([X[:2], np.random.default_rng(0).random((2, 3))], ROWS, SAMPLES) == ([0, 1], [])
    assert rows_and_labels([X[:2], np.array([0, 7])], ROWS, SAMPLES) == ([0, 1], [])
    assert rows_and_labels([1 - X[:2], Y[:2]], ROWS, SAMPLES) == ([], [])
    assert rows_and_labels([[(1 - X[0], 1)]], ROWS, SAMPLES) == ([], [])
    assert rows_and_labels([[(1, 2), (3, 4)]], ROWS, SAMPLES) == ([], [])
