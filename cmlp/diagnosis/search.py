"""Which combination of repairs makes one set like the other, by the accuracy of a judge.

A repair is chosen by one half of the rows and judged by the other one, as the best of many is also the luckiest.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cmlp.data.dataset import Dataset
from cmlp.diagnosis.columns import table_repairs
from cmlp.diagnosis.evidence import BLOCK, Evidence
from cmlp.diagnosis.geometry import rotated, slanted, zoomed
from cmlp.diagnosis.significance import CERTAIN
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
SHARE = 0.5  # of the gap to the expected accuracy that a repair must close
RENAMED = 0.8  # of the expected accuracy that the best renaming of labels must reach
PRICE = {
    "shifted": 2.0, "header-bytes": 2.5, "uncentred": 3.0, "labels-renamed": 4.0, "labels-off-by-one": 4.0,
    "different-scale": 2.0, "permuted-columns": 3.0,
}  # fmt: skip
MOST_PIXELS = 1024  # for matching pixels one to one, which takes the third power
ANGLES, SLOPES, ZOOMS = (
    (-60, -45, -30, -15, 15, 30, 45, 60),
    (-0.8, -0.5, -0.25, 0.25, 0.5, 0.8),
    (0.6, 0.75, 1.3, 1.6, 2.0),
)
FINER = 3  # times that the steps of a resampling are halved
SAMPLED = 300  # rows by which a resampling is chosen


@dataclass(frozen=True)
class Trial:
    """Repairs in the order of application, and which rows the judge has right with them.

    Attributes
    ----------
    repairs : tuple of Repair
    right : ndarray of bool (m,)
    judged : ndarray of bool (m,)
        The rows by which the trial is judged; it was chosen by the others.
    """

    repairs: tuple[Repair, ...]
    right: NDArray[np.bool_]
    judged: NDArray[np.bool_]

    @property
    def accuracy(self) -> float:
        """Accuracy in percent on the rows by which it was not chosen."""
        return 100 * float(self.right[self.judged].mean())

    @property
    def worth(self) -> float:
        """Accuracy on the rows to choose by, less a price for every repair, so that none is there without need."""
        return 100 * float(self.right[~self.judged].mean()) - sum(
            PRICE.get(repair.code, 1.0) for repair in self.repairs
        )

    def beats(self, before: "Trial", expected: float) -> bool:
        """Whether the repairs bring enough, and more than luck would, on the rows by which they were not chosen."""
        gain, judged = self.accuracy - before.accuracy, self.judged
        better, worse = (int((a.right & ~b.right)[judged].sum()) for a, b in ((self, before), (before, self)))
        certain = better - worse >= CERTAIN * float(np.sqrt(better + worse))
        return gain >= GAIN and certain and gain >= SHARE * (expected - before.accuracy)


class Judge(Protocol):
    """Who tells whether a repair helps: a probe, or the network of the caller.

    Attributes
    ----------
    classes : int
    expected : float
        Accuracy in percent where nothing is wrong.
    """

    classes: int

    @property
    def expected(self) -> float: ...  # noqa: D102

    def labels_of(self, dataset: Dataset) -> NDArray[np.intp]: ...  # noqa: D102


@dataclass(frozen=True)
class Search:
    """What a search needs.

    Attributes
    ----------
    judge : Judge
        Tells whether a repair helps.
    train, test : Evidence
        Of sets whose images have the same number of pixels.
    expected : float
        Accuracy in percent that a sound test set should reach.
    families : tuple of functions of a Search that yield Trials
        What is tried; by default all that suits pictures, or tables.
    """

    judge: Judge
    train: Evidence
    test: Evidence
    expected: float
    families: tuple["Family", ...] = ()

    @property
    def judged(self) -> NDArray[np.bool_]:
        """Which rows of the sample of test data judge, and do not choose: a half, drawn at random."""
        order = np.random.default_rng(1).permutation(len(self.test.rows))
        judged: NDArray[np.bool_] = order % 2 == 1
        return judged

    def trial(self, repaired: Dataset, repairs: tuple[Repair, ...]) -> Trial:
        """Ask the judge about the sample after some repairs."""
        return Trial(repairs, self.judge.labels_of(repaired) == repaired.labels, self.judged)

    def best(self) -> tuple[Trial, Trial]:
        """Return the trial without repairs and the one with the best; the same one where no repair is good enough."""
        before = self.trial(self.test.sample, ())
        families = OF_PICTURES if self.train.pictures else OF_TABLES
        for family in self.families or families:
            found = max(family(self), key=lambda trial: trial.worth, default=before)
            if found.beats(before, self.expected):
                return before, found
        return before, before


Family = Callable[[Search], Iterator[Trial]]


def _apply(dataset: Dataset, repairs: tuple[Repair, ...]) -> Dataset:
    for repair in repairs:
        dataset = repair.apply(dataset)
    return dataset


# Pictures


def _moved(search: Search) -> Iterator[Trial]:
    """Try polarity, symmetry, place and names of the labels in every combination, about 64 of them."""
    shape = search.test.shape
    assert shape is not None
    turns: list[tuple[Repair, ...]] = [(), *((turn,) for turn in symmetries(shape))]
    for polarity, turn in product([(), (inverted(),)], turns):
        repairs = polarity + turn
        turned = _apply(search.test.sample, repairs)
        for place in ((), *_places(search.train, turned)):
            placed = _apply(turned, place)
            trial = search.trial(placed, repairs + place)
            yield trial
            yield from _renamed(search, placed, trial)


def _places(train: Evidence, sample: Dataset) -> Iterator[tuple[Repair]]:
    """Return the shift and the roll that bring the mean images together, and centring each image."""
    shape = train.shape
    if shape is None:
        return
    target, source = train.mean_image, scaled(sample).mean(axis=0)
    down, right = _offset(target.reshape(shape), source.reshape(shape))
    if (down, right) != (0, 0):
        yield (shifted(shape, down, right),)
    (count,) = _offset(target, source)
    if count:
        yield (header_bytes(-count),)
    mass = target.reshape(shape) - target.min()
    if mass.sum() > 0:
        row, column = (float(mass.sum(axis=1 - axis) @ np.arange(shape[axis]) / mass.sum()) for axis in (0, 1))
        yield (uncentred(shape, round(row), round(column)),)


def _offset(target: NDArray[Any], source: NDArray[Any]) -> tuple[int, ...]:
    """Return the circular shift per axis, in -n/2..n/2, that correlates source best with target."""
    product = np.fft.fftn(target) * np.conj(np.fft.fftn(source))
    best = np.unravel_index(np.argmax(np.fft.ifftn(product).real), target.shape)
    return tuple((int(k) + n // 2) % n - n // 2 for k, n in zip(best, target.shape, strict=True))


def _resampled(search: Search) -> Iterator[Trial]:
    """Try angles, slants and sizes, and finer steps beside the best one."""
    shape = search.test.shape
    assert shape is not None
    chosen = np.flatnonzero(~search.judged)[:SAMPLED]
    some = search.test.sample[chosen]

    def right(repairs: tuple[Repair, ...]) -> float:
        repaired = _apply(some, repairs)
        return float(np.mean(search.judge.labels_of(repaired) == repaired.labels))

    def tried(make: Callable[..., Repair], amount: float) -> tuple[float, float, tuple[Repair, ...]]:
        repair = make(shape, amount)
        options = [(repair,), *((repair, place[0]) for place in _places(search.train, repair.apply(some)))]
        share, repairs = max(((right(option), option) for option in options), key=lambda found: found[0])
        return share, amount, repairs

    for make, amounts in ((rotated, ANGLES), (slanted, SLOPES), (zoomed, ZOOMS)):
        best = max((tried(make, amount) for amount in amounts), key=lambda found: found[0])
        step = (amounts[-1] - amounts[-2]) / 2
        for _ in range(FINER):
            best = max([best, *(tried(make, best[1] + move) for move in (-step, step))], key=lambda found: found[0])
            step /= 2
        yield search.trial(_apply(search.test.sample, best[2]), best[2])


def _reordered(search: Search) -> Iterator[Trial]:
    """Try one permutation of the pixels, matched by their mean and deviation in every class."""
    if len(search.train.mean_image) > MOST_PIXELS:
        return

    from scipy.optimize import linear_sum_assignment

    rows = np.setdiff1d(np.arange(len(search.test.dataset)), search.test.rows[search.judged])
    wanted, found = _profiles(search.train.dataset), _profiles(search.test.dataset[rows])
    if wanted.shape != found.shape:
        return
    costs = np.sum(wanted**2, axis=1)[:, None] - 2 * wanted @ found.T + np.sum(found**2, axis=1)
    repair = permuted_pixels(linear_sum_assignment(costs)[1])
    yield search.trial(repair.apply(search.test.sample), (repair,))


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


# Tables


def _of_columns(search: Search) -> Iterator[Trial]:
    """Try other units, signs and orders of the columns, one at a time."""
    for repair in table_repairs(search.train.sample, _rows_to_choose_by(search)):
        yield search.trial(repair.apply(search.test.sample), (repair,))


def _of_columns_and_labels(search: Search) -> Iterator[Trial]:
    """Try two of them, and names of the labels, where none alone is enough."""
    chosen = _rows_to_choose_by(search)
    for first in table_repairs(search.train.sample, chosen):
        repaired = first.apply(search.test.sample)
        yield from _renamed(search, repaired, search.trial(repaired, (first,)))
        for second in table_repairs(search.train.sample, first.apply(chosen)):
            yield search.trial(second.apply(repaired), (first, second))


def _rows_to_choose_by(search: Search) -> Dataset:
    return search.test.sample[np.flatnonzero(~search.judged)]


# Labels


def renamed_only(search: Search) -> Iterator[Trial]:
    """Try other names of the labels, and nothing else."""
    yield from _renamed(search, search.test.sample, search.trial(search.test.sample, ()))


def _renamed(search: Search, placed: Dataset, trial: Trial) -> Iterator[Trial]:
    """Return the trial with the best one-to-one renaming of labels, where that is good."""
    predicted, some = search.judge.labels_of(placed), ~search.judged
    classes = max(placed.classes, search.judge.classes)
    confusion = np.zeros((classes, classes), np.intp)  # [label, predicted]
    np.add.at(confusion, (placed.labels[some], predicted[some]), 1)
    if confusion.max(axis=1).sum() < RENAMED * search.judge.expected / 100 * some.sum():
        return

    from scipy.optimize import linear_sum_assignment

    # Among equally good names a label keeps its own, as classes without rows would otherwise swap theirs.
    names = linear_sum_assignment(2 * len(placed) * confusion + np.eye(classes), maximize=True)[1]
    right = names[placed.labels] == predicted
    if np.any(names != np.arange(classes)) and right[some].mean() >= RENAMED * search.judge.expected / 100:
        repair = renamed_labels(*_completed(names, placed.labels))
        yield Trial((*trial.repairs, repair), right, search.judged)


def _completed(names: NDArray[np.intp], labels: NDArray[np.intp]) -> tuple[str, NDArray[np.intp]]:
    """Return the fault, and the names of all labels: those that no row has move with the others."""
    used = np.unique(labels)
    for step in (1, -1):
        moved = (np.arange(len(names)) + step) % len(names)
        if np.array_equal(names[used], moved[used]):
            return "labels-off-by-one", moved
    return "labels-renamed", names


OF_PICTURES: tuple[Family, ...] = (_moved, _resampled, _reordered)
OF_TABLES: tuple[Family, ...] = (renamed_only, _of_columns, _of_columns_and_labels)
