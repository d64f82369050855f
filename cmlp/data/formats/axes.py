"""Which axis of an array of images counts them: the number of labels tells."""

from collections.abc import Sized
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.errors import DataError

AXES = (2, 3, 4)  # of rows, pictures, and pictures with channels


def samples_first(images: Any, labels: Any, names: tuple[str, str], *, of_matlab: bool = False) -> tuple[Any, Any]:
    """Return images and labels whose first axis is that of the samples; a channel of grey is left out.

    Parameters
    ----------
    images : ndarray
        Of shape (n, pixels), (pixels, n), (n, height, width), (height, width, n), or with one channel, which may stand
        before or behind height and width. What is no array is returned as it is.
    labels : ndarray, Words or list
        Of shape (n,), (n, 1) or (1, n), or one-hot of shape (n, classes) or (classes, n).
    names : tuple of str
        What error messages call both.
    of_matlab : bool
        Whether a table may have samples in columns as well as in rows; by default they are rows where both fit.

    Returns
    -------
    images, labels : ndarray
        As given where no axis has as many entries as there are labels.

    Raises
    ------
    DataError
        If two axes have as many entries as there are labels, and pictures or MATLAB leave open which is meant.
    """
    if not isinstance(images, np.ndarray) or images.ndim not in AXES or images.dtype.kind not in "biuf":
        return images, labels
    if isinstance(labels, np.ndarray) and labels.ndim == 2 and 1 in labels.shape:
        labels = labels.reshape(-1)
    counts = _counts(labels)
    first, last = images.shape[0] in counts, images.shape[-1] in counts
    if first and last and images.shape[0] == images.shape[-1] > 1 and (of_matlab or images.ndim > 2):
        raise DataError(
            f"{names[0]} must have one axis of as many entries as there are {names[1]}, got the shape {images.shape}, "
            f"of which two have {images.shape[0]:,}: save them by numpy.savez as rows (n, pixels), or leave one out"
        )
    if last and not first:
        images = images.T if images.ndim == 2 else np.moveaxis(images, -1, 0)
    if images.ndim == 4 and images.shape[1] == 1 != images.shape[3]:
        images = images[:, 0]
    if isinstance(labels, np.ndarray) and labels.ndim == 2 and labels.shape[0] != len(images) == labels.shape[1]:
        labels = labels.T
    return images, labels


def _counts(labels: Any) -> set[int]:
    """Return how many labels there may be: two numbers of one-hot labels that have a single 1 in rows and columns."""
    if not isinstance(labels, np.ndarray):
        return {len(labels)} if isinstance(labels, Sized) else set()
    if labels.ndim != 2:
        return set(labels.shape[:1])
    return {labels.shape[axis] for axis in (0, 1) if _is_one_hot(labels, 1 - axis)} or {labels.shape[0]}


def _is_one_hot(labels: NDArray[Any], axis: int) -> bool:
    if labels.dtype.kind not in "biuf":
        return False
    return bool(((labels == 0) | (labels == 1)).all() and (labels.sum(axis=axis) == 1).all())
