"""The class names of a data folder: a text file, one name per line."""

import re
from collections.abc import Iterable
from pathlib import Path

from cmlp.errors import DataError
from cmlp.utils.files import is_regular

EMNIST = re.compile(r"emnist-([a-z]+)")
NAMES_FILE = "class_names.txt"
MOST_BYTES = 1 << 20


def read_class_names(folder: Path) -> tuple[str, ...] | None:
    """Read the class names of a data folder.

    Parameters
    ----------
    folder : Path
        The data folder.

    Returns
    -------
    tuple of str or None
        The names, or None if the folder has no file ``class_names.txt``.

    Raises
    ------
    DataError
        If the file is not text in UTF-8, or longer than 1 MiB.
    OSError
        If it cannot be read.
    """
    path = folder / NAMES_FILE
    if not path.exists():
        return None
    if not is_regular(path) or path.stat().st_size > MOST_BYTES:
        raise DataError(f"{path} must be a regular file of at most {MOST_BYTES:,} bytes")
    try:
        return tuple(line.strip() for line in path.read_text("utf-8").splitlines() if line.strip())
    except UnicodeDecodeError as error:
        raise DataError(f"{path} must be text in UTF-8, one name per line") from error


def read_mapping(images: Path) -> dict[int, str] | None:
    """Read the file of EMNIST that says which letters its labels stand for.

    Parameters
    ----------
    images : Path
        A file of images beside it, such as emnist-letters-train-images-idx3-ubyte.

    Returns
    -------
    dict or None
        A letter or digit for each label, the first where a label stands for several; A to Z for the letters of EMNIST
        without the file, and None for other data.
    """
    name = EMNIST.match(images.name.lower())
    if name is None:
        return None
    path = images.with_name(images.name[: name.end()] + "-mapping.txt")
    if path.is_file() and path.stat().st_size <= MOST_BYTES:
        rows = [line.split() for line in path.read_text("latin-1").splitlines() if line.strip()]
        if all(len(row) > 1 and all(cell.isdecimal() and int(cell) < 0x110000 for cell in row) for row in rows):
            return {int(label): chr(int(code)) for label, code, *_ in rows}
    return {label: chr(64 + label) for label in range(1, 27)} if name[1] == "letters" else None


def encode_class_names(class_names: Iterable[str]) -> bytes:
    """Return the content of the file of class names."""
    return "".join(f"{name}\n" for name in class_names).encode()
