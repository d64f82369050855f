"""Arrays of every shape, type, layout and content, and what NumPy says that they mean."""

import pickle
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse

WORDS = np.array(["", "a", "1", "nan"])
SPARSE = [
    getattr(scipy.sparse, f"{form}_{kind}")
    for form in ("csr", "csc", "coo", "lil", "dok", "bsr", "dia")
    for kind in ("matrix", "array")
]


@dataclass
class Given:
    """What is handed over, and the plain array that it stands for."""

    value: Any
    meaning: np.ndarray
    description: str

    @property
    def is_array(self):
        return hasattr(self.value, "__array__") and np.ndim(self.value) > 0

    @property
    def is_sparse(self):
        return scipy.sparse.issparse(self.value)


def given(value, description="plain"):
    return Given(value, np.asarray(value), description)


# ---------------------------------------------------------------------------------------------------------- shapes


def shapes_of_images(n, features):
    """Return shapes of images, most of which a network with so many features refuses."""
    return [
        (n, features), (n, features), (n, features), (features,), (features, 1), (1, features), (n, features, 1),
        (n, 2, features // 2), (2, features // 2), (n, 2, features // 2, 1), (1, 1, features), (n, 1, 1, features),
        (0, features), (n, 0), (0,), (), (1,), (n,), (n, 1), (n, features + 1), (n, features - 1), (n, features, 2),
        (features, n), (n, 2 * features), (0, 0), (n, features, 1, 1), (1,) * 5,
    ]  # fmt: skip


def shapes_of_answers(n, outputs):
    return [
        (n,), (n,), (n, 1), (n, outputs), (n, outputs, 1), (n + 1,), (n - 1,), (n, outputs + 1), (n, outputs, 2),
        (outputs,), (outputs, 1), (outputs, n), (1,), (), (0,), (n, 0), (0, outputs), (1, n), (n, 1, 1), (n, n),
    ]  # fmt: skip


# ----------------------------------------------------------------------------------------------------------- types

DTYPES = [
    "?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "g", "F", "D", "G", "O", "U3", "S3",
    "M8[s]", "m8[s]", "i4,f8", "V5",
]  # fmt: skip
NUMBERS = DTYPES[:13]


def fill(rng, shape, dtype, content):
    """Return an array with some content, as far as its type can hold it."""
    dtype = np.dtype(dtype)
    if dtype.kind in "US":
        return np.asarray(WORDS[rng.integers(len(WORDS), size=shape)], dtype)
    if dtype.kind == "V":
        return np.zeros(shape, dtype)
    numbers = CONTENTS[content](rng, shape, dtype)
    if dtype.kind == "O":
        return np.asarray(numbers, object) if rng.random() < 0.8 else np.full(shape, None)
    if dtype.kind in "Mm":
        return np.nan_to_num(np.asarray(numbers, float), posinf=0, neginf=0).astype("i4").astype(dtype)
    return numbers.astype(dtype)


def _some(special):
    """Return numbers of which one, or all, are special."""

    def make(rng, shape, dtype):
        numbers = np.asarray(rng.random(shape) * 3)
        if dtype.kind in "fcO" and numbers.size:
            numbers.flat[rng.integers(numbers.size)] = special
        return numbers

    return make


def _huge(rng, shape, dtype):
    sign = rng.choice([-1, 1], size=shape)
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return np.where(sign < 0, np.array(limits.min, dtype), np.array(limits.max, dtype))
    return sign * (np.finfo(dtype).max if dtype.kind in "fc" else 1e308)


CONTENTS = {
    "fractions": lambda rng, shape, dtype: np.asarray(rng.random(shape)),
    "bytes": lambda rng, shape, dtype: np.asarray(rng.integers(0, 128 if dtype == "i1" else 256, size=shape)),
    "labels": lambda rng, shape, dtype: np.asarray(rng.integers(0, 3, size=shape)),
    "answers": lambda rng, shape, dtype: np.asarray(rng.integers(0, 2, size=shape)),
    "one-hot": lambda rng, shape, dtype: _one_hot(rng, shape),
    "negative": lambda rng, shape, dtype: np.asarray(rng.integers(0 if dtype.kind == "u" else -3, 3, size=shape)),
    "zeros": lambda rng, shape, dtype: np.zeros(shape),
    "ones": lambda rng, shape, dtype: np.ones(shape),
    "wide": lambda rng, shape, dtype: np.asarray(rng.integers(0, 100 if dtype.itemsize == 1 else 30000, size=shape)),
    "NaN": _some(np.nan),
    "inf": _some(np.inf),
    "-inf": _some(-np.inf),
    "huge": _huge,
    "tiny": lambda rng, shape, dtype: np.full(shape, 1e-310),
}


def _one_hot(rng, shape):
    array = np.zeros(shape)
    if len(shape) > 1 and array.size:
        rows = array.reshape(shape[0], shape[1], -1)
        rows[np.arange(shape[0]), rng.integers(shape[1], size=shape[0])] = 1
    return array


# --------------------------------------------------------------------------------------------------------- layouts


class Tagged(np.ndarray):
    """A subclass that says nothing of its own."""


class Offering:
    """What is an array on demand only."""

    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.array, dtype=dtype)


def _strided(array):
    wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
    wide[..., ::2] = array
    return wide[..., ::2]


def _every_third_row(array):
    tall = np.zeros((3 * len(array), *array.shape[1:]), array.dtype)
    tall[1::3] = array
    return tall[1::3]


def _reversed(array):
    back = (slice(None, None, -1),) * array.ndim
    return np.ascontiguousarray(array[back])[back]


def _misaligned(array):
    memory = np.zeros(array.nbytes + 1, np.uint8)[1:]
    copy = memory.view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


def _read_only(array):
    copy = array.copy()
    copy.setflags(write=False)
    return copy


def _mapped(array):
    with TemporaryFile(dir=Path.cwd()) as file:
        copy = np.memmap(file, array.dtype, "w+", shape=array.shape)
    copy[...] = array
    return copy


def _frame(array):
    return pd.DataFrame(array) if array.ndim == 2 else pd.Series(array)


def _doubled(array):
    """Return a CSR matrix that says each value as the sum of two, in descending order of columns."""
    half = array / 2
    columns = np.tile(np.arange(array.shape[1])[::-1].repeat(2), len(array))
    begins = np.arange(len(array) + 1) * 2 * array.shape[1]
    return scipy.sparse.csr_array((half[:, ::-1].repeat(2), columns, begins), shape=array.shape)


def _numbers(array):
    return array.dtype.kind in "biufc" and array.dtype.char not in "egG"


# Where a layout is possible, and how it is made.
LAYOUTS = {
    "C": (lambda a: True, lambda a: a),
    "Fortran": (lambda a: True, np.asfortranarray),
    "columns apart": (lambda a: a.ndim > 0, _strided),
    "rows apart": (lambda a: a.ndim > 0, _every_third_row),
    "reversed": (lambda a: True, _reversed),
    "swapped bytes": (lambda a: a.dtype.kind in "iufcUM", lambda a: a.astype(a.dtype.newbyteorder("S"))),
    "misaligned": (lambda a: a.dtype.kind != "O" and a.size, _misaligned),
    "read-only": (lambda a: True, _read_only),
    "memory map": (lambda a: a.dtype.kind in "biuf" and a.size and a.ndim, _mapped),
    "subclass": (lambda a: True, lambda a: a.view(Tagged)),
    "broadcast": (lambda a: a.ndim > 1 and a.size, lambda a: np.broadcast_to(a[:1], a.shape)),
    "masked": (lambda a: a.dtype.kind in "iuf", np.ma.array),
    "lists": (lambda a: a.dtype.kind not in "V", lambda a: a.tolist()),
    "tuple of arrays": (lambda a: a.ndim > 0, tuple),
    "list of arrays": (lambda a: a.ndim > 0, list),
    "frame": (lambda a: a.ndim in (1, 2) and a.dtype.kind in "biufOU" and a.dtype.char not in "eg", _frame),
    "__array__": (lambda a: True, Offering),
    "doubled": (lambda a: a.ndim == 2 and a.dtype.char in "fd" and a.size, _doubled),
}


def lay_out(rng, array, *, sparse=True):
    """Return the array in a layout that it can have."""
    if sparse and array.ndim == 2 and _numbers(array) and rng.random() < 0.25:
        form = SPARSE[rng.integers(len(SPARSE))]
        value = form(array)
        return Given(value, value.toarray(), form.__name__)
    names = [name for name, (possible, _) in LAYOUTS.items() if possible(array) and (sparse or name != "doubled")]
    name = names[rng.integers(len(names))]
    value = LAYOUTS[name][1](array)
    meaning = value.toarray() if scipy.sparse.issparse(value) else np.asarray(value)
    return Given(value, meaning, name)


def draw(rng, shapes, *, dtypes=DTYPES, contents=tuple(CONTENTS), sparse=True):
    """Return an array of a shape among those, in any type, layout and content."""
    shape = shapes[rng.integers(len(shapes))]
    dtype = dtypes[rng.integers(len(dtypes))]
    content = contents[rng.integers(len(contents))]
    with np.errstate(all="ignore"):
        found = lay_out(rng, fill(rng, shape, dtype, content), sparse=sparse)
    found.description = f"{shape} {dtype} {found.description} {content}"
    return found


def memory_of(value):
    """Return all that a call could change of a value, as bytes."""
    if isinstance(value, Offering):
        value = value.array
    if isinstance(value, np.ndarray) and value.dtype.kind != "O":
        whole = value
        while isinstance(whole.base, np.ndarray):
            whole = whole.base
        return whole.tobytes(), value.shape, value.strides, value.dtype.str, value.flags.writeable
    if scipy.sparse.issparse(value):  # beside which scipy notes what it has found out about the indices
        value = {name: part for name, part in vars(value).items() if "has_" not in name}
    return pickle.dumps(value)
