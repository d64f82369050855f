"""Convert the bytes of a file to an array, after comparing their number with its shape."""

from math import prod
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cmlp.errors import DataError
from cmlp.utils.text import counted

MAX_DIMENSIONS = 8


def array_of(
    content: bytearray | memoryview,
    dtype: np.dtype[Any],
    shape: tuple[int, ...],
    name: Path | str,
    order: Literal["C", "F"] = "C",
) -> NDArray[Any]:
    """Return bytes as an array: a view of them if they are aligned."""
    check_size(len(content), dtype, shape, name)
    return aligned(np.frombuffer(content, dtype).reshape(shape, order=order))


def aligned(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array, or a copy if its values are not aligned in memory."""
    return array if array.flags.aligned else array.copy()


def check_size(size: int, dtype: np.dtype[Any], shape: tuple[int, ...], name: Path | str) -> None:
    """Refuse a shape that does not need exactly ``size`` bytes, before anything is allocated for it.

    Raises
    ------
    DataError
        If the sizes differ, or if the array is empty or has too many dimensions.
    """
    if not 1 <= len(shape) <= MAX_DIMENSIONS:
        raise DataError(f"{name} must have 1 to {MAX_DIMENSIONS} dimensions, got {len(shape)}")
    if 0 in shape:
        raise DataError(f"{name} must not be empty, got shape {shape}")
    claimed = prod(shape) * dtype.itemsize
    if claimed != size:
        raise DataError(f"{name} must hold {counted(claimed, 'byte')} of shape {shape} and dtype {dtype}, got {size:,}")
