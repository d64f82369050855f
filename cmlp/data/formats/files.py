"""Read one file of images and labels, or of either."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cmlp.data.formats.axes import samples_first
from cmlp.data.formats.columns import Label, Labelled, images_of, is_labelled, labelled, labels_of, names_of_features
from cmlp.data.formats.detection import detect_format
from cmlp.data.formats.labels import Words
from cmlp.data.formats.libsvm import Sparse
from cmlp.data.formats.names import TEST, are_numbered, label_columns, role_of, some_names
from cmlp.data.formats.npz import Archive
from cmlp.data.formats.pickled import parts_of
from cmlp.data.formats.row_numbers import Rows, order_of, rows_of
from cmlp.data.formats.sets import Parts, Unchecked, unchecked
from cmlp.data.formats.tables import Table
from cmlp.errors import DataError
from cmlp.utils.warn import warn

TABLES = ("CSV", "ARFF", "Parquet")
MATLAB = ("MAT", "HDF5")  # which MATLAB 7.3 writes
ARRAYS = ("npy", "npz", "pickle", *MATLAB)


class Options(NamedTuple):
    """What the caller says about tables: the column of the labels, and whether the first line names the columns."""

    label: Label | None = None
    header: bool | None = None


class Found(NamedTuple):
    """What a file holds, and its format; of a table, the columns that are known to hold its labels."""

    format: str
    value: Any
    columns: list[int] | None = None


class Alone(NamedTuple):
    """Images or labels of a file of their own, its format, and what a table calls columns and rows."""

    values: Any
    format: str = "CSV"
    columns: tuple[str, ...] | None = None
    rows: Rows | None = None


def read_file(path: Path, options: Options) -> Parts:
    """Read images and labels from one file, or images from it and labels from a file beside it."""
    found = _read(path, options)
    if isinstance(found.value, Table):
        return _parts_of_table(found.value, found.columns, path)
    return _parts_of_value(found, path) or _pairs(path, _labels_beside(path))


def _pairs(images: Path, labels: Path) -> Parts:
    """Read images and labels, and the test data that belong to training data."""
    parts: Parts = {"train": pair(images, labels)}
    part, kind, rest, _ = role_of(images.name)
    for other in sorted(images.parent.iterdir()) if part == "train" else ():
        if other.is_file() and role_of(other.name)[:3] == ("test", kind, rest):
            test_labels = find_labels_beside(other)
            if test_labels is not None:
                parts["test"] = pair(other, test_labels)
                break
    return parts


def read_table_or_parts(path: Path, options: Options) -> tuple[Table, list[int] | None] | Parts:
    """Read a file of a part: a table with the columns that are known to hold its labels, or whatever it holds."""
    found = _read(path, options)
    if isinstance(found.value, Table):
        return found.value, found.columns
    parts = _parts_of_value(found, path)
    if parts is None:
        raise DataError(f"{path} must hold images and labels, got either of them alone")
    return parts


def pair(images: Path, labels: Path) -> Unchecked:
    """Read images and labels from a file each."""
    first = _read_alone(images, "images")
    second = _read_alone(labels, "labels", len(first.values))
    names = f"images in {images}", f"labels in {labels}"
    pictures, numbers = first.values, second.values
    if first.format in ARRAYS:
        pictures, numbers = samples_first(pictures, numbers, names, of_matlab=first.format == "MAT")
    order = order_of(first.rows, second.rows, names)
    if order is not None:
        numbers = Words(numbers.codes[order], numbers.names) if isinstance(numbers, Words) else numbers[order]
    return Unchecked(pictures, numbers, names, of_matlab=first.format in MATLAB, columns=first.columns)


def _read(path: Path, options: Options) -> Found:
    """Read a file in any format."""
    known = detect_format(path)
    if known.name not in TABLES:
        if options != Options():
            raise DataError(f"{path} must be a table where its columns are told, got the format {known.name}")
        return Found(known.name, known.read(path))
    value, columns = known.read(path, *options) if known.name == "CSV" else known.read(path, options.label)
    return Found(known.name, value, columns) if isinstance(value, Table) else Found(known.name, (value, columns))


def _parts_of_value(found: Found, path: Path) -> Parts | None:
    if isinstance(found.value, Sparse):
        return {"train": _of_libsvm(found.value, path)}
    parts = parts_of(found.value, path)
    return {part: _oriented(each, found.format) for part, each in parts.items()} if parts else None


def _of_libsvm(found: Sparse, path: Path) -> Unchecked:
    return unchecked(found.images, found.labels, path)._replace(grows=True, first=found.first)


def _oriented(part: Unchecked, kind: str) -> Unchecked:
    images, labels = samples_first(part.images, part.labels, part.names, of_matlab=kind == "MAT")
    return part._replace(images=images, labels=labels, of_matlab=kind in MATLAB)


def _parts_of_table(table: Table, columns: list[int] | None, path: Path) -> Parts:
    kind = role_of(path.name).kind
    if columns is None and kind == "images" and not is_labelled(table):
        labels = find_labels_beside(path)
        if labels is not None:
            return _pairs(path, labels)
    return {"train": part_of(labelled(table, columns, kind), path)}


def part_of(found: Labelled, path: Path) -> Unchecked:
    """Return a table that is divided into images and labels as a part of the data."""
    return unchecked(found.images, found.labels, path)._replace(
        class_names=found.class_names, feature_names=found.feature_names, columns=found.names
    )


def _labels_beside(path: Path) -> Path:
    """Find the labels of images that have a file of their own."""
    if role_of(path.name).kind != "images":
        raise DataError(f"{path} must hold images and labels, or be a file of images with a file of labels beside it")
    found = find_labels_beside(path)
    if found is None:
        raise DataError(f"{path} holds images only, and there is no file of labels with a matching name beside it")
    return found


def read_images(path: Path, pixels: int) -> tuple[Any, tuple[str, ...] | None]:
    """Read the images in a file, those of the test data if there are others, for a network of so many pixels.

    The names of their columns come with them, if there are any that are not numbered.
    """
    found = _read_alone(path, "images")
    images = _features_of(found.values, path, pixels) if isinstance(found.values, Sparse) else found.values
    return images, None if found.columns is None or are_numbered(found.columns) else found.columns


def _features_of(found: Sparse, path: Path, pixels: int) -> Any:
    """Return the images of a file of LIBSVM that belong to a network, with what they lack at the end."""
    width = found.images.shape[1]
    start = int(width != pixels) if found.first is None else found.first
    if found.first is None and width != pixels + 1:
        warn(f"the features of {path} were numbered from {start}, and those of the training data may be otherwise")
    return np.pad(found.images[:, start:], ((0, 0), (0, max(0, pixels + start - width))))


def find_labels_beside(path: Path) -> Path | None:
    """Return the file of labels whose name matches that of a file of images, if there is one."""
    part, _, rest, _ = role_of(path.name)
    for other in sorted(path.parent.iterdir()):
        if other.is_file() and role_of(other.name)[:3] == (part, "labels", rest):
            return other
    return None


def _read_alone(path: Path, kind: str, images: int | None = None) -> Alone:
    """Read a file that holds images or labels, but not both."""
    known = detect_format(path)
    if known.name in TABLES:
        table, _ = known.read(path)
        if not isinstance(table, Table):
            raise DataError(f"{path} must be an array or a table of {kind}, got pictures")
        if kind == "images":
            names, rows = names_of_features(table, ()), rows_of(table, ())
            return Alone(images_of(table), columns=names, rows=rows)
        rows = rows_of(table, label_columns(table.layout.names))
        labels = labels_of(table)
        in_header = images is not None and len(labels) == images + 1 and not table.layout.header
        # The header of pandas for a column without a name is 0.
        if in_header and isinstance(labels, np.ndarray) and not labels[0].any():
            return Alone(labels[1:])
        return Alone(labels, rows=rows)
    value = known.read(path)
    if isinstance(value, Archive | dict) and (isinstance(value, Archive) or known.name in MATLAB):
        value = value[_only(value, kind, path)]
    if kind == "labels" and isinstance(value, np.ndarray) and value.ndim == 2 and _is_qmnist(path, value):
        value = value[:, 0]
    return Alone(value, known.name)


def _only(names: Iterable[str], kind: str, path: Path) -> str:
    """Return the name of the only array, or the only one of a kind, in the test data if there are several."""
    known = list(names)
    of_kind = [name for name in known if role_of(name).kind == kind]
    for some in (known, of_kind, [name for name in of_kind if role_of(name).part == TEST]):
        if len(some) == 1:
            return some[0]
    raise DataError(f"{path} must hold one array of {kind}, got {some_names(known)}")


def _is_qmnist(path: Path, labels: Any) -> bool:
    """Say whether labels are those of QMNIST, whose first column is the digit, and whose others say who wrote it."""
    return "qmnist" in path.name.lower() and labels.shape[1] == 8
