"""One picture from anywhere, as grey values."""

import warnings
from collections.abc import Sequence
from io import BytesIO
from math import prod
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from cmlp.errors import DataError
from cmlp.utils.optional import require
from cmlp.utils.text import listed

MOST_BYTES = 1 << 28
MOST_PIXELS = 1 << 27
ENOUGH = 1024  # pixels of the longer side; what is much larger is shrunk
WHITE = (255, 255, 255, 255)


def read_picture(content: bytes, name: str) -> NDArray[Any]:
    """Read a picture in any format that Pillow knows; one much larger than 1,024 pixels a side is shrunk.

    Parameters
    ----------
    content : bytes
        The content of the file.
    name : str
        What error messages call the picture.

    Returns
    -------
    ndarray of uint8 or uint16 (height, width)
        Grey values, as `decode_picture` makes them.

    Raises
    ------
    DataError
        If it is no picture, is damaged, or has too many bytes or pixels.
    MissingExtraError
        If Pillow, which is the extra ``cmlp[images]``, is not installed.
    """
    if len(content) > MOST_BYTES:
        raise DataError(f"{name} must have at most {MOST_BYTES:,} bytes")
    return decode_picture(BytesIO(content), name, most_pixels=MOST_PIXELS, shrink=True)


def decode_picture(
    file: BinaryIO,
    name: str,
    *,
    most_pixels: int,
    formats: Sequence[str] | None = None,
    shrink: bool = False,
) -> NDArray[Any]:
    """Decode a picture to grey values: turned as its EXIF data say, with white where it is transparent.

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
    shrink : bool
        Whether a picture much larger than 1,024 pixels a side is shrunk; by default it is not.

    Returns
    -------
    ndarray of uint8 or uint16 (height, width)
        Grey values; uint16 where the picture has 16 bits or more per pixel.

    Raises
    ------
    DataError
        If it is no picture in one of the formats, is damaged, or has too many pixels.
    MissingExtraError
        If Pillow, which is the extra ``cmlp[images]``, is not installed.
    """
    pillow = require("PIL.Image", "Pillow", "images", "reading pictures")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd metadata, and sizes below the limit
            picture = pillow.open(file, formats=formats)
            if prod(picture.size) > most_pixels:
                raise DataError(f"{name} must have at most {most_pixels:,} pixels, got {prod(picture.size):,}")
            return _grey(picture, shrink)
    except (DataError, MemoryError):
        raise
    except pillow.UnidentifiedImageError as error:
        known = f"{listed(formats, 'or')} picture" if formats else "picture in a format that Pillow knows"
        raise DataError(f"{name} must be a {known}") from error
    except Exception as error:  # what a decoder raises for damaged files is not specified
        raise DataError(f"{name} is a damaged picture: {error}") from error


def _grey(picture: Any, shrink: bool) -> NDArray[Any]:
    operations = require("PIL.ImageOps", "Pillow", "images", "reading pictures")
    if shrink:
        picture.draft("L", (ENOUGH, ENOUGH))  # which a JPEG decoder does for nothing
    turned = operations.exif_transpose(picture)
    if turned.mode[0] in "IF":  # of 16 or 32 bits, which a conversion would clip
        return _of_many_bits(np.asarray(turned))
    if "transparency" in turned.info or turned.mode in ("LA", "PA", "RGBA", "La", "RGBa"):
        opaque = turned.convert("RGBA")
        paper = require("PIL.Image", "Pillow", "images", "reading pictures").new("RGBA", opaque.size, WHITE)
        turned = paper.alpha_composite(opaque) or paper
    grey = turned.convert("L")
    return np.asarray(grey.reduce(max(1, max(grey.size) // ENOUGH)) if shrink else grey)


def _of_many_bits(values: NDArray[Any]) -> NDArray[np.uint16]:
    """Return 16 bits per pixel: values that fit as they are, others stretched to them."""
    low, high = float(values.min()), float(values.max())
    if values.dtype.kind in "iu" and low >= 0 and high <= 65535:
        return values.astype(np.uint16)
    if not np.isfinite(low + high):
        raise DataError("its values are not finite")
    return np.rint((values - low) * (65535 / max(high - low, 1e-30))).astype(np.uint16)
