"""Load images and labels from any file or folder."""

import os
from pathlib import Path
from typing import Any

from cmlp.data.class_names import read_class_names
from cmlp.data.formats.csv import read_csv
from cmlp.data.formats.detection import detect_format
from cmlp.data.formats.image_folder import read_image_folder
from cmlp.data.formats.names import Part, pairs_of, role_of, some_names
from cmlp.data.formats.npz import Archive
from cmlp.data.formats.pickled import parts_of
from cmlp.data.formats.sets import Parts, Sets, Unchecked, check_parts
from cmlp.errors import DataError

READABLE = "images and labels (IDX, npy or pickles), one table or archive for each part, or pictures by class"


def load(source: str | os.PathLike[str], *, classes: int | None = None) -> Sets:
    """Load images and labels in any common format, which is detected from the content.

    ====================  =====================================================================================
    Four files            images and labels, and the same for the test: IDX, ``.npy`` or pickles in a folder,
                          with the names of MNIST, ``x_train y_train x_test y_test`` or the like; a file
                          ``class_names.txt`` beside them names the classes
    Two files             an ``images`` file in IDX or ``.npy`` format or a pickle, its ``labels`` file beside it
    ``.npz``              with the names of keras, medmnist, ``images labels`` or ``X y``
    Pickle                ``(X, y)``, ``((X, y), (X, y))``, three pairs as in Nielsen's ``mnist.pkl.gz``, a list
                          of (image, label), or a dict of arrays
    CSV                   an image per line, with its label first, last or in a column called ``label``
    Pictures              PNG, JPEG or BMP files, in a folder for each class (needs ``cmlp[images]``)
    ====================  =====================================================================================

    All but pictures and archives may be compressed with gzip. Validation data become part of the training data.
    Nothing in a file is executed. Reading takes at most twice the memory of the content plus 64 MiB; an uncompressed
    ``.npy`` file of uint8 values is memory-mapped.

    Parameters
    ----------
    source : str or path
        The file or the folder.
    classes : int, optional
        Number of classes; by default inferred from the training labels.

    Returns
    -------
    Sets
        Training and test data; `test` is None if the source holds a single set.

    Raises
    ------
    DataError
        If the source is in no known format, is damaged, or is invalid as a `Dataset`.
    OSError
        If it cannot be read.

    Examples
    --------
    >>> train, test = load("mnist.npz")  # doctest: +SKIP
    """
    path = Path(source)
    return check_parts(_read_folder(path) if path.is_dir() else _read_file(path), classes)


def _read_file(path: Path) -> Parts:
    known = detect_format(path)
    value = known.read(path)
    parts: Parts | None = value if known.read is read_csv else parts_of(value, path)
    if parts is not None:
        return parts
    labels = _labels_beside(path)
    return {"train": Unchecked(_lone(value, path), _read_array(labels), _names_of(path, labels))}


def _labels_beside(path: Path) -> Path:
    """Find the labels of images that have a file of their own."""
    part, kind, rest, _ = role_of(path.name)
    if kind != "images":
        raise DataError(f"{path} must hold images and labels, or be a file of images with a file of labels beside it")
    for other in sorted(path.parent.iterdir()):
        if other.is_file() and role_of(other.name)[:3] == (part, "labels", rest):
            return other
    raise DataError(f"{path} holds images only, and there is no file of labels with a matching name beside it")


def _read_folder(folder: Path) -> Parts:
    files = _files_of(folder)
    if pairs := pairs_of(files, folder):
        called = read_class_names(folder)
        found = {part: _read_pair(files[images], files[labels]) for part, (images, labels) in pairs.items()}
        return {part: pair._replace(class_names=called) for part, pair in found.items()}
    parts = _read_parts(files) or read_image_folder(folder)
    if not parts:
        raise DataError(f"{folder} must hold {READABLE}, got {some_names(files)}")
    return parts


def _files_of(folder: Path) -> dict[str, Path]:
    """Return the files of a folder, and of the folders for training and test in it, by name."""
    inner = [path for path in folder.iterdir() if path.is_dir() and role_of(path.name).part]
    files = [path for place in (folder, *inner) for path in place.iterdir() if path.is_file()]
    return {path.relative_to(folder).as_posix(): path for path in sorted(files) if not path.name.startswith(".")}


def _read_pair(images: Path, labels: Path) -> Unchecked:
    return Unchecked(_read_array(images), _read_array(labels), _names_of(images, labels))


def _names_of(images: Path, labels: Path) -> tuple[str, str]:
    return f"images in {images}", f"labels in {labels}"


def _read_array(path: Path) -> Any:
    """Read a file that holds images or labels, but not both."""
    known = detect_format(path)
    if known.read is read_csv:
        raise DataError(f"{path} must be an array in IDX or npy format or a pickle, got a table")
    return _lone(known.read(path), path)


def _lone(value: Any, path: Path) -> Any:
    if isinstance(value, Archive):
        if len(value) != 1:
            raise DataError(f"{path} must hold one array, got {some_names(value)}")
        return next(iter(value.values()))
    return value


def _read_parts(files: dict[str, Path]) -> Parts:
    """Read files that hold one part each, images with labels, such as mnist_train.csv and mnist_test.csv."""
    groups: dict[tuple[str, ...], dict[Part, Path]] = {}
    for name, path in files.items():
        part, kind, rest, _ = role_of(name)
        if part and kind is None and "/" not in name:
            groups.setdefault(rest, {}).setdefault(part, path)
    named = groups.get((), max(groups.values(), key=len, default={}))
    parts = {}
    for part, path in named.items():
        found = _read_file(path)
        if len(found) != 1:
            raise DataError(f"{path} must hold one set of images with labels, got {len(found)}")
        parts[part] = next(iter(found.values()))
    return parts
