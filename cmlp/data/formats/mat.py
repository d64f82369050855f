"""Read the arrays in MAT files of MATLAB and Octave, versions 4 to 7, without building what a file claims.

Every size is compared with the bytes that are there before anything is allocated. Functions, objects and what else a
workspace may hold is left out.
"""

import zlib
from collections.abc import Iterator
from math import prod
from pathlib import Path
from struct import Struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.data.formats.arrays import MAX_DIMENSIONS
from cmlp.data.reading import read_bytes, size_limit
from cmlp.errors import DataError
from cmlp.utils.text import escaped

MATLAB, HEADER = b"MATLAB 5.0 MAT-file", 128
NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
TEXTS = {16: "utf-8", 17: "utf-16", 18: "utf-32", 2: "latin-1", 4: "utf-16", 1: "latin-1"}
MATRIX, COMPRESSED = 14, 15
CELL, STRUCT, CHAR, SPARSE = 1, 2, 4, 5
CLASSES = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"}
COMPLEX, LOGICAL = 0x0800, 0x0200
MAX_DEPTH = 16  # of cells and structures in each other
MAX_CELLS = 1_000_000
VERSION_4 = {0: "f8", 1: "f4", 2: "i4", 3: "i2", 4: "u2", 5: "u1"}


class _Broken(Exception):
    """What is wrong with a file."""


def is_mat(start: bytes) -> bool:
    """Return whether a file with this start is a MAT file of version 5 to 7, or of version 4."""
    return (start.startswith(MATLAB) and start[126:128] in (b"IM", b"MI")) or _version_4(start) is not None


def read_mat(path: Path) -> dict[str, Any]:
    """Read the variables of a MAT file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    dict
        Arrays by name, as MATLAB shows them; a structure is a dict of them, a cell array a list in MATLAB's order, and
        text a string or a list of strings.

    Raises
    ------
    DataError
        If the file is damaged, needs too much memory, or holds no arrays.
    OSError
        If it cannot be read.
    """
    content = read_bytes(path)
    try:
        if content.startswith(MATLAB):
            order = "<" if content[126:128] == b"IM" else ">"
            found = dict(_Reader(order, size_limit(len(content))).variables(memoryview(content)[HEADER:]))
        else:
            found = dict(_variables_of_version_4(memoryview(content)))
    except (_Broken, zlib.error, UnicodeError) as error:
        raise DataError(f"{path} is a damaged MAT file of MATLAB: {error}") from error
    if not found:
        raise DataError(f"{path} is a MAT file of MATLAB, and must hold arrays of numbers, got none")
    return found


class _Reader:
    """Reads the elements of a MAT file of one byte order, and counts what they unfold to."""

    def __init__(self, order: str, limit: int) -> None:
        self.order, self.left, self.cells = order, limit, MAX_CELLS
        self.tag, self.long = Struct(f"{order}II"), Struct(f"{order}I")

    def variables(self, content: memoryview) -> Iterator[tuple[str, Any]]:
        """Yield names and values; what cannot be data is left out."""
        for kind, body in self.elements(content):
            if kind == COMPRESSED:
                inner = self.unpacked(body)
                kind, body = next(self.elements(inner), (0, memoryview(b"")))
            if kind == MATRIX:
                name, value = self.matrix(body, MAX_DEPTH)
                if name and not name.startswith("__") and value is not None:
                    yield name, value

    def elements(self, content: memoryview) -> Iterator[tuple[int, memoryview]]:
        """Yield the types and contents of elements one after the other; small ones stand within their tag."""
        at = 0
        while at + 8 <= len(content):
            kind, size = self.tag.unpack_from(content, at)
            start, end = at + 8, at + 8 + (size if kind == COMPRESSED else -(-size // 8) * 8)
            if kind >> 16:
                kind, size, start, end = kind & 0xFFFF, kind >> 16, at + 4, at + 8
            if size > min(len(content), end) - start:
                raise _Broken(f"an element claims {size:,} bytes, and {min(len(content), end) - start:,} are left")
            yield kind, content[start : start + size]
            at = end

    def unpacked(self, body: memoryview) -> memoryview:
        """Decompress a variable."""
        decompressor = zlib.decompressobj()
        content = decompressor.decompress(body, self.left + 1)
        self.left -= len(content)
        if self.left < 0:
            raise _Broken("it unfolds to too many bytes")
        if not decompressor.eof:
            raise _Broken("a compressed variable is cut off")
        return memoryview(content)

    def matrix(self, body: memoryview, depth: int) -> tuple[str, Any]:
        """Return the name and the value of an array; None for what is no data."""
        parts = self.elements(body)
        flags, shape, name = (next(parts, (0, memoryview(b"")))[1] for _ in range(3))
        if len(flags) < 4 or len(shape) % 4:
            raise _Broken("an array has no class or no shape")
        (word,) = self.long.unpack_from(flags)
        kind = word & 0xFF
        dimensions = tuple(np.frombuffer(shape, f"{self.order}i4").tolist())
        called = bytes(name).decode("latin-1")
        if kind in (CELL, STRUCT, CHAR, SPARSE, *CLASSES):
            if not 2 <= len(dimensions) <= MAX_DIMENSIONS or min(dimensions) < 0:
                raise _Broken(f"{escaped(called)} has the shape {dimensions}")
            if not depth:
                raise _Broken("cells or structures are nested too deeply")
        if kind == CELL:
            return called, self.cell(parts, dimensions, depth)
        if kind == STRUCT:
            return called, self.structure(parts, dimensions, depth)
        if kind == CHAR:
            return called, self.text(parts, dimensions)
        if kind == SPARSE:
            return called, self.sparse(parts, dimensions)
        return called, None if kind not in CLASSES or word & COMPLEX else self.numbers(parts, dimensions, CLASSES[kind])

    def numbers(self, parts: Iterator[tuple[int, memoryview]], shape: tuple[int, ...], kind: str) -> NDArray[Any]:
        """Return an array; its values may be stored in a narrower type."""
        values = self.values(parts)
        if len(values) != prod(shape):
            raise _Broken(f"an array of shape {shape} has {len(values):,} values")
        self.left -= len(values) * np.dtype(kind).itemsize
        if self.left < 0:
            raise _Broken("it unfolds to too many bytes")
        return np.asarray(values.astype(kind).reshape(shape, order="F"))

    def values(self, parts: Iterator[tuple[int, memoryview]]) -> NDArray[Any]:
        """Return the numbers of the next element."""
        kind, body = next(parts, (0, memoryview(b"")))
        if kind not in NUMBERS:
            raise _Broken(f"an array has values of the type {kind}")
        dtype = np.dtype(self.order + NUMBERS[kind])
        return np.frombuffer(body[: len(body) // dtype.itemsize * dtype.itemsize], dtype)

    def sparse(self, parts: Iterator[tuple[int, memoryview]], shape: tuple[int, ...]) -> NDArray[Any]:
        """Return a sparse matrix with its zeros, if they fit."""
        rows, starts, values = self.values(parts), self.values(parts), self.values(parts)
        if len(shape) != 2 or len(starts) != shape[1] + 1:
            raise _Broken(f"a sparse array of shape {shape} has {len(starts):,} starts of columns")
        self.left -= prod(shape) * 8
        if self.left < 0:
            raise _Broken(f"a sparse array of shape {shape} is too large")
        ends = starts.astype(np.int64)
        counts = ends[1:] - ends[:-1]
        if starts[0] != 0 or (counts < 0).any() or starts[-1] > min(len(rows), len(values)):
            raise _Broken("a sparse array has columns that overlap")
        rows = rows[: starts[-1]].astype(np.int64)
        if len(rows) and not 0 <= rows.min() <= rows.max() < shape[0]:
            raise _Broken("a sparse array has values outside of its rows")
        dense = np.zeros(shape)
        dense[rows, np.repeat(np.arange(shape[1]), counts)] = values[: starts[-1]]
        return dense

    def text(self, parts: Iterator[tuple[int, memoryview]], shape: tuple[int, ...]) -> str | list[str]:
        """Return a text, or the rows of one."""
        kind, body = next(parts, (0, memoryview(b"")))
        if kind not in TEXTS or len(shape) != 2:
            raise _Broken(f"a text has the type {kind} and the shape {shape}")
        ending = {"<": "-le", ">": "-be"}[self.order] if TEXTS[kind] in ("utf-16", "utf-32") else ""
        letters = bytes(body).decode(TEXTS[kind] + ending, "replace")
        if len(letters) != prod(shape) or prod(shape) > MAX_CELLS:
            raise _Broken(f"a text of shape {shape} has {len(letters):,} characters")
        rows = [letters[row :: shape[0]].rstrip() for row in range(shape[0])]
        return rows[0] if len(rows) == 1 else rows

    def cell(self, parts: Iterator[tuple[int, memoryview]], shape: tuple[int, ...], depth: int) -> list[Any]:
        """Return the values of a cell array, column by column."""
        return [self.inner(parts, depth) for _ in range(self.counted(prod(shape)))]

    def structure(self, parts: Iterator[tuple[int, memoryview]], shape: tuple[int, ...], depth: int) -> Any:
        """Return a structure as a dict, an array of structures as a list of these."""
        length, names = next(parts, (0, memoryview(b"")))[1], bytes(next(parts, (0, memoryview(b"")))[1])
        (width,) = self.long.unpack(length) if len(length) == 4 else (0,)
        if not 0 < width <= 64 or len(names) % width:
            raise _Broken("a structure has no names of fields")
        fields = [names[at : at + width].split(b"\0")[0].decode("latin-1") for at in range(0, len(names), width)]
        self.counted(prod(shape) * max(1, len(fields)))
        found = [{field: self.inner(parts, depth) for field in fields} for _ in range(prod(shape))]
        return found[0] if len(found) == 1 else found

    def inner(self, parts: Iterator[tuple[int, memoryview]], depth: int) -> Any:
        """Return the next array in a cell or structure."""
        kind, body = next(parts, (0, memoryview(b"")))
        if kind != MATRIX:
            raise _Broken("a cell or a field is missing")
        return self.matrix(body, depth - 1)[1] if len(body) else np.empty((0, 0))

    def counted(self, count: int) -> int:
        """Count cells, of which each takes more memory than it may have bytes."""
        self.cells -= count
        if self.cells < 0:
            raise _Broken(f"it has more than {MAX_CELLS:,} cells or fields")
        return count


def _version_4(content: bytes | memoryview) -> tuple[str, str, int, tuple[int, int], int, int] | None:
    """Return byte order, type, kind, shape, parts and length of the name of a variable, None if it is none."""
    for order in "<>":
        if len(content) < 20:
            return None
        code, rows, columns, imaginary, length = Struct(f"{order}iiiii").unpack_from(content)
        machine, digits = divmod(code, 1000)
        kind, matrix = divmod(digits, 10)
        fits = kind in VERSION_4 and matrix in (0, 1, 2)
        if fits and machine == (order == ">") and imaginary in (0, 1) and 1 < length <= 64 and rows > 0 < columns:
            name = bytes(content[20 : 20 + length])
            if name.endswith(b"\0") and name[:-1].replace(b"_", b"a").isalnum() and name[:1].isalpha():
                return order, VERSION_4[kind], matrix, (rows, columns), imaginary, length
    return None


def _variables_of_version_4(content: memoryview) -> Iterator[tuple[str, Any]]:
    while len(content):
        found = _version_4(content)
        if found is None:
            raise _Broken("a variable is cut off")
        order, code, kind, shape, imaginary, length = found
        dtype = np.dtype(order + code)
        size = prod(shape) * dtype.itemsize
        start = 20 + length
        if size * (1 + imaginary) > len(content) - start:
            raise _Broken(f"an array claims {size:,} bytes, and {len(content) - start:,} are left")
        if kind == 0 and not imaginary:
            values = np.frombuffer(content[start : start + size], dtype).reshape(shape, order="F")
            yield bytes(content[20 : start - 1]).decode("latin-1"), np.asarray(values.astype(dtype.newbyteorder("=")))
        content = content[start + size * (1 + imaginary) :]
