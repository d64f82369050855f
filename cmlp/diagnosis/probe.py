"""A small network trained within a second, which tells whether a set can be learned, and judges repairs."""

from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cmlp.data.dataset import Dataset
from cmlp.diagnosis.significance import above
from cmlp.diagnosis.transforms import scaled, usual_range
from cmlp.errors import DataError, ModelError
from cmlp.network import Network

ROWS = 10_000  # trained on at most so many: 93 % on MNIST in 0.4 s, 97 % of what 60,000 reach
HELD_OUT = 2_000  # rows of a large set
FEWEST = 20  # rows below which nothing can be trained and judged
PARTS = ((300, 5), (3000, 3))  # sets of at most so many rows are cut into so many parts, each held out once
HIDDEN = 32
VISITS = 30_000  # rows seen in training, in 4 to 60 epochs
ETA = 0.005
MINI_BATCH = 20
SPREAD = 3.0  # deviations that become 1 in pictures: brings MNIST to a width of 1, as 1/255 does
FARTHEST = 5.0  # deviations from the mean of a feature, beyond which values are outliers
SIDE = 32  # pixels; larger pictures are reduced
BLOCK = 2_000  # rows converted at a time


class Predictor(Protocol):
    """What tells labels from images as they are in a Dataset."""

    def labels_of(self, dataset: Dataset) -> NDArray[np.intp]:
        """Return the predicted labels, (n,)."""


class NetworkPredictor:
    """The network of the caller."""

    def __init__(self, network: Network) -> None:
        self.network = network

    def labels_of(self, dataset: Dataset) -> NDArray[np.intp]:  # noqa: D102
        dtype = self.network.dtype
        factor = dtype.type(dataset.scale if dataset.images.dtype == np.uint8 else 1)
        starts = range(0, len(dataset), BLOCK)
        images = dataset.images
        return np.concatenate([self._labels_of(images[s : s + BLOCK].astype(dtype) * factor) for s in starts])

    def _labels_of(self, images: NDArray[Any]) -> NDArray[np.intp]:
        """Return the labels, also those of yes and no; the largest of several numbers is taken for an answer, too."""
        answers = np.asarray(self.network.predict(images))
        if self.network.architecture.classifies:
            return answers
        if answers.shape[1:] == (1,) and answers.dtype == np.bool_:
            return answers[:, 0].astype(np.intp)
        if self.network.sizes[-1] == 1:
            raise ModelError("a network that answers with one number has no labels")
        labels: NDArray[np.intp] = np.asarray(self.network(images)).argmax(axis=1)
        return labels


class Probe:
    """Networks inputs-32-classes, each trained on a part of a set and judged by the rest.

    Each value loses its mean and is divided by a deviation, that of all pixels in pictures and that of its
    feature in other data, so that the probe learns whatever the scale and the polarity are. What it is asked
    about is mapped by the same numbers. Rows that are equal are held out together.

    Attributes
    ----------
    train : Dataset
        What it was made from.
    rows : ndarray of intp (m,)
        Rows that were held out from a network.
    predicted : ndarray of intp (m,)
        The labels that it gave them.
    """

    def __init__(
        self,
        train: Dataset,
        *,
        pictures: bool,
        groups: NDArray[np.int64] | None = None,
        classes: int | None = None,
        visits: int = VISITS,
    ) -> None:
        self.train, self.classes = train, max(train.classes, classes or 0)
        self._visits = visits
        self._mapping = Mapping(train, pictures=pictures)
        self._networks: list[Network] = []
        rows, predicted = [], []
        for held_out, fitted in _parts(train.labels, np.arange(len(train)) if groups is None else groups):
            network = self._trained(fitted)
            self._networks.append(network)
            rows.append(held_out)
            predicted.append(_predicted(network, self._mapping, train[held_out]))
        self.rows, self.predicted = np.concatenate(rows), np.concatenate(predicted)

    def _trained(self, rows: NDArray[np.intp]) -> Network:
        values = self._mapping.clipped(self.train[rows])
        sizes = (values.shape[1], HIDDEN, self.classes)
        start = "glorot_normal"  # which the thresholds of the findings were measured with
        network = Network(sizes, activation="relu", loss="cross_entropy", initializer=start, dtype="float32", seed=0)
        epochs = min(60, max(4 if self._visits >= VISITS else 1, self._visits // len(rows)))
        pairs = Dataset(values, self.train.labels[rows], scale=1.0, classes=self.classes)
        network.train(pairs, epochs, ETA, mini_batch_size=MINI_BATCH, optimizer="adam", progress=False)
        return network

    @cached_property
    def right(self) -> NDArray[np.bool_]:
        """Which of the held out `rows` were right, (m,)."""
        right: NDArray[np.bool_] = self.predicted == self.train.labels[self.rows]
        return right

    @property
    def held_out(self) -> int:
        """How many rows were held out."""
        return len(self.rows)

    @cached_property
    def expected(self) -> float:
        """Accuracy in percent on the held out rows: what a test set of the same kind should reach."""
        return 100 * float(self.right.mean())

    @cached_property
    def constant(self) -> float:
        """Accuracy in percent of the best constant answer."""
        return 100 * float(np.bincount(self.train.labels).max()) / len(self.train)

    @property
    def learned(self) -> float:
        """How far it is on the way from a constant answer (0) to all right (1)."""
        return (self.expected - self.constant) / (100 - self.constant) if self.constant < 100 else 0.0

    @property
    def certainty(self) -> float:
        """By how many standard deviations it is better than a constant answer."""
        return above(self.expected, self.held_out, self.constant)

    @cached_property
    def recall(self) -> NDArray[np.float64]:
        """Share of right answers per class, (classes,): that of all rows where none was held out, 0 for none at all."""
        labels = self.train.labels[self.rows]
        counts = np.bincount(labels, minlength=self.classes)
        hits = np.bincount(labels[self.right], minlength=self.classes)
        known = np.bincount(self.train.labels, minlength=self.classes) > 0
        recall: NDArray[np.float64] = hits / np.maximum(counts, 1)
        return np.where(counts > 0, recall, np.where(known, self.expected / 100, 0.0))

    def expected_of(self, labels: NDArray[np.intp]) -> tuple[float, float]:
        """Return the accuracy in percent to be expected of rows with these labels, and how many rows tell it."""
        shares = np.bincount(labels, minlength=self.classes)[: self.classes] / len(labels)
        counts = np.bincount(self.train.labels[self.rows], minlength=self.classes)
        weights = shares**2 / np.maximum(counts, 1)
        return 100 * float(shares @ self.recall), float(1 / max(weights.sum(), 1 / max(1, self.held_out)))

    def labels_of(self, dataset: Dataset) -> NDArray[np.intp]:  # noqa: D102
        self._check(dataset)
        return _predicted(self._networks[0], self._mapping, dataset)

    def share_right(self, dataset: Dataset) -> NDArray[np.float64]:
        """Return for each row which share of the networks knows its label, (n,)."""
        self._check(dataset)
        answers = [_predicted(network, self._mapping, dataset) == dataset.labels for network in self._networks]
        shares: NDArray[np.float64] = np.mean(answers, axis=0)
        return shares

    def accuracy(self, dataset: Dataset) -> float:
        """Return the mean accuracy of the networks in percent."""
        return 100 * float(self.share_right(dataset).mean())

    def _check(self, dataset: Dataset) -> None:
        found, expected = dataset.images.shape[1], self.train.images.shape[1]
        if found != expected:
            raise DataError(f"images must have {expected:,} pixels, as those the probe was trained on, got {found:,}")


class Mapping:
    """What brings images to the inputs of a probe: reduced, less a mean, and divided by a deviation."""

    def __init__(self, train: Dataset, *, pictures: bool) -> None:
        self._shape = train.picture_shape if pictures else None
        values = self._reduced(train[: 5 * BLOCK])
        self._farthest = FARTHEST
        if pictures:
            usual = usual_range(values[:BLOCK])
            self._farthest = np.inf if usual is None else 4 * FARTHEST
            values = values if usual is None else values.clip(*usual)
        deviation = values[:BLOCK].std(axis=None if pictures else 0) * np.float32(SPREAD if pictures else 1)
        self._offset, self._divisor = values.mean(axis=0), np.where(deviation > 0, deviation, np.float32(1))

    def __call__(self, dataset: Dataset) -> NDArray[np.float32]:
        """Return the inputs, (n, inputs)."""
        values = self._reduced(dataset)
        values -= self._offset
        values /= self._divisor
        return values

    def clipped(self, dataset: Dataset) -> NDArray[np.float32]:
        """Return the inputs without outliers, for training; what is asked later shows whether outliers do harm."""
        return np.clip(self(dataset), -self._farthest, self._farthest)

    def _reduced(self, dataset: Dataset) -> NDArray[np.float32]:
        return scaled(dataset) if self._shape is None else reduced(scaled(dataset), self._shape)


def reduced(values: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return pictures (n, pixels) with sides of at most `SIDE` pixels, each the mean of a square of the given ones."""
    factor = -(-max(shape) // SIDE)
    if factor == 1:
        return values
    height, width = (side // factor * factor for side in shape)
    p = values.reshape(-1, *shape)[:, :height, :width].reshape(-1, height // factor, factor, width // factor, factor)
    means: NDArray[np.float32] = np.ascontiguousarray(p.mean(axis=(2, 4))).reshape(len(values), -1)
    return means


def make_probe(
    train: Dataset,
    *,
    pictures: bool,
    groups: NDArray[np.int64] | None = None,
    classes: int | None = None,
    visits: int = VISITS,
) -> Probe | None:
    """Return a probe that sees so many rows in training, or None where there are too few, or too few different ones."""
    different = len(train) if groups is None else len(np.unique(groups))
    if len(train) < FEWEST or different < 2:
        return None
    return Probe(train, pictures=pictures, groups=groups, classes=classes, visits=visits)


def _predicted(network: Network, mapping: Mapping, dataset: Dataset) -> NDArray[np.intp]:
    starts = range(0, len(dataset), BLOCK)
    return np.concatenate([network.predict(mapping(dataset[start : start + BLOCK])) for start in starts])


def _parts(labels: NDArray[np.intp], groups: NDArray[np.int64]) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Return pairs of rows to hold out and rows to train on: every class in every part, and no group in two."""
    n = len(labels)
    _, first, group = np.unique(groups, return_index=True, return_inverse=True)
    order = np.random.default_rng(0).permutation(len(first))
    order = order[np.argsort(labels[first[order]], kind="stable")]
    place = np.empty(len(first), np.intp)
    place[order] = np.arange(len(first))
    number = next((parts for most, parts in PARTS if n <= most), 0)
    if number:
        part = (place % number)[group]
        pairs = [(np.flatnonzero(part == k), np.flatnonzero(part != k)) for k in range(number)]
        return [pair for pair in pairs if len(pair[0]) and len(pair[1])]
    every = max(5, n // HELD_OUT)
    held_out = place[group] % every == 0
    fitted = np.flatnonzero(~held_out)
    some = np.random.default_rng(1).permutation(len(fitted))[:ROWS]
    return [(np.flatnonzero(held_out), np.sort(fitted[some]))]


def accuracy(predictor: Predictor, dataset: Dataset) -> float:
    """Return the share of right labels in percent."""
    return 100 * int(np.count_nonzero(predictor.labels_of(dataset) == dataset.labels)) / len(dataset)


def accuracy_if_any(predictor: Predictor | None, dataset: Dataset) -> float | None:
    """Return the accuracy in percent, or None where there is no predictor, or it does not take these images."""
    try:
        return None if predictor is None else accuracy(predictor, dataset)
    except (DataError, ModelError):
        return None
