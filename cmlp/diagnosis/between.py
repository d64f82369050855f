"""Faults between the sets: what was done to one of them and not to the other.

Where a measurement tells which set is at fault (a white background, pictures off their centre, pixels that are
unlike their neighbours, labels that do not begin at 0), that set is named and repaired. Otherwise the finding
stands at "both sets", says that they differ, and the test set is repaired to match the training set.
When faults coincide, each has a finding of its own, in the order in which the repairs are to be applied.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cmlp.data.dataset import Dataset
from cmlp.diagnosis.evidence import FEWEST, Evidence, correlation
from cmlp.diagnosis.probe import Probe, accuracy
from cmlp.diagnosis.report import Finding, Severity, percent
from cmlp.diagnosis.search import GAIN, Trial, search
from cmlp.diagnosis.transforms import Diagnosis, Repair, rescaled, resized, standardised

RANGES = 0.25  # of the wider range, by which its ends may differ between sound sets
DOUBLE = 2.0  # ratio of the ranges that is a fault by itself, where one is 0..1, unless the repair does harm
NATURAL = 0.05  # how far from 0 and 1 the ends of a range in 0..1 may be
HARM = 1.0  # points that a repair of the range may cost
BETTER = 3.0  # points by which matching every pixel must beat matching the range
FAR, WIDE = 2.0, 4.0  # standard deviations and ratio of deviations between two tables, median over the features
OFF_CENTRE = 1.02  # ratio of the moments about the centre: a shift of MNIST by one pixel gives 1.025
SMOOTHER = 0.2  # difference in smoothness that shows whose pixels were moved
LEARNS = 10.0  # points above the largest class that the judge must reach to judge
UNEXPLAINED = 10.0  # points that the test set may fall short without a finding: other writers cost 5
DEVIATIONS = 4.0
DRIFT = 0.1  # share of rows that would need another label, beyond chance
BY_CHANCE = 0.75  # times the root of classes by rows is 4 deviations above what equal shares give
MISSING = 10  # rows of a class to be expected before its absence is remarkable
SHARED = 0.01  # share of test rows; fewer move the accuracy by less than a point
SIMILAR, MEANS = 0.05, 0.9  # difference in smoothness and correlation of the mean images of like pictures
DISAGREE = 0.6  # ratio of the agreements beyond chance of two sets, if labels of one are partly wrong

SENTENCES = {
    "inverted": "The {where} are inverted: black and white are swapped.",
    "transposed": "Rows and columns are swapped between training and test images.",
    "mirrored-left-right": "Left and right are swapped between training and test images.",
    "mirrored-up-down": "Top and bottom are swapped between training and test images.",
    "rotated-90": "The test images are turned by 90 degrees (counterclockwise) against the training images.",
    "rotated-180": "The test images are turned by 180 degrees against the training images.",
    "rotated-270": "The test images are turned by 270 degrees (counterclockwise) against the training images.",
    "transposed-rotated-180": "Training and test images are mirrored at the other diagonal.",
    "shifted": "The {where} are shifted by some pixels.",
    "header-bytes": "The rows of the {where} do not begin at their first pixel, as if a header had been read too.",
    "uncentred": "The test images lie off their centre, each by its own distance, unlike the training images.",
    "permuted-pixels": "The pixels of the {where} stand in another order, the same for all images.",
    "labels-off-by-one": "The labels of training and test data are off by one.",
    "labels-renamed": "The labels of training and test data name the classes differently.",
}
UNDECIDED = {
    "test data": "test data",
    "training data": "training data",
    "both sets": "test data (or the training data)",
}


@dataclass
class Pair:
    """The two sets on the way to agreement.

    Attributes
    ----------
    train, test : Evidence
        With all repairs so far.
    matched : Dataset
        The test set with the faults of the training set, for a network that has learned those.
    diagnoses : list of Diagnosis
    notes : list of str
    judge : Probe or None
        Trained on the training set as it came.
    """

    train: Evidence
    test: Evidence
    matched: Dataset
    diagnoses: list[Diagnosis] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    judge: Probe | None = None

    def found(self, code: str, severity: Severity, where: str, verdict: str, measured: str) -> None:
        """Add a finding that has no repair."""
        self.diagnoses.append(Diagnosis(Finding(code, severity, where, verdict, measured)))

    def repair(self, finding: tuple[str, str, str, str], repair: Repair, matching: Repair | None = None) -> None:
        """Add a finding (code, where, verdict, measured), and repair the set it speaks of.

        `matching` is the repair of the test set that brings it to the unrepaired training set instead.
        """
        code, where, verdict, measured = finding
        side = "train" if where == "training data" else "test"
        line = repair.written_for(side)
        self.diagnoses.append(Diagnosis(Finding(code, Severity.ERROR, where, verdict, measured, line), repair))
        evidence: Evidence = getattr(self, side)
        setattr(self, side, Evidence(evidence.name, repair.apply(evidence.dataset)))
        self.matched = (matching or repair).apply(self.matched)


def examine_pair(train: Evidence, test: Evidence, errors: set[str]) -> Pair:
    """Compare two sets in which everything is right by itself, and repair the one that differs.

    `errors` are the codes of what was found inside the sets and could not be repaired: an accuracy that falls
    short then needs no other explanation.
    """
    pair = Pair(train, test, test.dataset)
    pictures = train.side is not None
    if not _sizes(pair):
        return pair
    judge = pair.judge = Probe(pair.train.dataset, pictures=pictures)
    largest = 100 * pair.train.counts.max() / len(pair.train.dataset)
    able = min(len(train.dataset), len(test.dataset)) >= FEWEST and judge.expected > largest + LEARNS
    if not able:
        pair.notes.append(
            "The sets were not compared by accuracy: a small network learns too little from the training data."
        )
    if able:
        _scales(pair, judge) if pictures else _tables(pair, judge)
        if not errors and _gap(pair, judge) >= GAIN:
            _search(pair, judge, train)
    _classes(pair)
    if pictures:
        _shared(pair)
    if able and not errors and not set(SENTENCES) & {diagnosis.finding.code for diagnosis in pair.diagnoses}:
        _unexplained(pair, judge)
    return pair


def _gap(pair: Pair, judge: Probe) -> float:
    """Return by how many points the test set falls short of what is expected, or 0 where that may be luck.

    Test rows whose class the training data do not have are not expected to be right.
    """
    n, held_out = len(pair.matched), judge.held_out
    percent, expected = accuracy(judge, pair.matched), judge.expected * _known(pair)
    share = (percent * n + expected * held_out) / 100 / (n + held_out)  # as if both were of one kind
    deviation = 100 * float(np.sqrt(share * (1 - share) * (1 / n + 1 / held_out)))
    return expected - percent if expected - percent > DEVIATIONS * deviation else 0.0


def _known(pair: Pair) -> float:
    """Return the share of test rows whose class occurs in the training data."""
    return float(np.isin(pair.test.dataset.labels, np.flatnonzero(pair.train.counts)).mean())


# Sizes and values


def _sizes(pair: Pair) -> bool:
    """Whether the images have equally many pixels, after a repair where they are squares."""
    have, wanted = pair.test.dataset.images.shape[1], pair.train.dataset.images.shape[1]
    if have == wanted:
        return True
    verdict = f"The test images have {have:,} pixels and the training images {wanted:,}."
    measured = "both must have the same number"
    if pair.test.side and pair.train.side:
        pair.repair(("different-size", "both sets", verdict, measured), resized(pair.test.side, pair.train.side))
        return True
    pair.found("different-size", Severity.ERROR, "both sets", verdict, measured)
    return False


def _scales(pair: Pair, judge: Probe) -> None:
    """Compare the ranges of pictures."""
    (low, high), (wanted_low, wanted_high) = pair.test.range, pair.train.range
    narrower, wider = sorted((high - low, wanted_high - wanted_low))
    if narrower == 0 or max(abs(low - wanted_low), abs(high - wanted_high)) <= RANGES * wider:
        return
    ends = rescaled(pair.test.range, pair.train.range)
    pixels = standardised(_moments(pair.test), _moments(pair.train))
    scores = [accuracy(judge, repair.apply(pair.test.sample)) for repair in (ends, pixels)]
    matching = pixels if scores[1] > max(scores[0] + BETTER, judge.expected / 2) else ends
    verdict = f"The test images have values in {_range(pair.test)} and the training images in {_range(pair.train)}."
    measured = f"the ends of the ranges differ by more than {percent(RANGES, 0)} of the wider one"
    at_fault = [e for e in (pair.train, pair.test) if not _natural(e)]
    where = at_fault[0].name if len(at_fault) == 1 else "both sets"
    gain = max(scores) - accuracy(judge, pair.test.sample)
    if where != "both sets" and wider >= DOUBLE * narrower:
        wrong = gain >= -HARM or _gap(pair, judge) > 0  # other faults may hide what the repair brings
    else:
        wrong = gain >= GAIN
    if not wrong:
        return
    repair = matching
    if where == "training data" and matching is ends:
        repair = rescaled(pair.train.range)
    elif where == "training data":
        where = "both sets"
    pair.repair(("different-scale", where, verdict, measured), repair, matching)


def _natural(evidence: Evidence) -> bool:
    low, high = evidence.range
    return abs(low) <= NATURAL and abs(high - 1) <= NATURAL


def _range(evidence: Evidence) -> str:
    low, high = evidence.range
    return f"{low:.3g}..{high:.3g}"


def _moments(evidence: Evidence) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    return evidence.values.mean(axis=0), evidence.values.std(axis=0)


def _tables(pair: Pair, judge: Probe) -> None:
    """Compare the features of data that are no pictures."""
    source, target = _moments(pair.test), _moments(pair.train)
    varies = (target[1] > 0) & (source[1] > 0)
    if not varies.any():
        return
    distance = float(np.median(np.abs(source[0] - target[0])[varies] / target[1][varies]))
    ratio = float(np.median(source[1][varies] / target[1][varies]))
    if distance <= FAR and 1 / WIDE <= ratio <= WIDE:
        return
    repair = standardised(source, target)
    before, after = accuracy(judge, pair.test.dataset), accuracy(judge, repair.apply(pair.test.dataset))
    if after >= before + GAIN:
        verdict = "The features of test and training data have different scales."
        measured = (
            f"the median feature has its mean {distance:.2g} deviations away (at most {FAR:g}) "
            f"and {ratio:.2g} times the deviation (between {1 / WIDE:g} and {WIDE:g})"
        )
        pair.repair(("different-scale", "both sets", verdict, measured), repair)


# What a search finds


def _search(pair: Pair, judge: Probe, train: Evidence) -> None:
    before, best = search(judge, train, Evidence("test data", pair.matched), judge.expected * _known(pair))
    places = [_at_fault(repair.code, pair) for repair in best.repairs]
    for repair, where in zip(best.repairs, places, strict=True):
        verdict = SENTENCES[repair.code].format(where=UNDECIDED[where])
        measured = _measured(judge, before, best, repair)
        if where == "training data" and repair.back is not None:
            pair.repair((repair.code, where, verdict, measured), repair.back(), repair)
        else:
            pair.repair((repair.code, where, verdict, measured), repair)


def _measured(judge: Probe, before: Trial, best: Trial, repair: Repair) -> str:
    others = [other.code for other in best.repairs if other is not repair]
    together = f" together with that of {' and '.join(others)}" if others else ""
    return (
        f"a network trained on the training data reaches {judge.expected:.1f} % on rows held out of them, "
        f"{before.accuracy:.1f} % on test data, and {best.accuracy:.1f} % with this repair{together}"
    )


def _at_fault(code: str, pair: Pair) -> str:
    """Name the set that absolute evidence speaks against, or both."""
    train, test = pair.train, pair.test
    wrong_train, wrong_test = False, False
    if code == "inverted":
        wrong_train, wrong_test = train.background > 0.5, test.background > 0.5
    elif code in ("shifted", "header-bytes"):
        ratio = _moment(test) / _moment(train)
        wrong_train, wrong_test = ratio < 1 / OFF_CENTRE, ratio > OFF_CENTRE
    elif code == "permuted-pixels":
        gain = train.smoothness - test.smoothness
        wrong_train, wrong_test = gain < -SMOOTHER, gain > SMOOTHER
    elif code.startswith("labels"):
        wrong_train, wrong_test = train.counts[0] == 0, test.counts[0] == 0
    elif code == "uncentred":
        wrong_test = True
    if wrong_train == wrong_test:
        return "both sets"
    return "training data" if wrong_train else "test data"


def _moment(evidence: Evidence) -> float:
    """Second moment of the mean image about the centre of the picture: least where the pictures are centred."""
    side = evidence.side or 1
    low, high = evidence.range
    mass = np.abs(evidence.mean_image - (low if evidence.background <= 0.5 else high)).reshape(side, side)
    square = (np.arange(side) - (side - 1) / 2) ** 2
    return float(np.sum(mass * (square[:, None] + square)) / max(float(mass.sum()), np.finfo(float).tiny))


# Labels and rows


def _classes(pair: Pair) -> None:
    """Classes that only one set has, or that have another share in it."""
    if any(d.finding.code.startswith("labels") for d in pair.diagnoses):
        return
    width = max(pair.train.dataset.classes, pair.test.dataset.classes)
    train, test = (np.bincount(e.dataset.labels, minlength=width) for e in (pair.train, pair.test))
    missing = False
    for some, others, name, other, severity in (
        (train, test, "training data", "test data", Severity.ERROR),
        (test, train, "test data", "training data", Severity.WARNING),
    ):
        absent = np.flatnonzero((some == 0) & (others / others.sum() * some.sum() >= MISSING))
        if len(absent):
            missing = True
            share = others[absent].sum() / others.sum()
            verdict = f"No row of the {name} has {_named(absent)}, which {percent(share)} of the {other} have."
            measured = f"at this share {int(share * some.sum()):,} of its {some.sum():,} rows would be expected"
            pair.found("missing-classes", severity, name, verdict, measured)
    distance = float(np.abs(train / train.sum() - test / test.sum()).sum() / 2)
    used = int(np.count_nonzero(train + test))
    chance = BY_CHANCE * float(np.sqrt(used / min(train.sum(), test.sum())))
    if not missing and distance > DRIFT + chance:
        verdict = "The classes have other shares in the test data than in the training data."
        measured = (
            f"{percent(distance)} of the rows would need another label; up to {percent(DRIFT + chance)} may be chance"
        )
        pair.found("label-drift", Severity.WARNING, "both sets", verdict, measured)


def _named(classes: NDArray[np.intp]) -> str:
    numbers = ", ".join(map(str, classes.tolist()))
    return f"label {numbers}" if len(classes) == 1 else f"one of the labels {numbers}"


def _shared(pair: Pair) -> None:
    """Test rows that are training rows too."""
    blank = pair.test.blank
    shared = max(0, int(np.isin(pair.test.hashes, pair.train.hashes).sum()) - blank)
    n = len(pair.test.dataset)
    if n >= FEWEST and shared >= SHARED * n:
        verdict = f"{shared:,} of {n:,} test images are training images too, so the test accuracy flatters."
        measured = (
            f"{percent(shared / n)} of the test rows are equal to a training row; "
            f"up to {percent(SHARED, 0)} would do no harm"
        )
        pair.found("shared-rows", Severity.WARNING, "both sets", verdict, measured)


def _unexplained(pair: Pair, judge: Probe) -> None:
    """Labels of one set that are partly wrong, or a test set that is different in a way no repair undoes."""
    train, test = pair.train, pair.test
    score, short = accuracy(judge, pair.matched), _gap(pair, judge) >= UNEXPLAINED
    alike = abs(test.smoothness - train.smoothness) < SIMILAR and correlation(test.mean_image, train.mean_image) > MEANS
    for some, other, seen in ((test, train, short and alike), (train, test, score > judge.expected + UNEXPLAINED)):
        if seen and some.excess < DISAGREE * other.excess and min(len(some.rows), len(other.rows)) >= 4 * FEWEST:
            verdict = f"A part of the labels of the {some.name} does not belong to its images."
            measured = (
                f"nearest neighbours have the same label in {percent(some.agreement)} of the rows, "
                f"in the {other.name} in {percent(other.agreement)}; a network trained on the training data reaches "
                f"{judge.expected:.1f} % on rows held out of them and {score:.1f} % on test data"
            )
            pair.found("labels-partly-wrong", Severity.ERROR, some.name, verdict, measured)
            return
    if short:
        verdict = "The test data are unlike the training data, and no repair that was tried explains it."
        measured = (
            f"a network trained on the training data reaches {judge.expected:.1f} % on rows held out of them and "
            f"{score:.1f} % on test data"
        )
        pair.found("sets-differ", Severity.WARNING, "both sets", verdict, measured)
