"""Data that come as records: rows of numbers with the label first or last, in a table, a list, or as lines of text."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs.tensors import as_array

Array = NDArray[Any]
SHORTEST = 3  # numbers of a record
MOST_CLASSES = 1000
FEWEST = 4  # records
MOST = 0.6  # of the records may be of one class


class Records:
    """Rows of numbers, one of which is the label.

    Attributes
    ----------
    table : ndarray of shape (n, k + 1)
    place : int
        Of the label: 0 or -1.
    whole : bool
        Whether one array, tensor or frame holds them all.
    """

    def __init__(self, given: Any, table: Array, place: int) -> None:
        self.table, self.place, self.whole = table, place, as_array(given) is not None
        self.row = None if self.whole else given[0]
        self.container = type(given)

    @property
    def images(self) -> Array:
        """The numbers without the label."""
        return self.table[:, 1:] if self.place == 0 else self.table[:, :-1]

    @property
    def labels(self) -> Array:
        """The labels."""
        return self.table[:, self.place]

    def without_label(self, rows: Array) -> Array:
        """Return rows of numbers without that of the label."""
        return rows[..., 1:] if self.place == 0 else rows[..., :-1]

    def made(self, images: Array, labels: Array) -> Any:
        """Return records like those that were given; those of one array as such, in its type."""
        parts = [np.reshape(labels, (-1, 1)), np.reshape(images, (len(images), -1))]
        table = np.concatenate(parts if self.place == 0 else parts[::-1], axis=1)
        if self.whole:
            return _as_type(table, self.table.dtype)
        if isinstance(self.row, str):
            rows: list[Any] = [",".join(f"{value:.17g}" for value in row) + self._end for row in table]
        elif isinstance(self.row, np.ndarray):
            rows = list(_as_type(table, self.row.dtype))
        else:
            assert self.row is not None
            whole = all(isinstance(value, int) for value in self.row) and np.array_equal(table, np.round(table))
            rows = [type(self.row)(row) for row in (table.astype(int) if whole else table).tolist()]
        return tuple(rows) if self.container is tuple else rows

    @property
    def of_whole_texts(self) -> bool:
        """Whether they are lines of text with whole numbers only."""
        return isinstance(self.row, str) and "." not in self.row and bool(np.array_equal(self.table, self.table // 1))

    @property
    def _end(self) -> str:
        return "\n" if isinstance(self.row, str) and self.row.endswith("\n") else ""


def _as_type(table: Array, dtype: Any) -> Array:
    """Return a table in a type, unless that would cut something off."""
    converted = table.astype(dtype)
    return converted if converted.dtype.kind == "f" or np.array_equal(converted, table) else table


def records_of(given: Any) -> Records | None:
    """Return data as records, or None where they are none, or it is not known which number is the label."""
    table = _table_of(given)
    if table is None or table.ndim != 2 or table.shape[1] < SHORTEST or table.dtype.kind not in "fiub":
        return None
    if len(table) < FEWEST:
        return None
    places = [place for place in (0, -1) if _names_classes(table[:, place])]
    return Records(given, table, places[0]) if len(places) == 1 else None


def _table_of(given: Any) -> Array | None:
    array = as_array(given)
    if array is not None:
        return array if array.ndim == 2 else None
    if not isinstance(given, (list, tuple)) or not given:
        return None
    try:
        if all(isinstance(row, str) for row in given):
            return np.array([[float(value) for value in row.split(",")] for row in given if row.strip()])
        if all(isinstance(row, (list, tuple, np.ndarray)) and np.ndim(row[0]) == 0 for row in given):
            return np.array([np.asarray(row) for row in given])
    except (ValueError, TypeError, IndexError):
        return None
    return None


def _names_classes(column: Array) -> bool:
    """Whether numbers can be those of classes: whole ones, each of several rows, and none of nearly all.

    So a pixel at the edge, which is nearly always 0, is not taken for the label of images without any.
    """
    with np.errstate(invalid="ignore"):
        whole = bool(np.isfinite(column).all() and np.array_equal(column, np.round(column)) and column.min() >= 0)
    counts = np.unique(column, return_counts=True)[1] if whole else np.zeros(1)
    return bool(2 <= len(counts) <= min(MOST_CLASSES, len(column) // 2) and counts.max() <= MOST * len(column))
