"""All numbers that hang below an object: arrays, tensors, lists of numbers, and neurons that hold some each."""

import inspect
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from types import CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from cmlp.diagnosis.programs.access import MISSING, attribute
from cmlp.diagnosis.programs.own_code import is_own, own_code
from cmlp.diagnosis.programs.paths import Path
from cmlp.diagnosis.programs.tensors import as_array, is_tensor

DEEPEST = 14  # steps from the object to its arrays; linked layers take two each
MOST_OBJECTS = 50_000
MOST_LEAVES = 3000
LONGEST = 4096  # items of a list that is looked into


class Walk:
    """Every path to numbers below an object, and the objects that stand in several places."""

    def __init__(self, root: Any) -> None:
        self.leaves: list[tuple[Path, Any]] = []
        self.flags: list[tuple[Path, Any]] = []  # of modes: whether, or in words
        self.twice: list[tuple[Path, Path]] = []
        self._seen: dict[int, Path] = {}
        self._kept: list[Any] = []  # what was seen stays alive, so that no id is used again
        self._visit(root, ())

    def _visit(self, value: Any, path: Path) -> None:
        if len(self.leaves) >= MOST_LEAVES or len(self._kept) > MOST_OBJECTS or len(path) > DEEPEST:
            return
        if isinstance(value, (str, bytes, bool, complex, type(None), type, ModuleType, range)):
            if path and isinstance(value, (str, bool)):
                self.flags.append((path, value))
            return
        if isinstance(value, (int, float)):
            if path and isinstance(value, float):
                self.leaves.append((path, value))
            return
        if id(value) in self._seen:
            self.twice.append((self._seen[id(value)], path))
            return
        self._seen[id(value)] = path
        self._kept.append(value)
        array = as_array(value)
        if array is not None and array.dtype.kind in "fiu":
            if array.size:
                self.leaves.append((path, value))
            return
        if _rectangular(value):
            self.leaves.append((path, value))
            return
        for step, item in _items(value):
            with suppress(Exception):  # of an object that raises when it is asked for anything
                self._visit(item, (*path, step))


def _rectangular(value: Any) -> bool:
    """Whether a list holds numbers, or lists of numbers of one length."""
    if not isinstance(value, list) or not value or not isinstance(value[0], (float, int, list, np.floating)):
        return False
    if isinstance(value[0], bool):
        return False
    if not isinstance(value[0], list):
        return all(isinstance(item, (float, int, np.floating)) for item in value) and any(
            not isinstance(item, int) for item in value
        )
    size = len(value[0])
    return all(isinstance(row, list) and len(row) == size and _rectangular(row) for row in value)


def _items(value: Any) -> Iterator[tuple[tuple[str, Any], Any]]:
    """Yield what hangs directly below an object of somebody's program."""
    if isinstance(value, dict):
        yield from ((("item", key), item) for key, item in list(value.items()) if isinstance(key, (str, int, tuple)))
    elif isinstance(value, (list, tuple)) or _of_objects(value):
        if len(value) <= LONGEST:
            yield from ((("item", key), item) for key, item in enumerate(value))
    elif isinstance(value, FunctionType):
        yield from _of_function(value)
    elif isinstance(value, MethodType):
        yield ("attr", "__self__"), value.__self__
    elif isinstance(value, partial):
        yield from ((("attr", name), getattr(value, name)) for name in ("func", "args", "keywords"))
    elif is_keras(value):
        yield ("attr", "trainable_variables"), list(attribute(value, "trainable_variables", []))
    elif any(kind.__module__.startswith("torch.nn") for kind in type(value).__mro__):
        yield from _of_module(value)
    elif not inspect.isroutine(value) and not isinstance(value, CellType):
        yield from ((("attr", key), item) for key, item in attributes(value).items())


def _of_objects(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == object and value.ndim == 1


def attributes(value: Any) -> dict[str, Any]:
    """Return the attributes of an object, those in slots too."""
    names = [name for kind in type(value).__mro__ for name in _slots(kind)]
    found = {name: attribute(value, name, MISSING) for name in names}
    held = attribute(value, "__dict__", {})
    return {name: item for name, item in found.items() if item is not MISSING} | dict(held)


def _slots(kind: type) -> list[str]:
    """Return the names of slots, those of private ones as they are stored."""
    slots = kind.__dict__.get("__slots__", ())
    names = [slots] if isinstance(slots, str) else [name for name in slots if not name.endswith("__")]
    return [f"_{kind.__name__.lstrip('_')}{name}" if name.startswith("__") else name for name in names]


def _of_function(function: FunctionType) -> Iterator[tuple[tuple[str, Any], Any]]:
    if not own_code(function.__code__.co_filename):
        return
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield ("cell", name), cell.cell_contents
        except ValueError:  # it was not filled yet
            continue
    for name in names_in(function.__code__):
        value = function.__globals__.get(name)
        if isinstance(value, (np.ndarray, list, dict, FunctionType)) or is_own(value):
            yield ("global", name), value


def names_in(code: CodeType) -> list[str]:
    """Return the global names that a function uses, those in its comprehensions and inner functions too."""
    found = dict.fromkeys(code.co_names)
    for part in code.co_consts:
        if isinstance(part, CodeType):
            found |= dict.fromkeys(names_in(part))
    return list(found)


def is_keras(value: Any) -> bool:
    """Whether an object is one of Keras."""
    return any(kind.__module__.startswith(("keras.", "tensorflow.")) for kind in type(value).__mro__)


def _of_module(module: Any) -> Iterator[tuple[tuple[str, Any], Any]]:
    """Yield the parameters and parts of a PyTorch module, and what its author keeps in plain lists and dicts."""
    for key in (*attribute(module, "_parameters", {}), *attribute(module, "_modules", {})):
        if attribute(module, key, None) is not None:
            yield ("attr", key), getattr(module, key)
    for key, item in vars(module).items():
        if not key.startswith("_") and (isinstance(item, (list, dict, tuple, np.ndarray)) or is_tensor(item)):
            yield ("attr", key), item
