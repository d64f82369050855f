"""The bytes of a file, decompressed if it is a gzip file, and never more than its size allows."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cmlp.errors import DataError
from cmlp.utils.files import open_regular

GZIP = b"\x1f\x8b"
SPARE_BYTES, SPARE_BYTES_RATIO = 64 << 20, 64
BLOCK = 1 << 20
START = 1 << 16  # holds the first lines of a CSV file, however wide


def size_limit(size: int) -> int:
    """Return how many bytes a compressed file of this size may decompress to; images rarely shrink to a tenth."""
    return SPARE_BYTES + SPARE_BYTES_RATIO * size


def read_blocks(path: Path, size: int = BLOCK) -> Iterator[bytes]:
    """Read a file block by block, decompressed if it is a gzip file.

    Parameters
    ----------
    path : Path
        The file.
    size : int
        Bytes of a block, at most; by default 1 MiB.

    Yields
    ------
    bytes
        The next block.

    Raises
    ------
    DataError
        If the gzip file is damaged or decompresses to more than `size_limit` bytes.
    OSError
        If the file cannot be read.
    """
    with open_regular(path, DataError) as file:
        compressed = file.read(len(GZIP)) == GZIP
        file.seek(0)
        if compressed:
            yield from _decompressed(file, path, size)
        else:
            while block := file.read(size):
                yield block


def _decompressed(file: BinaryIO, path: Path, size: int) -> Iterator[bytes]:
    limit = left = size_limit(path.stat().st_size)
    try:
        with gzip.GzipFile(fileobj=file) as stream:
            while block := stream.read(size):
                left -= len(block)
                if left < 0:
                    raise DataError(f"{path} must decompress to at most {limit:,} bytes, got more")
                yield block
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{path} is a damaged gzip file: {error}") from error


def read_bytes(path: Path) -> bytearray:
    """Return the content of a file, decompressed if it is a gzip file; raises what `read_blocks` does."""
    content = bytearray()
    for block in read_blocks(path):
        content += block
    return content


def read_start(path: Path) -> bytes:
    """Return the first bytes of a file, decompressed if it is a gzip file; raises what `read_blocks` does."""
    return next(read_blocks(path, START), b"")
