"""The mean and the limits of each input of a network in its training data, for those who set inputs by hand."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.model.samples import Samples

MOST = 256  # inputs; nobody sets more by hand, and pictures are drawn
ROWS = 1 << 14  # at a time
LIMIT = 1e300
NAMES = ("mean", "low", "high")


def ranges_of(samples: Samples) -> dict[str, list[float]] | None:
    """Return the mean, the lowest and the highest value of each input, as the network gets it.

    Parameters
    ----------
    samples : Samples
        The training data.

    Returns
    -------
    dict of str and list of float, or None
        ``mean``, ``low`` and ``high``; None for more than 256 inputs, sparse data and values beyond 1e300.
    """
    images, count = samples.images, len(samples)
    if isinstance(images, tuple) or images.shape[1] > MOST:
        return None
    total = np.zeros(images.shape[1])
    low, high = np.full_like(total, np.inf), np.full_like(total, -np.inf)
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, count, ROWS):
            stop = min(start + ROWS, count)
            part = images[start:stop] if samples.rows is None else images[samples.rows[start:stop]]
            total += part.sum(axis=0, dtype=np.float64)
            low, high = np.minimum(low, part.min(axis=0)), np.maximum(high, part.max(axis=0))
    scale = samples.scale if images.dtype == np.uint8 else 1.0
    found: tuple[NDArray[np.float64], ...] = (np.clip(total / count, low, high), low, high)
    ranges = {name: (scale * values).tolist() for name, values in zip(NAMES, found, strict=True)}
    return checked_ranges(ranges, len(total)) if np.isfinite(total).all() else None


def checked_ranges(ranges: Any, features: int) -> dict[str, list[float]] | None:
    """Return the ranges if they are such, of so many inputs, and otherwise None; a file may hold anything there."""
    if not isinstance(ranges, dict) or not all(_are_numbers(ranges.get(name), features) for name in NAMES):
        return None
    if any(not low <= mean <= high for mean, low, high in zip(*(ranges[name] for name in NAMES), strict=True)):
        return None
    return {name: [float(value) for value in ranges[name]] for name in NAMES}


def _are_numbers(values: Any, count: int) -> bool:
    return (
        isinstance(values, list)
        and len(values) == count
        and all(type(value) in (int, float) and abs(value) <= LIMIT for value in values)
    )
