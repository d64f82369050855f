"""Colours as grey values in which strokes are clear."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

GREY, GREY_ALPHA, RGB, RGBA = 1, 2, 3, 4  # the numbers of channels
VISIBLE = 0.1  # range of grey values, below which nothing can be seen


def grey_of_colours(picture: NDArray[Any]) -> NDArray[Any]:
    """Return grey values in which the strokes are clearest.

    Each channel weighs as much as it differs from the paper: a yellow stroke is clear in the blue channel alone. What
    is transparent lies on white, or on black if nothing could be seen on white.

    Parameters
    ----------
    picture : ndarray (height, width) or (height, width, channels)
        Grey, grey and alpha, RGB or RGBA: bool, uint8, uint16, or floats in [0, 1].

    Returns
    -------
    ndarray (height, width)
        Grey values, in the type of `picture` if all channels are alike, otherwise floats in [0, 1].
    """
    if picture.ndim == 2:
        return picture
    channels = picture.shape[2]
    if channels in (GREY_ALPHA, RGBA):
        return _on_paper(_fractions(picture))
    if (picture == picture[:, :, :1]).all():
        return np.ascontiguousarray(picture[:, :, 0])
    return _clearest(_fractions(picture))


def _fractions(picture: NDArray[Any]) -> NDArray[Any]:
    fractions: NDArray[Any] = picture / np.float64(np.iinfo(picture.dtype).max if picture.dtype.kind == "u" else 1)
    return fractions


def _on_paper(picture: NDArray[Any]) -> NDArray[Any]:
    colours, alpha = picture[:, :, :-1], picture[:, :, -1:]
    on_white, on_black = (_clearest(colours * alpha + paper * (1 - alpha)) for paper in (1.0, 0.0))
    return on_white if np.ptp(on_white) >= VISIBLE or np.ptp(on_black) < VISIBLE else on_black


def _clearest(colours: NDArray[Any]) -> NDArray[Any]:
    border = np.concatenate([colours[[0, -1]].reshape(-1, colours.shape[2]), *colours[:, [0, -1]].swapaxes(0, 1)])
    difference = colours - np.median(border, axis=0)
    weights = abs(np.einsum("ijk,ij->k", difference, (difference**2).sum(axis=2)))
    total = weights.sum()
    grey: NDArray[Any] = colours @ (weights / total if total > 0 else np.full(len(weights), 1 / len(weights)))
    return grey
