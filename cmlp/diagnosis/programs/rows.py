"""Samples that are recognised by their content, in whatever container, order or scale they arrive."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs.records import Records
from cmlp.diagnosis.programs.samples import Samples
from cmlp.diagnosis.programs.tensors import as_array

Array = NDArray[Any]

DIGITS = 4
NEAR = 1e-6  # what single precision and another scale may change
EDGES = np.array([[NEAR, NEAR], [NEAR, -NEAR], [-NEAR, NEAR], [-NEAR, -NEAR]])


class Rows:
    """Recognises samples by their content, in whatever container, order or scale they arrive.

    Parameters
    ----------
    x : ndarray of shape (n, depth)
    records : Records, optional
        The form of rows that have a label, too.
    """

    def __init__(self, x: Array, records: Records | None = None) -> None:
        self.depth, self.records = x.shape[1], records
        self.probe = np.random.default_rng(7).normal(size=(self.depth, 2))
        self.index: dict[Any, int] = {}
        self.same = np.arange(len(x))
        for number, key in enumerate(_keys(self._places(x))):
            self.same[number] = self.index.setdefault(key, number)

    def _places(self, x: Array) -> Array:
        """Return where samples lie on two directions, whatever their scale and brightness are."""
        with np.errstate(all="ignore"):
            x = x - x.mean(axis=1, keepdims=True)
            norm = np.linalg.norm(x, axis=1, keepdims=True)
            norm[norm == 0] = 1
            return np.asarray(x @ self.probe / norm)

    def _numbers(self, places: Array) -> list[int]:
        """Return the numbers of the samples at places; rounding may have moved some over an edge."""
        found = [self.index.get(key, -1) for key in _keys(places)]
        for i in [i for i, number in enumerate(found) if number < 0]:
            near = (self.index.get(key, -1) for key in _keys(places[i] + EDGES))
            found[i] = next((number for number in near if number >= 0), -1)
        return found

    def find(self, images: Any) -> list[int]:
        """Return the numbers of the samples in anything that holds images; -1 stands for an unknown one."""
        array = as_array(images)
        if array is None:
            if not isinstance(images, (list, tuple)) or not images:
                return []
            if isinstance(images[0], (int, float)) and len(images) < self.depth:
                return []
            try:
                array = np.asarray(images, dtype=float)
            except (ValueError, TypeError):
                return []
        if array.dtype.kind not in "fiub" or array.size == 0:
            return []
        if self.records is not None and array.ndim and array.shape[-1] == self.depth + 1:
            array = self.records.without_label(array)
        if array.size % self.depth:
            return []
        columns = array.ndim == 2 and array.shape[0] == self.depth and array.shape[1] != self.depth
        rows = (array.T if columns else array).reshape(-1, self.depth).astype(float)
        return self._numbers(self._places(rows))


def _keys(places: Array) -> list[tuple[float, ...]]:
    return [tuple(pair) for pair in np.round(places, DIGITS).tolist()]


def rows_and_labels(values: list[Any], rows: Rows, samples: Samples) -> tuple[list[int], list[int]]:
    """Return the numbers of the samples among the arguments of a call, and the classes of the labels beside them."""
    for number, value in enumerate(values):
        pairs = _pairs(value, rows.depth)
        if pairs:
            found = _found_in(pairs, rows)
            labels = [label for _, label in pairs]
            return (found, _classes(labels, len(found), samples)) if max(found) >= 0 else ([], [])
        found = rows.find(value) if not isinstance(value, (int, float, str, type(None))) else []
        if found and max(found) >= 0:
            for other in values[number + 1 :]:
                labels = _classes(other, len(found), samples)
                if labels:
                    return found, labels
            return found, []
    return [], []


def _found_in(pairs: list[Any], rows: Rows) -> list[int]:
    """Recognise the images of pairs, all at once where they have one shape."""
    try:
        stacked = np.array([np.ravel(image) for image, _ in pairs], dtype=float)
    except (ValueError, TypeError):
        return [-1]
    return rows.find(stacked) if stacked.shape[1:] == (rows.depth,) else [-1]


def _pairs(value: Any, depth: int) -> list[Any]:
    """Return pairs of an image and a label, or [] where a value holds none."""
    if isinstance(value, np.ndarray) and value.dtype == object and value.ndim == 2 and value.shape[1] == 2:
        return list(map(tuple, value))
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], (list, tuple)) and len(value[0]) == 2:
        first, second = (np.size(part) for part in value[0])
        if second == depth and first != depth:
            return [(image, label) for label, image in value]
        return list(value) if first == depth and second != depth else []
    return []


def _classes(labels: Any, count: int, samples: Samples) -> list[int]:
    """Return labels, or vectors with one largest entry, as numbers of classes; [] where they are none."""
    array = as_array(labels)
    try:
        if array is None:
            several = isinstance(labels, (list, tuple))
            array = np.array([np.asarray(part).ravel() for part in labels]) if several else np.asarray(labels)
    except (ValueError, TypeError):
        return []
    if array.dtype.kind not in "fiubUS" or not array.size:
        return []
    if array.size == count:
        found = samples.numbers_of(array.ravel())
        return found.tolist() if (found >= 0).all() else []
    k = array.size // count
    if array.size % count or array.dtype.kind in "US" or not 2 <= k <= 1000:
        return []
    table = array.T if array.ndim == 2 and array.shape == (k, count) and k != count else array.reshape(count, k)
    ordered = np.sort(table, axis=1)
    clear = (ordered[:, -1] > ordered[:, -2]).all() and np.ptp(ordered[:, -1]) < 1e-9
    return table.argmax(axis=1).tolist() if clear else []
