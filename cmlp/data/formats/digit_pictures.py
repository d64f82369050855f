"""Which way up the pictures of digits are, and what their labels mean, where MATLAB leaves both open.

MATLAB stores pictures column by column and counts from 1: its users write pictures that lie on their side when they are
read row by row, and labels from 1 to 10, of which 10 is the digit 0, or 1 is. Both are found out by comparing the mean
picture of each class with that of the digits that come with cmlp.
"""

from collections.abc import Callable, Sequence
from functools import cache
from math import isqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cmlp.data.loading import load_digits
from cmlp.utils.text import listed
from cmlp.utils.warn import warn

SIDE, WATCHED = 8, 5000
ALIKE = 0.35  # mean correlation with the digits of cmlp: .5 for MNIST, .4 at most if turned or wrongly labelled
APART = 0.07  # by which the best reading must be better than the others
INK = 0.1  # of the darkest pixel of the mean picture; beyond it lies the margin

Meaning = Callable[[NDArray[Any]], NDArray[Any]]
PLAIN = "the digits themselves"
MEANINGS: dict[str, Meaning] = {
    PLAIN: lambda labels: labels,
    "10 is the digit 0": lambda labels: labels % 10,
    "1 is the digit 0": lambda labels: labels - 1,
}


class Reading(NamedTuple):
    """How pictures and labels of digits are to be read."""

    on_side: bool
    meaning: str
    labels: NDArray[Any]


def reading_of(images: NDArray[Any], labels: NDArray[Any]) -> Reading | None:
    """Find out how pictures and labels of digits are to be read.

    Parameters
    ----------
    images : ndarray (n, pixels)
        Square pictures, of 8x8 pixels at least.
    labels : ndarray of integers, shape (n,)
        From 0 to 9 or from 1 to 10.

    Returns
    -------
    Reading or None
        None if these are no digits, or if two readings are about as likely.
    """
    side = isqrt(images.shape[1])
    values = np.unique(labels)
    if side < SIDE or side * side != images.shape[1] or not 0 <= values[0] <= values[-1] <= 10 or len(values) < 5:
        return None
    step = -(-len(images) // WATCHED)
    pictures, some = images[::step].reshape(-1, side, side).astype(np.float64), labels[::step]
    scores: dict[tuple[bool, str], float] = {}
    for on_side in (False, True):
        means = _means(pictures.transpose(0, 2, 1) if on_side else pictures, some)
        for meaning, digit_of in MEANINGS.items():
            digits = digit_of(values)
            plain = meaning == PLAIN or not np.array_equal(digits, values)
            if plain and digits.min() >= 0 and digits.max() <= 9:
                expected = _digit_means()[digits]
                scores[on_side, meaning] = abs(float((means * expected).sum(axis=1).mean()))
    (best, score), (_, second) = sorted(scores.items(), key=lambda each: -each[1])[:2]
    if not (score >= ALIKE and score >= second + APART):
        return None
    return Reading(*best, MEANINGS[best[1]](labels))


def read_digits(
    images: Sequence[Any], labels: Sequence[Any], names: Sequence[tuple[str, str]], *, turn: bool, open: bool
) -> tuple[list[Any], list[Any]]:
    """Turn pictures of digits that lie on their side, and make digits of labels from 1 to 10, and say so.

    Parameters
    ----------
    images, labels : sequence
        Those of each part; the first is the training data's.
    names : sequence of (str, str)
        What messages call images and labels.
    turn : bool
        Whether pictures may lie on their side, as those of MATLAB.
    open : bool
        Whether labels from 1 to 10 may mean digits.

    Returns
    -------
    images, labels : list
        As given where nothing has to change, or nothing can be said.
    """
    as_given = list(images), list(labels)
    try:
        arrays, numbers = [np.asarray(each) for each in images], [_numbers_of(each) for each in labels]
    except ValueError:  # lists of several lengths, which the check of the data answers
        return as_given
    if any(array.dtype.kind not in "biuf" or array.ndim not in (2, 3) or not array.size for array in arrays):
        return as_given
    if any(number is None or not number.size for number in numbers) or len(arrays[0]) != numbers[0].size:
        return as_given
    from_1 = open and all(number.min() >= 1 for number in numbers) and max(number.max() for number in numbers) == 10
    if not (from_1 or turn):
        return as_given
    rows = [array.reshape(len(array), -1) for array in arrays]
    found = reading_of(rows[0], numbers[0])
    if found is None:
        return as_given
    if from_1 and found.meaning != PLAIN:
        warn(f"{listed([name for _, name in names])} are 1 to 10: {found.meaning}, as the pictures show")
        labels = [MEANINGS[found.meaning](number) for number in numbers]
    if not (turn and found.on_side):
        return list(images), list(labels)
    called = listed([name for name, _ in names])
    warn(f"{called} lie on their side, as MATLAB stores them, and were turned upright")
    side = isqrt(rows[0].shape[1])
    return [_upright(each, side) for each in rows], list(labels)


def _numbers_of(labels: Any) -> Any:
    """Return labels as integers, one for each image; None if they are not that, or one-hot."""
    array = np.asarray(labels)
    if array.dtype.kind not in "biuf" or array.ndim not in (1, 2) or not array.size or not np.isfinite(array).all():
        return None
    if array.ndim == 2 and array.shape[1] > 1:
        return array.argmax(axis=1)
    flat = array.reshape(-1)
    return flat.astype(np.int64) if np.array_equal(flat, np.rint(flat)) and abs(flat).max() < 2**31 else None


def _upright(rows: NDArray[Any], side: int) -> NDArray[Any]:
    pictures = rows.reshape(-1, side, side).transpose(0, 2, 1)
    upright: NDArray[Any] = np.ascontiguousarray(pictures).reshape(len(rows), -1)
    return upright


@cache
def _digit_means() -> NDArray[np.float64]:
    train, _ = load_digits()
    return _means(train.pictures().astype(np.float64), train.labels)


def _means(pictures: NDArray[np.float64], labels: NDArray[Any]) -> NDArray[np.float64]:
    """Return the mean picture of each class in the order of the labels, of 8x8 pixels, centred and of length 1."""
    classes = np.unique(labels)
    means = np.stack([pictures[labels == label].mean(axis=0) for label in classes])
    means = _without_margin(means)
    shrink = _shrinking(means.shape[1]), _shrinking(means.shape[2])
    small = (shrink[0] @ means @ shrink[1].T).reshape(len(classes), -1)
    small -= small.mean(axis=1, keepdims=True)
    length: NDArray[np.float64] = np.sqrt((small**2).sum(axis=1, keepdims=True))
    return np.divide(small, length, out=np.zeros_like(small), where=length > 0)


def _without_margin(means: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cut off the border where no class has ink."""
    paper = np.median(np.concatenate([means[:, [0, -1]].ravel(), means[:, :, [0, -1]].ravel()]))
    ink = abs(means - paper).max(axis=0)
    rows, columns = (np.flatnonzero(ink.max(axis=axis) > INK * ink.max()) for axis in (1, 0))
    if not len(rows):
        return means
    return means[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _shrinking(size: int) -> NDArray[np.float64]:
    """Return the matrix (8, size) of means over windows of equal width."""
    edges = np.linspace(0, size, SIDE + 1)
    pixels = np.arange(size)
    overlap = np.minimum(pixels + 1, edges[1:, np.newaxis]) - np.maximum(pixels, edges[:-1, np.newaxis])
    weights: NDArray[np.float64] = np.maximum(overlap, 0) * (SIDE / size)
    return weights
