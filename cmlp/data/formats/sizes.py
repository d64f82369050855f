"""Pictures of different sizes: drawings on a plain background are framed as those of MNIST, and others refused."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cmlp.data.framing import Framing, frame
from cmlp.errors import DataError
from cmlp.utils.warn import warn

FRAMING = Framing(28, 28, dark=False, box=20, centre="mass")  # that of MNIST
SAMPLE = 50  # pictures to look at
PLAIN, NEAR = 0.8, 25  # of the border must differ less than this from its median, of 255
MOST_DRAWN = 0.8  # of the pictures, at least, must have a plain border


def framed(
    paths: Sequence[Path],
    read: Callable[[Path], NDArray[np.uint8]],
    first: tuple[Path, NDArray[np.uint8]],
    other: tuple[Path, NDArray[np.uint8]],
) -> NDArray[np.uint8]:
    """Crop, resize and centre pictures of different sizes to 28x28 pixels, as ``cmlp predict`` does, and say so.

    Parameters
    ----------
    paths : sequence of Path
        The pictures.
    read : function
        Reads one of them.
    first, other : (Path, ndarray)
        Two of different sizes, for messages.

    Returns
    -------
    ndarray of uint8 (n, 28, 28)
        Bright strokes on black.

    Raises
    ------
    DataError
        If most pictures are no drawings on a plain background, or one is empty.
    """
    sizes = f"{_size(first[1])} in {first[0]} and {_size(other[1])} in {other[0]}"
    some = [paths[place] for place in np.linspace(0, len(paths) - 1, min(len(paths), SAMPLE)).astype(int).tolist()]
    drawn = np.mean([_is_drawing(read(path)) for path in some])
    if drawn < MOST_DRAWN:
        rule = "resize them to one size first, as only drawings on a plain background are framed alike"
        raise DataError(f"pictures must all have one size, got {sizes}: {rule}")
    images = np.empty((len(paths), FRAMING.height, FRAMING.width), np.uint8)
    for image, path in zip(images, paths, strict=True):
        try:
            image[:] = frame(read(path), FRAMING)
        except DataError as error:
            raise DataError(f"{path}: {error}") from error
    warn(f"the pictures have different sizes ({sizes}), and were cropped, resized and centred to 28x28 pixels")
    return images


def _is_drawing(picture: NDArray[np.uint8]) -> bool:
    """Say whether a picture has a plain border, and something inside."""
    border = np.concatenate([picture[[0, -1]].ravel(), picture[:, [0, -1]].ravel()]).astype(np.int16)
    near = abs(border - np.median(border)) < NEAR
    return bool(near.mean() >= PLAIN and picture.max() > picture.min())


def _size(image: NDArray[np.uint8]) -> str:
    return f"{image.shape[1]}x{image.shape[0]}"
