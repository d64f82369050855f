"""Detect and read tables of text: one image per line, with its label in one column or in one-hot columns."""

import re
from collections.abc import Sequence
from pathlib import Path

from cmlp.data.formats.columns import Label, columns_of
from cmlp.data.formats.layout import cells_of, delimiter_of, is_number, is_numeric, layout_of
from cmlp.data.formats.lines import as_utf8, decoded, first_lines
from cmlp.data.formats.tables import Table, read_table
from cmlp.errors import DataError

WORD = re.compile(r"[A-Za-z][A-Za-z0-9 _-]*")
NAME = re.compile(r"[^\W_][\w .:()/%#-]*")
WIDE = 1 << 15  # bytes that may show the beginning of a header alone
MOST_OF_NAME = 80
SOME = 64  # lines, of which two have the same word
PRINTABLE = bytes({7, 8, 9, 10, 12, 13, 27} | set(range(32, 256)))


def is_csv(start: bytes) -> bool:
    """Return whether a file with this start is a table: of numbers, or of as many words in each of its first lines."""
    lines = [line for line in first_lines(start, SOME) if not line.lower().startswith((b"sep=", b'"sep='))]
    if not lines or any(line.translate(None, PRINTABLE) for line in lines[:2]):
        return False
    if len(start) >= WIDE and len(lines) == 1 and _is_wide_header(lines[0]):
        return True
    delimiter = delimiter_of(lines[:2])
    rows = [cells_of(line.decode("latin-1"), delimiter) for line in lines[:2]]
    return any(map(_begins_with_numbers, rows)) or _is_row(rows[-1]) or _is_column(lines) or _is_grid(lines)


def is_header_alone(start: bytes) -> bool:
    """Return whether a file with this start is a text of one line of names, or has no line but blanks and comments."""
    lines = [line for line in first_lines(start, 3) if not line.lower().startswith((b"sep=", b'"sep='))]
    if not lines:
        return not as_utf8(start).translate(None, PRINTABLE)
    if len(lines) > 1 or lines[0].translate(None, PRINTABLE):
        return False
    cells = cells_of(decoded(lines[0]), delimiter_of(lines))
    named = [NAME.fullmatch(cell) is not None and not is_number(cell) for cell in cells]
    return all(named) and (len(cells) > 1 or not lines[0].rstrip().endswith(b"."))  # as a pickle does


def _begins_with_numbers(cells: Sequence[str]) -> bool:
    return len(cells) > 1 and all(map(is_numeric, cells[:2]))


def _is_row(cells: Sequence[str]) -> bool:
    """Say whether at least two cells of three are numbers, true or false."""
    known = sum(is_numeric(cell) or cell.lower() in ("true", "false") for cell in cells)
    return len(cells) > 1 and 3 * known >= 2 * len(cells) - 1 and known > 0


def _is_grid(lines: Sequence[bytes]) -> bool:
    """Say whether a few lines have as many cells each, whatever is in them; the last may be cut."""
    whole = lines if len(lines) < SOME else lines[:-1]
    delimiter = delimiter_of(whole)
    widths = {len(cells_of(line.decode("latin-1"), delimiter)) for line in whole}
    return len(whole) > 2 and delimiter is not None and len(widths) == 1 and widths.pop() > 1


def _is_wide_header(line: bytes) -> bool:
    """Say whether a line whose end is not seen consists of numbers or of names, as of thousands of columns."""
    cells = cells_of(line.decode("latin-1"), delimiter_of([line]))[:-1]
    named = all(0 < len(cell) <= MOST_OF_NAME and " " not in cell for cell in cells[1:])
    return named and len(cells) * MOST_OF_NAME > len(line) and len(set(cells)) > len(cells) // 2


def _is_column(lines: Sequence[bytes]) -> bool:
    """Say whether each line but the first is one number, or all are single words, of which some are repeated."""
    cells = [line.decode("latin-1").strip().strip('"') for line in lines]
    words = all(map(WORD.fullmatch, cells)) and len(set(cells)) < len(cells)
    return words or all(map(is_number, cells[1:] or cells))


def read_csv(path: Path, label: Label | None = None, header: bool | None = None) -> tuple[Table, list[int] | None]:
    """Read a table, compressed or not.

    Parameters
    ----------
    path : Path
        The file.
    label : str, int or sequence of these, optional
        The column of the labels, or several; by default they are found out later.
    header : bool, optional
        Whether the first line names the columns; by default this is found out.

    Returns
    -------
    table : Table
    columns : list of int or None
        The columns that `label` names.

    Raises
    ------
    DataError
        If rows differ in width or hold anything but numbers, or there is no such column.
    OSError
        If the file cannot be read.
    """
    if header is not None and not isinstance(header, bool):
        raise DataError(f"header must be True or False, got {header!r}")
    layout = layout_of(path, header)
    columns = None if label is None else columns_of(label, layout, path)
    return read_table(path, layout, columns), columns
