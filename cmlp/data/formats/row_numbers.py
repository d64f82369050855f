"""Columns that number or name the rows of a table: they are no features."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cmlp.data.formats.names import is_index
from cmlp.data.formats.tables import Table
from cmlp.errors import DataError
from cmlp.utils.text import escaped
from cmlp.utils.warn import warn

LARGE = 10  # times the number of rows, beyond which different numbers are those of rows
ROWS = 10  # from which on a column that counts them is no feature
MANY_ROWS = 50  # whose whole numbers are all different only if they are those of rows
PLAIN = {"", "index", "unnamed: 0", "level_0", "__index_level_0__"}  # as pandas calls them
DOUBTFUL = re.compile(r"(.*[ _.-])?(id|idx|index|no|nr|num|number|row|key|code)|sample|name|.*[a-z]id")


class Rows(NamedTuple):
    """What the rows of a table are called: numbers or words, and the name of their column."""

    name: str
    values: NDArray[Any]


def features(table: Table, labels: Iterable[int]) -> list[int]:
    """Return the columns of numbers that are no labels and do not number the rows."""
    names, known = table.layout.names, set(labels)
    left = [column for column in table.columns if column not in known]
    if names:
        return [column for column in left if not is_index(names[column]) and not _is_number_of_rows(table, column)]
    numbered = len(left) > 1 and left[0] == 0 and _names_rows(table, left[0])
    return left[1:] if numbered else left


def rows_of(table: Table, labels: Iterable[int]) -> Rows | None:
    """Return what a table calls its rows, None if it has no column that numbers or names them."""
    if table.names_of_rows is not None:
        column, words = table.names_of_rows
        return Rows(table.layout.names[column], np.array(words.names)[words.codes])
    known = {*labels, *features(table, labels)}
    left = [column for column in table.columns if column not in known]
    if not left:
        return None
    return Rows(table.layout.names[left[0]] if table.layout.names else "", table.numbers(left[0]).copy())


def order_of(rows: Rows | None, others: Rows | None, names: tuple[str, str]) -> NDArray[np.intp] | None:
    """Return in which order some labels belong to images, by the columns that number or name the rows of both.

    Parameters
    ----------
    rows, others : Rows or None
        Those of the images and of the labels.
    names : tuple of str
        What error messages call both.

    Returns
    -------
    ndarray of int or None
        The place of the label of each image; None if they are in the same order, or nothing tells.

    Raises
    ------
    DataError
        If both have columns of one name, and other rows.
    """
    if rows is None or others is None or len(rows.values) != len(others.values):
        return None
    ours, theirs = rows.values, others.values
    if np.array_equal(ours, theirs):
        return None
    by_ours, by_theirs = np.argsort(ours, kind="stable"), np.argsort(theirs, kind="stable")
    if np.array_equal(ours[by_ours], theirs[by_theirs]) and len(np.unique(ours)) == len(ours):
        warn(f"the {names[1]} were put in the order of the {names[0]}, by the column that numbers the rows of both")
        order = np.empty(len(ours), np.intp)
        order[by_ours] = by_theirs
        return order
    alike = rows.name == others.name or {rows.name, others.name} <= PLAIN
    if alike and not _counts(ours) and not _counts(theirs):
        place = int(np.flatnonzero(ours != theirs)[0]) if ours.dtype.kind == theirs.dtype.kind else 0
        found = f"{escaped(str(ours[place]))} and {escaped(str(theirs[place]))} in row {place + 1:,}"
        rule = f"the {names[0]} and the {names[1]} must be of the same rows"
        raise DataError(f"{rule}, got {found}: write both from one table, or without the numbers of rows")
    return None


def _counts(values: NDArray[Any]) -> bool:
    """Say whether rows are counted in order, as a table without an index of its own does."""
    first = values[0]
    return values.dtype.kind in "iuf" and first in (0, 1) and np.array_equal(values, np.arange(len(values)) + first)


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
