"""Generators of random numbers that somebody's code keeps: in its objects, and in its modules."""

import sys
from collections.abc import Callable
from typing import Any

from cmlp.diagnosis.programs.access import attribute, has_attribute, unwrapped
from cmlp.diagnosis.programs.isolation import is_generator
from cmlp.diagnosis.programs.leaves import attributes
from cmlp.diagnosis.programs.own_code import own_code


def generators_in(network: Any) -> list[Any]:
    """Return those among the attributes of an object, and of the objects in it."""
    parts = list(attributes(network).values())
    return [value for value in [*parts, *(v for part in parts for v in _inside(part))] if is_generator(value)]


def _inside(part: Any) -> list[Any]:
    return list(attributes(part).values()) if has_attribute(part, "__dict__") and not callable(part) else []


def generators_around(network: Any, functions: dict[str, Callable[..., Any] | None]) -> list[Any]:
    """Return those that are variables of the modules of functions, and of the class of an object."""
    given = [function for function in functions.values() if function is not None]
    spaces = [attribute(unwrapped(f), "__globals__", {}) for f in (*given, network)]
    module = sys.modules.get(type(network).__module__)
    spaces.append(vars(module) if module is not None and own_code(getattr(module, "__file__", "") or "") else {})
    return [value for space in spaces for value in list(space.values()) if is_generator(value)]
