"""One picture from anywhere, as grey values."""

import warnings
from io import BytesIO
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.errors import DataError
from cmlp.utils.optional import require

MOST_BYTES = 1 << 28
MOST_PIXELS = 1 << 27
ENOUGH = 1024  # pixels of the longer side; what is much larger is shrunk
WHITE = (255, 255, 255, 255)


def read_picture(content: bytes, name: str) -> NDArray[Any]:
    """Read a picture in any format that Pillow knows.

    Parameters
    ----------
    content : bytes
        The file. It is turned as its EXIF data say; what is transparent becomes white.
    name : str
        What complaints call it.

    Returns
    -------
    ndarray of uint8 or uint16 (height, width)
        Grey.

    Raises
    ------
    DataError
        If it is no picture, is damaged, or has too many pixels.
    CmlpError
        If Pillow, which is the extra ``cmlp[images]``, is not installed.
    """
    pillow = require("PIL.Image", "Pillow", "images", "reading pictures")
    if len(content) > MOST_BYTES:
        raise DataError(f"{name} must have at most {MOST_BYTES:,} bytes")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd metadata, and sizes below the limit
            picture = pillow.open(BytesIO(content))
            if prod(picture.size) > MOST_PIXELS:
                raise DataError(f"{name} must have at most {MOST_PIXELS:,} pixels, got {prod(picture.size):,}")
            return _grey(picture)
    except (DataError, MemoryError):
        raise
    except pillow.UnidentifiedImageError as error:
        raise DataError(f"{name} is no picture in a format that Pillow knows") from error
    except Exception as error:  # what a decoder raises for damaged files is not specified
        raise DataError(f"{name} is a damaged picture: {error}") from error


def _grey(picture: Any) -> NDArray[Any]:
    operations = require("PIL.ImageOps", "Pillow", "images", "reading pictures")
    picture.draft("L", (ENOUGH, ENOUGH))  # which a JPEG decoder does for nothing
    turned = operations.exif_transpose(picture)
    if turned.mode[0] in "IF":  # of 16 or 32 bits, which a conversion would clip
        return _of_many_bits(np.asarray(turned))
    if "transparency" in turned.info or turned.mode in ("LA", "PA", "RGBA", "La", "RGBa"):
        opaque = turned.convert("RGBA")
        paper = require("PIL.Image", "Pillow", "images", "reading pictures").new("RGBA", opaque.size, WHITE)
        turned = paper.alpha_composite(opaque) or paper
    grey = turned.convert("L")
    return np.asarray(grey.reduce(max(1, max(grey.size) // ENOUGH)))


def _of_many_bits(values: NDArray[Any]) -> NDArray[np.uint16]:
    """Return 16 bits per pixel: values that fit as they are, others stretched to them."""
    low, high = float(values.min()), float(values.max())
    if values.dtype.kind in "iu" and low >= 0 and high <= 65535:
        return values.astype(np.uint16)
    if not np.isfinite(low + high):
        raise DataError("its values are not finite")
    return np.rint((values - low) * (65535 / max(high - low, 1e-30))).astype(np.uint16)
