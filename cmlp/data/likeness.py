"""Whether rows of numbers are pictures: then pixels are like the pixels beside and below them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

ALIKE = 0.15  # correlation of neighbouring pixels: .80 on MNIST, .54 on 8x8 digits, .2 where there is much noise
BY_CHANCE = 1.2  # over the root of the number of pixels: in small tables a few columns are alike by chance
AROUND = 1.3  # times the unlikeness of neighbours, that pixels at the ends of two rows must have; 1 in a series
FURTHER = 1.25  # times the unlikeness of neighbours, that pixels some columns apart must have; below 1 in a series
APART = 4  # columns


@np.errstate(over="ignore", invalid="ignore")  # of values that no picture has
def likeness(rows: NDArray[Any], shape: tuple[int, int]) -> tuple[float, float, float, float]:
    """Mean correlations of pixels with others.

    Parameters
    ----------
    rows : ndarray (n, height * width)
    shape : (height, width)

    Returns
    -------
    right, down, around, apart : float
        With the next one to the right and below; of a row's last with the next row's first; and with one some columns
        to the right. 0 where nothing varies.
    """
    values = rows.astype(np.float32)
    p = (values - values.mean(axis=0)).reshape(-1, *shape)
    apart = min(APART, max(2, shape[1] // 3))
    return (
        correlation(p[:, :, 1:], p[:, :, :-1]),
        correlation(p[:, 1:], p[:, :-1]),
        correlation(p[:, 1:, 0], p[:, :-1, -1]),
        correlation(p[:, :, apart:], p[:, :, :-apart]),
    )


def are_pictures(rows: NDArray[Any], shape: tuple[int, int]) -> bool:
    """Say whether pixels are alike in both directions, more than others.

    In a table whose columns are a series, those at the ends of two rows of the square are neighbours, too, and those
    below each other are further apart than those a few columns to the right.
    """
    right, down, around, apart = likeness(rows, shape)
    alike = max(ALIKE, BY_CHANCE / (shape[0] * shape[1]) ** 0.5)
    other = 1 - around >= AROUND * (1 - right) or 1 - apart >= FURTHER * (1 - min(right, down))
    return min(right, down) >= alike and other


def correlation(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Pearson's correlation of two arrays of one shape; 0 where one of them is constant."""
    a, b = a - a.mean(), b - b.mean()
    size = np.sqrt(float(np.vdot(a, a)) * float(np.vdot(b, b)))
    return float(np.vdot(a, b)) / size if 0 < size < np.inf else 0.0
