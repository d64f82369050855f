"""A small network trained within a second, as the judge of repairs, and what any network scores on a Dataset."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cmlp.data.dataset import Dataset
from cmlp.diagnosis.transforms import scaled
from cmlp.errors import DataError
from cmlp.network import Network

ROWS = 10_000  # trained on at most so many: 93 % on MNIST in 0.4 s, 97 % of what 60,000 reach
HELD_OUT = 2_000  # or a fifth, if that is fewer
HIDDEN = 32
VISITS = 80_000  # rows seen in training, in 8 to 40 epochs
ETA = 3.0
MINI_BATCH = 10
SPREAD = 3.0  # deviations that become 1 in pictures: brings MNIST to a width of 1, as 1/255 does
BLOCK = 2_000  # rows converted at a time


class Predictor(Protocol):
    """What tells labels from images as they are in a Dataset."""

    def labels_of(self, dataset: Dataset) -> NDArray[np.intp]:
        """Return the predicted labels, (n,)."""


class Given:
    """The network of the caller."""

    def __init__(self, network: Network) -> None:
        self.network = network

    def labels_of(self, dataset: Dataset) -> NDArray[np.intp]:  # noqa: D102
        dtype = self.network.dtype
        factor = dtype.type(dataset.scale if dataset.images.dtype == np.uint8 else 1)
        starts = range(0, len(dataset), BLOCK)
        images = dataset.images
        return np.concatenate([self.network.predict(images[s : s + BLOCK].astype(dtype) * factor) for s in starts])


class Probe:
    """A network pixels-32-classes, trained on a part of a set.

    Each value loses its mean and is divided by a deviation, that of all pixels in pictures and that of its
    feature in other data, so that the probe learns whatever the scale and the polarity are. What it is asked
    about is mapped by the same numbers.

    Attributes
    ----------
    train : Dataset
        What it was made from.
    held_out : int
        Number of rows that it was not trained on.
    expected : float
        Accuracy in percent on those rows: what a test set of the same
        kind should reach.
    """

    def __init__(self, train: Dataset, *, pictures: bool) -> None:
        order = np.random.default_rng(0).permutation(len(train))
        held_out = min(HELD_OUT, len(train) // 5)
        self.train, self.held_out = train, held_out
        fitted = train[np.sort(order[held_out : held_out + ROWS])]
        values = scaled(fitted)
        deviation = values[:BLOCK].std(axis=None if pictures else 0) * np.float32(SPREAD if pictures else 1)
        self._offset, self._divisor = values.mean(axis=0), np.where(deviation > 0, deviation, np.float32(1))
        self._network = Network((values.shape[1], HIDDEN, train.classes), dtype="float32", seed=0)
        epochs = min(40, max(8, VISITS // len(fitted)))
        pairs = Dataset(self._mapped(values), fitted.labels, scale=1.0, classes=train.classes)
        self._network.train(pairs, epochs, ETA, mini_batch_size=MINI_BATCH, progress=False)
        self.expected = accuracy(self, train[np.sort(order[:held_out])]) if held_out else 100.0

    def labels_of(self, dataset: Dataset) -> NDArray[np.intp]:  # noqa: D102
        found, expected = dataset.images.shape[1], self.train.images.shape[1]
        if found != expected:
            raise DataError(f"images must have {expected:,} pixels, as those the probe was trained on, got {found:,}")
        starts = range(0, len(dataset), BLOCK)
        blocks = (self._mapped(scaled(dataset[start : start + BLOCK])) for start in starts)
        return np.concatenate([self._network.predict(block) for block in blocks])

    def _mapped(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        values -= self._offset
        values /= self._divisor
        return values


def accuracy(predictor: Predictor, dataset: Dataset) -> float:
    """Return the share of right labels in percent."""
    return 100 * int(np.count_nonzero(predictor.labels_of(dataset) == dataset.labels)) / len(dataset)
