"""Columns that number or name the rows of a table: they are no features."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.data.formats.names import is_index
from cmlp.data.formats.tables import Table
from cmlp.utils.warn import warn

LARGE = 10  # times the number of rows, beyond which different numbers are those of rows
ROWS = 10  # from which on a column that counts them is no feature
MANY_ROWS = 50  # whose whole numbers are all different only if they are those of rows
DOUBTFUL = re.compile(r"(.*[ _.-])?(id|idx|index|no|nr|num|number|row|key|code)|sample|name|.*[a-z]id")


def features(table: Table, labels: Iterable[int]) -> list[int]:
    """Return the columns of numbers that are no labels and do not number the rows."""
    names, known = table.layout.names, set(labels)
    left = [column for column in table.columns if column not in known]
    if names:
        return [column for column in left if not is_index(names[column]) and not _is_number_of_rows(table, column)]
    numbered = len(left) > 1 and left[0] == 0 and _names_rows(table, left[0])
    return left[1:] if numbered else left


def say_numbered(table: Table, used: Sequence[int]) -> None:
    """Say which column is left out because its values number the rows, and not by its name."""
    known = set(used)
    for column in table.columns:
        names = table.layout.names
        if column in known or (names and is_index(names[column])) or (not names and column):
            continue
        called = f"the column {table.name_of(column)}" if names else "the first column"
        warn(f"{called} of {table.path} numbers its rows, and is left out")


def _is_number_of_rows(table: Table, column: int) -> bool:
    """Say whether a column that may be called after the rows has another whole number in each."""
    if DOUBTFUL.fullmatch(table.layout.names[column]) is None:
        return False
    values = table.numbers(column)
    return len(values) >= ROWS and _are_different(values)


def _are_different(values: NDArray[Any]) -> bool:
    return np.array_equal(values, np.rint(values)) and len(np.unique(values)) == len(values)


def _names_rows(table: Table, column: int) -> bool:
    """Say whether a column counts the rows, in whatever order, or gives each a number of its own."""
    values = table.numbers(column).astype(np.float64)
    if len(values) < ROWS or not _are_different(values):
        return False
    low, high = values.min(), values.max()
    counts = low in (0, 1) and high - low == len(values) - 1
    return bool(counts or low > LARGE * len(values) or (low >= 0 and len(values) >= MANY_ROWS))
