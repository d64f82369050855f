"""The layout of a table, from its first lines: delimiter, header, and which columns hold words."""

import csv
import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from cmlp.data.formats.lines import EXCEL_ERRORS, decoded, is_comment, is_utf8, read_lines
from cmlp.data.formats.names import LABEL_NAMES
from cmlp.errors import DataError
from cmlp.utils.text import escaped

DELIMITERS = ";\t,|"  # otherwise spaces; a comma may stand within the numbers of a file with semicolons
SAMPLE = 32  # lines
ERRORS = {error.decode() for error in EXCEL_ERRORS}
MISSING = {"", "?", "na", "n/a", "nan", "null", "none", "-", ".", *ERRORS}
NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
DECIMAL_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+(?:[eE][+-]?[0-9]+)?")
THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]*)?")
POINTS = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:\.[0-9]{3})+")  # may be thousands where others have decimal commas
DUPLICATE = re.compile(r"([0-9]+)\.([1-9][0-9]*)")  # as pandas renames the second of two equal names
BOOLEANS = {"true", "false"}
UNNAMED = re.compile(r"(unnamed: [0-9.]+)?")  # as pandas calls a column without a name
RUN = 4  # columns that are numbered, at least, where there are two runs of them


class Layout(NamedTuple):
    """The layout of a table: delimiter, number of columns, lines to skip, names, and how its cells are written.

    `titles` has a name for each column as it is written, or is empty, and `names` the same in lower case. `words` are
    the columns whose cells are words. `comma` says whether numbers have decimal commas, `booleans` whether there are
    cells that are true or false. `empty` are columns that have neither a name nor a cell, `foreign` says that the text
    is not in UTF-8.
    """

    delimiter: str | None
    width: int
    skipped: int
    titles: tuple[str, ...]
    names: tuple[str, ...]
    words: frozenset[int]
    comma: bool
    booleans: bool
    header: bool
    empty: frozenset[int] = frozenset()
    foreign: bool = False


def layout_of(path: Path, header: bool | None = None) -> Layout:
    """Find the layout of a table.

    Parameters
    ----------
    path : Path
        The file.
    header : bool, optional
        Whether its first line names the columns; by default this is found out.

    Returns
    -------
    Layout

    Raises
    ------
    DataError
        If the file is empty.
    """
    lines = [line for _, line in islice(read_lines(path, comments=True), SAMPLE)]
    comments, rest = _without_comments(lines)
    stated = rest.pop(0).strip().strip(b'"')[4:5].decode("latin-1") if _states_delimiter(rest) else None
    skipped = int(stated is not None)
    if not rest:
        raise DataError(f"{path} must hold a table, got {'comments only' if comments else 'an empty file'}")
    delimiter = stated or delimiter_of(rest)
    rows = [cells_of(decoded(line), delimiter) for line in rest]
    found = _is_header(rows) if header is None else header
    if found and rows[1:] and not rows[0][-1] and len(rows[0]) == len(rows[1]) + 1:
        del rows[0][-1]  # behind a comma at the end of the header alone
    titles = tuple(rows[0]) if found and not _is_renamed_row(rows[0], rows[1:]) else ()
    body = rows[1:] if found else rows
    if (
        found and body and len(titles) == len(body[0]) - 1
    ):  # as R writes a table, whose first column has the names of its rows
        titles = ("", *titles)
    elif not found and comments and header is None:
        titles = _names_in_comment(comments[-1], delimiter, len(rows[0]))
    width = len(titles) or len((body or rows)[0])
    columns = [[row[column] for row in body if len(row) == width] for column in range(width)]
    words = frozenset(column for column, cells in enumerate(columns) if any(map(is_word, cells)))
    empty = frozenset(column for column, cells in enumerate(columns) if _is_empty(cells, titles[column : column + 1]))
    cells = {cell.lower() for column in columns for cell in column}
    comma = delimiter != "," and any(map(DECIMAL_COMMA.fullmatch, cells))
    if comma:
        check_decimal_commas(cells, path)
    names = tuple(title.lower() for title in titles)
    return Layout(
        delimiter, width, skipped + found, titles, names, words, comma, not BOOLEANS.isdisjoint(cells), found, empty,
        not all(map(is_utf8, rest)),
    )  # fmt: skip


def check_decimal_commas(cells: set[str], path: Path) -> None:
    """Refuse commas that may separate thousands as well."""
    with_commas = [cell for cell in cells if "," in cell]
    if all(map(THOUSANDS.fullmatch, with_commas)):
        shown = escaped(sorted(with_commas)[0])
        rule = f"{shown} is one or a thousand times as much: write it without the comma, or with a point"
        raise DataError(f"{path} must not have commas in its numbers that may be of thousands or of decimals: {rule}")


def delimiter_of(lines: Sequence[bytes]) -> str | None:
    """Return what separates the cells of some lines: the first that is equally often in all, or in the first one."""
    for delimiter in DELIMITERS:
        counts = {len(cells_of(line.decode("latin-1"), delimiter)) for line in lines[1:] or lines}
        if len(counts) == 1 and counts.pop() > 1:
            return delimiter
    return next((delimiter for delimiter in DELIMITERS if delimiter.encode() in lines[-1]), None)


def cells_of(line: str, delimiter: str | None) -> list[str]:
    """Return the cells of a line, without the quotes around them."""
    if '"' in line and delimiter is None:
        cells = re.findall(r'"[^"]*"|\S+', line)
    elif '"' in line and delimiter is not None:
        cells = _quoted(line.strip("\r\n"), delimiter)
    else:
        cells = line.strip("\r\n").split(delimiter)
    return [_bare(cell.strip()) for cell in cells]


def _bare(cell: str) -> str:
    """Return a cell without quotes around all of it."""
    return cell[1:-1].strip() if len(cell) > 1 and cell[0] == cell[-1] and cell[0] in "\"'" else cell


def _quoted(line: str, delimiter: str) -> list[str]:
    """Return the cells of a line with quotes; of a damaged one, what stands between the delimiters."""
    try:
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        return line.split(delimiter)


def is_number(cell: str) -> bool:
    """Return whether a cell is a number that is written as in Python."""
    return NUMBER.fullmatch(cell) is not None


def is_numeric(cell: str) -> bool:
    """Return whether a cell is a number, maybe with a decimal comma or commas between thousands."""
    return bool(is_number(cell) or DECIMAL_COMMA.fullmatch(cell) or THOUSANDS.fullmatch(cell))


def _without_comments(lines: Sequence[bytes]) -> tuple[list[bytes], list[bytes]]:
    return [line for line in lines if is_comment(line)], [line for line in lines if not is_comment(line)]


def _states_delimiter(lines: Sequence[bytes]) -> bool:
    """Return whether a table begins with a line such as ``sep=;``, which is for Excel."""
    return bool(lines) and re.fullmatch(rb'"?sep=.?"?\s*', lines[0].strip().lower()) is not None


def is_word(cell: str) -> bool:
    """Return whether a cell is neither a number nor what stands for a missing one."""
    return not is_numeric(cell) and cell.lower() not in MISSING | BOOLEANS and _is_name(cell)


def _is_name(cell: str) -> bool:
    """Return whether a cell begins like a name; ``0x10`` is a mistaken number, and no name."""
    return not cell[:1].isdigit() or re.search("[a-zA-Z]{3}", cell) is not None


def _is_header(rows: Sequence[list[str]]) -> bool:
    """Say whether the first row names the columns: it has words above numbers, or numbers as pandas gives them."""
    first, body = rows[0], rows[1:]
    if _is_numbered(first) or _is_renamed_row(first, body) or _names_labels(first, body):
        return True
    above = [cell for column, cell in enumerate(first) if _may_be_name(cell, column) and _above_numbers(column, body)]
    if body and len(first) == len(body[0]) - 1:
        return not all(map(is_number, first))
    return bool(above) or (not body and not all(map(is_number, first)))


def _names_labels(first: Sequence[str], body: Sequence[list[str]]) -> bool:
    """Say whether a cell is what labels are called, and does not stand below: there may be words only."""
    names = [(column, cell) for column, cell in enumerate(first) if cell.lower() in LABEL_NAMES]
    again = any(cell in row[column : column + 1] for row in body for column, cell in names)
    return bool(names) and bool(body) and not again and not any(map(is_numeric, first))


def _may_be_name(cell: str, column: int) -> bool:
    """Whether a cell is no number and no missing one; the first column of pandas has no name."""
    return not is_numeric(cell) and (cell.lower() not in MISSING or (not cell and column == 0))


def _above_numbers(column: int, body: Sequence[list[str]]) -> bool:
    return all(column < len(row) and not is_word(row[column]) for row in body) and bool(body)


def _is_numbered(cells: Sequence[str]) -> bool:
    """Say whether columns are numbered as those of pandas without names: 0, 1, 2, ..., in two runs at most.

    One name may stand before or behind them, and nothing before them where the rows are numbered, too.
    """
    cells = list(cells)
    if cells[:1] == [""]:
        del cells[0]
    named = [place for place in (0, len(cells) - 1) if cells[place:] and not is_numeric(cells[place])]
    if len(named) == 1 and len(cells) > RUN:
        del cells[named[0]]
    starts = [place for place, cell in enumerate(cells) if cell == "0"]
    if len(cells) < 2 or not starts or starts[0] != 0 or len(starts) > 2:
        return False
    runs = [cells[start:end] for start, end in zip(starts, [*starts[1:], len(cells)], strict=True)]
    in_order = all(run == [str(number) for number in range(len(run))] for run in runs)
    return in_order and (len(runs) == 1 or max(map(len, runs)) >= RUN)


def _is_renamed_row(first: Sequence[str], body: Sequence[list[str]]) -> bool:
    """Say whether a row of integers became the header of pandas, which made 0.1, 0.2 and 0.3 of its zeros."""
    found = [match.groups() for cell in first if (match := DUPLICATE.fullmatch(cell))]
    counted = [int(number) for name, number in found if name == "0"]
    return counted[:3] == [1, 2, 3] and bool(body) and not any("." in cell for cell in body[0])


def _is_empty(cells: Sequence[str], name: Sequence[str]) -> bool:
    """Say whether a column has no name and no cell, as behind a comma at the end of each line."""
    return bool(cells) and not any(cells) and (not name or UNNAMED.fullmatch(name[0].lower()) is not None)


def _names_in_comment(comment: bytes, delimiter: str | None, width: int) -> tuple[str, ...]:
    """Return the names that a comment gives the columns, as the header of ``numpy.savetxt``, or none."""
    text = decoded(comment).strip().lstrip("#%").strip()
    cells = cells_of(text, delimiter)
    return tuple(cells) if len(cells) == width > 1 and not any(map(is_number, cells)) else ()
