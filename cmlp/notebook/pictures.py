"""Pictures in a row, as one image that stands in the HTML itself."""

import struct
import zlib
from base64 import b64encode
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 32  # pixels of a picture, to which larger ones are averaged and small ones enlarged by a whole factor
GREY_AND_ALPHA = 4  # of the types of colour that PNG knows


def strip(pictures: NDArray[Any], limits: tuple[float, float], description: str) -> str:
    """Return pictures side by side, with thin gaps between them.

    Parameters
    ----------
    pictures : ndarray (n, height, width)
        Grey values.
    limits : (float, float)
        What is drawn black and white.
    description : str
        What they are, for those who cannot see them; HTML.

    Returns
    -------
    str
        An ``img`` element.
    """
    small = averaged(np.asarray(pictures, np.float64))
    n, height, width = small.shape
    low, high = limits
    with np.errstate(invalid="ignore", over="ignore"):
        grey = np.clip(np.nan_to_num((small - low) / ((high - low) or 1.0)), 0, 1) * 255
    gap = max(1, round(width / 14))
    framed = np.zeros((n, height, width + gap, 2), np.uint8)  # transparent between them
    framed[:, :, :width, 0] = np.rint(grey)
    framed[:, :, :width, 1] = 255
    pixels = framed.swapaxes(0, 1).reshape(height, n * (width + gap), 2)
    times = max(1, SIDE // max(height, width))
    size = f"width='{pixels.shape[1] * times}' height='{height * times}'"
    return f"<img {size} alt='{description}' src='data:image/png;base64,{b64encode(png(pixels)).decode()}'>"


def averaged(pictures: NDArray[np.float64]) -> NDArray[np.float64]:
    """Make pictures (n, height, width) that are larger than SIDE smaller, by averages of squares."""
    height, width = pictures.shape[1:]
    times = -(-max(height, width) // SIDE)
    if times == 1:
        return pictures
    rows, columns = -(-height // times), -(-width // times)
    margins = ((0, 0), (0, rows * times - height), (0, columns * times - width))
    padded = np.pad(pictures, margins, mode="edge")
    means: NDArray[np.float64] = padded.reshape(len(pictures), rows, times, columns, times).mean(axis=(2, 4))
    return means


def png(pixels: NDArray[np.uint8]) -> bytes:
    """Return grey values with their opacity, (height, width, 2), as the bytes of a PNG file."""
    height, width, _ = pixels.shape
    lines = np.zeros((height, 1 + 2 * width), np.uint8)  # each begins with its filter, which is none
    lines[:, 1:] = pixels.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, GREY_AND_ALPHA, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
