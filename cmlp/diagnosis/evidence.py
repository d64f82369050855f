"""What is measured about one set, without a network: on a sample of rows, in float32, within a second."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.data.dataset import Dataset
from cmlp.diagnosis.transforms import scaled, side_of

SAMPLE = 2000  # rows; 200 already separate 79 % from 10 % agreement, 2,000 take 0.2 s
FEWEST = 50  # rows below which shares and agreements say nothing
SIDE = 4  # pixels; smaller squares are tables such as the four columns of iris
SMOOTH = 0.35  # correlation of neighbouring pixels: .80 on MNIST, .54 on 8x8 digits
BLOCK = 1000  # rows converted at a time: 3 MB of float32 for MNIST
LEVELS = 1024  # steps in which rows are compared; a byte has 256


@dataclass(frozen=True)
class Evidence:
    """Measurements on one set; each is made when it is first asked for.

    Attributes
    ----------
    name : str
        "training data" or "test data".
    dataset : Dataset
    """

    name: str
    dataset: Dataset

    @property
    def prefix(self) -> str:
        """Name of the arrays in repairs: train or test."""
        return "train" if self.name == "training data" else "test"

    @cached_property
    def rows(self) -> NDArray[np.intp]:
        """At most `SAMPLE` rows in ascending order, drawn at random, because labels may come in a rhythm."""
        n = len(self.dataset)
        return np.sort(np.random.default_rng(0).choice(n, min(n, SAMPLE), replace=False))

    @cached_property
    def sample(self) -> Dataset:
        """The `rows` of the set."""
        return self.dataset[self.rows]

    @cached_property
    def values(self) -> NDArray[np.float32]:
        """Images of the sample as a network sees them, (m, pixels)."""
        return scaled(self.sample)

    @cached_property
    def range(self) -> tuple[float, float]:
        """Smallest and largest value of the whole set as a network sees them."""
        images = self.dataset.images
        factor = self.dataset.scale if images.dtype == np.uint8 else 1.0
        return float(images.min()) * factor, float(images.max()) * factor

    @cached_property
    def levels(self) -> int:
        """Number of different values in the sample."""
        return len(np.unique(self.sample.images))

    @cached_property
    def side(self) -> int | None:
        """Side of the pictures, or None where the rows are too short or not square."""
        side = side_of(self.dataset)
        return side if side is not None and side >= SIDE else None

    @cached_property
    def smoothness(self) -> float:
        """Mean correlation of pixels with their right and lower neighbours; 0 where there are no pictures."""
        return smoothness(self.values, self.side) if self.side else 0.0

    @property
    def picture(self) -> bool:
        """Whether the rows are pictures whose neighbouring pixels are alike."""
        return self.smoothness >= SMOOTH

    @cached_property
    def background(self) -> float:
        """Median of the border pixels as a share of the range: 0 for black, 1 for white."""
        low, high = self.range
        if not self.side or high == low:
            return 0.0
        p = self.values.reshape(-1, self.side, self.side)
        border = np.concatenate([p[:, 0], p[:, -1], p[:, :, 0], p[:, :, -1]], axis=None)
        return (float(np.median(border)) - low) / (high - low)

    @cached_property
    def mean_image(self) -> NDArray[np.float32]:
        """Mean of the sample, (pixels,)."""
        mean: NDArray[np.float32] = self.values.mean(axis=0)
        return mean

    @cached_property
    def counts(self) -> NDArray[np.intp]:
        """Rows per class, (classes,)."""
        return np.bincount(self.dataset.labels, minlength=self.dataset.classes)

    @cached_property
    def neighbours(self) -> NDArray[np.intp]:
        """Of each image of the sample the position of the nearest other one, (m,)."""
        return nearest(self.values)

    @cached_property
    def agreement(self) -> float:
        """Share of the sample whose nearest neighbour has the same label."""
        labels = self.sample.labels
        return float(np.mean(labels == labels[self.neighbours])) if len(labels) > 1 else 1.0

    @cached_property
    def chance(self) -> float:
        """The agreement of labels dealt out at random."""
        return float(np.sum((self.counts / len(self.dataset)) ** 2))

    @property
    def excess(self) -> float:
        """Agreement beyond chance, as a share of what is possible: 0 for random labels, at most 1."""
        return (self.agreement - self.chance) / (1 - self.chance) if self.chance < 1 else 1.0

    @property
    def at_chance(self) -> bool:
        """Whether images and labels have nothing to do with each other, within four standard deviations."""
        deviation = np.sqrt(self.chance * (1 - self.chance) / len(self.rows))
        return len(self.rows) >= FEWEST and self.chance < 1 and self.agreement < self.chance + 4 * float(deviation)

    @cached_property
    def blank(self) -> int:
        """Number of images of one value only."""
        return sum(int((block.min(axis=1) == block.max(axis=1)).sum()) for block in _blocks(self.dataset.images))

    @cached_property
    def hashes(self) -> NDArray[np.int64]:
        """A number per row, (n,), equal for images that are equal in `LEVELS` steps of the set's range."""
        low, high = self.range
        factor = self.dataset.scale if self.dataset.images.dtype == np.uint8 else 1.0
        step = (high - low) / LEVELS or 1.0
        found = []
        for block in _blocks(self.dataset.images):
            steps = np.rint((block * np.float32(factor) - np.float32(low)) / np.float32(step)).astype(np.int16)
            found += [hash(row.tobytes()) for row in steps]
        return np.array(found, np.int64)


def smoothness(values: NDArray[Any], side: int) -> float:
    """Mean correlation of neighbouring pixels, to the right and downwards, in images (n, side * side)."""
    p = values.reshape(-1, side, side)
    pairs = ((p[:, :, 1:], p[:, :, :-1]), (p[:, 1:], p[:, :-1]))
    return float(np.mean([correlation(a, b) for a, b in pairs]))


def correlation(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Pearson's correlation of two arrays of one shape; 0 where one of them is constant."""
    a, b = a - a.mean(), b - b.mean()
    size = np.sqrt(float(np.vdot(a, a)) * float(np.vdot(b, b)))
    return float(np.vdot(a, b)) / size if 0 < size < np.inf else 0.0


def nearest(values: NDArray[np.float32]) -> NDArray[np.intp]:
    """Position of each row's nearest other row by Euclidean distance, (m,)."""
    with np.errstate(over="ignore", invalid="ignore"):  # of values that no picture has
        centred = values - values.mean(axis=0)  # float32 then keeps the digits that matter
        squares = np.einsum("ij,ij->i", centred, centred)
        distances = centred @ centred.T
        distances *= -2
        distances += squares
    np.fill_diagonal(distances, np.inf)
    closest: NDArray[np.intp] = distances.argmin(axis=1)
    return closest


def _blocks(images: NDArray[Any]) -> list[NDArray[Any]]:
    return [images[start : start + BLOCK] for start in range(0, len(images), BLOCK)]
