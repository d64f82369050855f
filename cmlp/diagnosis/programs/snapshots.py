"""What a program keeps outside of the copies that are trained, as variables of modules and classes: it is put back."""

import inspect
import io
import os
import stat
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from types import ModuleType
from typing import Any

import numpy as np

from cmlp.diagnosis.programs.access import attribute, unwrapped
from cmlp.diagnosis.programs.leaves import attributes
from cmlp.diagnosis.programs.own_code import is_own, own_code
from cmlp.diagnosis.programs.tensors import is_tensor

OUTPUT = (0, 1, 2)  # descriptors of what is typed and printed
LARGEST = 2_000_000  # numbers of an array: larger ones are data
LONGEST = 100_000  # items of a list
DEEPEST = 6


class Snapshot:
    """The contents of objects that can be changed, by which they are put back in place.

    Parameters
    ----------
    roots : list of object
        Objects of somebody's program, and dicts of the variables of its modules.
    """

    def __init__(self, roots: list[Any]) -> None:
        self._saved: list[tuple[Any, Any]] = []
        self._seen: set[int] = set()
        self._visit_all(roots, -1)

    def _visit(self, value: Any, depth: int) -> None:
        if id(value) in self._seen or depth > DEEPEST or isinstance(value, (str, bytes, int, float, ModuleType)):
            return
        self._seen.add(id(value))
        if isinstance(value, np.ndarray):
            if value.size <= LARGEST and value.flags.writeable:
                self._saved.append((value, value.copy()))
        elif is_tensor(value):
            if value.numel() <= LARGEST:
                self._saved.append((value, value.detach().clone()))
        elif isinstance(value, (list, set, deque, bytearray)):
            if len(value) <= LONGEST:
                self._saved.append((value, list(value)))
                self._visit_all(value, depth)
        elif isinstance(value, tuple):
            self._visit_all(value, depth)
        elif isinstance(value, io.IOBase):
            self._saved.append((value, _standing(value)))
        elif isinstance(value, dict):
            self._saved.append((value, dict(value)))
            self._visit_all(value.values(), depth)
        elif isinstance(value, type) or (is_own(value) and not inspect.isroutine(value)):
            self._visit_object(value, depth)

    def _visit_all(self, values: Any, depth: int) -> None:
        for item in list(values)[:1000]:
            with suppress(Exception):  # of an object that raises when it is asked for anything
                self._visit(item, depth + 1)

    def _visit_object(self, value: Any, depth: int) -> None:
        if isinstance(value, type):
            if not own_code(getattr(sys.modules.get(value.__module__), "__file__", None) or "<none>"):
                return
            kept = {
                name: item for name, item in vars(value).items() if not name.startswith("__") and not callable(item)
            }
        else:
            kept = attributes(value)
        self._saved.append((value, kept))
        self._visit_all(kept.values(), depth)

    def restore(self) -> bool:
        """Put back what has changed; return whether anything had."""
        changed = False
        for value, kept in self._saved:
            with suppress(Exception):
                changed |= _restored(value, kept)
        return changed


def _restored(value: Any, kept: Any) -> bool:
    if isinstance(value, np.ndarray):
        same = value.dtype == object or np.array_equal(value, kept, equal_nan=value.dtype.kind == "f")
        if not same:
            value[...] = kept
        return not same
    if is_tensor(value):
        import torch

        same = bool(torch.equal(value.detach(), kept))
        if not same:
            with torch.no_grad():
                value.copy_(kept)
        return not same
    if isinstance(value, io.IOBase):
        return _restored_file(value, kept)
    if isinstance(value, dict):
        return _restored_items(value, kept)
    if isinstance(value, (list, set, deque, bytearray)):
        now = list(value)
        if len(now) == len(kept) and all(one is other for one, other in zip(now, kept, strict=True)):
            return False
        value.clear()
        value.update(kept) if isinstance(value, set) else value.extend(kept)
        return True
    changed = False
    present = dict(vars(value)) if isinstance(value, type) else attributes(value)
    for name, item in kept.items():
        if present.get(name) is not item:
            setattr(value, name, item)
            changed = True
    return changed


def _standing(file: Any) -> tuple[int, int]:
    """Return how long an open file is, and where it is read or written next."""
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode) or file.fileno() in OUTPUT:
        raise ValueError("is not put back")
    if file.writable():
        file.flush()
    return os.fstat(file.fileno()).st_size, file.tell()


def _restored_file(file: Any, kept: tuple[int, int]) -> bool:
    """Take from an open file what was added, and go back to where it was."""
    if _standing(file) == kept:
        return False
    if file.writable():
        file.truncate(kept[0])
    file.seek(kept[1])
    return True


def _restored_items(value: dict[Any, Any], kept: dict[Any, Any]) -> bool:
    changed = False
    for key in [key for key in value if key not in kept]:
        if not (isinstance(key, str) and key.startswith("__")):
            del value[key]
            changed = True
    for key, item in kept.items():
        if value.get(key) is not item:
            value[key] = item
            changed = True
    return changed


def snapshot_of(network: Any, functions: dict[str, Callable[..., Any] | None]) -> Snapshot:
    """Return a snapshot of a network, its classes, and the variables of the modules of its code."""
    roots: list[Any] = [network, *(kind for kind in type(network).__mro__)]
    for function in (*functions.values(), network):
        plain = unwrapped(function) if callable(function) and not isinstance(function, type) else None
        space = attribute(plain, "__globals__", None)
        if space is not None and own_code(plain.__code__.co_filename):  # type: ignore[union-attr]
            roots.append(space)
        roots += [cell.cell_contents for cell in attribute(plain, "__closure__", None) or () if _filled(cell)]
        roots.append(attribute(function, "__self__", None))
    for kind in type(network).__mro__:
        module = sys.modules.get(kind.__module__)
        if module is not None and own_code(getattr(module, "__file__", None) or "<none>"):
            roots.append(vars(module))
    return Snapshot(roots)


def _filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True
