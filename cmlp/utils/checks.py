"""Checks of arguments; each error says which argument, which rule, and what was given."""

from collections.abc import Collection, Iterable
from math import inf, isfinite
from numbers import Integral, Real
from typing import Any, TypeVar, cast

from cmlp.errors import ModelError
from cmlp.utils.text import listed

LARGEST = 2**31 - 1  # what an integer of BLAS holds

Name = TypeVar("Name", bound=str)


def check_count(name: str, value: Any) -> int:
    """Return a positive integer."""
    if not isinstance(value, Integral) or isinstance(value, bool) or not 0 < int(value) <= LARGEST:
        raise ModelError(f"{name} must be a positive integer below 2**31, got {value!r}")
    return int(value)


def check_positive(name: str, value: Any) -> float:
    """Return a positive, finite number."""
    if not _is_number(value) or not (isfinite(value) and value > 0):
        raise ModelError(f"{name} must be a positive number, got {value!r}")
    return float(value)


def check_range(name: str, value: Any, low: float = 0, high: float = inf, *, closed: bool = False) -> float:
    """Return a number in [low, high), or in [low, high] where the range is closed."""
    if not _is_number(value) or not (low <= value < high or (closed and value == high)):
        bounds = f"in [{low:g}, {high:g}{']' if closed else ')'}" if high < inf else f"at least {low:g}"
        raise ModelError(f"{name} must be {bounds}, got {value!r}")
    return float(value)


def check_optional(name: str, value: Any) -> float:
    """Return a positive number, or 0 for None."""
    return 0.0 if value is None else check_positive(name, value)


def check_name(name: str, value: Any, names: Collection[Name]) -> Name:
    """Return the value, which must be one of the names."""
    if not isinstance(value, str) or value not in names:
        raise ModelError(f"{name} must be one of {quoted(names)}, got {value!r}")
    return cast(Name, value)


def quoted(names: Iterable[str]) -> str:
    """Return the names in quotes, with an "or" before the last."""
    return listed((f'"{name}"' for name in names), "or")


def _is_number(value: Any) -> bool:
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    try:
        float(value)
    except OverflowError:  # of a very large integer
        return False
    return True
