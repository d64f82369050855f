"""The bytes of a file, decompressed if it is a gzip, bzip2 or xz file, and never more than its size allows."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cmlp.errors import DataError
from cmlp.utils.files import open_regular

GZIP, BZIP2, XZ = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0"
NAMES = {GZIP: "gzip", BZIP2: "bzip2", XZ: "xz"}
XZ_MEMORY = 128 << 20  # of the dictionary; the strongest setting of xz needs half of it
SPARE_BYTES, SPARE_BYTES_RATIO = 64 << 20, 64
BLOCK = 1 << 20
START = 1 << 16  # holds the first lines of a CSV file, however wide


def size_limit(size: int) -> int:
    """Return how many bytes a compressed file of this size may decompress to; images rarely shrink to a tenth."""
    return SPARE_BYTES + SPARE_BYTES_RATIO * size


def compression_of(start: bytes) -> bytes | None:
    """Return the magic number of the compression of a file with this start, or None if it is not compressed."""
    return next((magic for magic in NAMES if start.startswith(magic)), None)


def read_blocks(path: Path, size: int = BLOCK) -> Iterator[bytes]:
    """Read a file block by block, decompressed if it is a gzip, bzip2 or xz file.

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
        If the compressed file is damaged or decompresses to more than `size_limit` bytes.
    OSError
        If the file cannot be read.
    """
    with open_regular(path, DataError) as file:
        compression = compression_of(file.read(len(XZ)))
        file.seek(0)
        if compression is not None:
            yield from _decompressed(file, path, size, compression)
        else:
            while block := file.read(size):
                yield block


def _decompressed(file: BinaryIO, path: Path, size: int, compression: bytes) -> Iterator[bytes]:
    limit = left = size_limit(path.stat().st_size)
    try:
        for block in _unpacked(file, compression, size):
            left -= len(block)
            if left < 0:
                raise DataError(f"{path} must decompress to at most {limit:,} bytes, got more")
            yield block
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise DataError(f"{path} is a damaged {NAMES[compression]} file: {error}") from error


def _unpacked(file: BinaryIO, compression: bytes, size: int) -> Iterator[bytes]:
    if compression == XZ:
        yield from _unpacked_xz(file, size)
        return
    with gzip.GzipFile(fileobj=file) if compression == GZIP else bz2.BZ2File(file) as stream:
        while block := stream.read(size):
            yield block


def _unpacked_xz(file: BinaryIO, size: int) -> Iterator[bytes]:
    """Decompress streams that need no more than `XZ_MEMORY`, which `lzma.open` cannot be told."""
    content, decompressor = b"", lzma.LZMADecompressor(lzma.FORMAT_XZ, XZ_MEMORY)
    while True:
        if decompressor.needs_input and not content:
            content = file.read(size)
            if not content:
                raise EOFError("Compressed file ended before the end-of-stream marker was reached")
        block = decompressor.decompress(content, size)
        content = b""
        if block:
            yield block
        if decompressor.eof:
            content = (decompressor.unused_data or file.read(size)).lstrip(b"\0")
            if not content:
                return
            decompressor = lzma.LZMADecompressor(lzma.FORMAT_XZ, XZ_MEMORY)


def read_bytes(path: Path) -> bytearray:
    """Return the content of a file, decompressed if it is compressed; raises what `read_blocks` does."""
    content = bytearray()
    for block in read_blocks(path):
        content += block
    return content


def read_start(path: Path) -> bytes:
    """Return the first bytes of a file, decompressed if it is compressed; raises what `read_blocks` does."""
    return next(read_blocks(path, START), b"")
