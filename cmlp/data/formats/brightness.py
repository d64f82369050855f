"""Pictures of one source as bytes: the same grey is the same byte in all of them, and ink lies on one ground."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from cmlp.data.colours import VISIBLE
from cmlp.data.picture import BYTE, Decoded, range_of
from cmlp.utils.warn import warn

Key = TypeVar("Key")

BITS = (8, 10, 12, 14, 16)  # of scanners and cameras


class Brightness:
    """What the pictures of a source have in common: which values are black and white, and what transparent ones lie on.

    Parameters
    ----------
    name : str
        What warnings call the source.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.low, self.high, self.integers = np.inf, -np.inf, True
        self.deep = self.bright = self.dark = False

    def observe(self, picture: Decoded) -> None:
        """Take a picture into account."""
        if picture.values.dtype != np.uint8:
            self.deep = True
            self.integers &= picture.values.dtype.kind in "iu"
            self.low = min(self.low, float(picture.values.min()))
            self.high = max(self.high, float(picture.values.max()))
        elif picture.on_black is not None:
            on_white, on_black = _is_visible(picture.values), _is_visible(picture.on_black)
            self.bright |= on_black and not on_white
            self.dark |= on_white and not on_black

    def is_plain(self) -> bool:
        """Say whether all pictures are bytes, on white where they are transparent."""
        return not (self.deep or self.bright)

    def say(self) -> None:
        """Say what is not as a single picture would be read."""
        if self.bright and self.dark:
            what = "some are bright ink on a transparent ground, and others dark ink"
            warn(f"of the pictures in {self.name}, {what}: the former were put on black, and the latter on white")
        if self.deep and self._bits() is None and (self.low < 0 or self.high > BYTE):
            what = f"have values from {self.low:g} to {self.high:g}"
            warn(f"the pictures in {self.name} {what}, which became black and white: one scale for all of them")

    def bytes_of(self, picture: Decoded) -> NDArray[np.uint8]:
        """Return the grey values of a picture that was observed."""
        values = picture.values
        if values.dtype != np.uint8:
            bits = self._bits()
            if bits is None:
                black, span = range_of(self.low, self.high)
                values = np.rint(((values - np.float64(black)) / span).clip(0, 1) * BYTE)
            else:
                values = np.right_shift(values, bits - BITS[0])
            deep: NDArray[np.uint8] = values.astype(np.uint8)
            return deep
        if picture.on_black is None or not self.bright:
            return values
        return values if self.dark and _is_visible(values) else picture.on_black

    def _bits(self) -> int | None:
        """Return how many bits whole numbers have; None if they are none, or more than a picture has."""
        if not self.integers or self.low < 0:
            return None
        return next((bits for bits in BITS if self.high < 1 << bits), None)


def _is_visible(values: NDArray[np.uint8]) -> bool:
    return int(values.max()) - int(values.min()) >= VISIBLE * BYTE


def fill(images: NDArray[np.uint8], keys: Sequence[Key], decode: Callable[[Key], Decoded], name: str) -> Key | None:
    """Read pictures of one size, the same grey as the same byte in all of them.

    Parameters
    ----------
    images : ndarray of uint8 (n, height, width)
        Where they go.
    keys : sequence
        What each picture is called by `decode`.
    decode : function
        Reads one of them.
    name : str
        What warnings call the source.

    Returns
    -------
    key or None
        That of the first picture of another size, where the reading ended; None if there is none.
    """
    brightness = Brightness(name)
    for image, key in zip(images, keys, strict=True):
        picture = decode(key)
        if picture.values.shape != image.shape:
            return key
        brightness.observe(picture)
        if picture.values.dtype == np.uint8:
            image[:] = picture.values
    if not brightness.is_plain():
        for image, key in zip(images, keys, strict=True):
            image[:] = brightness.bytes_of(decode(key))
    brightness.say()
    return None


def alone(picture: Decoded) -> NDArray[np.uint8]:
    """Return the grey values of a picture that is like no other."""
    brightness = Brightness("")
    brightness.observe(picture)
    return brightness.bytes_of(picture)
