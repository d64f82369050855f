"""Read the arrays in an HDF5 file, also of MATLAB 7.3, by h5py: nothing outside of it, no more than its size allows."""

import re
from math import prod
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from cmlp.data.formats.arrays import MAX_DIMENSIONS
from cmlp.data.formats.strangers import NETWORK
from cmlp.data.reading import size_limit
from cmlp.errors import DataError
from cmlp.utils.optional import require
from cmlp.utils.text import escaped

HDF5, USER_BLOCK = b"\x89HDF\r\n\x1a\n", 512
MATLAB_7_3 = b"MATLAB 7.3 MAT-file"
MAX_ARRAYS, MAX_DEPTH = 1000, 4
SPARE = 1 << 20  # bytes of an array, of which nothing may be stored
KERAS = ("model_weights", "layer_names", "keras_version", "model_config", "top_level_model_weights")


def is_hdf5(start: bytes) -> bool:
    """Return whether a file with this start is in the format HDF5."""
    return start.startswith((HDF5, MATLAB_7_3)) or start[USER_BLOCK : USER_BLOCK + len(HDF5)] == HDF5


def read_hdf5(path: Path) -> dict[str, Any]:
    """Read the arrays in an HDF5 file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    dict
        Arrays of numbers and strings by name, groups as dicts of them; those of MATLAB as MATLAB shows them.

    Raises
    ------
    DataError
        If the file is damaged, holds a network of Keras, or arrays that are too large.
    CmlpError
        If h5py, which is in the extra ``cmlp[formats]``, is not installed.
    OSError
        If it cannot be read.
    """
    h5py = require("h5py", "h5py", "formats", f"reading {path}, a file in the format HDF5,")
    with path.open("rb") as file:
        of_matlab = file.read(len(MATLAB_7_3)) == MATLAB_7_3
        try:
            with h5py.File(file, "r") as archive:
                if any(name in archive.attrs or name in archive for name in KERAS):
                    raise DataError(f"{path} must hold images and labels, and looks like a network of Keras, {NETWORK}")
                return _Reader(h5py, path, of_matlab).group(archive, MAX_DEPTH)
        except (DataError, MemoryError):
            raise
        except Exception as error:  # what h5py raises for damaged files is not specified
            reason = escaped(re.sub(r"\s+", " ", str(error)))
            raise DataError(f"{path} is a damaged file in the format HDF5: {reason}") from error


class _Reader:
    """Reads groups and arrays, and counts what they take."""

    def __init__(self, h5py: Any, path: Path, of_matlab: bool) -> None:
        self.h5py, self.path, self.of_matlab = h5py, path, of_matlab
        self.left, self.arrays = size_limit(path.stat().st_size), MAX_ARRAYS

    def group(self, group: Any, depth: int) -> dict[str, Any]:
        """Return what a group holds; links to other places are left out."""
        found: dict[str, Any] = {}
        for name in group:
            self.arrays -= 1
            if self.arrays < 0:
                raise DataError(f"{self.path} must hold at most {MAX_ARRAYS:,} arrays")
            if name.startswith("#") or not isinstance(group.get(name, getlink=True), self.h5py.HardLink):
                continue
            member = group[name]
            if isinstance(member, self.h5py.Group) and depth:
                found[name] = self.group(member, depth - 1)
            elif isinstance(member, self.h5py.Dataset):
                value = self.array(member)
                found |= {} if value is None else {name: value}
        return found

    def check_size(self, member: Any, width: int) -> None:
        """Refuse an array, or chunks of one, that is much larger than what is stored of it."""
        chunk = prod(member.chunks or (0,))
        stored = size_limit(member.id.get_storage_size()) - size_limit(0) + SPARE
        self.left -= member.size * width
        if self.left < 0 or max(member.size, chunk) * width > stored:
            raise DataError(f"{self.path} must unfold to at most {size_limit(self.path.stat().st_size):,} bytes")

    def array(self, member: Any) -> NDArray[Any] | None:
        """Return an array of numbers or strings, None for others."""
        if member.is_virtual or member.external or not 1 <= member.ndim <= MAX_DIMENSIONS or not member.size:
            return None
        if member.dtype.kind == "O" and self.h5py.check_string_dtype(member.dtype) is not None:
            # The library allocates what each of them claims, before it looks whether that is there.
            rule = "store them with a length, as numpy.array(words, 'S') has"
            raise DataError(f"{escaped(member.name)} in {self.path} must not be strings of any length: {rule}")
        if member.dtype.kind not in "biufS":
            return None
        self.check_size(member, member.dtype.itemsize)
        value: NDArray[Any] = member[()]
        return value.T if self.of_matlab else value
