"""The framing of pictures: how to invert, crop, resize and centre a drawing so that it looks like the training data."""

from dataclasses import dataclass
from math import isqrt
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from cmlp.data.ink import INK, ink_of
from cmlp.data.pixels import scaled
from cmlp.errors import DataError, ModelError
from cmlp.utils.checks import check_count, check_name

Centre = Literal["mass", "box", "none"]
CENTRES: tuple[Centre, ...] = get_args(Centre)

SAMPLE = 128  # pictures to measure
SMALLEST = 5  # pixels; below there is no middle that could differ from the border
OFF = 1.0  # pixels of the frame, by which training images are off the middle, too
MASS_PIXEL = 0.5  # MNIST has the centre of mass in the middle of pixel 14, which is half a pixel off the frame's

LARGEST = 512  # pixels of a photograph's side; what is finer is noise


@dataclass(frozen=True)
class Framing:
    """How the training images are framed.

    Parameters
    ----------
    height, width : int
        Size of an image in pixels.
    dark : bool
        Whether the strokes are darker than the background; in MNIST they are brighter.
    box : int
        The longer side of the bounding box of the strokes, in pixels; 20 in MNIST.
    centre : {"mass", "box", "none"}
        What is centred: the centre of mass of the strokes, as in MNIST, their bounding box, or neither.

    Raises
    ------
    ModelError
        If a value is invalid.

    Examples
    --------
    >>> Framing(28, 28, dark=False, box=20, centre="mass")
    Framing(height=28, width=28, dark=False, box=20, centre='mass')
    """

    height: int
    width: int
    dark: bool
    box: int
    centre: Centre

    def __post_init__(self) -> None:
        for name in ("height", "width", "box"):
            check_count(name, getattr(self, name))
        if not isinstance(self.dark, bool):
            raise ModelError(f"dark must be True or False, got {self.dark!r}")
        check_name("centre", self.centre, CENTRES)


def framing_of(images: object, shape: tuple[int, int] | None, scale: float) -> Framing | None:
    """Measure the framing of images.

    Parameters
    ----------
    images : ndarray (n, pixels)
        Other objects, such as sparse matrices, have no framing.
    shape : (int, int) or None
        Height and width; None takes images for squares.
    scale : float
        The factor for uint8 pixels.

    Returns
    -------
    Framing or None
        As `measure` returns it; None if the number of pixels does not match the shape.
    """
    if not isinstance(images, np.ndarray):
        return None
    side = isqrt(images.shape[1])
    height, width = shape or (side, side)
    return measure(images, height, width, scale) if height * width == images.shape[1] else None


def sample_images(images: NDArray[Any]) -> NDArray[Any]:
    """Return a copy of at most 128 images (n, pixels), evenly spaced from the first to the last."""
    return images[np.linspace(0, len(images) - 1, min(len(images), SAMPLE)).astype(np.intp)]


def measure(images: NDArray[Any], height: int, width: int, scale: float = 1 / 255) -> Framing | None:
    """Measure the framing of pictures, from a sample of them.

    Parameters
    ----------
    images : ndarray (n, height * width)
        The pictures, one per row.
    height, width : int
        Their size in pixels.
    scale : float
        The factor for uint8 pixels; 1/255 by default.

    Returns
    -------
    Framing or None
        None if the images are not drawings on a plain background: if values are outside [0, 1], the border has many
        values, or the middle is as plain as the border.
    """
    if min(height, width) < SMALLEST:
        return None
    sample = sample_images(images)
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
    distances: dict[Centre, float] = {
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
    """Return the distance of points from the middle of the frame (root mean square)."""
    return float(np.sqrt(np.mean((rows - height / 2) ** 2 + (columns - width / 2) ** 2)))


def frame(picture: NDArray[Any], framing: Framing) -> NDArray[np.uint8]:
    """Invert, crop, resize and centre a picture like the training images.

    The strokes are what `ink_of` finds: paper, shadows and rulings are taken away.

    Parameters
    ----------
    picture : ndarray (height, width)
        Grey values: uint8, uint16, or floats in [0, 1].
    framing : Framing
        That of the training images.

    Returns
    -------
    ndarray of uint8 (framing.height, framing.width)
        0 and 255 stand for 0 and 1 in the training images.

    Raises
    ------
    DataError
        If the picture shows nothing, or is no array of grey values.
    """
    ink = ink_of(_shrunk(_as_grey(picture)))
    (tops, bottoms), (lefts, rights) = _extents(ink[np.newaxis], 2), _extents(ink[np.newaxis], 1)
    top, bottom, left, right = int(tops[0]), int(bottoms[0]), int(lefts[0]), int(rights[0])
    height, width = bottom - top, right - left
    pitch = max(height / framing.height, width / framing.width, max(height, width) / framing.box)
    sides = ((ink.sum(axis=1), top, bottom, framing.height), (ink.sum(axis=0), left, right, framing.width))
    places = [_place(*side, pitch, framing.centre) for side in sides]
    whole = ink.shape[0] / framing.height
    is_large = whole == ink.shape[1] / framing.width and abs(max(height, width) / whole - framing.box) <= 1
    if is_large and all(abs(middle / whole - place) <= OFF for middle, place in places):
        pitch, places = whole, [(middle, middle / whole) for middle, _ in places]  # it is framed as it is
    down, across = (
        _resampling(len(profile), *place, pitch, size)
        for (profile, _, _, size), place in zip(sides, places, strict=True)
    )
    framed = down @ ink @ across.T
    framed = np.clip(framed / np.percentile(framed[framed > INK * framed.max()], 90), 0, 1)  # thin strokes are faint
    pixels: NDArray[np.uint8] = np.rint(255 * (1 - framed if framing.dark else framed)).astype(np.uint8)
    return pixels


def _as_grey(picture: NDArray[Any]) -> NDArray[np.float64]:
    if picture.ndim != 2 or picture.size == 0 or picture.dtype.kind not in "buf":
        raise DataError(
            f"a picture must be an array of grey values (height, width), got {picture.dtype} of shape {picture.shape}"
        )
    white = np.iinfo(picture.dtype).max if picture.dtype.kind == "u" else 1
    grey = picture / np.float64(white)
    if not (grey.min() >= 0 and grey.max() <= 1):
        raise DataError(f"grey values must be in [0, 1], got {grey.min():g} to {grey.max():g}")
    return grey


def _shrunk(grey: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average square blocks, so that at most `LARGEST` are left along each side."""
    times = -(-max(grey.shape) // LARGEST)
    height, width = (max(1, side // times) for side in grey.shape)
    blocks = grey[: height * times, : width * times].reshape(height, -1, width, min(times, grey.shape[1]))
    means: NDArray[np.float64] = blocks.mean(axis=(1, 3))
    return means


def _place(
    profile: NDArray[np.float64], begin: int, end: int, size: int, pitch: float, centre: Centre
) -> tuple[float, float]:
    """Return the middle of the ink along one axis, and where it comes in the frame, in pixels of each."""
    if centre == "mass":
        middle, place = float(profile @ (np.arange(len(profile)) + 0.5) / profile.sum()), size / 2 + MASS_PIXEL
    else:
        middle, place = (begin + end) / 2, size / 2
    return middle, min(max(place, (middle - begin) / pitch), size - (end - middle) / pitch)  # nothing leaves the frame


def _resampling(length: int, middle: float, place: float, pitch: float, size: int) -> NDArray[np.float64]:
    """Return the matrix (size, length) that scales and places ink along one axis.

    A new pixel is the mean over a window that is as wide as itself, or, where pictures grow, as an old pixel, which is
    linear interpolation.
    """
    pixels = np.arange(length)
    window = max(pitch, 1.0)
    centres = (middle + (np.arange(size) + 0.5 - place) * pitch)[:, np.newaxis]
    overlap = np.minimum(pixels + 1, centres + window / 2) - np.maximum(pixels, centres - window / 2)
    weights: NDArray[np.float64] = np.maximum(overlap, 0) / window
    return weights
