"""Copies of other people's networks and functions, so that nothing of theirs is ever trained or changed."""

import copy
import sys
from types import CellType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from cmlp.diagnosis.programs.leaves import own_code

SHARED = 500_000  # numbers: larger arrays of a module are data, which trials do not change
TRIVIAL = (str, bytes, int, float, complex, bool, type(None), type)


class Copier:
    """Copies several things together: what they share stays shared among the copies.

    Attributes
    ----------
    kept : list of str
        The attributes that could not be copied, and that the copies share with what was given.
    """

    def __init__(self) -> None:
        self.memo: dict[int, Any] = {}
        self.kept: list[str] = []
        self._globals: dict[int, dict[str, Any]] = {}

    def copied(self, value: Any) -> Any:
        """Return a copy."""
        if isinstance(value, FunctionType):
            return self._function(value)
        if isinstance(value, MethodType):
            return MethodType(value.__func__, self.copied(value.__self__))
        try:
            return copy.deepcopy(value, self.memo)
        except Exception:
            return self._by_attributes(value)

    def _by_attributes(self, value: Any) -> Any:
        """Copy what can be copied of an object that holds a lock, a file or a generator."""
        if isinstance(value, dict):
            return {key: self._or_itself(item, repr(key)) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(self._or_itself(item, "an item") for item in value)
        if not hasattr(value, "__dict__"):
            self.kept.append(type(value).__name__)
            return value
        made = object.__new__(type(value))
        self.memo[id(value)] = made
        for name, item in vars(value).items():
            made.__dict__[name] = self._or_itself(item, name)
        return made

    def _or_itself(self, item: Any, name: str) -> Any:
        try:
            return self.copied(item)
        except Exception:
            self.kept.append(name)
            return item

    def _function(self, function: Any) -> Any:
        """Copy a function with the variables that it keeps: those around it, and the arrays of its module."""
        if id(function) in self.memo:
            return self.memo[id(function)]
        if not own_code(function.__code__.co_filename) or not _remembers(function, set()):
            return function
        around = self._namespace(function)
        cells = tuple(CellType() for _ in function.__closure__ or ())
        made = FunctionType(function.__code__, around, function.__name__, function.__defaults__, cells or None)
        made.__kwdefaults__, made.__dict__ = function.__kwdefaults__, dict(function.__dict__)
        self.memo[id(function)] = made
        for new, old in zip(cells, function.__closure__ or (), strict=True):
            known = self.memo.get(id(old))
            new.cell_contents = self._or_itself(_contents(old), "a variable") if known is None else known
        return made

    def _namespace(self, function: Any) -> dict[str, Any]:
        given = function.__globals__
        if id(given) not in self._globals:
            made = self._globals[id(given)] = dict(given)
            for name, value in given.items():
                if isinstance(value, FunctionType) and value.__globals__ is given and not value.__closure__:
                    made[name] = FunctionType(value.__code__, made, value.__name__, value.__defaults__)
                    made[name].__kwdefaults__ = value.__kwdefaults__
                elif name.startswith("__") or not _mutable(value):
                    continue
                else:
                    made[name] = self._or_itself(value, name)
        return self._globals[id(given)]


def _contents(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _mutable(value: Any) -> bool:
    """Whether a variable of a module may hold parameters: arrays of a moderate size, lists and dicts of some."""
    if isinstance(value, np.ndarray):
        return value.size <= SHARED
    if isinstance(value, (list, tuple)):
        return len(value) <= 1000 and any(_mutable(item) or isinstance(item, float) for item in value)
    if isinstance(value, dict):
        return len(value) <= 1000 and any(_mutable(item) for item in value.values())
    if isinstance(value, (type, FunctionType, ModuleType)) or not isinstance(getattr(value, "__dict__", None), dict):
        return False
    file = getattr(sys.modules.get(type(value).__module__), "__file__", None)
    own = type(value).__module__ == "__main__" or (file is not None and own_code(file))
    return own and any(isinstance(item, (np.ndarray, list, dict)) for item in vars(value).values())


def _remembers(function: Any, seen: set[int]) -> bool:
    """Whether a function, or one of its module that it calls, keeps numbers outside of its arguments."""
    if id(function) in seen:
        return False
    seen.add(id(function))
    if function.__closure__:
        return True
    values = [function.__globals__.get(name) for name in function.__code__.co_names]
    return any(
        _remembers(value, seen) if isinstance(value, FunctionType) else _mutable(value)
        for value in values
        if not isinstance(value, TRIVIAL)
    )
