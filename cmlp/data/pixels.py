"""Pixels as numbers: which factor brings them to [0, 1], and where it is applied."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

FULL_SCALES = (1, 16, 255, 65535)  # of 1, 4, 8 and 16 bits; the digits of UCI count 0..16
ROUNDING = 1.001  # 255 * float16(1 / 255) is 1.0001, and still a full scale of 1


def infer_scale(low: float, high: float, *, integers: bool) -> float:
    """Return the factor that brings values from low to high to [0, 1].

    Parameters
    ----------
    low, high : float
        The smallest and the largest value.
    integers : bool
        Whether the values are integers. Integers may fill any of `FULL_SCALES`; floats, which nobody leaves at
        0..65535, all but the last.

    Returns
    -------
    float
        One over the smallest full scale that holds `high`; 1.0 for values below 0 or beyond the last full scale, which
        are no pixels and keep their values.
    """
    full_scales, slack = (FULL_SCALES, 1.0) if integers else (FULL_SCALES[:-1], ROUNDING)
    if low < 0:
        return 1.0
    return next((1 / full for full in full_scales if high <= full * slack), 1.0)


def scaled(images: NDArray[Any], scale: float, dtype: DTypeLike | None = None) -> NDArray[Any]:
    """Return pixels as a network sees them: bytes are multiplied by their scale, floats have it applied already.

    Parameters
    ----------
    images : ndarray of uint8 or floats
        Of any shape.
    scale : float
        The factor for uint8 pixels.
    dtype : dtype, optional
        Type of the result. By default float64 for uint8 pixels, otherwise that of `images`.

    Returns
    -------
    ndarray of floats
        Of the shape of `images`; `images` itself where nothing has to change.

    Examples
    --------
    >>> scaled(np.array([0, 51, 255], np.uint8), 1 / 255)
    array([0. , 0.2, 1. ])
    """
    if images.dtype == np.uint8:
        product: NDArray[Any] = np.multiply(images, scale, dtype=None if dtype is None else native(dtype))
        images = product
    return images if dtype is None else images.astype(dtype, copy=False)


def native(dtype: DTypeLike) -> np.dtype[Any]:
    """Return a type in the byte order of the machine."""
    return np.dtype(dtype).newbyteorder("=")


def value_range(images: NDArray[Any], scale: float) -> tuple[float, float]:
    """Return the smallest and the largest pixel as a network sees them.

    Parameters
    ----------
    images : ndarray of uint8 or floats
        Of any shape, not empty.
    scale : float
        The factor for uint8 pixels.

    Returns
    -------
    low, high : float
    """
    low, high = scaled(np.array([images.min(), images.max()]), scale).tolist()
    return low, high
