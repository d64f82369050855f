"""Attributes of strangers' objects: asking for one may raise anything, and some objects answer to every name."""

import inspect
from types import MethodType
from typing import Any

MISSING = object()
MOST_WRAPPED = 50  # decorators around one function


def attribute(value: Any, name: str, default: Any = None) -> Any:
    """Return an attribute, or the default where asking for it raises an exception, whichever that is.

    Names of Python's own, as ``__code__``, count only where the object or its class has them: no ``__getattr__`` is
    asked for them.
    """
    try:
        if isinstance(value, MethodType) and name not in ("__self__", "__func__"):
            value = value.__func__  # which has what the method answers
        if name.startswith("__") and not hasattr(type(value), name):
            inspect.getattr_static(value, name)
        return getattr(value, name, default)
    except Exception:
        return default


def has_attribute(value: Any, name: str) -> bool:
    """Whether an object gives an attribute."""
    return attribute(value, name, MISSING) is not MISSING


def unwrapped(function: Any) -> Any:
    """Return the function that decorators have wrapped."""
    for _ in range(MOST_WRAPPED):
        inner = attribute(function, "__wrapped__")
        if inner is None:
            break
        function = inner
    return function
