"""Folders of pictures, one folder per class: ``0/ 1/ ... 9/``, with or without ``train/`` and ``test/`` above."""

from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.data.formats.content import limit_of
from cmlp.data.formats.names import role_of
from cmlp.data.formats.sets import Parts, Unchecked, unchecked
from cmlp.errors import DataError
from cmlp.utils.files import is_regular
from cmlp.utils.optional import require

MAGIC = {b"\x89PNG": "PNG", b"\xff\xd8\xff": "JPEG", b"BM": "BMP"}


def read_image_folder(folder: Path) -> Parts | None:
    """Return the pictures below a folder as 8-bit grey, or None if there are no folders of classes.

    Folders that are called 0, 1, 2, ... are the labels; other names are numbered in alphabetical order, and are what
    the labels are called.

    Raises
    ------
    DataError
        If a file is no picture, or if the pictures differ in size.
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
    called = None if all(map(str.isdigit, names)) else tuple(map(_shown, names))
    return unchecked(images, labels, folder)._replace(class_names=called)


def _shown(name: str) -> str:
    return name if name.isprintable() else repr(name)[1:-1]


def _read_images(paths: list[Path]) -> NDArray[np.uint8]:
    """Read pictures that are all of one size, and not more than their files allow."""
    first = _read_image(paths[0])
    limit = limit_of(sum(path.stat().st_size for path in paths))
    if len(paths) * first.size > limit:
        raise DataError(f"pictures in {paths[0].parent} must not unfold into more than {limit:,} bytes")
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
    pillow = require("PIL.Image", "Pillow", "images", "reading pictures")
    if not is_regular(path):
        raise DataError(f"{path} must be a regular file")
    with path.open("rb") as file:
        start = file.read(4)
        formats = [name for magic, name in MAGIC.items() if start.startswith(magic)]
        if not formats:
            raise DataError(f"{path} must be a PNG, JPEG or BMP picture")
        file.seek(0)
        try:
            with pillow.open(file, formats=formats) as picture:
                if 4 * prod(picture.size) > limit_of(path.stat().st_size):
                    raise DataError(f"{path} must not unfold into {prod(picture.size):,} pixels")
                return _grey(picture)
        except DataError:
            raise
        except Exception as error:  # what a decoder raises for damaged files is not specified
            raise DataError(f"{path} is a damaged {formats[0]} picture: {error}") from error


def _grey(picture: Any) -> NDArray[np.uint8]:
    if picture.mode.startswith("I"):  # of 16 bits, which conversion would clip
        return (np.asarray(picture) >> 8).astype(np.uint8)
    return np.asarray(picture.convert("L"))
