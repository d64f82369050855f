"""Read ARFF, the format of Weka and OpenML: a header that names the columns, and a table below it."""

import re
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cmlp.data.formats.columns import Label, columns_of
from cmlp.data.formats.labels import Words
from cmlp.data.formats.layout import MISSING, Layout, cells_of, is_number
from cmlp.data.formats.lines import as_utf8, decoded, read_lines
from cmlp.data.formats.tables import Table, read_table
from cmlp.errors import DataError
from cmlp.utils.text import escaped

ATTRIBUTE = re.compile(r"""@attribute\s+('(?:[^'\\]|\\.)*'|"[^"]*"|\S+)\s+(.*)""", re.IGNORECASE)
NUMERIC = ("numeric", "real", "integer")
MAX_HEADER = 100_000  # lines


class Attribute(NamedTuple):
    """A column: its name, and its values if they are words."""

    name: str
    values: tuple[str, ...] | None


def is_arff(start: bytes) -> bool:
    """Return whether a file with this start is in the format of Weka."""
    lines = (line.strip() for line in as_utf8(start).split(b"\n"))
    first = next((line for line in lines if line and not line.startswith(b"%")), b"")
    return first.lower().startswith((b"@relation", b"@attribute"))


def read_arff(path: Path, label: Label | None = None) -> tuple[Table, list[int] | None]:
    """Read a table with the names of its columns.

    Parameters
    ----------
    path : Path
        The file.
    label : str, int or sequence of these, optional
        The column of the labels; by default the nominal one, or the last if that is nominal.

    Returns
    -------
    table : Table
    columns : list of int or None
        The columns of the labels, if `label` or the header tells them.

    Raises
    ------
    DataError
        If the header is damaged, the table is sparse, or it holds words beside the labels.
    OSError
        If the file cannot be read.
    """
    attributes: list[Attribute] = []
    skipped = 0
    for _, line in islice(read_lines(path), MAX_HEADER):
        skipped += 1
        text = decoded(line).strip()
        if text.lower() == "@data":
            break
        if text.lower().startswith("@attribute"):
            attributes.append(_attribute(text, path))
    else:
        raise DataError(f"{path} must have a line @data below its attributes, got none")
    if not attributes:
        raise DataError(f"{path} must name its columns by lines with @attribute, got none")
    first = next((line for _, line in islice(read_lines(path), skipped, skipped + 1)), b"")
    if first.lstrip().startswith(b"{"):
        raise DataError(f"{path} must hold all values of a row, got a sparse table: save it as dense, or as CSV")
    words = frozenset(place for place, each in enumerate(attributes) if _holds_words(each))
    titles = tuple(each.name for each in attributes)
    names = tuple(title.lower() for title in titles)
    layout = Layout("," if b"," in first else None, len(names), skipped, titles, names, words, False, False, True)
    columns = _label_columns(attributes, words) if label is None else columns_of(label, layout, path)
    table = read_table(path, layout, columns)
    _check_declared(table, attributes)
    named = {column: _in_order(table.words[column], attributes[column]) for column in table.words}
    return table._replace(words=named), columns


def _attribute(text: str, path: Path) -> Attribute:
    found = ATTRIBUTE.fullmatch(text)
    if found is None:
        raise DataError(f"{path} must describe a column by its name and type, got {escaped(text)}")
    name, kind = found[1].strip("'\""), found[2].split("%")[0].strip()
    if kind.startswith("{"):
        return Attribute(name, tuple(cells_of(kind.strip("{} "), ",")))
    return Attribute(name, None if kind.lower().startswith(NUMERIC) else ())


def _holds_words(attribute: Attribute) -> bool:
    """Say whether a column holds words; nominal values that are numbers are read as numbers."""
    if attribute.values is None:
        return False
    return not attribute.values or not all(value.lstrip("-").isdecimal() for value in attribute.values)


def _label_columns(attributes: list[Attribute], words: frozenset[int]) -> list[int] | None:
    """Return the column of the labels if the header tells it: the one that is nominal, or the last of several."""
    nominal = [place for place, each in enumerate(attributes) if each.values]
    last = len(attributes) - 1
    if len(nominal) == 1 or last in nominal:
        return [nominal[0] if len(nominal) == 1 else last]
    return [*words] if len(words) == 1 else None


def _check_declared(table: Table, attributes: list[Attribute]) -> None:
    """Refuse values of a nominal column that its header does not declare: they are mistakes, and no classes."""
    for column, (name, declared) in enumerate(attributes):
        if not declared:
            continue
        if column in table.words:
            found = [each for each in table.words[column].names if each not in declared and each.lower() not in MISSING]
        elif column in table.columns:
            known = [float(value) for value in declared if is_number(value)]
            found = [f"{value:g}" for value in np.setdiff1d(table.numbers(column), known).tolist()]
        else:
            continue
        if found:
            rule = f"must hold the values that the header declares in column {escaped(name)}"
            raise DataError(f"{table.path} {rule}, got {escaped(found[0])}")


def _in_order(words: Words, attribute: Attribute) -> Words:
    """Return words with all names of the header, so that a class that does not occur has a name, too."""
    names = sorted({*words.names, *(attribute.values or ())})
    places = np.array([names.index(name) for name in words.names], np.int32)
    return Words(places[words.codes], tuple(names))
