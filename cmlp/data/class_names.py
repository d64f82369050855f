"""The class names of a data folder: a text file, one name per line."""

from collections.abc import Iterable
from pathlib import Path

from cmlp.errors import DataError
from cmlp.utils.files import is_regular

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


def encode_class_names(class_names: Iterable[str]) -> bytes:
    """Return the content of the file of class names."""
    return "".join(f"{name}\n" for name in class_names).encode()
