"""One-hot labels among the columns of a table that nobody named."""

from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

DIGITS = 10  # classes, which are the likeliest number
FEWEST_ROWS = 3  # of which each has a single 1 in the same columns by chance


def one_hot_columns(values: NDArray[Any]) -> list[int] | None:
    """Find the columns, first or last, that hold a single 1 among 0s in each row.

    Parameters
    ----------
    values : ndarray (n, columns)
        A table of numbers.

    Returns
    -------
    list of int or None
        The columns in order; None if there are no such columns at one end, or at both.
    """
    count, width = values.shape
    if count < FEWEST_ROWS or width < 3:
        return None
    last, first = _block(values[:, ::-1]), _block(values)
    if last and first:  # of which one leaves a square of pixels
        square = [each for each in (last, first) if _is_square(width - each)]
        last, first = (
            (square[0] * (square[0] == last), square[0] * (square[0] == first)) if len(square) == 1 else (0, 0)
        )
    if last:
        return list(range(width - last, width))
    return list(range(first)) if first else None


def _block(values: NDArray[Any]) -> int:
    """Return how many of the first columns are one-hot, 0 if they are not.

    Empty columns that follow may be of classes that do not occur, or pixels that are always 0: the number is taken that
    leaves a square of pixels, or is 10.
    """
    width, sums = values.shape[1], np.zeros(len(values), np.int64)
    fewest = 0
    for column in range(width - 1):
        cells = values[:, column]
        if not np.isin(cells, (0, 1)).all():
            break
        sums += cells.astype(np.int64)
        if (sums > 1).any():
            break
        if (sums == 1).all():
            fewest = column + 1
            break
    if fewest < 2:
        return 0
    most = fewest
    while most < width - 1 and not values[:, most].any():
        most += 1
    likely = [number for number in range(fewest, most + 1) if _is_square(width - number)]
    if DIGITS in likely or (not likely and fewest <= DIGITS <= most):
        return DIGITS
    return likely[0] if likely else fewest


def _is_square(number: int) -> bool:
    return isqrt(number) ** 2 == number
