"""How pictures lie in their frame: what a drawing needs so that it looks like the training data."""

from dataclasses import dataclass
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.data.pixels import scaled
from cmlp.errors import DataError, ModelError
from cmlp.utils.checks import check_count, check_name

CENTRES = ("mass", "box", "none")

SAMPLE = 128  # pictures that are measured
SMALLEST = 5  # pixels; below there is no middle that could differ from the border
INK = 0.2  # of the contrast between ink and paper, from where on a pixel counts as ink
MASS_PIXEL = 0.5  # MNIST has the centre of mass in the middle of pixel 14, which is half a pixel off the frame's

LARGEST = 512  # pixels of a photograph's side; what is finer is noise
LEAST_CONTRAST = 0.1
BORDER_PIXELS = 1000  # enough for a surface of six terms
NOISE = 4.0  # standard deviations of the paper that are no ink
SPECK = 0.02  # of the largest part of the ink; what is smaller is dirt
BESIDE = 0.1  # of the largest part; a drawing of this size is not what hangs on the border, such as a table's edge


@dataclass(frozen=True)
class Framing:
    """What the training images have in common.

    Parameters
    ----------
    height, width : int
        Of an image, in pixels.
    dark : bool
        Whether the ink is darker than the paper; in MNIST it is brighter.
    box : int
        The longer side of the rectangle around the ink, in pixels; 20 in MNIST.
    centre : {"mass", "box", "none"}
        What lies in the middle of the frame: the centre of mass of the ink, the rectangle around it, or neither.
    """

    height: int
    width: int
    dark: bool
    box: int
    centre: str

    def __post_init__(self) -> None:
        for name in ("height", "width", "box"):
            check_count(name, getattr(self, name))
        if not isinstance(self.dark, bool):
            raise ModelError(f"dark must be True or False, got {self.dark!r}")
        check_name("centre", self.centre, CENTRES)


def framing_of(images: object, shape: tuple[int, int] | None, scale: float) -> Framing | None:
    """Return what `measure` does for images (n, height * width), or None where they are none; without shape, square."""
    if not isinstance(images, np.ndarray):  # but a sparse matrix
        return None
    side = isqrt(images.shape[1])
    height, width = shape or (side, side)
    return measure(images, height, width, scale) if height * width == images.shape[1] else None


def some_of(images: NDArray[Any]) -> NDArray[Any]:
    """Return copies of as many images (n, pixels) as `measure` looks at, from the first to the last."""
    return images[np.linspace(0, len(images) - 1, min(len(images), SAMPLE)).astype(np.intp)]


def measure(images: NDArray[Any], height: int, width: int, scale: float = 1 / 255) -> Framing | None:
    """Find out how pictures lie in their frame, from some of them.

    Parameters
    ----------
    images : ndarray (n, height * width)
    height, width : int
    scale : float
        What uint8 pixels are multiplied by; others are used as they are.

    Returns
    -------
    Framing or None
        None where the images are no ink on plain paper: values outside 0..1, a border of many values, or a middle that
        is as plain as the border.
    """
    if min(height, width) < SMALLEST:
        return None
    sample = some_of(images)
    pictures = scaled(sample, scale, np.float32).reshape(-1, height, width)
    border = np.concatenate([pictures[:, [0, -1]].ravel(), pictures[:, :, [0, -1]].ravel()])
    paper = float(np.median(border))
    if pictures.min() < 0 or not 0.5 < pictures.max() <= 1.001 or INK < paper < 1 - INK:
        return None
    dark = paper > 0.5
    ink = 1 - pictures if dark else pictures
    outside = float(np.mean(abs(border - paper)))
    if np.mean(abs(border - paper) > INK) > 0.5 or ink.mean() < 1.5 * outside:
        return None
    inked = ink[(ink > INK).any(axis=(1, 2))]
    tops, bottoms = _extents(inked, 2)
    lefts, rights = _extents(inked, 1)
    box = int(np.median(np.maximum(bottoms - tops, rights - lefts)))
    distances = {
        "mass": _distance(_centroids(inked, 2) - MASS_PIXEL, _centroids(inked, 1) - MASS_PIXEL, height, width),
        "box": _distance((tops + bottoms) / 2, (lefts + rights) / 2, height, width),
    }
    nearest = min(distances, key=distances.__getitem__)
    return Framing(height, width, dark, box, nearest if distances[nearest] < max(height, width) / 8 else "none")


def _extents(ink: NDArray[Any], other: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return where the ink of each picture begins and ends along one axis; `other` is the other axis."""
    inked: NDArray[np.bool_] = np.greater(ink, INK).any(axis=other)
    return inked.argmax(axis=1), inked.shape[1] - inked[:, ::-1].argmax(axis=1)


def _centroids(ink: NDArray[Any], other: int) -> NDArray[Any]:
    """Return the centre of mass of each picture along one axis, in pixels from its edge."""
    profile = ink.sum(axis=other)
    centroids: NDArray[Any] = profile @ (np.arange(profile.shape[1]) + 0.5) / profile.sum(axis=1)
    return centroids


def _distance(rows: NDArray[Any], columns: NDArray[Any], height: int, width: int) -> float:
    """Return how far points lie from the middle of the frame (root mean square)."""
    return float(np.sqrt(np.mean((rows - height / 2) ** 2 + (columns - width / 2) ** 2)))


def frame(picture: NDArray[Any], framing: Framing) -> NDArray[np.uint8]:
    """Bring a picture of any size to the frame, the polarity and the place that the training images have.

    Paper is a surface of second degree fitted to the border, so that light may be uneven. Ink is what differs from it
    most, on the side, darker or brighter, where the large differences are. Two thresholds follow its strokes to their
    faint edges: a weak one for what touches a strong one, which is Otsu's [1]_.

    Parameters
    ----------
    picture : ndarray (height, width)
        Grey; uint8, uint16, or floats from 0 to 1.
    framing : Framing

    Returns
    -------
    ndarray of uint8 (framing.height, framing.width)
        0 and 255 are what 0 and 1 are in the training images.

    Raises
    ------
    DataError
        If the picture is empty, or no array of grey values.

    References
    ----------
    .. [1] N. Otsu, A threshold selection method from gray-level histograms, IEEE Transactions on Systems, Man, and
       Cybernetics 9, 1979, pp. 62-66.
    """
    ink = _ink(_shrunk(_as_grey(picture)))
    (tops, bottoms), (lefts, rights) = _extents(ink[np.newaxis], 2), _extents(ink[np.newaxis], 1)
    top, bottom, left, right = int(tops[0]), int(bottoms[0]), int(lefts[0]), int(rights[0])
    height, width = bottom - top, right - left
    pitch = max(height / framing.height, width / framing.width, max(height, width) / framing.box)
    down = _resampling(ink.sum(axis=1), top, bottom, pitch, framing.height, framing.centre)
    across = _resampling(ink.sum(axis=0), left, right, pitch, framing.width, framing.centre)
    framed = down @ ink @ across.T
    framed = np.clip(framed / np.percentile(framed[framed > INK * framed.max()], 90), 0, 1)  # thin strokes are faint
    pixels: NDArray[np.uint8] = np.rint(255 * (1 - framed if framing.dark else framed)).astype(np.uint8)
    return pixels


def _as_grey(picture: NDArray[Any]) -> NDArray[np.float64]:
    if picture.ndim != 2 or picture.size == 0 or picture.dtype.kind not in "buf":
        raise DataError(f"a picture must be grey values (height, width), got {picture.dtype} of shape {picture.shape}")
    white = np.iinfo(picture.dtype).max if picture.dtype.kind == "u" else 1
    grey = picture / np.float64(white)
    if not (grey.min() >= 0 and grey.max() <= 1):
        raise DataError(f"grey values must lie between 0 and 1, got {grey.min():g} to {grey.max():g}")
    return grey


def _shrunk(grey: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the means of square blocks, at most `LARGEST` of them along each side."""
    times = -(-max(grey.shape) // LARGEST)
    height, width = (max(1, side // times) for side in grey.shape)
    blocks = grey[: height * times, : width * times].reshape(height, -1, width, min(times, grey.shape[1]))
    means: NDArray[np.float64] = blocks.mean(axis=(1, 3))
    return means


def _ink(grey: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how much ink is on each pixel: 0 for paper, 1 for strokes."""
    from scipy import ndimage  # here, because nothing else of cmlp needs it

    difference, noise = _without_paper(grey)
    ink = np.maximum(difference if (difference**3).sum() > 0 else -difference, 0)
    threshold = _otsu(ink)
    strong = ink > threshold
    contrast = float(ink[strong].mean()) if strong.any() else 0.0
    if contrast < max(LEAST_CONTRAST, NOISE * noise):
        raise DataError("the picture must show something on plain paper, and is empty")
    weak = min(max(INK * contrast, NOISE * noise), threshold)
    parts, _ = ndimage.label(ink > weak, np.ones((3, 3)))
    kept = _drawing(parts, np.bincount(parts[strong], minlength=parts.max() + 1))
    near = ndimage.binary_dilation(kept[parts], np.ones((3, 3)))  # with the faintest edge of each stroke
    return np.where(near, np.minimum(ink / contrast, 1), 0)


def _drawing(parts: NDArray[np.int32], sizes: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Say which connected parts of the ink belong to the drawing; part 0 is paper."""
    kept: NDArray[np.bool_] = sizes > SPECK * sizes.max()
    free = kept.copy()
    free[np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]])] = False
    return free if sizes[free].max(initial=0) > BESIDE * sizes.max() else kept


def _without_paper(grey: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Subtract a surface of second degree through most of the border, where there may be ink; return its noise, too."""
    height, width = grey.shape
    rows, columns = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    surfaces = np.stack([np.ones_like(grey), rows, columns, rows**2, rows * columns, columns**2], axis=-1)
    border = np.ones(grey.shape, bool)
    depth = max(1, min(height, width) // 20)
    border[depth : height - depth, depth : width - depth] = False
    places = np.flatnonzero(border)[:: 1 + np.count_nonzero(border) // BORDER_PIXELS]
    level = np.median(grey.flat[places])
    terms, values = surfaces.reshape(-1, 6)[places], grey.flat[places] - level
    typical = abs(values)
    for _ in range(5):
        kept = typical <= 2 * np.median(typical) + 1e-6
        coefficients = np.linalg.lstsq(terms[kept], values[kept], rcond=None)[0]
        typical = abs(values - terms @ coefficients)
    return grey - level - surfaces @ coefficients, 1.4826 * float(np.median(typical))


def _otsu(ink: NDArray[np.float64]) -> float:
    """Return the threshold that separates two classes of values best: the variance between them is largest."""
    counts, edges = np.histogram(ink, 256)
    below = np.cumsum(counts)[:-1] / ink.size
    sums = np.cumsum(counts * (edges[:-1] + edges[1:]) / 2) / ink.size
    between = (sums[-1] * below - sums[:-1]) ** 2 / np.maximum(below * (1 - below), 1e-12)
    return float(edges[1 + between.argmax()])


def _resampling(
    profile: NDArray[np.float64], begin: int, end: int, pitch: float, size: int, centre: str
) -> NDArray[np.float64]:
    """Return the matrix (size, pixels) that scales and places ink along one axis.

    A new pixel is the mean over a window that is as wide as itself, or, where pictures grow, as an old pixel, which is
    linear interpolation.
    """
    pixels = np.arange(len(profile))
    if centre == "mass":
        middle, place = profile @ (pixels + 0.5) / profile.sum(), size / 2 + MASS_PIXEL
    else:
        middle, place = (begin + end) / 2, size / 2
    place = min(max(place, (middle - begin) / pitch), size - (end - middle) / pitch)  # nothing leaves the frame
    window = max(pitch, 1.0)
    centres = (middle + (np.arange(size) + 0.5 - place) * pitch)[:, np.newaxis]
    overlap = np.minimum(pixels + 1, centres + window / 2) - np.maximum(pixels, centres - window / 2)
    weights: NDArray[np.float64] = np.maximum(overlap, 0) / window
    return weights
