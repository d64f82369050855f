"""Where training data come from, as a trained network remembers it: so that it is not tested with what it has seen."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

BLOCK = 4096  # images whose checksum is taken at once
FIELDS = {"checksum", "test_fraction", "seed"}


@dataclass(frozen=True)
class Origin:
    """The images of a source, and which of them were split off.

    Parameters
    ----------
    checksum : str
        That of all images, as `checksum_of` returns it.
    test_fraction : float, optional
        The fraction that was split off as test data; by default none was.
    seed : int, default 0
        With which it was.
    """

    checksum: str
    test_fraction: float | None = None
    seed: int = 0

    @classmethod
    def read(cls, settings: Mapping[str, Any]) -> Self | None:
        """Return the origin that the settings of a network hold, or None; a file may hold anything in its place."""
        given = settings.get("origin")
        if not isinstance(given, dict) or given.keys() != FIELDS or not isinstance(given["checksum"], str):
            return None
        part, seed = given["test_fraction"], given["seed"]
        has_fraction = part is None or (type(part) is float and 0 < part < 1)
        return cls(**given) if has_fraction and type(seed) is int and 0 <= seed < 1 << 64 else None

    def describe(self) -> dict[str, Any]:
        """Return the fields, as values for JSON."""
        return asdict(self)


def checksum_of(images: NDArray[Any]) -> str:
    """Return the SHA-256 of images.

    Parameters
    ----------
    images : ndarray (n, pixels)
        As `Dataset.images` returns them.

    Returns
    -------
    str
        In hexadecimal.
    """
    digest = hashlib.sha256(f"{images.dtype.str}{images.shape}".encode())
    for begin in range(0, len(images), BLOCK):
        digest.update(np.ascontiguousarray(images[begin : begin + BLOCK]).data)
    return digest.hexdigest()
