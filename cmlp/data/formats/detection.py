"""Detect the format of a file from its content."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from cmlp.data.formats.archives import is_archive, is_tar, members_of
from cmlp.data.formats.arff import is_arff, read_arff
from cmlp.data.formats.csv import is_csv, is_header_alone, read_csv
from cmlp.data.formats.hdf5 import is_hdf5, read_hdf5
from cmlp.data.formats.idx import is_idx, read_idx
from cmlp.data.formats.libsvm import is_libsvm, read_libsvm
from cmlp.data.formats.lines import first_lines
from cmlp.data.formats.mat import is_mat, read_mat
from cmlp.data.formats.npz import is_npy, is_npz, read_npy, read_npz
from cmlp.data.formats.parquet import is_parquet, read_parquet
from cmlp.data.formats.pickled import is_pickle
from cmlp.data.formats.strangers import describe, describe_zip, is_prose
from cmlp.data.pickles import read_pickles
from cmlp.data.reading import read_start
from cmlp.errors import DataError
from cmlp.utils.text import escaped


class Format(NamedTuple):
    """A file format: how to recognise the start of a file, and how to read the file."""

    name: str
    recognises: Callable[[bytes], bool]
    read: Callable[..., Any]


def _no_reader(path: Path) -> Any:
    """Refuse to read an archive as one file."""
    raise DataError(f"{path} must be a file of images or of labels, got an archive")


# Formats with a magic number; what is none of them may be a stranger, and otherwise one of text. A pickle may start
# like text, so it comes last.
BINARY = (
    Format("IDX", is_idx, read_idx),
    Format("npy", is_npy, read_npy),
    Format("npz", is_npz, read_npz),
    Format("MAT", is_mat, read_mat),
    Format("HDF5", is_hdf5, read_hdf5),
    Format("Parquet", is_parquet, read_parquet),
)
ARCHIVE = Format("archive", is_archive, _no_reader)
TEXT = (
    Format("ARFF", is_arff, read_arff),
    Format("LIBSVM", is_libsvm, read_libsvm),
    Format("CSV", is_csv, read_csv),
    Format("pickle", is_pickle, read_pickles),
)
FORMATS = (*BINARY, ARCHIVE, *TEXT)


def detect_format(path: Path, start: bytes | None = None) -> Format:
    """Detect the format of a file.

    Parameters
    ----------
    path : Path
        The file.
    start : bytes, optional
        Its first bytes, decompressed, if they are known.

    Returns
    -------
    Format

    Raises
    ------
    DataError
        If it has no known format, or is a file of another kind; the message says of which.
    OSError
        If it cannot be read.
    """
    start = read_start(path) if start is None else start
    if not start:
        raise DataError(f"{path} is empty")
    if is_npz(start):
        return _format_of_zip(path)
    for known in BINARY:
        if known.recognises(start):
            return known
    if is_tar(start):
        return ARCHIVE
    if (what := describe(start)) is not None:
        raise DataError(f"{path} must hold images and labels, and looks like {what}")
    for known in TEXT:
        if known.recognises(start):
            return known
        if known.name == "CSV" and is_prose(start):
            raise DataError(f"{path} must hold images and labels, and looks like a text of words")
        if known.name == "CSV" and is_header_alone(start):
            raise DataError(f"{path} must hold rows of numbers, got {_lines_of(start)}")
    names = ", ".join(known.name for known in FORMATS)
    raise DataError(f"{path} must be in a known format ({names}), got a file that starts with {start[:8]!r}")


def _lines_of(start: bytes) -> str:
    """Return what stands in a text without rows."""
    lines = first_lines(start, 2)[-1:]
    return (
        f"a header only: {escaped(lines[0].decode('utf-8', 'replace').strip()[:80])}"
        if lines
        else "blank lines and comments only"
    )


def _format_of_zip(path: Path) -> Format:
    """Return the format of a zip file: arrays of NumPy, or any files."""
    names = members_of(path)
    if (what := describe_zip(names)) is not None:
        raise DataError(f"{path} must hold images and labels, and looks like {what}")
    in_numpy = any(name.endswith(".npy") for name in names)
    return next(known for known in BINARY if known.name == "npz") if in_numpy else ARCHIVE
