"""Read CSV tables: one image per line, its label in the first, the last or a named column."""

import re
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cmlp.data.formats.names import LABELS, some_names
from cmlp.data.formats.sets import Parts, unchecked
from cmlp.data.reading import read_blocks
from cmlp.errors import DataError

DELIMITERS = ";\t,"  # otherwise spaces; a comma may stand within the numbers of a file with semicolons
LABEL_NAMES = {*LABELS, "digit", "character", "category"}
INDEX_NAMES = {"", "id", "index", "unnamed: 0"}  # as pandas numbers its rows
BOM = b"\xef\xbb\xbf"
MAX_LINE = 1 << 20
BATCH_LINES, BATCH_BYTES = 1 << 14, 1 << 20
MAX_LABEL = 99  # of a column that nobody called a label

# A table takes no more memory than twice its text: a number and its delimiter are two bytes at least.
DTYPES = (np.dtype(np.uint8), np.dtype(np.int32), np.dtype(np.float32))
INTEGER_BYTES = b'0123456789-+;\t, "\r\n'
NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


class Layout(NamedTuple):
    """The layout of a table, from its first line: delimiter, number of columns, and their names if it is a header."""

    delimiter: str | None
    width: int
    header: bool
    names: list[str]


def is_csv(start: bytes) -> bool:
    """Return whether a file with this start is a table: one of its first two lines must begin with numbers."""
    lines = [line for line in start.removeprefix(BOM).splitlines() if line.strip()]
    return any(map(_begins_with_numbers, lines[:2]))


def _begins_with_numbers(line: bytes) -> bool:
    cells = _cells(line.decode("latin-1"), _delimiter(line))
    return len(cells) > 1 and all(map(_is_number, cells[:2]))


def read_csv(path: Path) -> Parts:
    """Read images and labels from a table, compressed or not, with or without a header.

    Raises
    ------
    DataError
        If rows differ in width or hold anything but numbers, or if no column looks like labels.
    OSError
        If the file cannot be read.
    """
    layout = _layout_of(path)
    table = _read_table(path, layout)
    label, others = _columns(table, layout, path)
    labels = table[:, label].copy()
    if labels.dtype.kind == "f" and np.array_equal(labels, np.trunc(labels)) and np.abs(labels).max() < 2**31:
        labels = labels.astype(np.int32)  # such as 7.0
    return {"train": unchecked(_kept(table, others), labels, path)}


def _layout_of(path: Path) -> Layout:
    for _, line in _lines_of(path):
        delimiter = _delimiter(line)
        cells = _cells(line.decode("utf-8", "replace"), delimiter)
        numbered = all(cell == str(column) for column, cell in enumerate(cells))  # as pandas calls nameless columns
        header = numbered or not all(map(_is_number, cells))
        return Layout(
            delimiter, len(cells), header, [cell.lower() for cell in cells] if header and not numbered else []
        )
    raise DataError(f"{path} must hold a table, got an empty file")


def _delimiter(line: bytes) -> str | None:
    return next((delimiter for delimiter in DELIMITERS if delimiter.encode() in line), None)


def _cells(line: str, delimiter: str | None) -> list[str]:
    return [cell.strip().strip('"').strip() for cell in line.strip("\r\n").split(delimiter)]


def _is_number(cell: str) -> bool:
    return NUMBER.fullmatch(cell) is not None


def _lines_of(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield each line that is not blank, with its number; a long line is refused before it fills the memory."""
    before, rest = 0, b""
    for block in chain(read_blocks(path), [b"\n"]):
        *lines, rest = (rest + block).split(b"\n")
        for number, line in enumerate(lines, before + 1):
            if line and line.strip():
                yield number, line if number > 1 else line.removeprefix(BOM)
        before += len(lines)
        if len(rest) > MAX_LINE:
            raise DataError(f"line {before + 1:,} of {path} must have at most {MAX_LINE:,} bytes")


def _read_table(path: Path, layout: Layout) -> NDArray[Any]:
    """Read the rows into the first of `DTYPES` that holds them all."""
    size = lines = 0
    for block in read_blocks(path):
        size += len(block)
        lines += block.count(b"\n")
    # Not more rows than their shortest text allows, however many blank lines there are.
    most = min(lines + 1, (size + 1) // (2 * layout.width))
    count = None
    for dtype in DTYPES:
        table = np.empty((most, layout.width), dtype)
        count = _fill(table, path, layout)
        if count is not None:
            break
    if not count:
        raise DataError(f"{path} must hold rows of numbers, got a header only")
    return table[:count]


def _fill(table: NDArray[Any], path: Path, layout: Layout) -> int | None:
    """Read all rows and return their number, or None if the type of the table cannot hold them."""
    done = 0
    for numbers, lines in _batches_of(path, layout):
        rows = _parsed(lines, layout, table.dtype)
        if rows is None and table.dtype == DTYPES[-1]:
            raise _row_error(numbers, lines, path, layout)
        if rows is None:
            return None
        table[done : done + len(rows)] = rows
        done += len(rows)
    return done


def _batches_of(path: Path, layout: Layout) -> Iterator[tuple[list[int], list[bytes]]]:
    """Yield batches of lines, with their numbers in the file."""
    rows = islice(_lines_of(path), int(layout.header), None)
    while batch := list(_batch(rows)):
        numbers, lines = zip(*batch, strict=True)
        yield list(numbers), list(lines)


def _batch(rows: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    size = 0
    for row in islice(rows, BATCH_LINES):
        yield row
        size += len(row[1])
        if size > BATCH_BYTES:
            break


def _parsed(lines: list[bytes], layout: Layout, dtype: np.dtype[Any]) -> NDArray[Any] | None:
    """Return the numbers in some lines, or None if their type or number is another."""
    if dtype.kind != "f" and any(line.translate(None, INTEGER_BYTES) for line in lines):
        return None
    texts = [line.decode("latin-1") for line in lines]
    try:
        rows = np.loadtxt(texts, dtype, None, layout.delimiter, quotechar='"', ndmin=2)
    except ValueError:
        return None
    return rows if rows.shape == (len(lines), layout.width) else None


def _row_error(numbers: list[int], lines: list[bytes], path: Path, layout: Layout) -> DataError:
    """Return the error for the first line that is not a row of numbers."""
    for number, line in zip(numbers, lines, strict=True):
        cells = _cells(line.decode("utf-8", "replace"), layout.delimiter)
        if len(cells) != layout.width:
            return DataError(f"line {number:,} of {path} must have {layout.width:,} columns, got {len(cells):,}")
        for column, cell in enumerate(cells, 1):
            if not _is_number(cell):
                return DataError(f"line {number:,} of {path} must hold numbers, got {cell[:80]!r} in column {column:,}")
    return DataError(f"lines {numbers[0]:,} to {numbers[-1]:,} of {path} must be rows of numbers")


def _columns(table: NDArray[Any], layout: Layout, path: Path) -> tuple[int, list[int]]:
    """Find the column of the labels and those of the pixels."""
    names = layout.names
    pixels = [column for column in range(layout.width) if not names or names[column] not in INDEX_NAMES]
    named = [column for column, name in enumerate(names) if name in LABEL_NAMES]
    if names and len(named) != 1:
        raise DataError(f"{path} must have one column called label, class, digit, target or y, got {some_names(names)}")
    label = named[0] if named else _label_column(table, path)
    pixels.remove(label)
    if not pixels:
        raise DataError(f"{path} must have columns of pixels beside the labels, got {some_names(names)}")
    return label, pixels


def _label_column(table: NDArray[Any], path: Path) -> int:
    """Find the labels in the first or the last column.

    Labels are small integers without gaps, and the most frequent label is rarer than the most frequent value of a
    corner pixel. Evidence for both columns does not count.
    """
    found_in = {}
    for column in (0, table.shape[1] - 1):
        values, counts = np.unique(table[:, column], return_counts=True)
        whole = np.array_equal(values, np.trunc(values)) and values[0] >= 0 and values[-1] <= MAX_LABEL
        if whole and len(values) > 1:
            found_in[column] = (values[-1] >= len(values), counts.max())
    least = [
        column
        for column, doubts in found_in.items()
        if all(doubt <= other for others in found_in.values() for doubt, other in zip(doubts, others, strict=True))
    ]
    if len(least) != 1:
        found = "both its first and its last column" if found_in else "neither its first nor its last column"
        raise DataError(f"{path} must have a header that names the label column: {found} could be it")
    return least[0]


def _kept(table: NDArray[Any], columns: list[int]) -> NDArray[Any]:
    """Return only these columns of the table, in its own memory."""
    values = table.reshape(-1)
    for start in range(0, len(table), BATCH_LINES):
        rows = table[start : start + BATCH_LINES, columns]  # a copy, and what follows lies behind its new place
        values[start * len(columns) : (start + len(rows)) * len(columns)] = rows.reshape(-1)
    return values[: len(table) * len(columns)].reshape(len(table), len(columns))
