"""Read images without labels, such as the test data of a competition, and what the answers are to be called."""

import re
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from cmlp.data.formats.alignment import places_like
from cmlp.data.formats.columns import images_of, names_of_features, without_labels
from cmlp.data.formats.detection import detect_format
from cmlp.data.formats.files import TABLES, read_images
from cmlp.data.formats.layout import cells_of, layout_of
from cmlp.data.formats.lines import decoded, first_lines
from cmlp.data.formats.names import are_numbered, is_index, label_columns
from cmlp.data.formats.tables import Table, read_table
from cmlp.data.reading import read_start
from cmlp.errors import DataError

ARRAYS = ("IDX", "LIBSVM", "npy", "npz", "MAT", "HDF5")
CALLED = re.compile(r".*\.(csv|tsv|arff|npy|npz|parquet|feather)(\.(gz|bz2|xz))?", re.IGNORECASE)
HEADER = ("ImageId", "Label")  # of Kaggle's digits, which count from 1
Names: TypeAlias = tuple[str, ...] | None

MOST_BESIDE = 1000  # files of a folder that are looked at


class Unlabelled(NamedTuple):
    """Images (n, pixels), the name of each, and how a table of answers names its two columns."""

    images: Any
    names: list[str]
    header: tuple[str, str]


def is_table(path: Path) -> bool:
    """Return whether a file is a table, or has arrays; of what cannot be read, whether it is called like one."""
    try:
        return path.is_file() and detect_format(path).name in (*TABLES, *ARRAYS)
    except DataError:
        return CALLED.fullmatch(path.name) is not None
    except OSError:
        return False


def read_unlabelled(path: Path, pixels: int, features: tuple[str, ...] | None = None) -> Unlabelled:
    """Read images for a network that takes so many pixels; labels among them are left out.

    Parameters
    ----------
    path : Path
        A table or arrays, compressed or not.
    pixels : int
        How many pixels an image must have.
    features : tuple of str, optional
        What the columns of the training data are called, in whose order those of a table are put.

    Returns
    -------
    Unlabelled
        The images are called by the column that names the rows, or by their numbers from 1.

    Raises
    ------
    DataError
        If the file is damaged, its images have another number of pixels, or its columns other names.
    OSError
        If it cannot be read.
    """
    header = _header_of_sample(path)
    if detect_format(path).name != "CSV":
        images, columns = read_images(path, pixels)
        rows = np.asarray(images).reshape(len(images), -1)
        _check(rows.shape[1], pixels, path)
        rows = in_order(rows, columns, features, str(path))
        return Unlabelled(rows, _counted(rows), header or HEADER)
    layout = layout_of(path)
    named = [column for column, name in enumerate(layout.names) if name and is_index(name)][:1]
    table = read_table(path, layout, [*named, *label_columns(layout.names)])
    names = _names(table, named[0]) if named else _counted(table.values)
    first = decoded(first_lines(read_start(path), 1)[0])
    own = (cells_of(first, layout.delimiter)[named[0]], "label") if named else HEADER
    table = table._replace(words={column: words for column, words in table.words.items() if column not in named})
    known = label_columns(layout.names)
    images = without_labels(table, known) if known else images_of(table)
    _check(images.shape[1], pixels, path)
    columns = names_of_features(table, known)
    if columns is not None and are_numbered(columns):
        columns = None
    return Unlabelled(in_order(images, columns, features, str(path)), names, header or own)


def in_order(images: Any, ours: Names, theirs: Names, name: str) -> Any:
    """Return images with the columns in the order of the training data, whose network knows their names, or not."""
    if ours is None or theirs is None:
        return images
    places = places_like(ours, theirs, name, "the training data")
    return images if places is None or places == list(range(len(places))) else images[:, places]


def _check(found: int, pixels: int, path: Path) -> None:
    if found != pixels:
        raise DataError(f"{path} must have {pixels:,} columns of pixels, as the network takes, got {found:,}")


def _counted(rows: Any) -> list[str]:
    return [str(row) for row in range(1, len(rows) + 1)]


def _names(table: Table, column: int) -> list[str]:
    if column in table.words:
        words = table.words[column]
        return [words.names[code] for code in words.codes.tolist()]
    return [f"{number:.0f}" for number in table.numbers(column).tolist()]


def _header_of_sample(path: Path) -> tuple[str, str] | None:
    """Return the header of a sample of a submission beside the table, if there is one of two columns."""
    for count, other in enumerate(sorted(path.parent.iterdir())):
        if count == MOST_BESIDE:
            break
        if "submission" in other.name.lower() and "sample" in other.name.lower() and is_table(other):
            line = decoded(first_lines(read_start(other), 1)[0])
            cells = cells_of(line, ",")
            if len(cells) == 2:
                return cells[0], cells[1]
    return None
