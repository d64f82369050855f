"""Read the format of LIBSVM: a line has a label and the features that are not 0, each with its number."""

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cmlp.data.formats.layout import is_number
from cmlp.data.formats.lines import first_lines, read_lines
from cmlp.data.reading import read_start, size_limit
from cmlp.errors import DataError
from cmlp.utils.text import counted, escaped

LINE = re.compile(rb"\s*[^\s:]+(\s+qid:\d+)?(\s+\d+:[^\s:]+)*\s*(#.*)?")
FEATURE = re.compile(rb"\s\d+:\S")
BATCH = 1 << 16  # features


SAYS = re.compile(rb"#.*\b(zero|one)-based")


class Sparse(NamedTuple):
    """Images and labels of a file; features that are 0 in all images at the end are missing.

    The columns of the images begin with feature 0. `first` says with which they should, 0 or 1, if the file tells it.
    """

    images: NDArray[np.float32]
    labels: NDArray[np.float64]
    first: int | None


def is_libsvm(start: bytes) -> bool:
    """Return whether a file with this start is in the format of LIBSVM."""
    lines = first_lines(start, 3)[: 2 if len(start) > 1 << 15 else 3]
    return bool(lines) and all(map(LINE.fullmatch, lines[:-1] or lines)) and FEATURE.search(lines[0]) is not None


def read_libsvm(path: Path) -> Sparse:
    """Read images and labels from a file of LIBSVM, compressed or not.

    Raises
    ------
    DataError
        If a line is none, or the images would be much larger than the file.
    OSError
        If the file cannot be read.
    """
    labels: list[float] = []
    rows: list[NDArray[np.intp]] = []
    columns: list[NDArray[np.int64]] = []
    values: list[NDArray[np.float32]] = []
    for number, line in read_lines(path):
        label, features = _parsed(line, number, path)
        rows.append(np.full(len(features[0]), len(labels), np.intp))
        columns.append(features[0])
        values.append(features[1])
        labels.append(label)
    joint = np.concatenate(columns) if columns else np.empty(0, np.int64)
    if not len(joint):
        raise DataError(f"{path} must hold features that are not 0, got labels only")
    width = int(joint.max()) + 1
    limit = size_limit(path.stat().st_size)
    if len(labels) * width * 4 > limit:
        found = f"{counted(len(labels), 'image')} of {counted(width, 'pixel')}"
        raise DataError(f"{path} must unfold to at most {limit:,} bytes, and its features make {found}")
    images = np.zeros((len(labels), width), np.float32)
    images[np.concatenate(rows), joint] = np.concatenate(values)
    return Sparse(images, np.array(labels), 0 if joint.min() == 0 else _said(path))


def _said(path: Path) -> int | None:
    """Return the number of the first feature, if a comment of scikit-learn says it."""
    found = SAYS.search(read_start(path)[:1000])
    return None if found is None else int(found[1] == b"one")


def _parsed(line: bytes, number: int, path: Path) -> tuple[float, tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Return label and features of a line."""
    label, *cells = line.split(b"#")[0].split()
    cells = [cell for cell in cells if not cell.startswith(b"qid:")]
    text = label.decode("latin-1")
    if not is_number(text):
        several = ", of which a network answers one" if "," in text else ""
        raise DataError(f"line {number:,} of {path} must begin with one label{several}, got {escaped(text)}")
    try:
        pairs = np.array([cell.split(b":") for cell in cells], "S40").reshape(-1, 2)
        columns, values = pairs[:, 0].astype(np.int64), pairs[:, 1].astype(np.float32)
    except (ValueError, OverflowError) as error:
        raise DataError(f"line {number:,} of {path} must hold features such as 12:0.5, got others") from error
    if (columns < 0).any() or (columns > 2**40).any():
        raise DataError(f"line {number:,} of {path} must number its features from 1, got {columns.min()}")
    return float(text), (columns, values)
