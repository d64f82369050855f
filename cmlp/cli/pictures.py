"""Which pictures a command was asked about, and what their files hold."""

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from cmlp.cli.output import print_error
from cmlp.cli.strangers import PICTURES
from cmlp.errors import CmlpError
from cmlp.utils.text import listed, printable

STDIN = "-"
SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".bmp", ".dib", ".tif", ".tiff", ".webp", ".avif", ".heic",
    ".ppm", ".pgm", ".pbm", ".pnm", ".ico", ".tga", ".jp2",
)  # fmt: skip
MOST_NAMED = 3  # files that are no pictures


class Place(NamedTuple):
    """Where a picture is, or why it cannot be looked for there."""

    name: str
    error: OSError | None = None


def places_of(paths: Iterable[str], program: str) -> list[Place]:
    """Return the places of all pictures: of a folder, those of the files in it and below it that are pictures.

    Raises
    ------
    CmlpError
        If a folder holds none, or stdin is named twice.
    """
    places: list[Place] = []
    for path in paths:
        places += _places_in(path, program) if path != STDIN and Path(path).is_dir() else [Place(path)]
    if [place.name for place in places].count(STDIN) > 1:
        raise CmlpError("- must be given once at most: stdin holds one picture")
    return places


def _places_in(folder: str, program: str) -> list[Place]:
    places, others = [], []
    for place in _files_below(folder):
        if place.error is not None or _is_picture(place.name):
            places.append(place)
        elif not Path(place.name).name.startswith("."):
            others.append(place.name)
    if not places:
        tests = f"cmlp test MODEL {folder} tests a network on images with labels, if it holds those"
        raise CmlpError(f"{folder} is a folder without pictures: {tests}")
    if others:
        more = len(others) - MOST_NAMED
        named = listed([*others[:MOST_NAMED], *([f"{more:,} more"] if more > 0 else [])])
        print_error(program, f"warning: no {'pictures' if len(others) > 1 else 'picture'}, and left out: {named}")
    return places


def _files_below(folder: str) -> Iterator[Place]:
    """Yield all files below a folder, in the order of their names, and the folders that cannot be read."""
    failed: list[Place] = []
    for here, folders, files in os.walk(folder, onerror=lambda error: failed.append(Place(str(error.filename), error))):
        yield from failed
        failed.clear()
        folders.sort()
        yield from (Place(str(Path(here, file))) for file in sorted(files))
    yield from failed


def _is_picture(name: str) -> bool:
    if Path(name).suffix.lower() in SUFFIXES:
        return True
    try:
        return Path(name).is_file() and read_picture_file(name, 16).startswith(PICTURES)
    except (OSError, CmlpError):
        return False


def content_of(place: Place) -> bytes:
    """Return the content of a picture's file, or of stdin.

    Raises
    ------
    CmlpError
        If it is a pipe, or stdin is closed or a terminal.
    OSError
        If it cannot be read.
    """
    from cmlp.data.picture import MOST_BYTES

    if place.error is not None:
        raise place.error
    if place.name != STDIN:
        return read_picture_file(place.name, MOST_BYTES + 1)
    if sys.stdin is None or sys.stdin.isatty():
        raise CmlpError("- reads a picture from stdin, as in: cmlp predict MODEL - < PICTURE")
    return sys.stdin.buffer.read(MOST_BYTES + 1)


def read_picture_file(name: str, most: int) -> bytes:
    """Return the first bytes of a file, which must be no pipe, whose reader could wait for ever."""
    from cmlp.utils.files import is_regular, resolved

    path = Path(name)
    resolved(path)  # or refuse what no file can be called
    if not path.is_dir() and not is_regular(path):
        raise CmlpError(f"{name} must be a regular file: use - to read a picture from a pipe")
    with path.open("rb") as file:
        return file.read(most)


def shown(name: str) -> str:
    """Return what messages call a picture."""
    return "the picture on stdin" if name == STDIN else printable(name)
