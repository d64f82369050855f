"""Which combination of repairs makes one set like the other, by the accuracy of a judge."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.data.dataset import Dataset
from cmlp.diagnosis.evidence import BLOCK, Evidence
from cmlp.diagnosis.probe import Probe
from cmlp.diagnosis.transforms import (
    Repair,
    header_bytes,
    inverted,
    permuted_pixels,
    renamed_labels,
    scaled,
    shifted,
    symmetries,
    uncentred,
)

GAIN = 5.0  # points that a repair must bring: no wrong one came near that on sound data
DEVIATIONS = 4.0  # of the number of rows set right against rows set wrong
SHARE = 0.5  # of the gap to the expected accuracy that a repair must close
RENAMED = 0.8  # of the expected accuracy that the best renaming of labels must reach
PRICE = {"shifted": 2.0, "header-bytes": 2.5, "uncentred": 3.0, "labels-renamed": 4.0, "labels-off-by-one": 4.0}
MOST_PIXELS = 1024  # for matching pixels one to one, which takes the third power


@dataclass(frozen=True)
class Trial:
    """Repairs in the order of application, and the judge's accuracy in percent with them."""

    repairs: tuple[Repair, ...]
    accuracy: float
    right: NDArray[np.bool_]  # (m,), per row of the sample

    @property
    def worth(self) -> float:
        """Accuracy less a price for every repair, so that none is there without need."""
        return self.accuracy - sum(PRICE.get(repair.code, 1.0) for repair in self.repairs)


def search(judge: Probe, train: Evidence, test: Evidence, expected: float) -> tuple[Trial, Trial]:
    """Find the repairs of the test set that bring it closest to the training set.

    Parameters
    ----------
    judge : Probe
        Trained on the training set.
    train, test : Evidence
        Of sets whose images have the same number of pixels.
    expected : float
        Accuracy in percent that a sound test set should reach.

    Returns
    -------
    before, best : Trials without repairs and with the best ones; the same one where no repair is good enough
    """
    before = _trial(judge, test.sample, test.sample, ())
    best = max(_trials(judge, train, test, expected), key=lambda trial: trial.worth, default=before)
    if not convincing(before, best, expected) and train.side:
        best = _match_pixels(judge, train, test) or before
    return before, best if convincing(before, best, expected) else before


def convincing(before: Trial, after: Trial, expected: float) -> bool:
    """Whether the repairs bring enough, and more than luck would."""
    gain = after.accuracy - before.accuracy
    better, worse = int((after.right & ~before.right).sum()), int((before.right & ~after.right).sum())
    certain = better - worse >= DEVIATIONS * float(np.sqrt(better + worse))
    return gain >= GAIN and certain and gain >= SHARE * (expected - before.accuracy)


def _trials(judge: Probe, train: Evidence, test: Evidence, expected: float) -> Iterator[Trial]:
    """Try polarity, symmetry, place and names of the labels in every combination, about 64 of them."""
    polarities: list[tuple[Repair, ...]] = [(), (inverted(),)] if train.side else [()]
    turns: list[tuple[Repair, ...]] = [(), *((turn,) for turn in symmetries(train.side))] if train.side else [()]
    for polarity, turn in product(polarities, turns):
        repairs = polarity + turn
        turned = _apply(test.sample, repairs)
        for place in ((), *_places(train, turned)):
            placed = _apply(turned, place)
            trial = _trial(judge, test.sample, placed, repairs + place)
            yield trial
            yield from _renamed(judge, placed, trial, expected)


def _apply(dataset: Dataset, repairs: tuple[Repair, ...]) -> Dataset:
    for repair in repairs:
        dataset = repair.apply(dataset)
    return dataset


def _trial(judge: Probe, sample: Dataset, repaired: Dataset, repairs: tuple[Repair, ...]) -> Trial:
    right = judge.labels_of(repaired) == sample.labels
    return Trial(repairs, 100 * float(right.mean()), right)


def _places(train: Evidence, sample: Dataset) -> Iterator[tuple[Repair]]:
    """Return the shift and the roll that bring the mean images together, and centring each image."""
    if not train.side:
        return
    target, source = train.mean_image, scaled(sample).mean(axis=0)
    shape = (train.side, train.side)
    down, right = _offset(target.reshape(shape), source.reshape(shape))
    if (down, right) != (0, 0):
        yield (shifted(train.side, down, right),)
    (count,) = _offset(target, source)
    if count:
        yield (header_bytes(-count),)
    mass = target.reshape(shape) - target.min()
    if mass.sum() > 0:
        places = np.arange(train.side)
        row, column = mass.sum(axis=1) @ places / mass.sum(), mass.sum(axis=0) @ places / mass.sum()
        yield (uncentred(train.side, round(float(row)), round(float(column))),)


def _offset(target: NDArray[Any], source: NDArray[Any]) -> tuple[int, ...]:
    """Return the circular shift per axis, in -n/2..n/2, that correlates source best with target."""
    product = np.fft.fftn(target) * np.conj(np.fft.fftn(source))
    best = np.unravel_index(np.argmax(np.fft.ifftn(product).real), target.shape)
    return tuple((int(k) + n // 2) % n - n // 2 for k, n in zip(best, target.shape, strict=True))


def _renamed(judge: Probe, placed: Dataset, trial: Trial, expected: float) -> Iterator[Trial]:
    """Return the trial with the best one-to-one renaming of labels, where that is good."""
    predicted = judge.labels_of(placed)
    classes = max(placed.classes, int(predicted.max()) + 1)
    confusion = np.zeros((classes, classes), np.intp)  # [label, predicted]
    np.add.at(confusion, (placed.labels, predicted), 1)
    if confusion.max(axis=1).sum() < RENAMED * expected / 100 * len(placed):
        return

    from scipy.optimize import linear_sum_assignment

    # Among equally good names a label keeps its own, as classes without rows would otherwise swap theirs.
    names = linear_sum_assignment(2 * len(placed) * confusion + np.eye(classes), maximize=True)[1]
    right = names[placed.labels] == predicted
    found = 100 * float(right.mean())
    if np.any(names != np.arange(classes)) and found >= RENAMED * expected:
        yield Trial((*trial.repairs, renamed_labels(_name_of(names, placed.labels), names)), found, right)


def _name_of(names: NDArray[np.intp], labels: NDArray[np.intp]) -> str:
    used = np.unique(labels)
    for step in (1, -1):
        if np.array_equal(names[used], (used + step) % len(names)):
            return "labels-off-by-one"
    return "labels-renamed"


def _match_pixels(judge: Probe, train: Evidence, test: Evidence) -> Trial | None:
    """Try one permutation of the pixels, matched by their mean and deviation in every class."""
    if len(train.mean_image) > MOST_PIXELS:
        return None

    from scipy.optimize import linear_sum_assignment

    wanted, found = _profiles(train.dataset), _profiles(test.dataset)
    if wanted.shape != found.shape:
        return None
    costs = np.sum(wanted**2, axis=1)[:, None] - 2 * wanted @ found.T + np.sum(found**2, axis=1)
    repair = permuted_pixels(linear_sum_assignment(costs)[1])
    return _trial(judge, test.sample, repair.apply(test.sample), (repair,))


def _profiles(dataset: Dataset) -> NDArray[np.float64]:
    """Return per pixel its mean and deviation in each class, (pixels, 2 * classes)."""
    classes, pixels = dataset.classes, dataset.images.shape[1]
    sums, squares = np.zeros((2, classes, pixels))
    for start in range(0, len(dataset), BLOCK):
        block = dataset[start : start + BLOCK]
        values, one_hot = scaled(block), np.eye(classes, dtype=np.float32)[block.labels]
        sums += one_hot.T @ values
        squares += one_hot.T @ values**2
    counts = np.maximum(np.bincount(dataset.labels, minlength=classes), 1)[:, None]
    means = sums / counts
    return np.concatenate([means, np.sqrt(np.maximum(squares / counts - means**2, 0))]).T
