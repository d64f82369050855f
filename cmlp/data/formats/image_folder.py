"""Read folders of pictures, one folder per class: ``0/ 1/ ... 9/``, with or without ``train/`` and ``test/`` above."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cmlp.data.formats.brightness import alone, fill
from cmlp.data.formats.names import TRAIN, Part, role_of, some_names
from cmlp.data.formats.sets import Parts, Unchecked, unchecked
from cmlp.data.formats.sizes import framed
from cmlp.data.formats.strangers import is_picture
from cmlp.data.picture import Decoded, decode_picture
from cmlp.data.reading import size_limit
from cmlp.errors import DataError
from cmlp.utils.files import is_regular, open_regular
from cmlp.utils.text import escaped, printable
from cmlp.utils.warn import warn

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".pgm", ".ppm", ".pbm")
TABLE = re.compile(r"[^.].*\.(csv|tsv|txt)(\.(gz|bz2|xz))?", re.IGNORECASE)  # which others read, or name
DEPTH = 2  # of folders in each other, below the only one with pictures
LOOKED_AT = 20  # files of a folder, of which one must be a picture


def read_image_folder(folder: Path) -> Parts | None:
    """Read the pictures below a folder as 8-bit grey values, the same grey as the same byte in all of them.

    The names of the folders are the labels if they are numbers. Other names are numbered in alphabetical order, and
    become the class names. Pictures of different sizes are framed alike, if they are drawings on a plain background.

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
        If a picture is damaged, or the pictures differ in size and are no drawings.
    OSError
        If a file cannot be read.
    """
    parts: dict[Part, Path] = {part: inner for inner in _folders(folder) if (part := role_of(inner.name).part)}
    parts = parts or {TRAIN: folder}
    found = {part: _classes(inner) for part, inner in parts.items()}
    classes = [inner for inners in found.values() for inner in inners]
    if not classes or (len(classes) == 1 and _holds_classes(classes[0], DEPTH)):
        return None
    names = _labels(classes)
    files = {
        part: [(path, names[inner.name]) for inner in inners for path in _pictures(inner)]
        for part, inners in found.items()
        if inners
    }
    _say_strangers(folder, parts, found)
    images = read_pictures([[path for path, _ in pairs] for pairs in files.values()])
    called = None if all(map(str.isdigit, names)) else tuple(map(printable, names))
    return {
        part: _unchecked(pictures, [label for _, label in pairs], parts[part], called)
        for (part, pairs), pictures in zip(files.items(), images, strict=True)
    }


def has_pictures(folder: Path) -> bool:
    """Return whether a folder holds folders of pictures."""
    return any(_holds_pictures(inner) for inner in _folders(folder))


def _holds_classes(folder: Path, depth: int) -> bool:
    """Say whether folders of pictures lie below a folder, beside whatever picture lies in it."""
    inner = _folders(folder)
    return any(map(_holds_pictures, inner)) or (depth > 0 and any(_holds_classes(each, depth - 1) for each in inner))


def _unchecked(images: NDArray[np.uint8], labels: list[int], folder: Path, called: tuple[str, ...] | None) -> Unchecked:
    return unchecked(images, np.array(labels, np.int32), folder)._replace(class_names=called)


def _classes(folder: Path) -> list[Path]:
    return [inner for inner in _folders(folder) if _holds_pictures(inner)]


def _holds_pictures(folder: Path) -> bool:
    return any(_is_picture(path) for path in _files(folder)[:LOOKED_AT])


def _is_picture(path: Path) -> bool:
    """Say whether a file is meant as a picture, by its name or its first bytes."""
    if path.suffix.lower() in SUFFIXES or not is_regular(path):
        return True
    with path.open("rb") as file:
        return is_picture(file.read(16))


def _pictures(folder: Path) -> list[Path]:
    return [path for path in _files(folder) if _is_picture(path)]


def _say_strangers(folder: Path, parts: Mapping[Part, Path], classes: Mapping[Part, Sequence[Path]]) -> None:
    """Say what is left out: files that are no pictures, such as Thumbs.db, and what lies in no folder of a class."""
    among = [path for inners in classes.values() for inner in inners for path in _files(inner)]
    strangers = [path for path in among if not _is_picture(path)]
    if strangers:
        what = "is no picture, and was" if len(strangers) == 1 else "are no pictures, and were"
        warn(f"{some_names(map(str, strangers))} {what} left out")
    used = {*parts.values(), *(inner for inners in classes.values() for inner in inners)}
    beside = [path for place in dict.fromkeys((folder, *parts.values())) for path in _visible(place)]
    beside += [path for inners in classes.values() for inner in inners for path in _folders(inner)]
    left = [path for path in beside if path not in used and not TABLE.fullmatch(path.name)]
    if left:
        what = (
            "is no folder of pictures of a class, and was"
            if len(left) == 1
            else "hold no pictures of a class, and were"
        )
        warn(f"{some_names(map(str, left))} {what} left out")


def refuse_unlabelled(folder: Path) -> None:
    """Refuse pictures that neither lie in a folder for each class nor are named by a table, and say how they would.

    Raises
    ------
    DataError
        If such pictures lie in the folder, or in those for training and test data in it.
    """
    inner = [path for path in _folders(folder) if role_of(path.name).part]
    for place in (folder, *inner):
        pictures = [path for path in _pictures(place) if is_regular(path)]
        if pictures:
            names = some_names(path.name for path in pictures)
            lies = f"{place} must say the labels of its pictures, got {names}"
            like = f"{place}/CLASS/{escaped(pictures[0].name)}"
            table = "list their names and labels in labels.csv beside them, which begins with the line filename,label"
            raise DataError(f"{lies}: put those of each class in a folder of its own, such as {like}, or {table}")


def _folders(folder: Path) -> list[Path]:
    return [path for path in _visible(folder) if path.is_dir()]


def _files(folder: Path) -> list[Path]:
    return [path for path in _visible(folder) if not path.is_dir()]


def _visible(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith((".", "__MACOSX")))


def _labels(classes: list[Path]) -> dict[str, int]:
    names = sorted({path.name for path in classes})
    if all(name.isascii() and name.isdigit() and len(name) < 10 for name in names):
        return {name: int(name) for name in names}
    return {name: label for label, name in enumerate(names)}


def read_pictures(parts: Sequence[Sequence[Path]]) -> list[NDArray[np.uint8]]:
    """Read the pictures of all parts, of one size or framed alike; small files of very many pixels are refused.

    Parameters
    ----------
    parts : sequence of sequence of Path
        The files of each part.

    Returns
    -------
    list of ndarray of uint8 (n, height, width)
        Those of each part.

    Raises
    ------
    DataError
        If a picture is damaged, or the pictures differ in size and are no drawings.
    OSError
        If a file cannot be read.
    """
    paths = [path for part in parts for path in part]
    first = _decoded(paths[0]).values
    limit = size_limit(sum(path.stat().st_size for path in paths))
    if len(paths) * first.size > limit:
        raise DataError(f"pictures in {paths[0].parent} must have at most {limit:,} pixels")
    images = np.empty((len(paths), *first.shape), np.uint8)
    other = fill(images, paths, _decoded, os.path.commonpath([path.parent for path in paths]))
    if other is not None:
        found = _decoded(other).values
        images = framed(paths, lambda path: alone(_decoded(path)), (paths[0], first), (other, found))
    return np.split(images, np.cumsum([len(part) for part in parts])[:-1])


def _decoded(path: Path) -> Decoded:
    with open_regular(path, DataError) as file:
        most = size_limit(path.stat().st_size) // 4
        return decode_picture(file, str(path), formats=FORMATS, most_pixels=most)
