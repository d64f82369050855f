"""Variables with one entry for each sample, which must follow when a loop gets other samples."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.scripts.data import Samples, shape_of


def taken(values: Any, number: int, rows: range) -> Any:
    """Return some of the samples of an array, in its own form: its rows, or its columns."""
    shape = shape_of(values)
    if shape is not None and shape[0] != number and shape[-1] == number:
        return values[..., rows.start : rows.stop]
    return values[rows.start : rows.stop]


def chosen_rows(values: Any, number: int, rows: NDArray[Any]) -> Any:
    """Return the samples with these numbers, in the form of the array."""
    shape = shape_of(values)
    if shape is not None and shape[0] != number and shape[-1] == number:
        return values[..., rows]
    return [values[row] for row in rows] if isinstance(values, list) else values[rows]


def follower(value: Any, data: list[Any], samples: Samples, number: int) -> Any:
    """Return what a variable is for other samples: the labels or the images in another form.

    Parameters
    ----------
    value : object
        The variable, as it is for the script's own samples.
    data : list
        The other images and labels.
    samples : Samples
        The script's own.
    number : int
        How many other samples there are.

    Returns
    -------
    object or None
        None if the variable does not depend on the samples.
    """
    shape = shape_of(value)
    if shape is None or samples.number not in (shape[0], shape[-1]) or not isinstance(value, np.ndarray):
        return None
    for own, other in ((samples.value[1], data[1]), (samples.value[0], data[0])):
        own, other = np.asarray(own), np.asarray(other)
        if own.shape == value.shape and np.array_equal(own, value):
            return other
        if own.T.shape == value.shape and np.array_equal(own.T, value):
            return other.T
    own, other = numbers_of(np.asarray(samples.value[1]), samples.number), numbers_of(np.asarray(data[1]), number)
    if own is not None and other is not None:
        if value.ndim == 1 and np.array_equal(value, own):
            return other.astype(value.dtype)
        if value.ndim == 2 and np.array_equal(np.argmax(value, axis=int(value.shape[0] != samples.number) ^ 1), own):
            low, high = value.min(), value.max()
            columns = value.shape[0] != samples.number
            made = np.where(np.eye(value.shape[int(not columns)])[other] > 0, high, low).astype(value.dtype)
            return made.T if columns else made
    return chosen_rows(value, samples.number, np.arange(number) % samples.number)


def numbers_of(labels: NDArray[Any], number: int) -> NDArray[Any] | None:
    """Return the numbers of the classes of labels, whatever their form."""
    if labels.dtype.kind not in "fiub":
        return None
    if labels.ndim == 2 and min(labels.shape) > 1:
        labels = np.asarray(np.argmax(labels, axis=1 if labels.shape[0] == number else 0))
    numbers: NDArray[Any] = labels.ravel().astype(int)
    return numbers
