"""Samples give back what they were given, in the very form."""

import copy

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmlp.data.dataset import Dataset
from cmlp.diagnosis.programs.samples import Samples
from cmlp.errors import DataError

SIDE, CLASSES = 4, 3
DEPTH = SIDE * SIDE
LISTED = {"list": list, "tuple": tuple, "lists": lambda pairs: [list(pair) for pair in pairs]}


def objects(pairs):
    made = np.empty((len(pairs), 2), dtype=object)
    for row, pair in zip(made, pairs, strict=True):
        row[0], row[1] = pair
    return made


def flat_objects(pairs):
    made = np.empty(len(pairs), dtype=object)
    made[:] = pairs
    return made


def one_hot(low, high, dtype=float):
    return lambda y: np.where(np.eye(CLASSES, dtype=bool)[y], high, low).astype(dtype)


IMAGES = {
    "flat": lambda x: x,
    "column": lambda x: x.reshape(-1, DEPTH, 1),
    "picture": lambda x: x.reshape(-1, SIDE, SIDE),
    "plane": lambda x: x.reshape(-1, 1, SIDE, SIDE),
}
DTYPES = ["uint8", "float64", "float32", "float16", "int64", "bool"]
LABELS = {
    "numbers": lambda y: y,
    "bytes": lambda y: y.astype(np.uint8),
    "from 1": lambda y: y + 1,
    "negative": lambda y: 2 * y - 1,
    "whole floats": lambda y: y.astype(float),
    "halves": lambda y: y / 2,
    "words": lambda y: np.array(["cat", "horse", "ox"])[y],
    "bools": lambda y: y > 1,
    "one-hot": one_hot(0, 1),
    "whole one-hot": one_hot(0, 1, int),
    "0.01 0.99": one_hot(0.01, 0.99),
    "-1 1": one_hot(-1, 1),
    "columns of one": lambda y: y[:, None],
}


@st.composite
def data(draw):
    n = draw(st.integers(CLASSES, 9))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    dtype = draw(st.sampled_from(DTYPES))
    top = draw(st.sampled_from([1, 255]))
    x = (
        rng.integers(0, top, (n, DEPTH), endpoint=True)
        if dtype in ("uint8", "int64", "bool")
        else rng.random((n, DEPTH))
    )
    if dtype == "uint8":
        x[0, 0] = top
    y = rng.permutation(np.arange(n) % CLASSES)
    return x.astype(dtype), y


def same(one, other):
    """Whether two structures are equal in types, dtypes, shapes and numbers."""
    if isinstance(one, pd.DataFrame | pd.Series):
        return type(one) is type(other) and one.equals(other)
    if isinstance(one, np.ndarray) and one.dtype == object:
        return isinstance(other, np.ndarray) and one.shape == other.shape and all(map(same, one.ravel(), other.ravel()))
    if isinstance(one, np.ndarray):
        alike = isinstance(other, np.ndarray) and one.dtype.kind == other.dtype.kind and one.shape == other.shape
        return alike and (one.dtype == other.dtype or one.dtype.kind == "U") and np.array_equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


def check(form, x, y):
    """Read a form, and make it again: all of it is as before, and shares no memory with it."""
    kept = copy.deepcopy(form)
    samples = Samples(form, "train")
    assert same(form, kept)
    np.testing.assert_array_equal(samples.x, x.astype(float))
    made = samples.make(samples.x, samples.y)
    assert same(made, form)
    disturb(made)
    assert same(form, kept)
    assert same(samples.make(samples.x, samples.y), kept)
    return samples


def disturb(value):
    if isinstance(value, np.ndarray) and value.dtype != object and value.dtype.kind in "fiub" and value.flags.writeable:
        value[...] = value.dtype.type(7)
    elif isinstance(value, dict):
        disturb(list(value.values()))
    elif isinstance(value, list | tuple | np.ndarray):
        for part in value:
            disturb(part)


@settings(max_examples=150, deadline=None)
@given(
    data(), st.sampled_from(list(IMAGES)), st.sampled_from(list(LABELS)),
    st.sampled_from([*LISTED, "objects", "flat objects"]), st.booleans(),
)  # fmt: skip
def test_pairs_come_back(xy, images, labels, container, listed):
    x, y = xy
    rows, answers = IMAGES[images](x), LABELS[labels](y)
    pairs = [
        (row.tolist(), answer.tolist()) if listed else (row, answer) for row, answer in zip(rows, answers, strict=True)
    ]
    form = {"objects": objects, "flat objects": flat_objects, **LISTED}[container](pairs)
    samples = check(form, x, y)
    assert same(samples.image(samples.x[0]), pairs[0][0])
    assert same(samples.label(samples.y[0]), pairs[0][1])


@settings(max_examples=150, deadline=None)
@given(
    data(), st.sampled_from(list(IMAGES)), st.sampled_from(list(LABELS)), st.booleans(), st.booleans(),
    st.sampled_from(["array", "lists", "list of arrays", "tuple of arrays"]), st.sampled_from([tuple, list, dict]),
)  # fmt: skip
def test_arrays_come_back(xy, images, labels, columns, label_columns, kind, container):
    x, y = xy
    rows, answers = IMAGES[images](x), LABELS[labels](y)
    columns &= len(x) != rows.shape[1]
    label_columns &= answers.ndim == 2 and len(x) != answers.shape[1]
    rows = np.moveaxis(rows, 0, -1).copy() if columns else rows
    answers = answers.T.copy() if label_columns else answers
    if kind != "array" and not columns and not label_columns:
        change = {"lists": np.ndarray.tolist, "list of arrays": list, "tuple of arrays": tuple}[kind]
        rows = change(rows)
        answers = answers.tolist() if kind == "lists" else answers
    form = {"images": rows, "labels": answers} if container is dict else container((rows, answers))
    samples = check(form, x, y)
    if not columns:
        assert same(samples.image(samples.x[0]), rows[0])


@pytest.mark.parametrize("make", [iter, lambda pairs: (pair for pair in pairs), lambda pairs: map(tuple, pairs)])
def test_what_is_used_up_comes_back_as_such(make):
    x, y = np.random.default_rng(0).random((5, DEPTH)), np.arange(5) % CLASSES
    pairs = list(zip(x, y, strict=True))
    samples = Samples(make(pairs), "train")
    made = samples.make(samples.x, samples.y)
    assert hasattr(made, "__next__")
    assert same(list(made), pairs)
    assert isinstance(samples.make(samples.x, samples.y, listed=True), list)


def test_tables_come_back():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (6, DEPTH)).astype(np.uint8), np.arange(6) % CLASSES
    names = [f"pixel{k}" for k in range(DEPTH)]
    for labels in (
        pd.Series(y, name="digit"),
        pd.Series(LABELS["words"](y), name="kind"),
        y.tolist(),
        pd.DataFrame({"y": y}),
    ):
        check((pd.DataFrame(x, columns=names), labels), x, y)
    samples = Samples((pl.DataFrame(x, schema=names), pl.Series(y)), "train")
    np.testing.assert_array_equal(samples.x, x)
    np.testing.assert_array_equal(samples.y, y)


def test_the_classes_of_a_dataset():
    x = np.arange(6 * DEPTH, dtype=np.uint8).reshape(6, SIDE, SIDE)
    samples = Samples(Dataset(x, np.arange(6) % CLASSES), "train")
    assert samples.classes == CLASSES
    assert samples.dataset().images.dtype == np.uint8
    np.testing.assert_array_equal(samples.dataset().images, x.reshape(samples.dataset().images.shape))


def test_a_dict_may_name_its_labels_first():
    x, y = np.random.default_rng(0).random((5, DEPTH)), np.arange(5) % CLASSES
    samples = Samples({"labels": y, "images": x}, "train")
    np.testing.assert_array_equal(samples.x, x)
    assert same(samples.make(samples.x, samples.y), {"images": x, "labels": y})


def test_squares_are_columns_where_their_labels_are():
    x, y = np.random.default_rng(0).random((DEPTH, DEPTH)), np.arange(DEPTH) % CLASSES
    np.testing.assert_array_equal(Samples((x.T, one_hot(0, 1)(y).T), "train").x, x)
    np.testing.assert_array_equal(Samples((x, one_hot(0, 1)(y)), "train").x, x)
    few = np.random.default_rng(0).random((CLASSES, DEPTH))
    samples = Samples((few.T, one_hot(0, 1)(np.array([1, 2, 0])).T), "train")
    np.testing.assert_array_equal(samples.y, [1, 2, 0])


def test_bytes_that_are_scaled_stay_floats():
    x = np.zeros((9, 100 * 100), dtype=np.uint8)
    x[:, -1] = 200  # the first thousands of numbers are whole, scaled or not
    for form in ((x, np.arange(9)), (x.T, np.arange(9)), list(zip(x, np.arange(9), strict=True))):
        samples = Samples(form, "train")
        for scaled in (x / 255, x / 200):
            made = samples.images(scaled)
            assert np.asarray(made[0]).dtype.kind == "f"
            np.testing.assert_array_equal(np.reshape(made, -1).max(), scaled.max())
        assert np.asarray(samples.images(x.astype(float))[0]).dtype == np.uint8
    samples = Samples((x.astype(int).T, np.arange(9)), "train")
    assert samples.images(x / 255).dtype.kind == "f"


@pytest.mark.parametrize("labels", ["numbers", "one-hot", "-1 1", "columns of one"])
def test_labels_of_classes_without_samples(labels):
    y = np.array([0, 2, 2, 0])
    pairs = list(zip(np.eye(4, DEPTH), LABELS[labels](y), strict=True))
    every = LABELS[labels](np.arange(CLASSES))
    assert same(Samples(pairs, "train").label(1), every[1])
    plain = [(image, label.tolist()) for image, label in pairs]
    assert same(Samples(plain, "train").label(1), every[1].tolist())


def test_answers_as_numbers_of_classes():
    x, y = np.random.default_rng(0).random((6, DEPTH)), np.arange(6) % CLASSES
    numbers = Samples((x, LABELS["negative"](y)), "train")
    assert numbers.numbers_of([-1, 3, 1, 0, 99, np.nan]).tolist() == [0, 2, 1, -1, -1, -1]
    words = Samples((x, LABELS["words"](y)), "train")
    assert words.numbers_of(["ox", "cow", "cat"]).tolist() == [2, -1, 0]


X = np.ones((4, DEPTH))
FAULTY = {
    "nothing": None, "a number": 5, "words": "abc", "numbers": [1, 2, 3], "empty": [],
    "empty arrays": (X[:0], X[:0, 0]), "one label": {"x": X, "y": 3}, "no table": {"x": [1, 2], "y": [1, 2]},
    "triples": [(X[0], 1, 2)], "words as images": [("one", 1), ("two", 2)], "ragged": [(X[0], 1), (X[0, :3], 2)],
    "ragged lists": ([[1.0], [1.0, 2.0]], [0, 1]), "too few labels": (X, [0, 1, 2]),
    "three keys": {"a": X, "b": 1, "c": 2}, "vectors of words": (X, [["a", "b"]] * 4),
    "ragged labels": [(X[0], [1, 2]), (X[0], [1])], "mixed labels": [(X[0], None), (X[0], "a")],
    "words in arrays": (X.astype(str).astype(object) + "a", [0, 1, 2, 3]), "strings": ["ab", "cd"],
}  # fmt: skip


@pytest.mark.parametrize("form", FAULTY)
def test_a_fault_is_told_in_one_sentence_with_the_next_step(form):
    with pytest.raises(DataError, match=r"^train must .*[:;] pass (\(images, labels\)|np\.array\(images)") as told:
        Samples(FAULTY[form], "train")
    assert "\n" not in str(told.value)


def test_tensors_come_back():
    torch = pytest.importorskip("torch")
    x, y = torch.rand(5, DEPTH), torch.arange(5) % CLASSES
    samples = Samples((x, y), "train")
    images, labels = samples.make(samples.x, samples.y)
    assert torch.equal(images, x)
    assert torch.equal(labels, y)
    assert labels.dtype == y.dtype
    assert torch.equal(samples.image(samples.x[1]), x[1])
    pairs = Samples(list(zip(x, y, strict=True)), "train")
    assert all(
        torch.equal(a, b)
        for made, pair in zip(pairs.make(pairs.x, pairs.y), zip(x, y, strict=True), strict=True)
        for a, b in zip(made, pair, strict=True)
    )
