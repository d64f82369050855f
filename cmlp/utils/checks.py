"""The rules of settings, each with its sentence: what, which rule, what was given."""

from collections.abc import Collection, Iterable
from math import inf, isfinite
from numbers import Integral, Real
from typing import Any, TypeVar

import numpy as np

from cmlp.errors import ModelError

LARGEST = 2**31 - 1  # what an integer of BLAS holds

T = TypeVar("T")


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
    """Return a number of [low, high), or of [low, high] where the range is closed."""
    if not _is_number(value) or not (low <= value < high or (closed and value == high)):
        bounds = f"of [{low:g}, {high:g}{']' if closed else ')'}" if high < inf else f"of at least {low:g}"
        raise ModelError(f"{name} must be a number {bounds}, got {value!r}")
    return float(value)


def check_fraction(name: str, value: Any) -> float:
    """Return a number of [0, 1)."""
    return check_range(name, value, 0, 1)


def check_closed_fraction(name: str, value: Any) -> float:
    """Return a number of [0, 1]."""
    return check_range(name, value, 0, 1, closed=True)


def check_optional(name: str, value: Any) -> float | None:
    """Return a positive number, or None."""
    return None if value is None else check_positive(name, value)


def check_flag(name: str, value: Any) -> bool:
    """Return True or False; 1 and "yes" are neither."""
    if not isinstance(value, bool | np.bool_):
        raise ModelError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def check_name(name: str, value: Any, names: Collection[str]) -> str:
    """Return one of a closed list of names."""
    if not isinstance(value, str) or value not in names:
        raise ModelError(f"{name} must be one of {listed(names)}, got {value!r}")
    return value


def listed(names: Iterable[str]) -> str:
    """Return the names in quotes, with an "or" before the last."""
    quoted = [f'"{name}"' for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def _is_number(value: Any) -> bool:
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    try:
        float(value)
    except OverflowError:  # of a very large integer
        return False
    return True
