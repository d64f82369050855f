"""Read tables of text: the numbers of all rows, and the words of a column that holds words."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cmlp.data.formats.labels import Words, words_of
from cmlp.data.formats.layout import (
    BOOLEANS,
    DECIMAL_COMMA,
    MISSING,
    POINTS,
    THOUSANDS,
    Layout,
    cells_of,
    check_decimal_commas,
    is_number,
    is_numeric,
    is_word,
)
from cmlp.data.formats.lines import decoded, is_utf8, read_lines, read_text
from cmlp.data.formats.names import is_index, label_columns
from cmlp.errors import DataError
from cmlp.utils.text import escaped
from cmlp.utils.warn import warn

BATCH_LINES, BATCH_BYTES = 1 << 14, 1 << 20

# A table takes no more memory than twice its text: a number and its delimiter are two bytes at least.
DTYPES = (np.dtype(np.uint8), np.dtype(np.int32), np.dtype(np.float32))
INTEGER_BYTES = b'0123456789-+;\t,| "\r\n'
MAYBE_POINTS = re.compile(rb"(?<![0-9.,])[1-9][0-9]{0,2}\.[0-9]{3}(?![0-9,])")
UNIT = re.compile(r"[^\w\s.,+-]{1,3} ?(?P<after>\S+)|(?P<before>[\d.,]+) ?(?:%|[^\W\d]{1,4}|[^\w\s.,+-]{1,3})")
BOOLEAN = re.compile(rb"(?<![\w.])(true|false)(?![\w.])", re.IGNORECASE)
LARGEST = 2.0**53  # below which each whole number is a float of its own
CHANGES = 4  # of the layout, by what stands below its sample


class Table(NamedTuple):
    """A table: its rows of numbers, the columns in which they stand, and the columns of words.

    `exact` are the numbers of columns that may be labels, where `values` has rounded them; `rounded` are others that
    have whole numbers which are rounded. `names_of_rows` is the column of words that names the rows, and its words.
    """

    path: Path
    layout: Layout
    values: NDArray[Any]
    columns: tuple[int, ...]
    words: dict[int, Words]
    exact: Mapping[int, NDArray[np.float64]] = MappingProxyType({})
    rounded: frozenset[int] = frozenset()
    names_of_rows: tuple[int, Words] | None = None

    def name_of(self, column: int) -> str:
        """Return how a message calls a column."""
        names = self.layout.titles
        return escaped(names[column]) if names and names[column] else f"column {column + 1:,}"

    def numbers(self, column: int) -> NDArray[Any]:
        """Return the numbers of a column."""
        if column in self.exact:
            return self.exact[column]
        found: NDArray[Any] = self.values[:, self.place(column)]
        return found

    def place(self, column: int) -> int:
        """Return where a column of numbers stands in `values`."""
        return bisect_left(self.columns, column)


class _Changed(Exception):
    """Raised where a line shows that the layout is another than the sample showed."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout


def read_table(path: Path, layout: Layout, label: Sequence[int] | None = None) -> Table:
    """Read a table, compressed or not.

    Parameters
    ----------
    path : Path
        The file.
    layout : Layout
        Its layout.
    label : sequence of int, optional
        The columns of the labels, if they are known; others may not hold words, but for those of names of rows.

    Raises
    ------
    DataError
        If rows differ in width, or hold anything but numbers.
    OSError
        If the file cannot be read.
    """
    for _ in range(CHANGES):
        try:
            reader = _Reader(path, layout, label)
            values = reader.read()
            words = {column: words_of(cells) for column, cells in reader.words.items()}
            of_rows = [(column, words.pop(column)) for column in reader.index]
            if reader.foreign:
                _say_foreign(path, words)
            exact = {reader.columns[place]: numbers[: len(values)] for place, numbers in reader.exact.items()}
            rounded = frozenset(reader.columns[place] for place in reader.rounded)
            return Table(path, layout, values, reader.columns, words, exact, rounded, *of_rows)
        except _Changed as changed:
            layout = changed.layout
    raise DataError(f"{path} must hold numbers that are all written alike")


class _Reader:
    """Reads a table with a known layout."""

    def __init__(self, path: Path, layout: Layout, label: Sequence[int] | None) -> None:
        self.path, self.layout = path, layout
        self.labels = label if label is not None else label_columns(layout.names)
        index = {column for column in layout.words if layout.names and is_index(layout.names[column])}
        self.dropped = (index - set(self.labels)) | layout.empty
        self.index = sorted(index - set(self.labels))[:1]
        self.foreign = layout.foreign
        self.exact: dict[int, NDArray[np.float64]] = {}
        self.rounded: set[int] = set()
        kept = [column for column in sorted(layout.words - self.dropped) if self._may_hold_words(column)]
        self.words: dict[int, list[str]] = {column: [] for column in [*kept, *self.index]}
        self.columns = tuple(
            column for column in range(layout.width) if column not in self.words and column not in self.dropped
        )
        known = {*self.labels, *self.columns[:1], *self.columns[-1:]}
        named = {column for column, name in enumerate(layout.names) if is_index(name)}
        self.may_be_labels = [place for place, column in enumerate(self.columns) if column in known | named]

    def _may_hold_words(self, column: int) -> bool:
        """Whether words of this column can be the names of classes."""
        return column in self.labels if self.labels else not self.layout.names or len(self.layout.words) == 1

    def read(self) -> NDArray[Any]:
        """Read the rows into the first of `DTYPES` that holds them all."""
        size = lines = 0
        for block in read_text(self.path):
            size += len(block)
            lines += block.count(b"\n")
        # Not more rows than their shortest text allows, however many blank lines there are.
        most = min(lines + 1, (size + 1) // (2 * self.layout.width) + 1)
        count = None
        for dtype in DTYPES:
            table = np.empty((most, len(self.columns)), dtype)
            count = self._fill(table)
            if count is not None:
                break
        if not count:
            raise DataError(f"{self.path} must hold rows of numbers, got a header only")
        return table[:count]

    def _fill(self, table: NDArray[Any]) -> int | None:
        """Read all rows and return their number, or None if the type of the table cannot hold them."""
        done = 0
        self.exact.clear()
        for cells in self.words.values():
            cells.clear()
        for numbers, lines in self._batches():
            rows = self._parsed(lines, table.dtype)
            if rows is None and table.dtype == DTYPES[-1]:
                raise self._complaint(numbers, lines)
            if rows is None:
                return None
            if table.dtype.kind == "f":
                self._keep_exact(rows, table, done)
            with np.errstate(over="ignore"):
                table[done : done + len(rows)] = rows
            done += len(rows)
        return done

    def _keep_exact(self, rows: NDArray[Any], table: NDArray[Any], done: int) -> None:
        """Keep whole numbers that a table of floats rounds, so that no two labels become one."""
        with np.errstate(over="ignore", invalid="ignore"):
            changed = (rows.astype(table.dtype) != rows) & (rows == np.trunc(rows)) & np.isfinite(rows)
            self.rounded.update(np.flatnonzero((changed & (np.abs(rows) < LARGEST)).any(axis=0)).tolist())
        for place in self.may_be_labels:
            if place in self.rounded and place not in self.exact:
                self.exact[place] = np.empty(len(table))
                self.exact[place][:done] = table[:done, place]
        for place, numbers in self.exact.items():
            numbers[done : done + len(rows)] = rows[:, place]

    def _batches(self) -> Iterator[tuple[list[int], list[bytes]]]:
        """Yield batches of lines, with their numbers in the file."""
        rows = islice(read_lines(self.path), self.layout.skipped, None)
        while batch := list(_batch(rows)):
            numbers, lines = zip(*batch, strict=True)
            yield list(numbers), list(lines)

    def _parsed(self, lines: list[bytes], dtype: np.dtype[Any]) -> NDArray[Any] | None:
        """Return the numbers in some lines, or None if their type or number is another."""
        layout = self.layout
        if layout.comma:
            self._check_points(lines)
            lines = [line.replace(b",", b".") for line in lines]
        if len(self.columns) < layout.width:
            divided = self._without_words(lines)
            if divided is None:
                return None
            lines = divided
        if not self.columns:
            return np.empty((len(lines), 0), dtype)
        if layout.booleans:
            lines = [BOOLEAN.sub(_digit, line) for line in lines]
        if dtype.kind != "f" and any(line.translate(None, INTEGER_BYTES) for line in lines):
            return None
        texts = [line.decode("latin-1") for line in lines]
        try:
            kind = np.float64 if dtype.kind == "f" else dtype
            rows = np.loadtxt(texts, kind, None, layout.delimiter, quotechar='"', ndmin=2)
        except ValueError:
            return None
        return rows if rows.shape == (len(lines), len(self.columns)) else None

    def _check_points(self, lines: list[bytes]) -> None:
        """Refuse points that may separate thousands, where other numbers show that commas separate decimals."""
        for line in lines:
            if MAYBE_POINTS.search(line) is None:
                continue
            cells = cells_of(decoded(line), self.layout.delimiter)
            found = [
                cells[column] for column in self.columns if column < len(cells) and POINTS.fullmatch(cells[column])
            ]
            if found:
                without = found[0].replace(".", "")
                rule = "must not have points that may be of thousands or of decimals beside numbers with decimal commas"
                raise DataError(f"{self.path} {rule}: write {found[0]} as {without}, or with a comma")

    def _without_words(self, lines: list[bytes]) -> list[bytes] | None:
        """Keep the words of some lines, and return their numbers as lines; None if one has another width."""
        layout = self.layout
        rows = [cells_of(decoded(line), layout.delimiter) for line in lines]
        if any(len(row) != layout.width or any(row[column] for column in layout.empty) for row in rows):
            return None
        self.foreign = self.foreign or not is_utf8(b"\n".join(lines))
        for column, cells in self.words.items():
            cells += [row[column] for row in rows]
        joint = layout.delimiter or " "
        return [joint.join([row[column] for column in self.columns]).encode() for row in rows]

    def _complaint(self, numbers: list[int], lines: list[bytes]) -> DataError:
        """Return the error for the first line that is not a row of numbers."""
        layout, path = self.layout, self.path
        for number, line in zip(numbers, lines, strict=True):
            cells = cells_of(decoded(line), layout.delimiter)
            if len(cells) != layout.width:
                broken = next((each for each, text in zip(numbers, lines, strict=True) if text.count(b'"') % 2), number)
                if broken < number:
                    rule = "must close its quotation marks, as a cell must not go on in another line"
                    return DataError(f"line {broken:,} of {path} {rule}, got {len(cells):,} columns in line {number:,}")
                return DataError(f"line {number:,} of {path} must have {layout.width:,} columns, got {len(cells):,}")
            if filled := [cells[column] for column in sorted(layout.empty) if cells[column]]:
                rule = "must have nothing in the column without a name, which is empty above"
                return DataError(f"line {number:,} of {path} {rule}, got {filled[0][:80]!r}")
            for column in self.columns:
                cell = cells[column]
                if is_number(cell) or (layout.booleans and cell.lower() in BOOLEANS):
                    continue
                if layout.comma and DECIMAL_COMMA.fullmatch(cell):
                    continue
                self._reconsider(column, cell)
                if layout.header and line is lines[0] and 2 * sum(map(_is_no_number, cells)) > len(cells):
                    rule = "must hold numbers, and looks like a second line of names"
                    what = f"{rule}, as of two levels of columns in pandas: leave one line of names"
                    return DataError(f"line {number:,} of {path} {what}")
                found = f"got {cell[:80]!r} in column {column + 1:,}{_advice(cell, layout.delimiter)}"
                return DataError(f"line {number:,} of {path} must hold numbers, {found}")
        return DataError(f"lines {numbers[0]:,} to {numbers[-1]:,} of {path} must be rows of numbers")

    def _reconsider(self, column: int, cell: str) -> None:
        """Begin again where a cell below the sample shows how cells are written."""
        layout = self.layout
        if DECIMAL_COMMA.fullmatch(cell) and not layout.comma and layout.delimiter != ",":
            check_decimal_commas({cell}, self.path)
            raise _Changed(layout._replace(comma=True))
        if cell.lower() in BOOLEANS and not layout.booleans:
            raise _Changed(layout._replace(booleans=True))
        may = column in (self.labels or ((0, layout.width - 1) if not layout.names and not layout.words else ()))
        if is_word(cell) and may and column not in layout.words:
            raise _Changed(layout._replace(words=layout.words | {column}))


def _is_no_number(cell: str) -> bool:
    return not cell or is_word(cell)


def _say_foreign(path: Path, words: Mapping[int, Words]) -> None:
    names = [name for each in words.values() for name in each.names if not name.isascii()]
    example = f", as {escaped(names[0])}" if names else ""
    warn(f"{path} is not in UTF-8: its words were read as Windows-1252{example}; save it in UTF-8 if that is misspelt")


def _digit(match: re.Match[bytes]) -> bytes:
    return b"1" if match[0][:1] in b"tT" else b"0"


def _batch(rows: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    size = 0
    for row in islice(rows, BATCH_LINES):
        yield row
        size += len(row[1])
        if size > BATCH_BYTES:
            break


def _advice(cell: str, delimiter: str | None) -> str:
    """Return what to do about a cell that is no number."""
    if cell.lower() in MISSING:
        return ": fill missing values first, or leave their rows out"
    if THOUSANDS.fullmatch(cell):
        return ": write numbers without commas between thousands"
    if DECIMAL_COMMA.fullmatch(cell) and delimiter == ",":
        return ": write decimals with points, or separate the columns by semicolons"
    if POINTS.fullmatch(cell.partition(",")[0]):
        return ": write numbers without points between thousands"
    unit = UNIT.fullmatch(cell)
    if unit is not None and is_numeric(unit["after"] or unit["before"]):
        return ": write numbers without units, and without signs of currency or per cent"
    return ""
