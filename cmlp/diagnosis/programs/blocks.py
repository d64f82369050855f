"""Blocks: numbers that belong together, as one array or as what all neurons of a layer hold under one name."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs.access import has_attribute
from cmlp.diagnosis.programs.leaves import Walk
from cmlp.diagnosis.programs.paths import Path, put_at, spelled, step_into
from cmlp.diagnosis.programs.tensors import as_array, is_tensor

BIAS = re.compile(r"(?:.*[._\[])?'?_*(b|bias|biais|bo|bh)_?\d*'?\]?$", re.IGNORECASE)


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
    elif has_attribute(value, "assign"):  # a variable of Keras
        value.assign(numbers)
    elif isinstance(value, list):
        _fill(value, numbers)
    elif shape == () and isinstance(value, (int, float, np.generic)):
        put_at(root, path, type(value)(numbers))
    else:
        put_at(root, path, numbers)


def _fill(rows: list[Any], numbers: NDArray[Any]) -> None:
    """Put numbers into a list, and into the lists in it, which others may hold too."""
    if numbers.ndim == 1:
        rows[:] = numbers.tolist()
        return
    for row, part in zip(rows, numbers, strict=True):
        _fill(row, part)


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
