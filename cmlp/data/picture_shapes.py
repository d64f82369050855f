"""The height, the width and the channels of pictures whose numbers lie in a row."""

from math import isqrt, prod
from numbers import Integral
from typing import Any

import numpy as np

from cmlp.errors import DataError, ModelError
from cmlp.utils.text import shown

MAX_CHANNELS = 4  # of a picture that can have them in front


def shape_of(data: Any) -> tuple[int, ...] | None:
    """Return the height and width of pictures, where data say it: a Dataset, an array, arrays or pairs with labels."""
    if hasattr(data, "labels") or hasattr(data, "picture_shape"):
        return getattr(data, "picture_shape", None)
    images = data[0] if isinstance(data, tuple) and len(data) == 2 else data
    if isinstance(images, list) and images and isinstance(images[0], tuple | list) and len(images[0]) == 2:
        images = [images[0][0]]
    if not isinstance(images, list) and not hasattr(images, "shape"):
        return None
    shape = np.shape(images[0]) if isinstance(images, list) and images else np.shape(images)[1:]
    return shape[:2] if len(shape) >= 2 and min(shape[:2]) > 1 else None


def check_picture_shape(name: str, value: Any) -> tuple[int, ...] | None:
    """Return height and width, perhaps with the number of channels, as integers, or None."""
    if value is None:
        return None
    numbers = tuple(value) if isinstance(value, tuple | list | np.ndarray) else ()
    if len(numbers) not in (2, 3) or not all(isinstance(n, Integral) and not isinstance(n, bool) for n in numbers):
        rule = f"{name} must be (height, width), perhaps with the number of channels behind or in front"
        raise ModelError(f"{rule}, got {shown(value)}")
    height, width, channels, _ = parts_of(numbers)
    if min(height, width) < 2 or channels < 1:
        raise ModelError(f"{name} must have 2x2 pixels or more, got {shown(value)}")
    return tuple(int(n) for n in numbers)


def parts_of(shape: tuple[int, ...]) -> tuple[int, int, int, bool]:
    """Return height, width, the number of channels, and whether these are in front, one after the other."""
    if len(shape) == 2:
        return *shape, 1, False
    if shape[0] <= MAX_CHANNELS < shape[2]:
        return shape[1], shape[2], shape[0], True
    return shape[0], shape[1], shape[2], False


def fitting_shape(features: int, shape: tuple[int, ...] | None) -> tuple[int, ...]:
    """Return the shape of pictures of so many numbers, by default a square."""
    side = isqrt(features)
    if shape is None and side * side == features:
        shape = (side, side)
    if shape is None:
        tip = "picture_shape=(height, width), or (height, width, channels), says what they are"
        raise DataError(f"distortions need pictures, and {features:,} numbers are no square: {tip}")
    if prod(shape) != features:
        found = "x".join(map(str, shape))
        raise DataError(f"pictures must have the {prod(shape):,} numbers of their shape {found}, got {features:,}")
    if features < 4 or min(parts_of(shape)[:2]) < 2:
        raise DataError(f"pictures must have 2x2 pixels or more to be distorted, got {'x'.join(map(str, shape))}")
    return shape
