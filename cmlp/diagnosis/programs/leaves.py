"""All numbers that hang below an object: arrays, tensors, lists of numbers, and neurons that hold some each."""

import inspect
import pathlib
import re
import sys
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from types import CellType, CodeType, FunctionType, MethodType, ModuleType, SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs.tensors import as_array, is_tensor

Path = tuple[tuple[str, Any], ...]
CMLP = str(pathlib.Path(__file__).parents[2])
DEEPEST = 14  # steps from the object to its arrays; linked layers take two each
MOST_OBJECTS = 50_000
MOST_LEAVES = 3000
LONGEST = 4096  # items of a list that is looked into
LIBRARIES = re.compile(r"[\\/](site-packages|dist-packages|lib[\\/]python3[^\\/]*)[\\/]")
BIAS = re.compile(r"(?:.*[._\[])?'?_*(b|bias|biais|bo|bh)_?\d*'?\]?$", re.IGNORECASE)


def own_code(filename: str) -> bool:
    """Whether a file is part of somebody's program rather than of a library."""
    return not (LIBRARIES.search(filename) or filename.startswith("<frozen") or filename.startswith(CMLP))


def step_into(root: Any, path: Path) -> Any:
    """Return what a path leads to."""
    for kind, key in path:
        if kind == "attr":
            root = getattr(root, key)
        elif kind == "cell":
            root = cell_of(root, key).cell_contents
        elif kind == "global":
            root = root.__globals__[key]
        else:
            root = root[key]
    return root


def cell_of(function: Any, name: str) -> CellType:
    """Return the cell in which a function keeps a variable of the function around it."""
    cell: CellType = function.__closure__[function.__code__.co_freevars.index(name)]
    return cell


def spelled(path: Path) -> str:
    """Return a path as Python: layers[0].W."""
    text = ""
    for kind, key in path:
        if kind == "item":
            text += f"[{key!r}]"
        elif kind == "global":  # is called so wherever it is used
            text = key
        elif key != "__self__":  # of a bound method, which is written like its object
            text += f".{key}" if text else str(key)
    return text


@dataclass(frozen=True)
class Block:
    """Numbers that belong together: one array, or what all neurons of a layer hold under one name."""

    paths: tuple[Path, ...]
    shape: tuple[int, ...]
    name: str
    kind: str  # of its numbers: f, i or b

    @property
    def matrix(self) -> bool:
        """Whether it has several rows and columns."""
        return len(self.shape) == 2 and min(self.shape) > 1

    def read(self, root: Any) -> NDArray[Any]:
        """Return its numbers in an object, as a copy."""
        parts = [numbers_of(step_into(root, path)) for path in self.paths]
        made = np.array(parts[0] if len(parts) == 1 else parts, dtype=float)
        return made.reshape(self.shape) if made.size == np.prod(self.shape, dtype=int) else made

    def write(self, root: Any, numbers: NDArray[Any]) -> None:
        """Put numbers in their places, without making other arrays where they can be written to."""
        parts = [numbers] if len(self.paths) == 1 else list(numbers)
        for path, part in zip(self.paths, parts, strict=True):
            _put(root, path, part)


def numbers_of(value: Any) -> Any:
    """Return an array where there is one in a value."""
    array = as_array(value)
    return value if array is None else array


def _put(root: Any, path: Path, part: Any) -> None:
    value = step_into(root, path)
    shape = np.shape(numbers_of(value))
    numbers = np.array(part).reshape(shape)
    if isinstance(value, np.ndarray) and value.flags.writeable:
        value[...] = numbers
    elif is_tensor(value):
        import torch

        with torch.no_grad():
            value.copy_(torch.as_tensor(numbers))
    elif hasattr(value, "assign"):  # a variable of Keras
        value.assign(numbers)
    elif isinstance(value, list):
        _fill(value, numbers)
    elif shape == () and isinstance(value, (int, float, np.generic)):
        _replace(root, path, type(value)(numbers))
    else:
        _replace(root, path, numbers)


def _fill(rows: list[Any], numbers: NDArray[Any]) -> None:
    """Put numbers into a list, and into the lists in it, which others may hold too."""
    if numbers.ndim == 1:
        rows[:] = numbers.tolist()
        return
    for row, part in zip(rows, numbers, strict=True):
        _fill(row, part)


def put_number(root: Any, path: Path, number: float) -> None:
    """Put another number in the place of one."""
    _replace(root, path, number)


def _replace(root: Any, path: Path, new: Any) -> None:
    parent, (kind, key) = step_into(root, path[:-1]), path[-1]
    if kind == "attr":
        setattr(parent, key, new)
    elif kind == "cell":
        cell_of(parent, key).cell_contents = new
    elif kind == "global":
        parent.__globals__[key] = new
    elif isinstance(parent, tuple):  # another one takes its place
        items = (*parent[:key], new, *parent[key + 1 :])
        _replace(root, path[:-1], type(parent)(*items) if hasattr(parent, "_fields") else items)
    else:
        parent[key] = new


class Walk:
    """Every path to numbers below an object, and the objects that stand in several places."""

    def __init__(self, root: Any) -> None:
        self.leaves: list[tuple[Path, Any]] = []
        self.twice: list[tuple[Path, Path]] = []
        self._seen: dict[int, Path] = {}
        self._kept: list[Any] = []  # what was seen stays alive, so that no id is used again
        self._visit(root, ())

    def _visit(self, value: Any, path: Path) -> None:
        if len(self.leaves) >= MOST_LEAVES or len(self._kept) > MOST_OBJECTS or len(path) > DEEPEST:
            return
        if isinstance(value, (str, bytes, bool, complex, type(None), type, ModuleType, range)):
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
        yield ("attr", "trainable_variables"), list(getattr(value, "trainable_variables", []))
    elif any(kind.__module__.startswith("torch.nn") for kind in type(value).__mro__):
        yield from _of_module(value)
    elif not inspect.isroutine(value) and not isinstance(value, CellType):
        yield from ((("attr", key), item) for key, item in attributes(value).items())


def _of_objects(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == object and value.ndim == 1


def attributes(value: Any) -> dict[str, Any]:
    """Return the attributes of an object, those in slots too."""
    names = [name for kind in type(value).__mro__ for name in _slots(kind)]
    found = {name: getattr(value, name) for name in names if hasattr(value, name)}
    return found | dict(getattr(value, "__dict__", {}))


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


def is_own(value: Any) -> bool:
    """Whether an object is of a class of somebody's program, or one without a class of its own."""
    if isinstance(value, (SimpleNamespace, Namespace, partial)):
        return True
    module = type(value).__module__
    file = getattr(sys.modules.get(module), "__file__", None)
    return module == "__main__" or (file is not None and own_code(file))


def is_keras(value: Any) -> bool:
    """Whether an object is one of Keras."""
    return any(kind.__module__.startswith(("keras.", "tensorflow.")) for kind in type(value).__mro__)


def _of_module(module: Any) -> Iterator[tuple[tuple[str, Any], Any]]:
    """Yield the parameters and parts of a PyTorch module, and what its author keeps in plain lists and dicts."""
    for key in (*getattr(module, "_parameters", {}), *getattr(module, "_modules", {})):
        if getattr(module, key, None) is not None:
            yield ("attr", key), getattr(module, key)
    for key, item in vars(module).items():
        if not key.startswith("_") and (isinstance(item, (list, dict, tuple, np.ndarray)) or is_tensor(item)):
            yield ("attr", key), item


def blocks_of(walk: Walk) -> list[Block]:
    """Gather the numbers of neurons that are objects of their own into matrices; other arrays stand alone."""
    layers = {path[:-1] for path, value in walk.leaves if np.ndim(numbers_of(value)) >= 2}
    groups: dict[Any, list[tuple[Path, Any]]] = {}
    for path, value in walk.leaves:
        groups.setdefault(_group(path, value, layers), []).append((path, value))
    made = []
    for members in groups.values():
        shape = np.shape(numbers_of(members[0][1]))
        kind = np.asarray(numbers_of(members[0][1])).dtype.kind
        if shape == () and len(members) == 1 and not BIAS.match(spelled(members[0][0])):
            continue
        paths = tuple(path for path, _ in members)
        stacked = shape if len(paths) == 1 else (len(paths), *shape)
        made.append(Block(paths, stacked, _name(paths), kind))
    return made


def _group(path: Path, value: Any, layers: set[Path]) -> Any:
    """Return what the numbers of all neurons of a layer have in common, or what only this array has."""
    shape = np.shape(numbers_of(value))
    indices = [i for i, (kind, key) in enumerate(path) if kind == "item" and isinstance(key, int)]
    if not indices or len(shape) > 1 or path[:-1] in layers or (indices[-1] == len(path) - 1 and shape != ()):
        return path
    last = indices[-1]
    return (*path[:last], "*", *path[last + 1 :]), shape


def _name(paths: tuple[Path, ...]) -> str:
    if len(paths) == 1:
        return spelled(paths[0])
    one, other = paths[0], paths[1]
    place = next(i for i, (a, b) in enumerate(zip(one, other, strict=True)) if a != b)
    tail = spelled(one[place + 1 :])
    return f"{spelled(one[:place])}[:]{'.' if tail and tail[0] != '[' else ''}{tail}"


def own_methods(network: Any) -> list[str]:
    """Return the names of the functions that the classes of an object define in somebody's program."""
    found: dict[str, None] = {}
    for kind in type(network).__mro__:
        file = getattr(sys.modules.get(kind.__module__), "__file__", None)
        if kind.__module__ == "__main__" or (file is not None and own_code(file)):
            found |= dict.fromkeys(
                name
                for name, value in vars(kind).items()
                if callable(value) or isinstance(value, (staticmethod, classmethod))
            )
    found |= dict.fromkeys(
        name for name, value in getattr(network, "__dict__", {}).items() if isinstance(value, FunctionType)
    )
    return [name for name in found if not name.startswith("__")]
