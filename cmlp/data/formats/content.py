"""The bytes of a file, decompressed if it is a gzip file, and never more than its size allows."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cmlp.data.pickles import GZIP, SPARE_BYTES, SPARE_BYTES_RATIO
from cmlp.errors import DataError
from cmlp.utils.files import is_regular

BLOCK = 1 << 20
START = 1 << 16  # holds the first lines of a CSV file, however wide


def limit_of(size: int) -> int:
    """Return the bytes that a compressed file may unfold into; images rarely shrink to a tenth."""
    return SPARE_BYTES + SPARE_BYTES_RATIO * size


def open_regular(path: Path) -> BinaryIO:
    """Open a file for reading.

    Raises
    ------
    DataError
        If it is a pipe, a device or anything else than a file.
    OSError
        If it cannot be opened.
    """
    if not is_regular(path):
        raise DataError(f"{path} must be a regular file")
    return path.open("rb")


def blocks_of(path: Path, size: int = BLOCK) -> Iterator[bytes]:
    """Yield the content of a file block by block, decompressed if it is a gzip file.

    Raises
    ------
    DataError
        If the gzip file is damaged or unfolds into too much.
    OSError
        If the file cannot be read.
    """
    with open_regular(path) as file:
        compressed = file.read(len(GZIP)) == GZIP
        file.seek(0)
        if compressed:
            yield from _decompressed(file, path, size)
        else:
            while block := file.read(size):
                yield block


def _decompressed(file: BinaryIO, path: Path, size: int) -> Iterator[bytes]:
    limit = left = limit_of(path.stat().st_size)
    try:
        with gzip.GzipFile(fileobj=file) as stream:
            while block := stream.read(size):
                left -= len(block)
                if left < 0:
                    raise DataError(f"{path} must not unfold into more than {limit:,} bytes, 64 times its size")
                yield block
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{path} is a damaged gzip file: {error}") from error


def content_of(path: Path) -> bytearray:
    """Return the content of a file, decompressed if it is a gzip file; complains as `blocks_of` does."""
    content = bytearray()
    for block in blocks_of(path):
        content += block
    return content


def start_of(path: Path) -> bytes:
    """Return the first bytes of a file, decompressed if it is a gzip file."""
    return next(blocks_of(path, START), b"")
