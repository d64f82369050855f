"""What ``torch.save`` writes: a zip file with a pickle and storages, and one file of both before PyTorch 1.6."""

from pathlib import Path
from typing import NamedTuple

from cmlp.data.formats.npz import opened
from cmlp.data.pickle_records import DAMAGED, Refused
from cmlp.data.reading import size_limit
from cmlp.errors import ModelError
from cmlp.storage.foreign.objects import ObjectMachine, Storage
from cmlp.storage.foreign.zips import Members
from cmlp.utils.files import open_regular
from cmlp.utils.text import escaped

LEGACY = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."  # the number with which a file of old begins, as a pickle
LENGTH = 8  # bytes of the length of a storage
LARGEST_PICKLE = 64 << 20  # of what the zip file describes; the numbers lie beside it


class Saved(NamedTuple):
    """The object that was saved, and the machine that finishes the parts of strangers."""

    value: object
    machine: ObjectMachine


def is_legacy(start: bytes | bytearray) -> bool:
    """Return whether a file begins as those of PyTorch did before version 1.6."""
    return start.startswith(LEGACY)


def is_zip(names: list[str]) -> bool:
    """Return whether a zip file with these names in it is one of ``torch.save``."""
    return any(name.endswith("/data.pkl") or name == "data.pkl" for name in names)


def read_zip(path: Path) -> Saved:
    """Read a file of ``torch.save``.

    Parameters
    ----------
    path : Path
        The file, for whose names `is_zip` is true.

    Returns
    -------
    Saved

    Raises
    ------
    ModelError
        If it is damaged, or holds a program, as those of TorchScript do.
    Refused
        If its pickle is damaged or hostile.
    """
    with open_regular(path, ModelError) as file:
        size = file.seek(0, 2)
        reader = Members(opened(file, path), size)
        members = reader.members
        [*_, inner] = sorted((name for name in members if name.endswith("data.pkl")), key=len, reverse=True)
        folder = inner.removesuffix("data.pkl")
        if f"{folder}constants.pkl" in members:
            raise ModelError(
                "it is a program of TorchScript, and no program is read: torch.save(module.state_dict(), path)"
            )
        swapped = f"{folder}byteorder" in members and reader.content(f"{folder}byteorder", 16) == b"big"
        machine = ObjectMachine(reader.content(inner, LARGEST_PICKLE))
        machine.budget = [size_limit(0) + 2 * size]
        value = machine.value()
        for key, storage in machine.storages.items():
            storage.fill(reader.content(f"{folder}data/{key}", storage.size), ">" if swapped else "<")
    return Saved(machine.finished(value), machine)


def read_legacy(content: bytes | bytearray) -> Saved:
    """Read the content of a file of ``torch.save`` before PyTorch 1.6; errors are those of `read_zip`."""
    machine = ObjectMachine(content, len(LEGACY))
    version, system = machine.value(), machine.value()
    if version != 1001 or not isinstance(system, dict):
        raise Refused("the file does not begin as those of PyTorch before version 1.6 do", DAMAGED)
    value, keys = machine.value(), machine.value()
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise Refused("the file does not list its storages", DAMAGED)
    order = ">" if system.get("little_endian") is False else "<"
    for key in keys:
        storage = machine.storages.get(key)
        count = machine.uint(LENGTH)
        if storage is None or count != storage.count:
            raise Refused(f"the storage '{escaped(str(key))}' is not as long as its tensors need", DAMAGED)
        start = machine.take(storage.size)
        storage.fill(machine.view[start : start + storage.size], order)
    return Saved(machine.finished(value) if not isinstance(value, Storage) else value, machine)


def nested_storage(content: bytes | bytearray) -> Storage:
    """Return the storage in bytes within a pickle, which are a file of its own."""
    value = read_legacy(content).value if is_legacy(content) else None
    if not isinstance(value, Storage):
        raise Refused("the pickle holds bytes that are no storage of PyTorch", DAMAGED)
    return value
