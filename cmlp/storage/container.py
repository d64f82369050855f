"""Arrays and their description in one file of the safetensors layout, sealed by a SHA-256.

The description is JSON in the metadata of the header, so every program that reads safetensors reads these files. The
seal covers description, names, types, shapes and numbers: a file that was cut, or has one bit turned, is refused.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.errors import ModelError
from cmlp.utils.files import is_regular, named

LENGTH = 8  # bytes of the header's length, with which a file begins
ENTRY = "cmlp"  # of the metadata: one, because their order would differ from file to file
FIELDS = {"format", "version", "description", "sha256"}
DEEPEST = 16  # levels of lists and objects in what is read

Tensors = Mapping[str, NDArray[Any]]


def pack(kind: str, version: int, description: Mapping[str, Any], tensors: Tensors) -> bytes:
    """Return the bytes of a file of this kind; they are the same for the same content."""
    from safetensors.numpy import save  # here, because most who import cmlp store nothing

    arrays = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    entry = {"format": kind, "version": version, "description": description}
    return save(arrays, {ENTRY: _canonical(entry | {"sha256": _seal(entry, arrays)})})


def unpack(content: bytes, kind: str, version: int, name: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return the description and the arrays of a file of this kind.

    Parameters
    ----------
    content : bytes
    kind : str
    version : int
        The newest that is known.
    name : str
        What complaints call the file.

    Raises
    ------
    ModelError
        If this is no such file, or no longer what was written.
    """
    tensors = read_tensors(content, name)
    entry = _entry(content, name)
    if entry["format"] != kind:
        raise ModelError(f'{name} must be a file of the format "{kind}", got {str(entry["format"])[:40]!r}')
    if entry.pop("sha256") != _seal(entry, tensors):
        raise ModelError(f"{name} is damaged: its content does not match its checksum")
    written = entry["version"]
    if type(written) is not int or written < 1:
        raise ModelError(f"{name} must have a version from 1 on, got {repr(written)[:40]}")
    if written > version:
        found = f"version {str(written)[:40]}, and this cmlp knows those up to {version}"
        raise ModelError(f"{name} was written by a newer cmlp: it has {found}")
    if not isinstance(entry["description"], dict):
        raise ModelError(f"{name} must have a JSON object for its description, got {repr(entry['description'])[:40]}")
    return entry["description"], tensors


def read_tensors(content: bytes, name: str) -> dict[str, NDArray[Any]]:
    """Return the arrays of any safetensors file.

    Raises
    ------
    ModelError
        If it is not one, or holds types of numbers that NumPy has not.
    """
    from safetensors.numpy import load

    try:
        return load(content)
    except Exception as error:  # the library documents none; whatever it stumbles over, this is no file to use
        raise ModelError(f"{name} is not a safetensors file, or is damaged: {str(error)[:200]}") from error


def read_file(path: Path) -> bytes:
    """Return the content of a file.

    Raises
    ------
    ModelError
        If it is a device or a pipe.
    OSError
        If it cannot be read.
    """
    if path.exists() and not path.is_dir() and not is_regular(path):
        raise ModelError(f"{path} must be a regular file")
    with named(path):
        return path.read_bytes()


def _entry(content: bytes, name: str) -> dict[str, Any]:
    """Return what cmlp wrote into a header that safetensors accepted."""
    end, text = LENGTH + int.from_bytes(content[:LENGTH], "little"), None
    with suppress(ValueError, RecursionError):  # safetensors skips fields that it does not know
        text = (json.loads(content[LENGTH:end]).get("__metadata__") or {}).get(ENTRY)
    if text is None:
        raise ModelError(f"{name} is a safetensors file, but cmlp did not write it")
    with suppress(ValueError, RecursionError):
        entry = json.loads(text)
        if isinstance(entry, dict) and entry.keys() == FIELDS and _is_flat(entry) and _canonical(entry) == text:
            return entry
    raise ModelError(f"{name} is damaged: its header is not one that cmlp writes")


def _is_flat(value: Any, levels: int = DEEPEST) -> bool:
    """Say whether lists and objects lie in each other only so deep that every function can walk through them."""
    if not isinstance(value, dict | list):
        return True
    parts = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_is_flat(part, levels - 1) for part in parts)


def _canonical(entry: Mapping[str, Any]) -> str:
    return json.dumps(entry, allow_nan=False, sort_keys=True, separators=(",", ":"))


def _seal(entry: Mapping[str, Any], tensors: Tensors) -> str:
    """Return the SHA-256 of all that matters: it is the same for the same content, however the header is written."""
    digest = hashlib.sha256(_canonical(entry).encode())
    for name in sorted(tensors):
        array = tensors[name]
        digest.update(json.dumps([name, array.dtype.str, list(array.shape)]).encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
