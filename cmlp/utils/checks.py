"""Checks of arguments; each error says which argument, which rule, and what was given."""

from collections.abc import Collection, Iterable
from inspect import signature
from math import inf, isfinite
from numbers import Integral, Real
from os import PathLike, fspath
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np

from cmlp.errors import ModelError
from cmlp.utils.suggestions import suggestion
from cmlp.utils.text import listed, shown

LARGEST = 2**31 - 1  # what an integer of BLAS holds

Name = TypeVar("Name", bound=str)


def check_count(name: str, value: Any) -> int:
    """Check a positive integer below 2**31.

    Parameters
    ----------
    name : str
        What the error message calls the value.
    value : object
        The value to check.

    Returns
    -------
    int

    Raises
    ------
    ModelError
        If the value is not that.
    """
    if not isinstance(value, Integral) or isinstance(value, bool) or not 0 < int(value) <= LARGEST:
        raise ModelError(f"{name} must be a positive integer below 2**31, got {shown(value)}")
    return int(value)


def check_positive(name: str, value: Any) -> float:
    """Check a positive, finite number.

    Parameters
    ----------
    name : str
        What the error message calls the value.
    value : object
        The value to check.

    Returns
    -------
    float

    Raises
    ------
    ModelError
        If the value is not that.
    """
    if not _is_number(value) or not (isfinite(value) and value > 0):
        raise ModelError(f"{name} must be a positive number, got {shown(value)}")
    return float(value)


def check_range(name: str, value: Any, low: float = 0, high: float = inf, *, closed: bool = False) -> float:
    """Check a number in [low, high).

    Parameters
    ----------
    name : str
        What the error message calls the value.
    value : object
        The value to check.
    low, high : float
        The range; by default [0, inf).
    closed : bool
        Whether `high` belongs to the range; by default it does not.

    Returns
    -------
    float

    Raises
    ------
    ModelError
        If the value is not in the range.
    """
    if not _is_number(value) or not (low <= value < high or (closed and value == high)):
        bounds = f"in [{low:g}, {high:g}{']' if closed else ')'}" if high < inf else f"at least {low:g}"
        raise ModelError(f"{name} must be {bounds}, got {shown(value)}")
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
        raise ModelError(f"{name} must be True or False, got {shown(value)}")
    return bool(value)


def check_path(name: str, value: Any) -> Path:
    """Return a path; bytes and numbers are none."""
    if not isinstance(value, str | PathLike) or not isinstance(fspath(value), str):
        raise ModelError(f"{name} must be a str or a path, got {shown(value)}")
    return Path(value)


def check_name(name: str, value: Any, names: Collection[Name]) -> Name:
    """Check one of a closed set of names.

    Parameters
    ----------
    name : str
        What the error message calls the value.
    value : object
        The value to check.
    names : collection of str
        The names.

    Returns
    -------
    str

    Raises
    ------
    ModelError
        If the value is none of them.
    """
    if not isinstance(value, str) or value not in names:
        raise ModelError(f"{name} must be one of {quoted(names)}, got {shown(value)}{suggestion(value, names)}")
    return cast(Name, value)


def takes_one(function: Any) -> bool:
    """Return whether a function can be called with one argument, as far as it is known."""
    try:
        signature(function).bind(None)
    except TypeError:
        return False
    except ValueError:  # Python does not know the parameters of all compiled functions
        return callable(function)
    return True


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
