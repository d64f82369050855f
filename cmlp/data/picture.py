"""One picture from anywhere, as grey values."""

import warnings
from collections.abc import Callable, Sequence
from io import BytesIO
from math import prod
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cmlp.data.colours import grey_of_colours
from cmlp.data.pixels import ROUNDING, native
from cmlp.errors import DataError
from cmlp.utils.optional import require
from cmlp.utils.text import listed

BYTE = 255
MOST_BYTES = 1 << 28
MOST_PIXELS = 1 << 27
ENOUGH = 1024  # pixels of the longer side; what is much larger is shrunk
PAPERS = ((255, 255, 255, 255), (0, 0, 0, 255))  # white and black
TRANSPARENT = ("LA", "PA", "RGBA", "La", "RGBa")


class Decoded(NamedTuple):
    """The grey values of a picture as it is stored, on white where it is transparent, and then on black, too."""

    values: NDArray[Any]
    on_black: NDArray[np.uint8] | None = None


def grey_of_file(content: bytes, name: str) -> NDArray[Any]:
    """Read a photograph in any format that Pillow knows; one much larger than 1,024 pixels a side is shrunk.

    Parameters
    ----------
    content : bytes
        The content of the file.
    name : str
        What error messages call the picture.

    Returns
    -------
    ndarray of uint8, uint16 or float64 (height, width)
        Grey values, as `grey_of_picture` makes them.

    Raises
    ------
    DataError
        If it is no picture, is damaged, or has too many bytes or pixels.
    MissingExtraError
        If Pillow, which is the extra ``cmlp[images]``, is not installed.
    """
    if len(content) > MOST_BYTES:
        raise DataError(f"{name} must have at most {MOST_BYTES:,} bytes")
    pillow = require("PIL.Image", "Pillow", "images", "reading pictures")

    def opened() -> Any:
        picture = pillow.open(BytesIO(content))
        if prod(picture.size) <= MOST_PIXELS:
            picture.draft(None, (ENOUGH, ENOUGH))  # a JPEG decoder makes it smaller for nothing
        return picture

    grey: NDArray[Any] = _converted(opened, _photographed, name, MOST_PIXELS)
    return grey


def grey_of_picture(picture: Any, name: str) -> NDArray[Any]:
    """Return the grey values of a photograph, turned as its EXIF data say.

    Parameters
    ----------
    picture : PIL.Image.Image
        Of any mode; it is not changed.
    name : str
        What error messages call the picture.

    Returns
    -------
    ndarray of uint8, uint16 or float64 (height, width)
        As `grey_of_colours` makes them of colours; uint16 where the picture has 16 bits or more per pixel.

    Raises
    ------
    DataError
        If it is damaged, or has too many pixels.
    """
    grey: NDArray[Any] = _converted(lambda: picture, _photographed, name, MOST_PIXELS)
    return grey


def decode_picture(file: BinaryIO, name: str, *, most_pixels: int, formats: Sequence[str] | None = None) -> Decoded:
    """Decode a picture to grey values, turned as its EXIF data say.

    Parameters
    ----------
    file : binary file
        Open for reading.
    name : str
        What error messages call the picture.
    most_pixels : int
        The most pixels to decode.
    formats : sequence of str, optional
        The formats to accept, as Pillow calls them; by default all that it knows.

    Returns
    -------
    Decoded
        Of uint8 (height, width), or as they are of uint16, int32 or float32 where the picture has more bits per pixel.

    Raises
    ------
    DataError
        If it is no picture in one of the formats, is damaged, or has too many pixels.
    MissingExtraError
        If Pillow, which is the extra ``cmlp[images]``, is not installed.
    """
    pillow = require("PIL.Image", "Pillow", "images", "reading pictures")
    decoded: Decoded = _converted(lambda: pillow.open(file, formats=formats), _as_stored, name, most_pixels, formats)
    return decoded


def _converted(
    opened: Callable[[], Any],
    convert: Callable[[Any], Any],
    name: str,
    most_pixels: int,
    formats: Sequence[str] | None = None,
) -> Any:
    pillow = require("PIL.Image", "Pillow", "images", "reading pictures")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd metadata, and sizes below the limit
            picture = opened()
            if not 0 < prod(picture.size) <= most_pixels:
                raise DataError(f"{name} must have at most {most_pixels:,} pixels, got {prod(picture.size):,}")
            return convert(picture)
    except (DataError, MemoryError):
        raise
    except pillow.UnidentifiedImageError as error:
        known = f"{listed(formats, 'or')} picture" if formats else "picture in a format that Pillow knows"
        raise DataError(f"{name} must be a {known}") from error
    except pillow.DecompressionBombError as error:  # which comes before the size can be asked for
        raise DataError(f"{name} must have at most {most_pixels:,} pixels, got more: make it smaller") from error
    except Exception as error:  # what a decoder raises for damaged files is not specified
        raise DataError(f"{name} is a damaged picture: {error}") from error


def _as_stored(picture: Any) -> Decoded:
    turned = _turned(picture)
    if _has_many_bits(turned):
        values = np.asarray(turned)
        if not np.isfinite(values).all():
            raise ValueError("its values are not finite")
        return Decoded(values.astype(native(values.dtype), copy=False))
    if _is_transparent(turned):
        opaque = turned.convert("RGBA")
        if opaque.getextrema()[-1][0] < BYTE:
            return Decoded(*(_on(paper, opaque) for paper in PAPERS))
        turned = opaque
    return Decoded(np.asarray(turned.convert("L")))


def _on(paper: tuple[int, ...], picture: Any) -> NDArray[np.uint8]:
    joint = require("PIL.Image", "Pillow", "images", "reading pictures").new("RGBA", picture.size, paper)
    joint.alpha_composite(picture)
    return np.asarray(joint.convert("L"))


def _photographed(picture: Any) -> NDArray[Any]:
    turned = _turned(picture)
    if _has_many_bits(turned):
        return of_few_bits(_of_many_bits(np.asarray(turned)))
    grey = turned.mode in ("1", "L") and "transparency" not in turned.info
    colours = turned.convert("L" if grey else "RGBA" if _is_transparent(turned) else "RGB")
    return grey_of_colours(np.asarray(colours.reduce(max(1, max(colours.size) // ENOUGH))))


def _turned(picture: Any) -> Any:
    return require("PIL.ImageOps", "Pillow", "images", "reading pictures").exif_transpose(picture)


def _has_many_bits(picture: Any) -> bool:
    """Say whether there are 16 or 32 bits, which a conversion would clip."""
    return bool(picture.mode[0] in "IF")


def _is_transparent(picture: Any) -> bool:
    return "transparency" in picture.info or picture.mode in TRANSPARENT


def of_few_bits(values: NDArray[Any]) -> NDArray[Any]:
    """Return bytes if they are kept in 16 bits: so little light would be no picture, but a black one."""
    few = values.dtype == np.uint16 and values.max() <= BYTE
    return values.astype(np.uint8) if few else values


def _of_many_bits(values: NDArray[Any]) -> NDArray[np.uint16]:
    """Return 16 bits per pixel: values that fit as they are, floats in [0, 1] and in [0, 255], others stretched."""
    low, high = float(values.min()), float(values.max())
    if not np.isfinite(low + high):
        raise ValueError("its values are not finite")
    if values.dtype.kind in "iu" and low >= 0 and high <= 65535:
        return values.astype(np.uint16)
    black, span = range_of(low, high)
    deep: NDArray[np.uint16] = np.rint(((values - np.float64(black)) / span).clip(0, 1) * 65535).astype(np.uint16)
    return deep


def range_of(low: float, high: float) -> tuple[float, float]:
    """Return what is black, and how far white lies above it, where these are the least and the greatest value."""
    if low >= 0 and high <= BYTE:
        return 0.0, 1.0 if high <= ROUNDING else float(BYTE)
    return low, max(high - low, 1e-30)
