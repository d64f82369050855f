"""Arrays and their description in one safetensors file, with a SHA-256 checksum.

The description is JSON in the metadata of the header, so every program that reads safetensors can read these files. The
checksum covers description, names, types, shapes and numbers: a truncated or corrupted file is refused.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from io import BytesIO
from math import isfinite, prod
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from cmlp.errors import ModelError
from cmlp.utils.files import named, open_regular, resolved

LENGTH = 8  # bytes of the header's length, with which a file begins
ENTRY = "cmlp"  # of the metadata: one, because their order would differ from file to file
FIELDS = {"format", "version", "description", "sha256"}
LINE = {"dtype", "shape", "data_offsets"}
TYPES: dict[str, np.dtype[Any]] = {
    **{f"{kind}{8 * size}": np.dtype(f"<{kind.lower()}{size}") for kind in "IU" for size in (1, 2, 4, 8)},
    **{f"F{8 * size}": np.dtype(f"<f{size}") for size in (2, 4, 8)},
    "BOOL": np.dtype(bool),
}
CODES = {dtype: code for code, dtype in TYPES.items()}
BLOCK = 1 << 22  # bytes that are copied at once
MOST_BITS = 1024  # of an integer
DEEPEST = 16  # levels of nested lists and objects

Tensors = Mapping[str, NDArray[Any]]


def pack(kind: str, version: int, description: Mapping[str, Any], tensors: Tensors) -> bytes:
    """Return the content of a file; it is the same for the same arguments, which are those of `write`."""
    stream = BytesIO()
    write(stream, kind, version, description, tensors)
    return stream.getvalue()


def write(file: BinaryIO, kind: str, version: int, description: Mapping[str, Any], tensors: Tensors) -> None:
    """Write a file.

    The numbers are copied block by block, and the checksum is that of the copies: so the file is whole even if another
    thread changes the arrays meanwhile, and no more than a block is held in memory.

    Parameters
    ----------
    file : binary file
        A new one.
    kind : str
        The format that the file declares, such as "cmlp-model".
    version : int
        The version of the format.
    description : dict
        Anything that JSON holds.
    tensors : dict of str to ndarray
        The arrays by name, in float64 or float32.
    """
    entry = {"format": kind, "version": version, "description": description}
    lines, end = {}, 0
    for name in sorted(tensors, key=lambda name: (-tensors[name].itemsize, name)):  # the order of the library
        begin, end = end, end + tensors[name].nbytes
        shape, dtype = list(tensors[name].shape), CODES[tensors[name].dtype]
        lines[name] = {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}
    first = len(_header(entry | {"sha256": "0" * 64}, lines))
    digest, at = hashlib.sha256(_canonical(entry).encode()), 0
    for name in sorted(tensors):
        digest.update(_line(name, tensors[name]))
        begin, end = lines[name]["data_offsets"]
        if at != first + begin:  # seldom: to seek is to write what is buffered
            file.seek(first + begin)
        at = first + end
        for block in _blocks(tensors[name]):
            digest.update(block)
            file.write(block)
    file.seek(0)
    file.write(_header(entry | {"sha256": digest.hexdigest()}, lines))


def plain(value: Any, name: str) -> Any:
    """Return a description as JSON has it: lists for tuples, and Python's numbers for NumPy's.

    Raises
    ------
    ModelError
        If it holds what JSON has not, or what `unpack` would refuse; errors call it `name`.
    """
    found = _plain(value, name)
    if not _is_flat(found, DEEPEST - 1):
        raise ModelError(f"{name} must have no more than {DEEPEST} levels of lists and objects, got more")
    return found


def _plain(value: Any, name: str, levels: int = 2 * DEEPEST) -> Any:
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, Mapping) and levels and all(isinstance(key, str) for key in value):
        return {str(key): _plain(part, f"{key} of {name}", levels - 1) for key, part in value.items()}
    if isinstance(value, list | tuple) and levels:
        return [_plain(part, name, levels - 1) for part in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int) and value.bit_length() <= MOST_BITS:
        return int(value)
    if isinstance(value, float) and isfinite(value):
        return float(value)
    raise ModelError(f"{name} must be what JSON holds, got {repr(value)[:80]}")


def unpack(
    content: bytes | bytearray, kind: str, version: int, name: str
) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return the description and the arrays in a file that `pack` made.

    Parameters
    ----------
    content : bytes or bytearray
        The content of the file.
    kind : str
        The format that the file must declare.
    version : int
        The newest version that can be read.
    name : str
        What error messages call the file.

    Returns
    -------
    description : dict
    tensors : dict of str to ndarray

    Raises
    ------
    ModelError
        If this is not such a file, or it is damaged.
    """
    tensors = read_tensors(content, name)
    entry = _entry(content, name)
    if entry["format"] != kind:
        raise ModelError(f'{name} must be a file of the format "{kind}", got {str(entry["format"])[:40]!r}')
    if entry.pop("sha256") != _checksum(entry, tensors):
        raise ModelError(f"{name} is damaged: its content does not match its checksum")
    written = entry["version"]
    if type(written) is not int or written < 1:
        raise ModelError(f"{name} must have a positive integer for its version, got {repr(written)[:40]}")
    if written > version:
        found = f"version {str(written)[:40]}, and this cmlp reads those up to {version}"
        raise ModelError(f"{name} was written by a newer cmlp: it has {found}")
    if not isinstance(entry["description"], dict):
        raise ModelError(f"{name} must have a JSON object for its description, got {repr(entry['description'])[:40]}")
    return entry["description"], tensors


def is_sealed(content: bytes | bytearray) -> bool:
    """Return whether a file of any format and version is as cmlp wrote it, to the last bit."""
    try:
        tensors, entry = read_tensors(content, ""), _entry(content, "")
    except ModelError:
        return False
    return bool(entry.pop("sha256") == _checksum(entry, tensors))


def read_tensors(
    content: bytes | bytearray, name: str, types: Mapping[str, np.dtype[Any]] = TYPES
) -> dict[str, NDArray[Any]]:
    """Return the arrays of any safetensors file by name, of NumPy's types: views of its content.

    Raises
    ------
    ModelError
        If it is not one, or has types that NumPy lacks.
    """
    try:
        lines, first = _lines(content, types)
        return _views(memoryview(content)[first:], lines, types)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{name} is not a safetensors file, or is damaged: {str(error)[:200]}") from error


def _lines(content: bytes | bytearray, types: Mapping[str, np.dtype[Any]]) -> tuple[dict[str, Any], int]:
    """Return what a header says of each array, and where the numbers begin."""
    first = LENGTH + int.from_bytes(content[:LENGTH], "little")
    if not LENGTH + 1 < first <= len(content) or content[LENGTH : LENGTH + 1] != b"{":
        raise ValueError("it has no header")
    lines = json.loads(content[LENGTH:first].decode())
    metadata = lines.pop("__metadata__", None)
    if metadata is not None and not (
        isinstance(metadata, dict) and all(isinstance(value, str) for value in metadata.values())
    ):
        raise ValueError("its metadata are not texts by name")
    for line in lines.values():
        if not isinstance(line, dict) or line.keys() != LINE:
            raise ValueError("its header does not say type, shape and offsets of each array")
        numbers = (line["shape"], line["data_offsets"])
        if not all(isinstance(part, list) and all(type(n) is int and 0 <= n < 2**63 for n in part) for part in numbers):
            raise ValueError("its shapes and offsets are not lists of integers")
        if len(line["data_offsets"]) != 2 or not isinstance(line["dtype"], str) or line["dtype"] not in types:
            raise ValueError("it has arrays of a type that NumPy lacks, or of more offsets than two")
    return lines, first


def _views(data: memoryview, lines: Mapping[str, Any], types: Mapping[str, np.dtype[Any]]) -> dict[str, NDArray[Any]]:
    """Return the arrays that a header describes, which lie side by side and fill the data."""
    arrays, end = {}, 0
    for name, line in sorted(lines.items(), key=lambda item: item[1]["data_offsets"]):
        begin, dtype = end, types[line["dtype"]]
        end = begin + prod(line["shape"]) * dtype.itemsize
        if line["data_offsets"] != [begin, end] or end > len(data):
            raise ValueError("its arrays do not lie side by side, or are not as long as their shapes")
        arrays[name] = np.frombuffer(data, np.uint8)[begin:end].view(dtype).reshape(line["shape"])
    if end != len(data):
        raise ValueError("it has more bytes than its arrays")
    return arrays


def read_file(path: Path) -> bytearray:
    """Return the content of a file.

    Raises
    ------
    ModelError
        If it is a device or a pipe.
    OSError
        If it cannot be read.
    """
    resolved(path)  # or refuse what no file can be called
    with named(path), open_regular(path, ModelError) as file:
        content = bytearray(os.fstat(file.fileno()).st_size)  # which the arrays are views of
        del content[file.readinto(content) :]  # type: ignore[attr-defined]
        return content + rest if (rest := file.read()) else content


def _entry(content: bytes | bytearray, name: str) -> dict[str, Any]:
    """Return the metadata that cmlp wrote into a header that was read."""
    end = LENGTH + int.from_bytes(content[:LENGTH], "little")
    text = (json.loads(content[LENGTH:end]).get("__metadata__") or {}).get(ENTRY)
    if text is None:
        raise ModelError(f"{name} is a safetensors file, but not one that cmlp wrote")
    with suppress(ValueError, RecursionError):
        entry = json.loads(text)
        if isinstance(entry, dict) and entry.keys() == FIELDS and _is_flat(entry) and _canonical(entry) == text:
            return entry
    raise ModelError(f"{name} is damaged: its header is not one that cmlp writes")


def _is_flat(value: Any, levels: int = DEEPEST) -> bool:
    """Return whether lists and objects are nested at most so deep, so that recursion through them is safe."""
    if not isinstance(value, dict | list):
        return True
    parts = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_is_flat(part, levels - 1) for part in parts)


def _canonical(entry: Mapping[str, Any]) -> str:
    return json.dumps(entry, allow_nan=False, sort_keys=True, separators=(",", ":"))


def _checksum(entry: Mapping[str, Any], tensors: Tensors) -> str:
    """Return the SHA-256 of metadata and arrays, whatever the order of the header."""
    digest = hashlib.sha256(_canonical(entry).encode())
    for name in sorted(tensors):
        digest.update(_line(name, tensors[name]))
        digest.update(np.ascontiguousarray(tensors[name]).data)
    return digest.hexdigest()


def _line(name: str, array: NDArray[Any]) -> bytes:
    return json.dumps([name, array.dtype.str, list(array.shape)]).encode()


def _header(entry: Mapping[str, Any], lines: Mapping[str, Any]) -> bytes:
    """Return the beginning of a file: the length of the header, and the header, as the library writes it."""
    header = {"__metadata__": {ENTRY: _canonical(entry)}} | dict(lines)
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % LENGTH)
    return len(text).to_bytes(LENGTH, "little") + text


def _blocks(array: NDArray[Any]) -> Iterator[memoryview]:
    """Yield copies of some rows at a time."""
    rows = max(1, BLOCK // max(1, array.nbytes // max(1, len(array))))
    for begin in range(0, len(array), rows):
        yield np.array(array[begin : begin + rows], order="C", copy=True).data.cast("B")
