"""Which columns of a table are labels, and which pixels or features; what can mean two things is said or refused."""

import numbers
import re
from collections.abc import Iterable, Sequence
from math import isqrt
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cmlp.data.formats.layout import Layout
from cmlp.data.formats.names import LABEL_NAMES, ONE_HOT, are_numbered, label_columns, places_among, some_names
from cmlp.data.formats.one_hot import one_hot_columns
from cmlp.data.formats.row_numbers import ROWS, features, say_numbered
from cmlp.data.formats.tables import Table
from cmlp.data.likeness import are_pictures
from cmlp.data.validation import PICTURE
from cmlp.errors import DataError
from cmlp.utils.text import counted, escaped, listed, shown
from cmlp.utils.warn import warn

Label: TypeAlias = str | int | Sequence[str | int]

MAX_LABEL = 99  # of a column that nobody called a label
CLASSES = 10  # at most, of a column of numbers that may be meant beside one of words
RARER = 0.05  # of the rows, that the rarer of two classes has at least
NUMBERED = {"", "v", "c", "col", "column", "x", "a", "att", "attr", "attribute", "f", "feature", "var", "field"}
SMALLEST_SQUARE = 16  # pixels, from which on a square number of columns means pictures
SAY = 'say which column holds the labels, as label="last" does'


class Labelled(NamedTuple):
    """Images and labels of a table; `columns` are those of the labels, `class_names` what their names tell.

    `names` are those of the other columns, if there is a header, and `feature_names` the same unless they are numbered.
    """

    images: NDArray[Any]
    labels: Any
    columns: list[int]
    class_names: tuple[str, ...] | None = None
    feature_names: tuple[str, ...] | None = None
    names: tuple[str, ...] | None = None


def columns_of(label: Label, layout: Layout, path: object) -> list[int]:
    """Find the columns that somebody calls labels.

    Parameters
    ----------
    label : str, int or sequence of these
        The name of a column, "first" or "last", or its number from 0, or from -1 at the end; several for one-hot.
    layout : Layout
        That of the table.
    path : object
        What error messages call it.

    Returns
    -------
    list of int

    Raises
    ------
    DataError
        If there is no such column.
    """
    given = [label] if isinstance(label, str | numbers.Integral) else label
    if not isinstance(given, Sequence) or not given:
        raise DataError(f"label must be the name of a column, its number, or several of these, got {shown(label)}")
    return [_column_of(each, layout, path) for each in given]


def _column_of(label: Any, layout: Layout, path: object) -> int:
    places = {"first": 0, "last": layout.width - 1}
    if isinstance(label, str):
        found = places_among([label], layout.titles)
        if found is not None:
            return found[0]
        if label.lower() in places:
            return places[label.lower()]
        if re.fullmatch("-?[0-9]{1,6}", label):
            return _column_of(int(label), layout, path)
        raise DataError(f"{path} must have a column called {escaped(label)}, got {some_names(layout.titles)}")
    if isinstance(label, bool) or not isinstance(label, numbers.Integral):
        raise DataError(f"label must be the name of a column or its number, got {shown(label)}")
    column = int(label)
    if not -layout.width <= column < layout.width:
        raise DataError(f"{path} must have a column {label}, got {counted(layout.width, 'column')}")
    return column % layout.width


def is_labelled(table: Table) -> bool:
    """Return whether the names of the columns, or words in one, tell the labels."""
    return bool(label_columns(table.layout.names) or table.words)


def width_of(table: Table) -> int:
    """Return how many columns of numbers a table has beside those that number the rows."""
    return len(features(table, ()))


def images_of(table: Table) -> NDArray[Any]:
    """Return the images of a table without labels: all columns but those that number the rows."""
    _check_no_words(table, ())
    kept = features(table, ())
    say_numbered(table, kept)
    return _kept(table, kept)


def without_labels(table: Table, labels: Sequence[int]) -> NDArray[Any]:
    """Return the images of a table whose labels are not wanted."""
    return _kept(table, features(table, labels))


def labels_of(table: Table) -> Any:
    """Return the labels of a table without images: its only column, its column of words, or one-hot columns."""
    named = label_columns(table.layout.names)
    words = [column for column in table.words if len(table.words) == 1 or not _are_names_of_rows(table, column)]
    columns = named or words or features(table, ())
    if not columns or (len(columns) > 1 and not set(columns) <= set(table.columns)):
        called = listed([table.name_of(column) for column in columns or table.words])
        raise DataError(f"{table.path} must have one column of labels, got {called}")
    return _labels(table, columns)


def _are_names_of_rows(table: Table, column: int) -> bool:
    """Say whether a column has another word in each row."""
    return len(table.words[column].names) == len(table.words[column].codes)


def labelled(table: Table, label: Sequence[int] | None = None, kind: str | None = None) -> Labelled:
    """Divide a table into images and labels.

    Parameters
    ----------
    table : Table
        The table.
    label : sequence of int, optional
        The columns of the labels; by default they are found out.
    kind : {"images", "labels"}, optional
        What the name of the file says that it holds.

    Returns
    -------
    Labelled

    Raises
    ------
    DataError
        If no column, or more than one, may hold the labels, or if nothing is left beside them.
    """
    columns = list(label) if label is not None else _find(table, kind)
    _check_no_words(table, columns)
    kept = features(table, columns)
    if not kept:
        found = some_names(table.layout.titles)
        raise DataError(f"{table.path} must have columns of pixels beside the labels, got {found}")
    say_numbered(table, [*kept, *columns])
    _say_rounded(table, kept)
    class_names = _names_of_classes(table, columns)
    labels = _labels(table, columns)
    names = names_of_features(table, columns)
    feature_names = None if names is None or are_numbered(names) else names
    return Labelled(_kept(table, kept), labels, columns, class_names, feature_names, names)


def names_of_features(table: Table, labels: Sequence[int]) -> tuple[str, ...] | None:
    """Return what the columns of features are called, None if they have no names."""
    names = table.layout.titles
    if not names:
        return None
    return tuple(_called(names[column]) or table.name_of(column) for column in features(table, labels))


def _called(name: str) -> str:
    return name if name.isprintable() else escaped(name)


def _find(table: Table, kind: str | None) -> list[int]:
    """Find the labels by the names of columns, then by words, then by the values."""
    path, layout = table.path, table.layout
    named = label_columns(layout.names)
    plain = [column for column in named if layout.names[column] in LABEL_NAMES]
    if len(plain) > 1 or (len(named) > 1 and not _are_one_hot(table, named)):
        called = listed([table.name_of(column) for column in named])
        raise DataError(f"{path} must have one column of labels, and {called} may be it: {SAY}")
    if named:
        return named
    if len(table.words) > 1:
        called = listed([table.name_of(column) for column in table.words])
        raise DataError(f"{path} must have words in one column, that of the labels, got them in {called}: {SAY}")
    if table.words:
        _say_words(table)
        return [*table.words]
    return _found_by_values(table, kind)


def _found_by_values(table: Table, kind: str | None) -> list[int]:
    path, width = table.path, len(table.columns)
    hot = one_hot_columns(table.values)
    if hot is not None:
        columns = [table.columns[place] for place in hot]
        where = "first" if hot[0] == 0 else "last"
        warn(
            f"the {where} {len(hot)} columns of {path} were taken for one-hot labels, as each row has a single 1 there"
        )
        return columns
    if _are_pictures_alone(table, kind):
        side = isqrt(width)
        what = f"{path} must hold labels beside the images, and looks like pictures of {side}x{side} pixels alone"
        raise DataError(f"{what}: put the labels into a file beside it, such as y_train.csv, or {SAY}")
    if table.layout.names and not _are_numbered(table.layout.names):
        raise DataError(
            f"{path} must have one column called label, class, digit, target or y, "
            f"got {some_names(table.layout.titles)}: {SAY}"
        )
    column = table.columns[_label_column(table)]
    if not _is_square(len(features(table, [column]))):
        where, other = ("last", "first") if column == table.columns[-1] else ("first", "last")
        warn(f'the {where} column of {path} was taken for the labels, which label="{other}" changes')
    return [column]


def _are_pictures_alone(table: Table, kind: str | None) -> bool:
    """Say whether all columns are pixels: they make a square, and the file is called so, or neighbours are alike."""
    width = len(table.columns)
    if not _is_square(width) or kind == "labels":
        return False
    side = isqrt(width)
    return kind == "images" or (width >= PICTURE and are_pictures(table.values[:500], (side, side)))


def _is_square(width: int) -> bool:
    return width >= SMALLEST_SQUARE and isqrt(width) ** 2 == width


def _are_numbered(names: Sequence[str]) -> bool:
    """Say whether the names of columns are numbers, or one common word and numbers, as R's V1, V2, V3."""
    stems = {re.sub("[0-9]+", "", name) for name in names if name}
    return len(stems) == 1 and stems <= NUMBERED


def _label_column(table: Table) -> int:
    """Find the labels in the first or the last column.

    Labels are small integers without gaps, and the most frequent label is rarer than the most frequent value of a
    corner pixel. Evidence for both columns does not count.
    """
    found_in: dict[int, tuple[bool, int]] = {}
    kept = [table.place(column) for column in features(table, ())]
    numbered = len(kept) < len(table.columns) and not table.layout.names
    ends = (kept[-1], kept[0]) if numbered else (kept[0], kept[-1])
    if not numbered and _has_two_classes_at_the_end(table, kept):
        return kept[-1]
    for column in dict.fromkeys(ends):
        if found_in and numbered:
            break  # behind the numbers of rows, labels are last
        values, counts = np.unique(table.values[:, column], return_counts=True)
        whole = np.array_equal(values, np.trunc(values)) and values[0] >= -1 and values[-1] <= MAX_LABEL
        if whole and len(values) > 1:
            found_in[column] = (values[-1] >= len(values), counts.max())
    least = [
        column
        for column, doubts in found_in.items()
        if all(doubt <= other for others in found_in.values() for doubt, other in zip(doubts, others, strict=True))
    ]
    if len(least) != 1:
        found = "both its first and its last column" if found_in else "neither its first nor its last column"
        raise DataError(f"{table.path} must have a header that names the label column: {found} could be it; or {SAY}")
    return least[0]


def _has_two_classes_at_the_end(table: Table, kept: Sequence[int]) -> bool:
    """Say whether the last column alone has two values, 0 and 1 or the like, as a diagnosis behind measurements."""
    values, counts = np.unique(table.values[:, kept[-1]], return_counts=True)
    if len(table.values) < ROWS or _is_square(len(kept) - 1) or values.tolist() not in ([0, 1], [1, 2], [-1, 1]):
        return False
    return bool(counts.min() >= RARER * len(table.values)) and len(np.unique(table.values[:, kept[0]])) > len(values)


def _say_words(table: Table) -> None:
    """Say which column was taken for the labels because it is the only one of words, where another may be meant."""
    (column,) = table.words
    others = features(table, ())
    if table.layout.names and not _is_square(len(others)) and any(_may_be_classes(table, other) for other in others):
        called = table.name_of(column)
        what = f"the column {called} of {table.path} was taken for the labels, as no other holds words"
        warn(f'{what}, which label="another" changes')


def _may_be_classes(table: Table, column: int) -> bool:
    """Say whether a column has some whole numbers in a row, from 0 or 1, and each of them often."""
    values, counts = np.unique(table.numbers(column), return_counts=True)
    first = values[0]
    in_a_row = first in (0, 1) and np.array_equal(values, np.arange(len(values)) + first)
    often = len(table.values) >= ROWS and counts.min() >= RARER * len(table.values) / len(values)
    return bool(often and in_a_row and 2 <= len(values) <= CLASSES)


def _say_rounded(table: Table, columns: Sequence[int]) -> None:
    called = [table.name_of(column) for column in columns if column in table.rounded]
    if called:
        what = f"{listed(called[:4])} of {table.path} has whole numbers beyond 16,777,216"
        warn(f"{what}, which are rounded, as networks calculate in single precision: subtract the smallest first")


def _check_no_words(table: Table, labels: Iterable[int]) -> None:
    others = [column for column in table.words if column not in set(labels)]
    if others:
        word = escaped(table.words[others[0]].names[-1])
        raise DataError(
            f"{table.path} must hold numbers in all columns but that of the labels, "
            f"got {word!r} in {table.name_of(others[0])}: {SAY}"
        )


def _labels(table: Table, columns: Sequence[int]) -> Any:
    if len(columns) == 1 and columns[0] in table.words:
        return table.words[columns[0]]
    found = [table.numbers(column) for column in columns if column in table.columns]
    labels = found[0].copy() if len(found) == 1 else np.column_stack(found)
    if labels.dtype.kind == "f" and np.array_equal(labels, np.trunc(labels)) and np.abs(labels).max() < 2**31:
        return labels.astype(np.int32)  # such as 7.0
    return labels


def _are_one_hot(table: Table, columns: Sequence[int]) -> bool:
    if not set(columns) <= set(table.columns):
        return False
    values = np.column_stack([table.numbers(column) for column in columns])
    return bool(np.isin(values, (0, 1)).all() and (values.sum(axis=1) == 1).all())


def _names_of_classes(table: Table, columns: Sequence[int]) -> tuple[str, ...] | None:
    """Return what one-hot columns are called, without the word for labels, unless they are 0, 1, 2, ... in order."""
    if len(columns) < 2 or not table.layout.titles:
        return None
    names = [table.layout.titles[column] for column in columns]
    called = [match[2] if (match := ONE_HOT.fullmatch(name)) and match[1] else name for name in names]
    in_order = all(name == str(place) for place, name in enumerate(called))
    return None if in_order or len(set(called)) < len(called) or not all(called) else tuple(called)


def _kept(table: Table, columns: Sequence[int]) -> NDArray[Any]:
    """Return only these columns of the table, in its own memory."""
    places = [table.place(column) for column in columns]
    values, count, step = table.values.reshape(-1), len(table.values), 1 << 14
    for start in range(0, count, step):
        rows = table.values[start : start + step, places]  # a copy, and what follows lies behind its new place
        values[start * len(places) : (start + len(rows)) * len(places)] = rows.reshape(-1)
    return values[: count * len(places)].reshape(count, len(places))
