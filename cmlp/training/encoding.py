"""What a training remembers, as JSON has it: numbers that are not finite, tuples and NumPy's numbers are named."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np

from cmlp.errors import ModelError

FLOAT, TUPLE, ARRAY, SCALAR = "__float__", "__tuple__", "__array__", "__scalar__"
NUMBERS = "biuf"  # kinds of types that are lists of numbers in JSON


def encode(value: Any, name: str) -> Any:
    """Return a value as JSON has it, so that `decode` returns it as it was, types included.

    Raises
    ------
    ModelError
        If it is anything but None, numbers, texts, and lists, tuples, dicts and arrays of these; errors call it `name`.
    """
    if isinstance(value, np.generic | np.ndarray) and value.dtype.kind in NUMBERS and value.dtype.isnative:
        kind = ARRAY if isinstance(value, np.ndarray) else SCALAR
        return {kind: [value.dtype.str, encode(value.tolist(), name)]}
    if type(value) is float:
        return value if isfinite(value) else {FLOAT: str(value)}
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is list:
        return [encode(part, f"{name}[{at}]") for at, part in enumerate(value)]
    if type(value) is tuple:
        return {TUPLE: encode(list(value), name)}
    if type(value) is dict and all(type(key) is str and not key.startswith("__") for key in value):
        return {key: encode(part, f"{name}.{key}") for key, part in value.items()}
    raise ModelError(
        f"{name} must be what a checkpoint holds, a number, a text, or a list, dict or array, got {value!r:.80}"
    )


def decode(value: Any) -> Any:
    """Return the value that was encoded.

    Raises
    ------
    ValueError, TypeError
        If `encode` does not write such a thing.
    """
    if isinstance(value, list):
        return [decode(part) for part in value]
    if not isinstance(value, Mapping):
        return value
    if len(value) == 1:
        (key, content), *_ = value.items()
        if key == FLOAT:
            return float(content)
        if key == TUPLE:
            return tuple(decode(content))
        if key in (ARRAY, SCALAR):
            dtype, numbers = content
            if np.dtype(dtype).kind not in NUMBERS:
                raise ValueError(dtype)
            array = np.array(decode(numbers), dtype)
            return array if key == ARRAY else array[()]
    return {key: decode(part) for key, part in value.items()}
