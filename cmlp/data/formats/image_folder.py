"""Read folders of pictures, one folder per class: ``0/ 1/ ... 9/``, with or without ``train/`` and ``test/`` above."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cmlp.data.formats.names import role_of
from cmlp.data.formats.sets import Parts, Unchecked, unchecked
from cmlp.data.picture import decode_picture
from cmlp.data.reading import size_limit
from cmlp.errors import DataError
from cmlp.utils.files import open_regular
from cmlp.utils.text import printable

FORMATS = ("PNG", "JPEG", "BMP")


def read_image_folder(folder: Path) -> Parts | None:
    """Read the pictures below a folder as 8-bit grey values.

    The names of the folders are the labels if they are numbers. Other names are numbered in alphabetical order, and
    become the class names.

    Parameters
    ----------
    folder : Path
        The folder with a folder per class, or with folders for training and test data above these.

    Returns
    -------
    dict or None
        Images and labels of each part; None if there are no folders of classes.

    Raises
    ------
    DataError
        If a file is not a picture, or the pictures differ in size.
    OSError
        If a file cannot be read.
    """
    parts = {part: inner for inner in _folders(folder) if (part := role_of(inner.name).part)}
    if not parts:
        classes = _classes(folder)
        return {"train": _read_classes(folder, classes, _labels(classes))} if classes else None
    found = {part: _classes(inner) for part, inner in parts.items()}
    names = _labels([inner for classes in found.values() for inner in classes])
    return {part: _read_classes(parts[part], classes, names) for part, classes in found.items() if classes} or None


def _classes(folder: Path) -> list[Path]:
    return [inner for inner in _folders(folder) if _files(inner)]


def _folders(folder: Path) -> list[Path]:
    return [path for path in _visible(folder) if path.is_dir()]


def _files(folder: Path) -> list[Path]:
    return [path for path in _visible(folder) if not path.is_dir()]


def _visible(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _labels(classes: list[Path]) -> dict[str, int]:
    names = sorted({path.name for path in classes})
    if all(name.isascii() and name.isdigit() and len(name) < 10 for name in names):
        return {name: int(name) for name in names}
    return {name: label for label, name in enumerate(names)}


def _read_classes(folder: Path, classes: list[Path], names: dict[str, int]) -> Unchecked:
    files = [(path, names[inner.name]) for inner in classes for path in _files(inner)]
    images = _read_images([path for path, _ in files])
    labels = np.array([label for _, label in files], np.int32)
    called = None if all(map(str.isdigit, names)) else tuple(map(printable, names))
    return unchecked(images, labels, folder)._replace(class_names=called)


def _read_images(paths: list[Path]) -> NDArray[np.uint8]:
    """Read pictures of one size; small files that decode to very many pixels are refused."""
    first = _read_image(paths[0])
    limit = size_limit(sum(path.stat().st_size for path in paths))
    if len(paths) * first.size > limit:
        raise DataError(f"pictures in {paths[0].parent} must have at most {limit:,} pixels")
    images = np.empty((len(paths), *first.shape), np.uint8)
    for image, path in zip(images, paths, strict=True):
        found = _read_image(path)
        if found.shape != first.shape:
            sizes = f"{_size(first)} in {paths[0]} and {_size(found)} in {path}"
            raise DataError(f"pictures must all have one size, got {sizes}")
        image[:] = found
    return images


def _size(image: NDArray[np.uint8]) -> str:
    return f"{image.shape[1]}x{image.shape[0]}"


def _read_image(path: Path) -> NDArray[np.uint8]:
    with open_regular(path, DataError) as file:
        most = size_limit(path.stat().st_size) // 4
        grey = decode_picture(file, str(path), formats=FORMATS, most_pixels=most)
    return (grey >> 8).astype(np.uint8) if grey.dtype == np.uint16 else grey
