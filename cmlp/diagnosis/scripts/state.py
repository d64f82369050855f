"""The variables of a script: the arrays in them, copies of them, and what changed in between."""

import copy
import re
import types
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs.access import attribute, has_attribute
from cmlp.diagnosis.programs.leaves import attributes
from cmlp.diagnosis.programs.loaders import is_loader
from cmlp.diagnosis.programs.roles import role

DEPTH = 6  # objects within objects that are looked into
WIDEST = 4096  # items of a list that are looked into
LARGE = 2_000_000  # numbers: what has more is taken for data, and neither copied nor compared
RECORDS = re.compile(r".*(loss|cost|acc|err|hist|score|curve|metric)", re.IGNORECASE)  # what loops write down
UNSEEN = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType, type, types.GeneratorType)

Path = tuple[Any, ...]


class Variables(types.SimpleNamespace):
    """Several variables of a script, as one network: its attributes are called as they are."""


def numeric(value: Any) -> NDArray[Any] | None:
    """Return arrays, tensors and lists of numbers as an array; None for anything else."""
    if isinstance(value, np.ndarray):
        return value if value.dtype.kind in "fiub" else None
    if has_attribute(value, "detach") and has_attribute(value, "numpy"):
        try:
            made: NDArray[Any] = value.detach().cpu().numpy()
        except Exception:
            return None
        return made
    if isinstance(value, list) and 0 < len(value) <= WIDEST and all(type(item) in (float, int) for item in value):
        return np.array(value)
    return None


def arrays(value: Any, depth: int = DEPTH) -> Iterator[tuple[Path, NDArray[Any]]]:
    """Yield the arrays within a value, each once, with the keys and attributes that lead there."""
    for path, part in objects(value, depth):
        array = numeric(part)
        if array is not None:
            yield path, array


def objects(value: Any, depth: int = DEPTH) -> Iterator[tuple[Path, Any]]:
    """Yield what `arrays` makes arrays of, as it is."""
    seen: set[int] = set()

    def walk(part: Any, path: Path, level: int) -> Iterator[tuple[Path, Any]]:
        if id(part) in seen:
            return
        seen.add(id(part))
        array = numeric(part)
        if array is not None:
            if array.size:
                yield path, part
        elif level:
            for key, item in items_of(part):
                yield from walk(item, (*path, key), level - 1)

    yield from walk(value, (), depth)


def is_module(value: Any) -> bool:
    """Whether a value is a module of PyTorch."""
    held = attribute(value, "__dict__", {})
    return isinstance(held.get("_parameters"), dict) and has_attribute(value, "named_parameters")


def _items_of_module(module: Any) -> list[tuple[Any, Any]]:
    held = {name: part for name, part in vars(module).items() if not name.startswith("_")}
    held |= dict(module.named_parameters(recurse=False)) | dict(module.named_buffers(recurse=False))
    held |= {int(name) if name.isdigit() else name: part for name, part in module.named_children()}
    return list(held.items())


def items_of(value: Any) -> list[tuple[Any, Any]]:
    """Return what a value holds: items of dicts, lists and tuples, attributes of objects."""
    if isinstance(value, (*UNSEEN, str, bytes, np.ndarray)):
        return []
    if isinstance(value, dict):
        return list(value.items()) if len(value) <= WIDEST else []
    if isinstance(value, list | tuple):
        return list(enumerate(value)) if len(value) <= WIDEST else []
    if is_module(value):
        return _items_of_module(value)
    return list(attributes(value).items())


def holds_arrays(value: Any) -> bool:
    """Whether a value is, or holds, an array of numbers."""
    return next(arrays(value), None) is not None


def is_large(value: Any) -> bool:
    """Whether a value is too large to be copied or compared: data, and no parameters."""
    if (isinstance(value, list | tuple | dict) and len(value) > WIDEST) or is_loader(value):
        return True
    return sum(array.size for _, array in arrays(value, 2)) > LARGE


def copied(values: dict[str, Any], memo: dict[int, Any] | None = None) -> dict[str, Any]:
    """Return copies of values, together: what two of them share, the copies share; what cannot be copied stays."""
    memo = {} if memo is None else memo
    return {name: _copy(value, memo) for name, value in values.items()}


def _copy(value: Any, memo: dict[int, Any]) -> Any:
    if isinstance(value, UNSEEN) or is_large(value):
        return value
    try:
        return copy.deepcopy(value, memo)
    except Exception:
        return value


def correspond(first: Any, second: Any, memo: dict[int, Any], depth: int = DEPTH) -> None:
    """Note in a memo of `copy.deepcopy` that each part of one value is copied as the same part of another."""
    if id(first) in memo or isinstance(first, (*UNSEEN, int, float, str, bytes, types.NoneType)):
        return
    memo[id(first)] = second
    if is_module(first):
        for names in ("named_modules", "named_parameters", "named_buffers"):
            others = dict(getattr(second, names)())
            memo |= {id(item): others[key] for key, item in getattr(first, names)() if key in others}
        return
    if depth:
        others = dict(items_of(second))
        for key, item in items_of(first):
            if key in others and type(others[key]) is type(item):
                correspond(item, others[key], memo, depth - 1)


def changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, list[Path]]:
    """Return which arrays of which variables have other numbers, in the same shape, than before."""
    found: dict[str, list[Path]] = {}
    for name, value in before.items():
        if name not in after or is_data(name) or RECORDS.match(name) or is_large(value):
            continue
        now = dict(arrays(after[name]))
        paths = [
            path for path, array in arrays(value) if path in now and _moved(array, now[path]) and not _written(path)
        ]
        if paths:
            found[name] = paths
    return found


def _written(path: Path) -> bool:
    return any(isinstance(key, str) and (RECORDS.match(key) is not None or is_data(key)) for key in path)


def is_data(name: str) -> bool:
    """Whether a variable of this name holds samples."""
    return (
        role(name) in ("images", "labels", "pairs", "test")
        or re.search("train|test|valid|data", name, re.I) is not None
    )


def _moved(before: NDArray[Any], after: NDArray[Any]) -> bool:
    if before.shape != after.shape or np.array_equal(before, after, equal_nan=before.dtype.kind == "f"):
        return False
    if before.ndim == 2 and len(before) > 1:  # rows that were only shuffled are samples
        return not np.array_equal(np.sort(before, axis=0), np.sort(after, axis=0), equal_nan=before.dtype.kind == "f")
    return True


def spelled(name: str, path: Path = ()) -> str:
    """Return how a script names an array: ``net.W[0]``."""
    return name + "".join(f".{key}" if isinstance(key, str) and key.isidentifier() else f"[{key!r}]" for key in path)
