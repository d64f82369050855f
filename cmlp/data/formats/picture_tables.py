"""Read pictures whose labels stand in a table beside them: a column of names of files, and one of labels."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cmlp.data.formats.columns import SAY, Label, columns_of
from cmlp.data.formats.image_folder import SUFFIXES, TABLE, read_image_folder, read_pictures
from cmlp.data.formats.labels import words_of
from cmlp.data.formats.layout import Layout, cells_of, delimiter_of, is_number
from cmlp.data.formats.lines import decoded, first_lines, read_lines
from cmlp.data.formats.names import TRAIN, Part, label_columns, role_of, some_names
from cmlp.data.formats.sets import Parts, unchecked
from cmlp.data.reading import read_start
from cmlp.errors import DataError
from cmlp.utils.text import escaped, listed
from cmlp.utils.warn import warn

SUBMISSION = re.compile(r"readme|licen[sc]e|.*submission", re.IGNORECASE)
DEPTH = 3  # of folders in each other
MOST_ROWS = 1_000_000
LOOKED_AT = 50  # rows, of which half must name a picture


class PictureTable(NamedTuple):
    """A table that names pictures: its header, also in lower case, its rows, the column of names, what these name."""

    path: Path
    titles: list[str]
    names: list[str]
    rows: list[list[str]]
    column: int
    pictures: list[Path | None]


class _Pictures:
    """The pictures below a folder, by their paths from it, their names, and their names without an ending."""

    def __init__(self, folder: Path, paths: Sequence[Path]) -> None:
        self.folder, self.paths = folder, paths
        self.known: dict[str, list[Path]] = {}
        for path in paths:
            parts = path.relative_to(folder).parts
            ends = ["/".join(parts[start:]) for start in range(len(parts))]
            stem = path.stem
            number = [_number(stem)] if stem.isdecimal() else []
            for name in {*ends, *(end.removesuffix(path.suffix) for end in ends), *number}:
                self.known.setdefault(name.lower(), []).append(path)

    def named(self, cell: str) -> Path | None:
        """Return the only picture of a name, which may lack the ending, or begin with a path from elsewhere."""
        parts = [part for part in cell.lower().replace("\\", "/").split("/") if part not in ("", ".")]
        names = ["/".join(parts[start:]) for start in range(len(parts))]
        for name in [*names, *([_number(cell)] if cell.isdecimal() else [])]:
            found = self.known.get(name, [])
            if found:
                return found[0] if len(found) == 1 else None
        return None


def _number(stem: str) -> str:
    """Return a key for a name that is a number, however many zeros it begins with."""
    return f"#{stem.lstrip('0')}"


def tables_beside(folder: Path) -> list[Path]:
    """Return the tables of text in a folder and in the folders right below it."""
    inner = [path for path in sorted(folder.iterdir()) if path.is_dir() and not path.name.startswith((".", "__"))]
    found = [path for place in (folder, *inner) for path in sorted(place.iterdir()) if TABLE.fullmatch(path.name)]
    return [path for path in found if path.is_file() and not SUBMISSION.match(path.name)]


def read_picture_tables(folder: Path, label: Label | None) -> Parts | None:
    """Read the pictures below a folder whose labels stand in tables.

    Parameters
    ----------
    folder : Path
        The folder.
    label : str, int or sequence of these, optional
        The column of the labels, or several; by default it is found out.

    Returns
    -------
    dict or None
        Images and labels of each part; None if no table names pictures.

    Raises
    ------
    DataError
        If it is not clear which column holds the labels, or pictures are missing, named twice or damaged.
    OSError
        If a file cannot be read.
    """
    paths = tables_beside(folder)
    pictures = sorted(_pictures_below(folder, DEPTH)) if paths else []
    found: dict[Part, PictureTable] = {}
    for path in paths if pictures else ():
        part = role_of(path.name).part or role_of(path.parent.name).part or TRAIN
        table = _table_of(path, _Pictures(folder, _of_part(pictures, folder, part)))
        if table is None:
            continue
        if part in found:
            names = f"{found[part].path.name} and {path.name}"
            raise DataError(f"{folder} must hold one table with the labels of its pictures, got {escaped(names)}")
        found[part] = table
    labelled = {part: (table, columns) for part, table in found.items() if (columns := _label_columns(table, label))}
    if not labelled:
        return _read_folders(folder, [table.path for table in found.values()])
    _say_unused(paths, [table.path for table, _ in labelled.values()], folder)
    return _read(labelled, folder, pictures)


def _read_folders(folder: Path, tables: Sequence[Path]) -> Parts | None:
    """Read pictures whose folders are their labels, where tables name pictures and no other labels."""
    parts = read_image_folder(folder) if tables else None
    if parts is not None:
        warn(f"of {folder}, the folders of pictures were read, and not {some_names(path.name for path in tables)}")
    return parts


def _say_unused(paths: Sequence[Path], used: Sequence[Path], folder: Path) -> None:
    left = [path.relative_to(folder).as_posix() for path in paths if path not in used]
    if left:
        read = listed([escaped(path.relative_to(folder).as_posix()) for path in used])
        warn(f"of {folder}, {read} with the labels of pictures was read, and not {some_names(left)}")


def _read(labelled: dict[Part, tuple[PictureTable, list[int]]], folder: Path, pictures: Sequence[Path]) -> Parts:
    labels = {part: _labels_by_picture(*each) for part, each in labelled.items()}
    used = {path for each in labels.values() for path in each}
    left = [path.relative_to(folder).as_posix() for path in pictures if path not in used]
    if left:
        tables = listed([escaped(table.path.name) for table, _ in labelled.values()])
        warn(f"of the pictures in {folder}, {tables} has no labels of {some_names(left)}, and they were left out")
    images = read_pictures([list(each) for each in labels.values()])
    return {
        part: unchecked(arrays, _as_labels(list(each.values())), labelled[part][0].path)
        for (part, each), arrays in zip(labels.items(), images, strict=True)
    }


def _pictures_below(folder: Path, depth: int) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name.startswith((".", "__MACOSX")):
            continue
        if path.suffix.lower() in SUFFIXES:
            yield path
        elif depth and path.is_dir():
            yield from _pictures_below(path, depth - 1)


def _of_part(pictures: Sequence[Path], folder: Path, part: Part) -> Sequence[Path]:
    """Return the pictures in a folder called after a part, if there is one."""
    within = [path for path in pictures if any(role_of(each).part == part for each in _folders_of(path, folder))]
    return within or pictures


def _folders_of(path: Path, folder: Path) -> tuple[str, ...]:
    return path.relative_to(folder).parts[:-1]


def _table_of(path: Path, pictures: _Pictures) -> PictureTable | None:
    """Return a table of which one column names pictures."""
    sample = first_lines(read_start(path), LOOKED_AT)
    if not sample or b"\0" in sample[0]:
        return None
    delimiter = delimiter_of(sample[1:9] or sample)
    some = [cells_of(decoded(line), delimiter) for line in sample]
    names = [cell.lower() for cell in some[0]]
    counts = [
        len({found for row in some if column < len(row) and (found := pictures.named(row[column]))})
        for column in range(len(names))
    ]
    if len(names) < 2 or 2 * max(counts) < len(some) - 1 or not max(counts):
        return None
    # A number may name a picture, and may count the rows beside a name.
    best = [column for column, count in enumerate(counts) if count == max(counts)]
    column = min(best, key=lambda each: all(row[each].isdecimal() for row in some[1:] if each < len(row)))
    header = pictures.named(some[0][column]) is None and Path(some[0][column].lower()).suffix not in SUFFIXES
    rows = []
    for number, line in read_lines(path):
        cells = cells_of(decoded(line), delimiter)
        if len(cells) != len(names):
            raise DataError(f"line {number:,} of {path} must have {len(names):,} columns, got {len(cells):,}")
        rows.append(cells)
        if len(rows) > MOST_ROWS:
            raise DataError(f"{path} must name at most {MOST_ROWS:,} pictures")
    rows = rows[header:]
    named = [pictures.named(row[column]) for row in rows]
    return PictureTable(path, some[0] if header else [], names if header else [], rows, column, named)


def _label_columns(table: PictureTable, label: Label | None) -> list[int]:
    """Return the columns of the labels, several if they are one-hot; none where the folders of the pictures tell."""
    others = [column for column in range(len(table.rows[0])) if column != table.column] if table.rows else []
    if label is not None and table.rows:
        width = len(table.rows[0])
        layout = Layout(
            None, width, 0, tuple(table.titles), tuple(table.names), frozenset(), False, False, bool(table.names)
        )
        return columns_of(label, layout, table.path)
    named = [column for column in label_columns(table.names) if column in others]
    columns = named or others
    if len(columns) == 1 or (columns and _are_one_hot(table, columns)):
        return columns
    if not others or any(_are_folders(table, column) for column in others):
        return []
    shown = some_names(table.titles[column] if table.titles else str(column + 1) for column in others)
    raise DataError(f"{table.path} names pictures, and must have one column of labels, got the columns {shown}: {SAY}")


def _are_one_hot(table: PictureTable, columns: Sequence[int]) -> bool:
    ones = [[row[column] for column in columns] for row in table.rows]
    numbers = all(is_number(cell) for row in ones for cell in row)
    return numbers and all(sorted(map(float, row)) == [0.0] * (len(row) - 1) + [1.0] for row in ones)


def _are_folders(table: PictureTable, column: int) -> bool:
    """Say whether a column says the same as the names of two folders or more that hold the pictures."""
    both = {(row[column], path.parent) for row, path in zip(table.rows, table.pictures, strict=True) if path}
    return len(both) > 1 and len({cell for cell, _ in both}) == len({place for _, place in both}) == len(both)


def _labels_by_picture(table: PictureTable, columns: Sequence[int]) -> dict[Path, str]:
    """Return the label of each picture; refuse pictures that are missing, and those with two labels."""
    missing = [row[table.column] for row, path in zip(table.rows, table.pictures, strict=True) if path is None]
    if missing:
        rule = "must name pictures that lie beside it, each by a name of its own, and there is none or more than one"
        raise DataError(f"{table.path} {rule} for {some_names(missing)}")
    labels: dict[Path, str] = {}
    for row, path in zip(table.rows, table.pictures, strict=True):
        label = row[columns[0]]
        if len(columns) > 1:
            place = [float(row[column]) for column in columns].index(1.0)
            label = table.titles[columns[place]] if table.titles else str(place)
        if path is not None and labels.setdefault(path, label) != label:
            found = f"{escaped(labels[path])} and {escaped(label)} for {escaped(row[table.column])}"
            raise DataError(f"{table.path} must have one label for each picture, got {found}")
    return labels


def _as_labels(cells: Sequence[str]) -> Any:
    if all(map(is_number, cells)):
        numbers = np.array(cells, np.float64)
        whole = np.array_equal(numbers, np.rint(numbers)) and abs(numbers).max() < 2**31
        return numbers.astype(np.int32) if whole else numbers
    return words_of(cells)
