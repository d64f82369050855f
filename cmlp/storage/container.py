"""Arrays and their description in one safetensors file, with a SHA-256 checksum.

The description is JSON in the metadata of the header, so every program that reads safetensors can read these files. The
checksum covers description, names, types, shapes and numbers: a truncated or corrupted file is refused.
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
from cmlp.utils.files import named, open_regular

LENGTH = 8  # bytes of the header's length, with which a file begins
ENTRY = "cmlp"  # of the metadata: one, because their order would differ from file to file
FIELDS = {"format", "version", "description", "sha256"}
DEEPEST = 16  # levels of nested lists and objects

Tensors = Mapping[str, NDArray[Any]]


def pack(kind: str, version: int, description: Mapping[str, Any], tensors: Tensors) -> bytes:
    """Return the content of a file; it is the same for the same arguments.

    Parameters
    ----------
    kind : str
        The format that the file declares, such as "cmlp-model".
    version : int
        The version of the format.
    description : dict
        Anything that JSON holds.
    tensors : dict of str to ndarray
        The arrays by name.

    Returns
    -------
    bytes
    """
    from safetensors.numpy import save  # here, to keep `import cmlp` fast

    arrays = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    entry = {"format": kind, "version": version, "description": description}
    return save(arrays, {ENTRY: _canonical(entry | {"sha256": _checksum(entry, arrays)})})


def unpack(content: bytes, kind: str, version: int, name: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return the description and the arrays in a file that `pack` made.

    Parameters
    ----------
    content : bytes
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


def read_tensors(content: bytes, name: str) -> dict[str, NDArray[Any]]:
    """Return the arrays of any safetensors file by name.

    Raises
    ------
    ModelError
        If it is not one, or has types that NumPy lacks.
    """
    from safetensors.numpy import load

    try:
        return load(content)
    except Exception as error:  # the library documents none
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
    with named(path), open_regular(path, ModelError) as file:
        return file.read()


def _entry(content: bytes, name: str) -> dict[str, Any]:
    """Return the metadata that cmlp wrote into a header that safetensors accepted."""
    end, text = LENGTH + int.from_bytes(content[:LENGTH], "little"), None
    with suppress(ValueError, RecursionError):  # safetensors skips fields that it does not know
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
        array = tensors[name]
        digest.update(json.dumps([name, array.dtype.str, list(array.shape)]).encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
