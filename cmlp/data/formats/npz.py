"""Read the formats of ``numpy.save`` and ``numpy.savez``: nothing is unpickled, and headers are not evaluated."""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cmlp.data.formats.arrays import aligned, array_of, check_size
from cmlp.data.reading import BLOCK, XZ, compression_of, read_bytes, size_limit
from cmlp.errors import DataError
from cmlp.utils.files import open_regular
from cmlp.utils.text import escaped

NPY, ZIP = b"\x93NUMPY", b"PK\x03\x04"
MAX_HEADER = 10_000

DTYPE = re.compile(r"""['"]descr['"]\s*:\s*['"]([<>|=]?)(?:([biuf])([1248])|([US])([1-9][0-9]{0,2}))['"]""")
OBJECTS = re.compile(r"""['"]descr['"]\s*:\s*['"][|]?O['"]""")
FORTRAN_ORDER = re.compile(r"""['"]fortran_order['"]\s*:\s*(True|False)""")
SHAPE = re.compile(r"""['"]shape['"]\s*:\s*\(([0-9L,\s]*)\)""")


class Header(NamedTuple):
    """The header of an array."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    order: Literal["C", "F"]
    size: int


def is_npy(start: bytes) -> bool:
    """Return whether a file with this start is in the format of ``numpy.save``."""
    return start.startswith(NPY)


def is_npz(start: bytes) -> bool:
    """Return whether a file with this start is a zip file."""
    return start.startswith(ZIP)


def read_npy(path: Path) -> NDArray[Any]:
    """Read the array in a file of ``numpy.save``; memory-mapped unless it is compressed."""
    with open_regular(path, DataError) as file:
        compressed = compression_of(file.read(len(XZ))) is not None
        file.seek(0)
        if not compressed:
            header = _read_header(file, path)
            check_size(file.seek(0, 2) - header.size, header.dtype, header.shape, path)
            return _checked(aligned(np.memmap(file, header.dtype, "r", header.size, header.shape, header.order)), path)
    content = read_bytes(path)
    header = _read_header(io.BytesIO(content[: MAX_HEADER + 12]), path)
    return _checked(array_of(memoryview(content)[header.size :], header.dtype, header.shape, path, header.order), path)


def read_npz(path: Path) -> "Archive":
    """Return the arrays in a file of ``numpy.savez`` by name; each is read when it is asked for."""
    return Archive(path)


class Archive(Mapping[str, NDArray[Any]]):
    """The arrays of a zip file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with open_regular(path, DataError) as file:
            size = file.seek(0, 2)
            members = opened(file, path).infolist()
        self._members = {info.filename.removesuffix(".npy"): info for info in members if _is_array(info)}
        if not self._members:
            raise DataError(f"{path} must be a zip file of .npy arrays, got none")
        total = sum(info.file_size for info in self._members.values())
        if total > size_limit(size):
            raise DataError(f"{path} must decompress to at most {size_limit(size):,} bytes, got {total:,}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __getitem__(self, key: str) -> NDArray[Any]:
        info, name = self._members[key], f"{escaped(key)} in {self._path}"
        if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise DataError(f"{name} must be stored or deflated, as numpy.savez does")
        with open_regular(self._path, DataError) as file:
            archive = opened(file, self._path)
            try:
                with archive.open(info) as member:
                    return _read_member(member, info.file_size, name)
            except (DataError, OSError):
                raise
            except Exception as error:
                raise DataError(f"{name} is damaged: {error}") from error


class _BoundedFile(io.BufferedReader):
    """A file that refuses to read very much at once: `zipfile` reads any directory into memory as a whole."""

    def __init__(self, raw: io.FileIO, longest: int) -> None:
        super().__init__(raw)
        self.longest = longest

    def read(self, size: int | None = -1, /) -> bytes:
        content = super().read(self.longest + 1 if size is None or size < 0 else min(size, self.longest + 1))
        if len(content) > self.longest:
            raise zipfile.BadZipFile("its directory is too long")
        return content


def opened(file: BinaryIO, path: Path, longest: int = BLOCK) -> zipfile.ZipFile:
    """Open a zip file, whose directory may be damaged or longer than this."""
    try:
        return zipfile.ZipFile(_BoundedFile(io.FileIO(file.fileno(), closefd=False), longest))
    except OSError:
        raise
    except Exception as error:  # what `zipfile` raises for damaged files is not specified
        raise DataError(f"{path} is a damaged zip file: {error}") from error


def _is_array(info: zipfile.ZipInfo) -> bool:
    return info.filename.endswith(".npy")


def _read_member(member: Any, size: int, name: str) -> NDArray[Any]:
    header = _read_header(member, name)
    check_size(size - header.size, header.dtype, header.shape, name)
    content = bytearray()
    while block := member.read(BLOCK):
        content += block
    return _checked(array_of(content, header.dtype, header.shape, name, header.order), name)


def _checked(array: NDArray[Any], name: Path | str) -> NDArray[Any]:
    """Refuse strings with characters that Unicode has not."""
    if array.dtype.kind == "U":
        units = np.ascontiguousarray(array).view(f"{array.dtype.byteorder}u4".replace("|", "="))
        if units.max() > 0x10FFFF:
            raise DataError(f"{name} is damaged: it has characters beyond Unicode")
    return array


def _read_header(file: Any, name: Path | str) -> Header:
    """Read the header: a dict of dtype, order and shape, as text."""
    start = file.read(len(NPY) + 2)
    wide = start[len(NPY) :] in (b"\x02\x00", b"\x03\x00")
    if not (start.startswith(NPY) and (wide or start[len(NPY) :] == b"\x01\x00")):
        raise DataError(f"{name} must be in the format of numpy.save, got {start!r}")
    length = file.read(4 if wide else 2)
    size = int.from_bytes(length, "little")
    if size > MAX_HEADER:
        raise DataError(f"{name} must have a header of at most {MAX_HEADER:,} bytes, got {size:,}")
    text = file.read(size).decode("latin-1")
    dtype, order, shape = DTYPE.search(text), FORTRAN_ORDER.search(text), SHAPE.search(text)
    if OBJECTS.search(text):
        rule = "save it by astype(float) if these are numbers, and by astype(str) if they are words"
        raise DataError(f"{name} must be an array of numbers or strings, got one of Python objects: {rule}")
    if not (dtype and order and shape):
        raise DataError(f"{name} must be an array of numbers or strings, got the header {escaped(text.strip())}")
    byte_order = dtype[1]
    kind, width = (dtype[2], dtype[3]) if dtype[2] else (dtype[4], dtype[5])
    kind = "u" if kind == "b" else kind  # a byte that is neither 0 nor 1 would be an impossible bool
    try:
        found = np.dtype(f"{byte_order}{kind}{width}")
    except TypeError as error:  # a float of one byte
        raise DataError(f"{name} must be an array of numbers or strings, got {kind}{width}") from error
    dimensions = tuple(map(int, re.findall("[0-9]{1,19}", shape[1])))
    return Header(found, dimensions, "F" if order[1] == "True" else "C", len(start) + len(length) + size)
