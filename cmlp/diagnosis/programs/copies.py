"""Copies of other people's networks and functions, so that nothing of theirs is ever trained or changed."""

import copy
import dis
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache, partial
from types import CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs.access import attribute, has_attribute
from cmlp.diagnosis.programs.leaves import Walk, attributes, names_in
from cmlp.diagnosis.programs.own_code import is_own, own_code

SHARED = 500_000  # numbers: larger arrays of a module are data, which trials do not change
MOST_ITEMS = 1000  # of a list or dict of a module that may hold parameters
MOST_BYTES = 2**26  # of memory that several arrays share: more is data
TRIVIAL = (str, bytes, int, float, complex, bool, type(None), type, ModuleType)


Shared = list[tuple[NDArray[Any], list[NDArray[Any]]]]


def shared_memory(root: Any) -> Shared:
    """Return the arrays below an object that share memory, as the layers of one vector do, and the vector of each."""
    groups: dict[int, tuple[NDArray[Any], list[NDArray[Any]]]] = {}
    for _, value in Walk(root).leaves:
        if type(value) is np.ndarray:
            owner = _owner(value)
            groups.setdefault(id(owner), (owner, []))[1].append(value)
    return [(owner, arrays) for owner, arrays in groups.values() if len(arrays) > 1 and _is_moderate(owner)]


def _owner(array: NDArray[Any]) -> NDArray[Any]:
    while type(array.base) is np.ndarray:
        array = array.base
    return array


def _is_moderate(owner: NDArray[Any]) -> bool:
    return owner.nbytes <= MOST_BYTES and owner.flags.forc


class Copier:
    """Copies several things together: what they share stays shared among the copies.

    Parameters
    ----------
    shared : list of (ndarray, list of ndarray), optional
        Of `shared_memory`: the copies of these arrays share memory, as they do.

    Attributes
    ----------
    kept : list of str
        The attributes that could not be copied, and that the copies share with what was given.
    """

    def __init__(self, shared: Shared | None = None) -> None:
        self.memo: dict[int, Any] = {}
        self.kept: list[str] = []
        self._globals: dict[int, dict[str, Any]] = {}
        self._searched: dict[int, Any] = {}  # what was searched stays alive, so that no id is used again
        for owner, arrays in shared or ():
            self._share(owner, arrays)

    def _share(self, owner: NDArray[Any], arrays: list[NDArray[Any]]) -> None:
        made = self.memo[id(owner)] = owner.copy("K")
        memory = made if made.flags.c_contiguous else made.T
        begin = owner.__array_interface__["data"][0]
        for array in arrays:
            if array is not owner:
                offset = array.__array_interface__["data"][0] - begin
                self.memo[id(array)] = np.ndarray(array.shape, array.dtype, memory, offset, array.strides)

    def copied(self, value: Any) -> Any:
        """Return a copy."""
        return self._or_itself(value, type(value).__name__)

    def _or_itself(self, value: Any, name: str) -> Any:
        try:
            made = self._copy(value)
        except Exception:
            self.kept.append(name)
            return value
        self._with_own_functions(made)
        return made

    def _copy(self, value: Any) -> Any:
        if isinstance(value, TRIVIAL):
            return value
        if isinstance(value, FunctionType):
            return self._function(value)
        if isinstance(value, MethodType):
            return MethodType(value.__func__, self.copied(value.__self__))
        if isinstance(value, partial):
            return self._partial(value)
        if id(value) in self.memo:
            return self.memo[id(value)]
        trial = dict(self.memo)  # an attempt that fails leaves half of its copies behind
        try:
            made = copy.deepcopy(value, trial)
        except Exception:
            return self._by_parts(value)
        if type(made) is not type(value):  # an object that answers to every name says that it copies itself
            return self._by_parts(value)
        self.memo = trial
        return made

    def _by_parts(self, value: Any) -> Any:
        """Copy what can be copied of something that holds a lock, a file or a generator."""
        made: Any
        if isinstance(value, dict):
            made = self.memo[id(value)] = _shallow(value, dict)
            for key, item in dict.items(value):
                dict.__setitem__(made, key, self._or_itself(item, repr(key)))
            self._copy_attributes(value, made)
        elif isinstance(value, list):
            made = self.memo[id(value)] = _shallow(value, list)
            list.__init__(made, [self._or_itself(item, "an item") for item in list.__iter__(value)])
            self._copy_attributes(value, made)
        elif isinstance(value, tuple):
            items = [self._or_itself(item, "an item") for item in value]
            made = self.memo[id(value)] = type(value)(*items) if has_attribute(value, "_fields") else tuple(items)
        elif type(value).__module__.split(".")[0] in sys.stdlib_module_names or not attributes(value):
            raise TypeError(f"{type(value).__name__} cannot be copied")
        else:
            made = self.memo[id(value)] = object.__new__(type(value))
            self._copy_attributes(value, made)
        return made

    def _copy_attributes(self, value: Any, made: Any) -> None:
        for name, item in attributes(value).items():
            object.__setattr__(made, name, self._or_itself(item, name))

    # Functions

    def _with_own_functions(self, made: Any) -> None:
        """Exchange the functions that hang below a copy: they keep variables, and `copy` takes them for constants."""
        if id(made) in self._searched or isinstance(made, TRIVIAL):
            return
        self._searched[id(made)] = made
        for key, item in _parts(made):
            if not isinstance(item, (FunctionType, partial)):
                self._with_own_functions(item)
                continue
            own = self._function(item) if isinstance(item, FunctionType) else self._partial(item)
            if own is not item:
                with suppress(Exception):  # a tuple, or an attribute that refuses
                    if isinstance(made, (dict, list)):
                        made[key] = own
                    else:
                        object.__setattr__(made, key, own)

    def _partial(self, given: Any) -> Any:
        arguments = {name: self.copied(item) for name, item in given.keywords.items()}
        return partial(self.copied(given.func), *self.copied(given.args), **arguments)

    def _function(self, function: FunctionType) -> Any:
        """Copy a function with the variables that it keeps: those around it, and the arrays of its module."""
        if id(function) in self.memo:
            return self.memo[id(function)]
        if not own_code(function.__code__.co_filename) or not _remembers(function, set()):
            return function
        return self._remade(function)

    def _remade(self, function: FunctionType) -> FunctionType:
        around = self._namespace(function.__globals__)
        if id(function) in self.memo:  # it is one of its own module
            return self.memo[id(function)]  # type: ignore[no-any-return]
        cells = [self._cell(cell) for cell in function.__closure__ or ()]
        made = FunctionType(function.__code__, around, function.__name__, None, tuple(cells) or None)
        self.memo[id(function)] = self.memo[id(made)] = made
        made.__defaults__ = self._or_itself(function.__defaults__, "a default")
        made.__kwdefaults__ = self._or_itself(function.__kwdefaults__, "a default")
        made.__dict__.update({name: self._or_itself(item, name) for name, item in vars(function).items()})
        for new, old in zip(cells, function.__closure__ or (), strict=True):
            if _is_empty(new) and not _is_empty(old):
                new.cell_contents = self._or_itself(old.cell_contents, "a variable")
        return made

    def _cell(self, cell: CellType) -> CellType:
        """Return the copy of a variable, which functions share."""
        known: CellType = self.memo.setdefault(id(cell), CellType())
        return known

    def _namespace(self, given: dict[str, Any]) -> dict[str, Any]:
        """Copy the variables of a module, with the functions in it."""
        if id(given) not in self._globals:
            made = self._globals[id(given)] = dict(given)
            for name, value in given.items():
                if isinstance(value, FunctionType) and value.__globals__ is given:
                    made[name] = self._remade(value)
                elif not name.startswith("__") and _mutable(value):
                    made[name] = self._or_itself(value, name)
        return self._globals[id(given)]


def _shallow(value: Any, kind: Any) -> Any:
    """Return a copy of a dict or list with the same items; an object that cannot be asked how it is copied is made."""
    try:
        return copy.copy(value)
    except Exception:
        made = kind.__new__(type(value))
        kind.__init__(made, value) if kind is list else kind.update(made, value)
        return made


def _is_empty(cell: CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return True
    return False


def _parts(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the keys and values in which functions may be found."""
    if isinstance(value, (dict, list, tuple)):
        if len(value) <= MOST_ITEMS:
            yield from list(value.items() if isinstance(value, dict) else enumerate(value))
    elif is_own(value):
        yield from attributes(value).items()


def _mutable(value: Any) -> bool:
    """Whether a variable of a module may hold parameters: arrays of a moderate size, lists and dicts of some."""
    if isinstance(value, np.ndarray):
        return value.size <= SHARED
    if isinstance(value, (list, tuple)):
        return len(value) <= MOST_ITEMS and any(_mutable(item) or isinstance(item, float) for item in value)
    if isinstance(value, dict):
        return len(value) <= MOST_ITEMS and any(_mutable(item) for item in value.values())
    if isinstance(value, (type, FunctionType, ModuleType)):
        return False
    if isinstance(attribute(value, "param_groups", None), list):  # an optimizer of PyTorch
        return True
    if not is_own(value):
        return False
    return any(isinstance(item, (np.ndarray, list, dict)) for item in attributes(value).values())


def _remembers(function: FunctionType, seen: set[int]) -> bool:
    """Whether a function, or one of its module that it calls, keeps anything outside of its arguments."""
    if id(function) in seen:
        return False
    seen.add(id(function))
    own = (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values(), *vars(function).values())
    if function.__closure__ or _assigns(function.__code__) or any(isinstance(v, (np.ndarray, list, dict)) for v in own):
        return True
    values = [function.__globals__.get(name) for name in names_in(function.__code__)]
    return any(
        _remembers(value, seen) if isinstance(value, FunctionType) else _mutable(value)
        for value in values
        if not isinstance(value, TRIVIAL)
    )


@cache
def _assigns(code: CodeType) -> bool:
    """Whether a function sets variables of its module."""
    inner = [part for part in code.co_consts if isinstance(part, CodeType)]
    return any(step.opname == "STORE_GLOBAL" for step in dis.get_instructions(code)) or any(map(_assigns, inner))
