"""What is measured about one set: on a sample of rows, in float32, within a second."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.data.dataset import Dataset
from cmlp.data.likeness import are_pictures, correlation
from cmlp.diagnosis.probe import Probe, make_probe, reduced
from cmlp.diagnosis.transforms import scaled, usual_range

SAMPLE = 2000  # rows; 200 already separate 79 % from 10 % agreement, 2,000 take 0.2 s
MOST_VALUES = 8_000_000  # of the sample of large pictures
FEWEST = 50  # rows below which shares and agreements say nothing
SIDE = 4  # pixels; smaller squares are tables such as the four columns of iris
SMOOTH = 0.35  # correlation of neighbouring pixels: .80 on MNIST, .54 on 8x8 digits
BLOCK = 1000  # rows converted at a time: 3 MB of float32 for MNIST
LEVELS = 1024  # steps in which pixels are compared; a byte has 256
MOST_STEPS = 1e18  # that an integer holds
DIGITS = 4096  # steps in which numbers are compared, relative to their size


@dataclass(frozen=True)
class Evidence:
    """Measurements on one set; each is made when it is first asked for.

    Attributes
    ----------
    name : str
        "training data" or "test data".
    dataset : Dataset
    like_pictures : bool or None
        Whether its rows are pictures, where the other set or what was there before a repair shows it.
    repeats : bool
        Whether equal rows are natural, as where there are few different ones: then test rows are equal to training
        rows, too, and may be held out one by one.
    """

    name: str
    dataset: Dataset
    like_pictures: bool | None = None
    repeats: bool = False

    @property
    def prefix(self) -> str:
        """Name of the arrays in repairs: train or test."""
        return "train" if self.name == "training data" else "test"

    def repaired(self, dataset: Dataset) -> "Evidence":
        """Return the evidence of a repaired set, which may look like pictures now."""
        return Evidence(self.name, dataset, self.like_pictures or None, self.repeats)

    def class_name(self, label: int) -> str:
        """Return what a label is called."""
        names = self.dataset.class_names
        return str(label) if names is None or label >= len(names) else names[label]

    @cached_property
    def rows(self) -> NDArray[np.intp]:
        """At most `SAMPLE` rows in ascending order, drawn at random, because labels may come in a rhythm."""
        n = len(self.dataset)
        most = min(n, SAMPLE, max(300, MOST_VALUES // self.dataset.images.shape[1]))
        return np.sort(np.random.default_rng(0).choice(n, most, replace=False))

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
    def usual(self) -> tuple[float, float]:
        """The range in which nearly all values of the sample are, where a few outliers are far away."""
        return usual_range(self.values) or self.range

    @cached_property
    def levels(self) -> int:
        """Number of different values in the sample."""
        return len(np.unique(self.sample.images))

    @property
    def shape(self) -> tuple[int, int] | None:
        """Height and width that pictures would have, or None where the rows are too short or of no shape."""
        shape = self.dataset.picture_shape
        return shape if shape is not None and min(shape) >= SIDE else None

    @cached_property
    def picture(self) -> bool:
        """Whether the rows look like pictures by themselves: a shape was given, or neighbouring pixels are alike."""
        if self.shape is None:
            return False
        return self.shape[0] != self.shape[1] or are_pictures(self.values[:BLOCK], self.shape)

    @property
    def pictures(self) -> bool:
        """Whether the rows are pictures, as far as is known."""
        known = self.picture if self.like_pictures is None else self.like_pictures
        return known and self.shape is not None

    @cached_property
    def smoothness(self) -> float:
        """Mean correlation of pixels with their right and lower neighbours; 0 where there is no shape."""
        return smoothness(self.values.clip(*self.usual), self.shape) if self.shape else 0.0

    @cached_property
    def background(self) -> float:
        """Median of the border pixels as a share of the range: 0 for black, 1 for white."""
        low, high = self.range
        if not self.shape or high == low:
            return 0.0
        return (float(np.median(border_of(self.values.reshape(-1, *self.shape)))) - low) / (high - low)

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
    def features(self) -> NDArray[np.float32]:
        """The sample as neighbours are looked for: large pictures reduced, columns of tables in their own units."""
        if self.pictures and self.shape:
            return reduced(self.values.clip(*self.usual), self.shape)
        deviation = self.values.std(axis=0)
        return np.clip((self.values - self.mean_image) / np.where(deviation > 0, deviation, np.float32(1)), -5, 5)

    @cached_property
    def neighbours(self) -> NDArray[np.intp]:
        """Of each image of the sample the position of the nearest other one, (m,)."""
        return nearest(self.features)

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
    def blank(self) -> NDArray[np.bool_]:
        """Which images have one value only, (n,)."""
        return np.concatenate([block.min(axis=1) == block.max(axis=1) for block in _blocks(self.dataset.images)])

    @cached_property
    def hashes(self) -> NDArray[np.int64]:
        """A number per row, (n,), equal for rows that are equal.

        Pixels are compared in `LEVELS` steps of their `usual` range, so that type and scale do not matter; numbers of a
        table in steps of their own size.
        """
        low, high = self.usual
        step = (high - low) / LEVELS or 1.0
        factors = np.random.default_rng(0).integers(1 << 63, size=self.dataset.images.shape[1])
        found = []
        for block in _blocks(self.dataset.images):
            values = block * np.float32(self.dataset.scale) if block.dtype == np.uint8 else block.astype(np.float32)
            if self.pictures:
                with np.errstate(over="ignore"):  # of outliers
                    steps = np.rint((values - np.float32(low)) / np.float32(step))
                steps = steps.clip(-MOST_STEPS, MOST_STEPS).astype(np.int64)
            else:
                mantissa, exponent = np.frexp(values)
                steps = np.rint(mantissa * DIGITS).astype(np.int64) * 512 + exponent
            found.append(steps @ factors)  # modulo 2**64, and the same in every process, as Python's hash is not
        return np.concatenate(found)

    @cached_property
    def probe(self) -> Probe | None:
        """A probe trained on the set, or None where it has too few rows."""
        return make_probe(self.dataset, pictures=self.pictures, groups=None if self.repeats else self.hashes)

    @cached_property
    def repeated(self) -> float:
        """Share of the rows that are equal to another one."""
        _, group, sizes = np.unique(self.hashes, return_inverse=True, return_counts=True)
        return float(np.mean(sizes[group] > 1))


def border_of(pictures: NDArray[Any]) -> NDArray[Any]:
    """Return the pixels at the border of pictures (n, height, width), all in one array."""
    return np.concatenate([pictures[:, 0], pictures[:, -1], pictures[:, :, 0], pictures[:, :, -1]], axis=None)


def smoothness(values: NDArray[Any], shape: tuple[int, int]) -> float:
    """Mean correlation of neighbouring pixels, to the right and downwards, in images (n, height * width)."""
    p = values.reshape(-1, *shape)
    pairs = ((p[:, :, 1:], p[:, :, :-1]), (p[:, 1:], p[:, :-1]))
    return float(np.mean([correlation(a, b) for a, b in pairs]))


def nearest(values: NDArray[np.float32]) -> NDArray[np.intp]:
    """Position of each row's nearest other row by Euclidean distance, (m,)."""
    distances = squared_distances(values, values)
    np.fill_diagonal(distances, np.inf)
    closest: NDArray[np.intp] = distances.argmin(axis=1)
    return closest


@np.errstate(over="ignore", invalid="ignore")  # of values that no picture has
def squared_distances(some: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the squared Euclidean distances of rows, (m, n), those nearly 0 with rounding errors."""
    centre = others.mean(axis=0)  # float32 then keeps the digits that matter
    some, others = some - centre, others - centre
    distances = some @ others.T
    distances *= -2
    distances += np.einsum("ij,ij->i", others, others)
    distances += np.einsum("ij,ij->i", some, some)[:, None]
    return distances


def _blocks(images: NDArray[Any]) -> list[NDArray[Any]]:
    return [images[start : start + BLOCK] for start in range(0, len(images), BLOCK)]
