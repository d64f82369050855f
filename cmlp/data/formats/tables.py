"""Read tables of text: the numbers of all rows, and the words of a column that holds words."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cmlp.data.formats.labels import Words, words_of
from cmlp.data.formats.layout import (
    BOOLEANS,
    DECIMAL_COMMA,
    MISSING,
    THOUSANDS,
    Layout,
    cells_of,
    check_decimal_commas,
    is_number,
    is_word,
)
from cmlp.data.formats.lines import read_lines, read_text
from cmlp.data.formats.names import is_index, label_columns
from cmlp.errors import DataError
from cmlp.utils.text import escaped

BATCH_LINES, BATCH_BYTES = 1 << 14, 1 << 20

# A table takes no more memory than twice its text: a number and its delimiter are two bytes at least.
DTYPES = (np.dtype(np.uint8), np.dtype(np.int32), np.dtype(np.float32))
INTEGER_BYTES = b'0123456789-+;\t,| "\r\n'
BOOLEAN = re.compile(rb"(?<![\w.])(true|false)(?![\w.])", re.IGNORECASE)
CHANGES = 4  # of the layout, by what stands below its sample


class Table(NamedTuple):
    """A table: its rows of numbers, the columns in which they stand, and the columns of words."""

    path: Path
    layout: Layout
    values: NDArray[Any]
    columns: tuple[int, ...]
    words: dict[int, Words]

    def name_of(self, column: int) -> str:
        """Return how a message calls a column."""
        names = self.layout.names
        return escaped(names[column]) if names and names[column] else f"column {column + 1:,}"

    def numbers(self, column: int) -> NDArray[Any]:
        """Return the numbers of a column."""
        found: NDArray[Any] = self.values[:, self.columns.index(column)]
        return found


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
            return Table(path, layout, values, reader.columns, words)
        except _Changed as changed:
            layout = changed.layout
    raise DataError(f"{path} must hold numbers that are all written alike")


class _Reader:
    """Reads a table with a known layout."""

    def __init__(self, path: Path, layout: Layout, label: Sequence[int] | None) -> None:
        self.path, self.layout = path, layout
        self.labels = label if label is not None else label_columns(layout.names)
        index = {column for column in layout.words if layout.names and is_index(layout.names[column])}
        self.dropped = index - set(self.labels)
        kept = [column for column in sorted(layout.words - self.dropped) if self._may_hold_words(column)]
        self.words: dict[int, list[str]] = {column: [] for column in kept}
        self.columns = tuple(
            column for column in range(layout.width) if column not in self.words and column not in self.dropped
        )

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
        for cells in self.words.values():
            cells.clear()
        for numbers, lines in self._batches():
            rows = self._parsed(lines, table.dtype)
            if rows is None and table.dtype == DTYPES[-1]:
                raise self._complaint(numbers, lines)
            if rows is None:
                return None
            table[done : done + len(rows)] = rows
            done += len(rows)
        return done

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
            rows = np.loadtxt(texts, dtype, None, layout.delimiter, quotechar='"', ndmin=2)
        except ValueError:
            return None
        return rows if rows.shape == (len(lines), len(self.columns)) else None

    def _without_words(self, lines: list[bytes]) -> list[bytes] | None:
        """Keep the words of some lines, and return their numbers as lines; None if one has another width."""
        layout = self.layout
        rows = [cells_of(line.decode("utf-8", "replace"), layout.delimiter) for line in lines]
        if any(len(row) != layout.width for row in rows):
            return None
        for column, cells in self.words.items():
            cells += [row[column] for row in rows]
        joint = layout.delimiter or " "
        return [joint.join([row[column] for column in self.columns]).encode() for row in rows]

    def _complaint(self, numbers: list[int], lines: list[bytes]) -> DataError:
        """Return the error for the first line that is not a row of numbers."""
        layout, path = self.layout, self.path
        for number, line in zip(numbers, lines, strict=True):
            cells = cells_of(line.decode("utf-8", "replace"), layout.delimiter)
            if len(cells) != layout.width:
                return DataError(f"line {number:,} of {path} must have {layout.width:,} columns, got {len(cells):,}")
            for column in self.columns:
                cell = cells[column]
                if is_number(cell) or (layout.booleans and cell.lower() in BOOLEANS):
                    continue
                if layout.comma and DECIMAL_COMMA.fullmatch(cell):
                    continue
                self._reconsider(column, cell)
                found = f"got {cell[:80]!r} in column {column + 1:,}{_advice(cell)}"
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


def _digit(match: re.Match[bytes]) -> bytes:
    return b"1" if match[0][:1] in b"tT" else b"0"


def _batch(rows: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    size = 0
    for row in islice(rows, BATCH_LINES):
        yield row
        size += len(row[1])
        if size > BATCH_BYTES:
            break


def _advice(cell: str) -> str:
    """Return what to do about a cell that is no number."""
    if cell.lower() in MISSING:
        return ": fill missing values first, or leave their rows out"
    if THOUSANDS.fullmatch(cell):
        return ": write numbers without commas between thousands"
    return ""
