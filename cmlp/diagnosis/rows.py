"""Rows of one set that are empty, or there more than once; and classes of very different size."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.evidence import FEWEST, Evidence
from cmlp.diagnosis.report import Severity, percent
from cmlp.diagnosis.significance import CERTAIN
from cmlp.diagnosis.transforms import Diagnosis

BLANK = 0.01  # share of images; below it they move the accuracy by less than a point
RUINOUS = 0.1  # share of images that are empty, or copies with another label
ONE_CLASS = 0.9  # share of empty images that have one label, if that class is empty
COPIES = 0.01  # share of rows; MNIST and the built-in digits have none
APART = 0.5  # of the disagreement of two random rows, from which on copies have lost their labels
RARE = 0.05  # of an equal share, of the smallest class
COMMON = 0.9  # share of rows, of the largest class
OFTEN = 2  # times the share of the largest value
FEW, MANY = 2, 16  # different values left by an integer division, and of a set that had none


def truncated(evidence: Evidence, other: Evidence | None) -> bool:
    """Whether only two values are left of the many that the other set has, the upper one where those are largest."""
    if other is None or evidence.levels != FEW or other.levels <= MANY:
        return False
    left, largest = (float(np.mean(e.values == e.values.max())) for e in (evidence, other))
    return left <= OFTEN * largest + COPIES


def blank(evidence: Evidence, other: Evidence | None) -> Iterator[Diagnosis]:
    """Images of one value only, unless that is what a class looks like."""
    n, labels = len(evidence.dataset), evidence.dataset.labels
    if not evidence.pictures or n < FEWEST or truncated(evidence, other):
        return
    count = int(evidence.blank.sum())
    if count < BLANK * n or np.bincount(labels[evidence.blank]).max() >= ONE_CLASS * count:
        return
    text = f"{count:,} of {n:,} images of the {evidence.name} are empty."
    measured = f"{percent(count / n)} of the images have one value only; up to {percent(BLANK, 0)} would do no harm"
    severity = Severity.ERROR if count >= RUINOUS * n and not _by_class(evidence) else Severity.NOTE
    yield Diagnosis.of(evidence.name, severity, "constant-images", text, measured)


def _by_class(evidence: Evidence) -> bool:
    """Whether classes have very different shares of empty images, as where faint ones were cut off."""
    labels, blank = evidence.dataset.labels, evidence.blank
    expected = evidence.counts * blank.mean()
    found = np.bincount(labels[blank], minlength=len(expected))
    used = expected > 0
    chi = float(np.sum((found - expected)[used] ** 2 / expected[used])) / (1 - float(blank.mean()) or 1.0)
    degrees = max(1, int(used.sum()) - 1)
    return bool(chi > degrees + CERTAIN * (2 * degrees) ** 0.5)


def copies(evidence: Evidence, other: Evidence | None) -> Iterator[Diagnosis]:
    """Rows that occur more than once: with other labels, as ``random.shuffle`` on 2-D arrays leaves them, or not."""
    n, labels = len(evidence.dataset), evidence.dataset.labels
    if n < FEWEST or truncated(evidence, other):
        return
    _, first, group, sizes = np.unique(_exact(evidence), return_index=True, return_inverse=True, return_counts=True)
    repeated = sizes[group] > 1
    lost = n - len(first) - (max(0, int(evidence.blank.sum()) - 1) if evidence.pictures else 0)
    if lost < COPIES * n:
        return
    later = repeated & (first[group] != np.arange(n))
    other_label = float(np.mean(labels[later] != labels[first[group][later]]))
    shared = f"{percent(lost / n)} of the rows repeat another one, {percent(other_label, 0)} of them with another label"
    natural = evidence.repeats or _by_chance(evidence, lost)
    if other_label >= APART * (1 - evidence.chance) and lost >= RUINOUS * n and not natural:
        text = f"{lost:,} of {n:,} images of the {evidence.name} are copies of others, and as many may be lost."
        measured = f"{shared}; random.shuffle on a 2-D array does this, rng.permutation(n) does not"
        yield Diagnosis.of(evidence.name, Severity.ERROR, "duplicate-rows", text, measured)
    else:
        text = f"{lost:,} of {n:,} rows of the {evidence.name} are equal to others."
        yield Diagnosis.of(evidence.name, Severity.NOTE, "duplicate-rows", text, shared)


def _exact(evidence: Evidence) -> NDArray[np.int64]:
    """Return the hashes, but others for rows that differ from the first one of the same hash: an outlier is none."""
    hashes, images = evidence.hashes.copy(), evidence.dataset.images
    _, first, group = np.unique(hashes, return_index=True, return_inverse=True)
    later = np.flatnonzero(first[group] != np.arange(len(hashes)))
    other = [row for row in later if not np.array_equal(images[row], images[first[group[row]]])]
    hashes[other] = -1 - np.arange(len(other))
    return hashes


def _by_chance(evidence: Evidence, lost: int) -> bool:
    """Whether rows of such columns are often equal, as where there are few columns of few values."""
    shuffled = np.random.default_rng(0).permuted(evidence.values, axis=0)
    equal = len(shuffled) - len(np.unique(shuffled, axis=0))
    return equal / len(shuffled) >= 0.25 * lost / len(evidence.dataset)


def balance(evidence: Evidence, other: Evidence | None) -> Iterator[Diagnosis]:
    """Find sets of one class, and classes of very different size."""
    n, counts = len(evidence.dataset), evidence.counts[evidence.counts > 0]
    if n < FEWEST:
        return
    if len(counts) == 1:
        label = evidence.class_name(int(evidence.dataset.labels[0]))
        text = f"All labels of the {evidence.name} are {label}: there is nothing to tell apart."
        yield Diagnosis.of(evidence.name, Severity.WARNING, "one-class", text, f"1 class in {n:,} rows")
    elif counts.min() < RARE * n / len(counts) or counts.max() > COMMON * n:
        text = f"The classes of the {evidence.name} are of very different size, so the accuracy says little."
        measured = (
            f"the largest of {len(counts)} classes has {percent(counts.max() / n)} of the rows, which a constant "
            f"answer reaches too, the smallest {percent(counts.min() / n)}"
        )
        yield Diagnosis.of(evidence.name, Severity.NOTE, "unbalanced", text, measured)
