"""The ink on a picture: what is left of a photograph without the paper, its shadows and its rulings."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.data.rulings import find_rulings, without_rulings
from cmlp.errors import DataError

Floats = NDArray[np.float64]

INK = 0.2  # of the contrast between ink and paper, from where on a pixel counts as ink
LEAST_CONTRAST = 0.1
LEVEL, UNEVEN = 3, 6  # the terms of a plane, and of a quadratic surface
BORDER_PIXELS = 1000  # enough for a surface of six terms
NOISE = 4.0  # standard deviations of the paper that are no ink
PLAIN = 0.6  # of the border, with one and the same value: no light falls on it, as on no photograph
SPECK = 0.02  # of the largest part of the ink; what is smaller is dirt
BESIDE = 0.1  # of the largest part; a drawing of this size is not what hangs on the border, such as a table's edge
BROAD = 0.3  # of the longer side; what is broader is light and shadow if it reaches the border
REACH = 0.3  # of the longer side, along which it then reaches it: a stroke does not
FAINT = 0.55  # of the range of values: what differs by more from the rest is ink that reaches the border
COARSE = 64  # pixels of the longer side, in which these are told from ink


def ink_of(grey: Floats) -> Floats:
    """Find the ink on a picture.

    The background ("paper") is a quadratic surface fitted to the border, so that light may be uneven, with the shadows
    that reach the border; where most of the border has one value, it is that one, and no light falls on it. The strokes
    ("ink") are what differs from it most, whether darker or brighter. Rulings are taken out of them. They are found by
    two thresholds: Otsu's [1]_, and a lower one for the faint edges of what exceeds it.

    Parameters
    ----------
    grey : ndarray (height, width)
        Grey values in [0, 1].

    Returns
    -------
    ndarray (height, width)
        The amount of ink on each pixel: 0 for paper, 1 for strokes.

    Raises
    ------
    DataError
        If there is none.

    References
    ----------
    .. [1] N. Otsu, A threshold selection method from gray-level histograms, IEEE Transactions on Systems, Man, and
       Cybernetics 9, 1979, pp. 62-66.
    """
    border = _border(grey)
    level = float(np.median(border))
    if np.mean(border == level) > PLAIN:
        difference = grey - level
    else:
        difference = _without_paper(grey, LEVEL)
        difference = _without_paper(difference - _light(difference), UNEVEN)
    signed = difference if (difference**3).sum() > 0 else -difference
    noise = 1.4826 * float(np.median(abs(_border(signed))))
    return _strokes(_without_rulings(signed, noise), noise)


def _strokes(ink: Floats, noise: float) -> Floats:
    from scipy import ndimage  # here, because little else of cmlp needs it

    ink = np.maximum(ink, 0)
    threshold = _otsu(ink)
    strong = ink > threshold
    contrast = float(ink[strong].mean()) if strong.any() else 0.0
    if contrast < max(LEAST_CONTRAST, NOISE * noise):
        raise DataError("the picture must show something on a plain background, got an empty one")
    weak = min(max(INK * contrast, NOISE * noise), threshold)
    parts, _ = ndimage.label(ink > weak, np.ones((3, 3)))
    kept = _drawing(parts, np.bincount(parts[strong], minlength=parts.max() + 1))
    near = ndimage.binary_dilation(kept[parts], np.ones((3, 3)))  # with the faintest edge of each stroke
    return np.where(near, np.minimum(ink / contrast, 1), 0)


def _drawing(parts: NDArray[np.int32], sizes: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return which connected parts of the ink belong to the drawing; part 0 is paper."""
    kept: NDArray[np.bool_] = sizes > SPECK * sizes.max()
    free = kept.copy()
    free[_border(parts)] = False
    return free if sizes[free].max(initial=0) > BESIDE * sizes.max() else kept


def _border(values: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])


def _otsu(ink: Floats) -> float:
    """Return the threshold with the largest variance between the values below and above it."""
    counts, edges = np.histogram(ink, 256)
    below = np.cumsum(counts)[:-1] / ink.size
    sums = np.cumsum(counts * (edges[:-1] + edges[1:]) / 2) / ink.size
    between = (sums[-1] * below - sums[:-1]) ** 2 / np.maximum(below * (1 - below), 1e-12)
    return float(edges[1 + between.argmax()])


# ---------------------------------------------------------------------------------------------------------- paper


def _without_paper(grey: Floats, terms: int) -> Floats:
    """Subtract a surface fitted to the border, robustly, as ink may lie there: a plane, or a quadratic one."""
    height, width = grey.shape
    rows, columns = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    surfaces = np.stack([np.ones_like(grey), rows, columns, rows**2, rows * columns, columns**2][:terms], axis=-1)
    border = np.ones(grey.shape, bool)
    depth = max(1, min(height, width) // 20)
    border[depth : height - depth, depth : width - depth] = False
    places = np.flatnonzero(border)[:: 1 + np.count_nonzero(border) // BORDER_PIXELS]
    level = np.median(grey.flat[places])
    known, values = surfaces.reshape(-1, terms)[places], grey.flat[places] - level
    typical = abs(values)
    for _ in range(5):
        kept = typical <= 2 * np.median(typical) + 1e-6
        coefficients = np.linalg.lstsq(known[kept], values[kept], rcond=None)[0]
        typical = abs(values - known @ coefficients)
    left: Floats = grey - level - surfaces @ coefficients
    return left


def _light(difference: Floats) -> Floats:
    """Return what is left of light and shadow on the paper: medians around each pixel, with edges that stay sharp."""
    from scipy import ndimage

    times = -(-max(difference.shape) // COARSE)
    coarse = difference[::times, ::times]
    medians = ndimage.median_filter(coarse, size=1 + 2 * int(BROAD * max(coarse.shape) / 2), mode="nearest")
    medians = -_from_border(-_from_border(medians))
    if np.ptp(medians) > FAINT * np.ptp(np.quantile(difference, (0.002, 0.998))):
        return np.zeros_like(difference)
    low, high = (
        np.kron(limit(medians, 3), np.ones((times, times)))[: difference.shape[0], : difference.shape[1]]
        for limit in (ndimage.minimum_filter, ndimage.maximum_filter)
    )
    light: Floats = difference.clip(low, high)  # near the edge of a shadow it may be anything between both sides
    return light


def _from_border(values: Floats) -> Floats:
    """Lower what does not reach the border over a length, to the level at which it does: no stroke or blot is light."""
    from scipy import ndimage

    places = np.arange(values.size).reshape(values.shape)
    ring = np.concatenate([places[0], places[1:, -1], places[-1, -2::-1], places[-2:0:-1, 0]])
    length = 1 + 2 * int(REACH * max(values.shape) / 2)
    reached = np.full(values.shape, -np.inf)
    reached.flat[ring] = ndimage.grey_opening(values.flat[ring], length, mode="wrap")
    while True:
        further = np.minimum(ndimage.maximum_filter(reached, 3), values)
        if (further == reached).all():
            return reached
        reached = further


def _without_rulings(ink: Floats, noise: float) -> Floats:
    lines = find_rulings(ink)
    if not lines:
        return ink
    plain = np.ones(ink.shape, bool)
    for line in lines:
        rows, columns, _ = line.band(ink.shape)
        plain[rows, columns] = False
    strong = plain & (ink > _otsu(ink[plain].clip(0))) if plain.any() else plain
    contrast = float(ink[strong].mean()) if strong.any() else 0.0
    return without_rulings(ink, lines, contrast, noise)
