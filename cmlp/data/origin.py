"""Where training data come from, as a trained network remembers it: so that it is not tested with what it has seen."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

SAMPLE, OF_A_SAMPLE = 128, "sample-"
BLOCK = 4096  # images whose checksum is taken at once
FIELDS = {"checksum", "test_fraction", "seed"}


@dataclass(frozen=True)
class Origin:
    """The images of a source, and which of them were split off.

    Parameters
    ----------
    checksum : str
        That of all images, as `checksum_of` returns it, or of some of them, as `sample_checksum_of` does.
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

    def is_of(self, images: NDArray[Any]) -> bool:
        """Return whether these are the images."""
        of = sample_checksum_of if self.checksum.startswith(OF_A_SAMPLE) else checksum_of
        return of(images) == self.checksum

    def describe(self) -> dict[str, Any]:
        """Return the fields, as values for JSON."""
        return asdict(self)


def sample_checksum_of(images: NDArray[Any]) -> str:
    """Return the SHA-256 of at most 128 images, evenly spaced, which costs nothing beside a training.

    Parameters
    ----------
    images : ndarray (n, pixels)
        As `Dataset.images` returns them.

    Returns
    -------
    str
        ``sample-`` and the sum in hexadecimal.
    """
    chosen = images[np.linspace(0, len(images) - 1, min(len(images), SAMPLE)).astype(np.intp)]
    return f"{OF_A_SAMPLE}{hashlib.sha256(f'{images.shape}{checksum_of(chosen)}'.encode()).hexdigest()}"


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
