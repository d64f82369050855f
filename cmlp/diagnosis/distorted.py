"""Distortions that destroy what tells classes apart, as a 6 upside down is a 9: measured by training with them."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.data.dataset import Dataset
from cmlp.diagnosis.report import Finding, Severity
from cmlp.diagnosis.significance import CERTAIN
from cmlp.errors import CmlpError
from cmlp.network import Network
from cmlp.training.distortions import Distortions

ROWS, HELD_OUT, FEWEST = 5_000, 2_000, 100  # rows to train on, to judge by, and below which nothing is proved
HIDDEN, ETA, MINI_BATCH = 100, 0.003, 20  # of a network that reaches 96 % on the digits and on 5,000 images of MNIST
VISITS = 40_000  # rows seen in training, and three times as many where that seems not to be enough
LONGER = 3
LOSS = 4.0  # points that distortions must cost; the usual ones gain some
SHARE, TIMES = 0.05, 4  # of the errors that two classes must have between them, and as often as without distortions
HALVINGS = 3
STRENGTHS = ("rotation", "shift", "scale", "shear", "elastic", "thickness", "noise")


@dataclass(frozen=True)
class Outcome:
    """What a network answers to the judged rows, which has learned with some distortions."""

    labels: NDArray[np.intp]
    answers: NDArray[np.intp]
    classes: int

    @property
    def accuracy(self) -> float:
        """In percent."""
        return 100 * float(np.mean(self.labels == self.answers))

    @cached_property
    def mixed_up(self) -> NDArray[np.intp]:
        """How often each two classes were taken for each other (classes, classes), each pair once."""
        found = np.zeros((self.classes, self.classes), np.intp)
        np.add.at(found, (self.labels, self.answers), 1)
        return np.triu(found + found.T, 1)


class Experiment:
    """Small networks that learn the same rows with one distortion or another."""

    def __init__(self, train: Dataset, test: Dataset | None) -> None:
        order = np.random.default_rng(0).permutation(len(train))
        held_out = 0 if test is not None else min(HELD_OUT, len(train) // 4)
        self.judged = train[np.sort(order[:held_out])] if test is None else test[: HELD_OUT * 5]
        self.fitted = train[np.sort(order[held_out : held_out + ROWS])]
        self.classes = max(train.classes, self.judged.classes)

    def outcome(self, distortions: Distortions | None, times: int = 1) -> Outcome:
        """Train with distortions, for so many times as long as usual, and answer the judged rows."""
        sizes = (self.fitted.images.shape[1], HIDDEN, self.classes)
        network = Network(sizes, activation="relu", loss="cross_entropy", dtype="float32", seed=0)
        epochs = max(2, times * VISITS // len(self.fitted))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is doubtful is measured here
            network.train(
                self.fitted, epochs, ETA, mini_batch_size=MINI_BATCH, optimizer="adam", schedule="cosine",
                distortions=distortions, progress=False,
            )  # fmt: skip
        return Outcome(self.judged.labels, network.predict(self.judged.images), self.classes)

    def loses(self, plain: Outcome, distorted: Outcome) -> bool:
        """Whether distortions cost more than luck does, by the rows that only one of both answers right (McNemar)."""
        right, other = (outcome.labels == outcome.answers for outcome in (plain, distorted))
        lost, gained = int(np.sum(right & ~other)), int(np.sum(other & ~right))
        certain = lost - gained >= CERTAIN * sqrt(lost + gained)
        return certain and plain.accuracy - distorted.accuracy >= LOSS


def distortions_of(network: Network | None) -> Distortions | None:
    """Return the distortions that a network was trained with, as far as it knows."""
    described: Any = None if network is None else network.settings.get("distortions")
    try:
        return Distortions(**described) if isinstance(described, dict) else None
    except (CmlpError, TypeError):
        return None  # of a file that another program has written


def examine_distortions(distortions: Distortions, train: Dataset, test: Dataset | None) -> list[Finding]:
    """Measure whether a small network learns less with distortions than without, however long it learns.

    Parameters
    ----------
    distortions : Distortions
        What is examined.
    train : Dataset
        Pictures that are not faulty.
    test : Dataset or None
        By which it is judged; rows of `train` otherwise.

    Returns
    -------
    list of Finding
        One, with the setting that is to blame and the largest of its halves that is not; or none.

    Raises
    ------
    DataError
        If the data are no pictures.
    ModelError
        If the distortions are too much for them.
    """
    distortions = distortions.for_pictures(train.images.shape[1], train.picture_shape)
    experiment = Experiment(train, test)
    if min(len(experiment.judged), len(experiment.fitted)) < FEWEST or len(np.unique(train.labels)) < 2:
        return []
    plain = experiment.outcome(None)
    found = experiment.outcome(distortions)
    if experiment.loses(plain, found):
        found = experiment.outcome(distortions, LONGER)
    if not experiment.loses(plain, found):
        return []
    repaired, after = _repaired(experiment, distortions, plain)
    measured = (
        f"a small network trained on {len(experiment.fitted):,} pictures reaches {plain.accuracy:.1f} % without "
        f"distortions and {found.accuracy:.1f} % with them, in three times as many steps"
    )
    verdict, pair = _verdict(plain, found, train)
    repair = None if repaired is None else f"distortions = cmlp.Distortions({_written(repaired)})"
    finding = Finding(
        "distortions-too-strong", Severity.WARNING, "training", verdict, measured + pair, repair, found.accuracy, after
    )
    return [finding]


def _verdict(plain: Outcome, found: Outcome, train: Dataset) -> tuple[str, str]:
    """Say whether two classes become alike, and how often they are taken for each other."""
    most = np.unravel_index(int((found.mixed_up - TIMES * plain.mixed_up).argmax()), found.mixed_up.shape)
    times, before = int(found.mixed_up[most]), int(plain.mixed_up[most])
    wrong = int(found.mixed_up.sum())
    if times < max(SHARE * wrong, TIMES * before, 1):
        return "The distortions cost more than they bring: pictures lose what tells their classes apart.", ""
    first, second = (str(c) if train.class_names is None else train.class_names[c] for c in most)
    verdict = f"The distortions make classes alike: {first} and {second} become each other."
    return (
        verdict,
        f"; {first} and {second} are taken for each other {times:,} times, and {before:,} times without them",
    )


def _weaker(distortions: Distortions) -> Iterator[tuple[str, Distortions]]:
    """Yield each setting that distorts, and the distortions without it."""
    for name in STRENGTHS:
        if getattr(distortions, name):
            yield name, _with(distortions, name, 0.0)


def _repaired(
    experiment: Experiment, distortions: Distortions, plain: Outcome
) -> tuple[Distortions | None, float | None]:
    """Find the setting to blame, and halve it until the distortions do no more harm; return them, and what they reach.

    Where several settings are too large, they are lowered one after the other.
    """
    weaker = distortions
    for _ in STRENGTHS:
        tried = {name: experiment.outcome(without) for name, without in _weaker(weaker)}
        if not tried:
            return None, None
        name = max(tried, key=lambda each: tried[each].accuracy)
        if not experiment.loses(plain, tried[name]):
            return _halved(experiment, weaker, name, plain, tried[name])
        weaker = _with(weaker, name, 0.0)
    return None, None


def _halved(
    experiment: Experiment, distortions: Distortions, name: str, plain: Outcome, without: Outcome
) -> tuple[Distortions, float]:
    """Return the distortions with the largest of some halves of a setting that costs nothing, or without it."""
    for halving in range(1, HALVINGS + 1):
        half = _with(distortions, name, float(f"{getattr(distortions, name) / 2**halving:.2g}"))
        outcome = experiment.outcome(half)
        if not experiment.loses(plain, outcome) and outcome.accuracy >= without.accuracy - LOSS / 2:
            return half, outcome.accuracy
    return _with(distortions, name, 0.0), without.accuracy


def _with(distortions: Distortions, name: str, value: float) -> Distortions:
    changed: dict[str, Any] = {name: value}
    return replace(distortions, **changed)


def _written(distortions: Distortions) -> str:
    """Return the settings that are not the usual ones, as arguments."""
    shape = distortions.picture_shape or ()
    usual = Distortions(picture_shape=shape).for_pictures(prod(shape)).describe()
    given = {name: value for name, value in distortions.describe().items() if value != usual[name]}
    return ", ".join(f"{name}={value:.3g}" for name, value in given.items())
