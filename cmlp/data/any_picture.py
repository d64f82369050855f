"""A picture from anywhere, as an image that a network reads."""

import os
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cmlp.data.colours import grey_of_colours
from cmlp.data.framing import Framing, frame
from cmlp.data.picture import ENOUGH, MOST_BYTES, MOST_PIXELS, grey_of_file, grey_of_picture, of_few_bits
from cmlp.data.pixels import ROUNDING, native
from cmlp.errors import DataError
from cmlp.utils.files import open_regular
from cmlp.utils.text import counted, shown

MNIST = Framing(28, 28, dark=False, box=20, centre="mass")
DIMENSIONS = "an array must have the shape (height, width), or (height, width, channels) with 1 to 4 channels"


class Trained(Protocol):
    """What is asked of a network: how its training images lie in their frame, and how many pixels they have."""

    @property
    def framing(self) -> Framing | None: ...  # noqa: D102

    @property
    def sizes(self) -> tuple[int, ...]: ...  # noqa: D102


def read_picture(picture: Any, network: Trained | None = None) -> NDArray[np.float64]:
    """Read a drawing or a photograph, and prepare it like the images that a network was trained on.

    The paper is taken away with its shadows, lines, squares and margins; what is written on it, darker or brighter than
    the paper and of any colour, is cropped, resized and centred like the training images. ``cmlp predict`` does the
    same.

    Parameters
    ----------
    picture : path, bytes, binary file, PIL image or array_like
        The picture: a file or its content, in any format that Pillow knows (``cmlp[images]``); or an image of Pillow;
        or an array (height, width) of grey values or (height, width, channels) of grey, grey and alpha, RGB or RGBA,
        whose values are bool, floats in [0, 1], uint16, or other integers in 0..255; 16 bits that hold no more than 255
        are taken for bytes. It may have any size up to 134
        million pixels and 256 MB. It is turned as its EXIF data say; what is transparent lies on white, or on black if
        nothing could be seen on white.
    network : Network, optional
        Whose images it shall be like. By default it becomes an image like those of MNIST: 28x28, bright strokes on a
        dark background. A network that was not trained on drawings on a plain background takes a picture of exactly as
        many pixels as it has inputs, which is neither cropped nor resized.

    Returns
    -------
    ndarray of float64 (height, width)
        The image in [0, 1]; ``network(image)`` and ``network.predict(image)`` take it as it is.

    Raises
    ------
    DataError
        If it is no picture, is damaged, too large, or shows nothing.
    CmlpError
        If a file is to be read, and Pillow is not installed.
    OSError
        If a file cannot be read.

    Examples
    --------
    >>> import numpy as np
    >>> paper = np.full((200, 300), 255, np.uint8)
    >>> paper[40:160, 140:152] = 30  # a one
    >>> image = cmlp.read_picture(paper)
    >>> image.shape, float(image[14, 14])
    ((28, 28), 1.0)
    """
    framing, pixels = _asked_for(network)
    if isinstance(picture, str | os.PathLike):
        name = os.fspath(picture)
        with open_regular(Path(os.fsdecode(name)), DataError) as file:
            return image_of(grey_of_file(file.read(MOST_BYTES + 1), str(name)), framing, pixels, str(name))
    return image_of(_grey(picture), framing, pixels)


def image_of(
    grey: NDArray[Any], framing: Framing | None, pixels: int, name: str = "", network: str = "the network"
) -> NDArray[np.float64]:
    """Prepare grey values like the images that a network was trained on.

    Parameters
    ----------
    grey : ndarray (height, width)
        Of uint8, uint16, bool, or floats in [0, 1].
    framing : Framing or None
        That of the training images.
    pixels : int
        How many of them the network takes.
    name : str
        What error messages call the picture; none by default.
    network : str
        What they call the network.

    Returns
    -------
    ndarray of float64 (height, width)
        In [0, 1].

    Raises
    ------
    DataError
        If it shows nothing, or has another number of pixels and there is no framing.
    """
    if framing is not None:
        try:
            framed: NDArray[np.float64] = frame(grey, framing) / 255
        except DataError as error:
            raise DataError(f"{name}: {error}" if name else str(error)) from error
        return framed
    if grey.size != pixels:
        size = f"{grey.shape[1]}x{grey.shape[0]}" + (f" in {name}" if name else "")
        rule = f"was not trained on drawings on a plain background, and takes {counted(pixels, 'pixel')}"
        raise DataError(f"{network} {rule}: a picture must have exactly as many, got {size}")
    image: NDArray[np.float64] = grey / np.float64(np.iinfo(grey.dtype).max if grey.dtype.kind == "u" else 1)
    return image


def _asked_for(network: Trained | None) -> tuple[Framing | None, int]:
    if network is None:
        return MNIST, MNIST.height * MNIST.width
    try:
        framing, pixels = network.framing, network.sizes[0]
    except (AttributeError, TypeError, IndexError) as error:
        raise DataError(
            f"network must be a Network, or None for images like those of MNIST, got {shown(network)}"
        ) from error
    return framing, int(pixels)


def _grey(picture: Any) -> NDArray[Any]:
    if isinstance(picture, bytes | bytearray | memoryview):
        return grey_of_file(bytes(picture), "the picture")
    if _is_of_pillow(picture):
        return grey_of_picture(picture, "the picture")
    if callable(getattr(picture, "read", None)):
        content = picture.read(MOST_BYTES + 1)
        if not isinstance(content, bytes):
            raise DataError(f"a file must be open in binary mode, as in open(path, 'rb'), got {shown(picture)}")
        return grey_of_file(content, "the picture")
    return _grey_of_array(picture)


def _is_of_pillow(picture: object) -> bool:
    return any(base.__module__ == "PIL.Image" and base.__name__ == "Image" for base in type(picture).__mro__)


def _grey_of_array(picture: Any) -> NDArray[Any]:
    try:
        values = np.asarray(picture)
    except Exception as error:  # whatever an object does when it is asked for its values
        raise DataError(f"a picture must be a path, bytes, an image or an array, got {shown(picture)}") from error
    if values.dtype.kind not in "buif" or np.ma.isMaskedArray(picture):
        raise DataError(f"a picture must be a path, bytes, an image or an array of numbers, got {shown(picture)}")
    if values.ndim not in (2, 3) or values.size == 0 or not (values.ndim == 2 or 1 <= values.shape[2] <= 4):
        hint = ": transpose(1, 2, 0) moves the channels to the end" if _has_channels_first(values) else ""
        raise DataError(f"{DIMENSIONS}, got {values.shape}{hint}")
    if values.size > 4 * MOST_PIXELS or values.shape[0] * values.shape[1] > MOST_PIXELS:
        raise DataError(f"the picture must have at most {MOST_PIXELS:,} pixels, got {values.shape}")
    return grey_of_colours(_reduced(_checked(values)))


def _has_channels_first(values: NDArray[Any]) -> bool:
    return values.ndim == 3 and values.shape[0] in (1, 3, 4)


def _checked(values: NDArray[Any]) -> NDArray[Any]:
    """Return values in one of the types that `frame` takes."""
    if values.dtype.kind == "b" or (values.dtype.kind == "u" and values.dtype.itemsize <= 2):
        return of_few_bits(values.astype(native(values.dtype), copy=False))
    low, high = values.min(), values.max()
    if values.dtype.kind in "iu":
        if low < 0 or high > 255:
            raise DataError(f"integers must be in 0..255, or of type uint16, got {low} to {high} of {values.dtype}")
        return values.astype(np.uint8)
    if not (low >= 0 and high <= ROUNDING):
        hint = ": divide them by 255" if low >= 0 and 1 < high <= 255 else ""
        raise DataError(f"floats must be in [0, 1], got {low:g} to {high:g}{hint}")
    return values.astype(np.float64).clip(0, 1)


def _reduced(values: NDArray[Any]) -> NDArray[Any]:
    """Average square blocks of what is much larger than a network needs."""
    times = max(values.shape[:2]) // ENOUGH
    if times < 2:
        return values
    height, width = (max(1, side // times) for side in values.shape[:2])
    down, across = (min(times, side) for side in values.shape[:2])
    blocks = values[: height * down, : width * across].reshape(height, down, width, across, *values.shape[2:])
    full = np.iinfo(values.dtype).max if values.dtype.kind == "u" else 1
    means: NDArray[Any] = blocks.mean(axis=(1, 3)) / full
    return means.clip(0, 1)
