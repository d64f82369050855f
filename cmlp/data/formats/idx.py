"""Read IDX, the format of MNIST: a magic number, the dimensions, the values; big-endian."""

from pathlib import Path
from struct import unpack_from
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.data.formats.arrays import array_of
from cmlp.data.reading import read_bytes
from cmlp.errors import DataError
from cmlp.utils.text import counted

DTYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def is_idx(start: bytes | bytearray) -> bool:
    """Return whether a file with this start is in IDX format."""
    return start[:2] == b"\0\0" and len(start) >= 4 and start[2] in DTYPES and 1 <= start[3] <= 4


def read_idx(path: Path) -> NDArray[Any]:
    """Read the array in an IDX file, compressed or not."""
    content = read_bytes(path)
    if not is_idx(content[:4]):
        raise DataError(f"{path} must start with the magic number of an IDX file, got {bytes(content[:4])!r}")
    dimensions = content[3]
    start = 4 + 4 * dimensions
    if len(content) < start:
        raise DataError(f"{path} must hold {counted(dimensions, 'dimension')}, got {counted(len(content), 'byte')}")
    shape = unpack_from(f">{dimensions}I", content, 4)
    return array_of(memoryview(content)[start:], np.dtype(DTYPES[content[2]]), shape, path)
