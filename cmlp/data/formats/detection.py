"""Detect the format of a file from its content."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from cmlp.data.formats.csv import is_csv, read_csv
from cmlp.data.formats.idx import is_idx, read_idx
from cmlp.data.formats.npz import is_npy, is_npz, read_npy, read_npz
from cmlp.data.formats.pickled import is_pickle
from cmlp.data.pickles import read_pickle
from cmlp.data.reading import read_start
from cmlp.errors import DataError


class Format(NamedTuple):
    """A file format: how to recognise the start of a file, and how to read the file."""

    name: str
    recognises: Callable[[bytes], bool]
    read: Callable[[Path], Any]


# A pickle may start like text, so it comes last.
FORMATS = (
    Format("IDX", is_idx, read_idx),
    Format("npy", is_npy, read_npy),
    Format("npz", is_npz, read_npz),
    Format("CSV", is_csv, read_csv),
    Format("pickle", is_pickle, read_pickle),
)


SAFETENSORS = b'\0\0\0\0{"'  # the end of the length of its header, which is below 4 GB, and its beginning


def detect_format(path: Path) -> Format:
    """Detect the format of a file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Format

    Raises
    ------
    DataError
        If it has no known format.
    OSError
        If it cannot be read.
    """
    start = read_start(path)
    if not start:
        raise DataError(f"{path} is empty")
    if start[4:10] == SAFETENSORS or start.lstrip().startswith(b"{"):  # or JSON of Nielsen's
        raise DataError(f"{path} must hold images and labels, and looks like a network, which cmlp.Network.load reads")
    for known in FORMATS:
        if known.recognises(start):
            return known
    names = ", ".join(known.name for known in FORMATS)
    raise DataError(f"{path} must be in a known format ({names}), got a file that starts with {start[:8]!r}")
