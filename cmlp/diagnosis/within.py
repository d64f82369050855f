"""Faults inside one set: values, rows, and images that do not belong to their labels.

Sorted labels are no finding: training shuffles, and a split that tore sorted data apart shows as missing classes.
"""

from collections.abc import Callable, Iterator
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.evidence import FEWEST, SMOOTH, Evidence, nearest, smoothness
from cmlp.diagnosis.probe import Probe
from cmlp.diagnosis.report import Finding, Severity, percent
from cmlp.diagnosis.transforms import (
    Diagnosis,
    Repair,
    header_bytes,
    reshaped,
    shifted_labels,
    signed_bytes,
    wrapped_values,
)

SMOOTHER = 0.2  # gain in smoothness that proves a repair of places: reshaping takes .80 to .16
ROUGH = 0.6  # of what is missing from a smoothness of 1, that a repair of values may leave: 0.2 of 0.97 on MNIST
HEADERS = {16: (0, 0, 8, 3), 8: (0, 0, 0)}  # first bytes of an IDX file of images, and from its 9th byte on
BLANK = 0.01  # share of images; below it they move the accuracy by less than a point
COPIES = 0.01  # share of rows; MNIST and the built-in digits have none
RARE = 0.05  # of an equal share, of the smallest class
COMMON = 0.9  # share of rows, of the largest class
FEW, MANY = 2, 16  # different values left by an integer division, and of a set that had none
PAIRS = 400  # of neighbours, by which lags are searched
LAGS = 10_000  # rows searched to either side
RESTORED = 0.5  # of the agreement possible beyond chance, that the right lag or order must reach
REGAINED = 0.2  # agreement that the right lag must add; none does in sound data
DOUBTFUL = 0.7  # agreement beyond chance above which labels are not looked at
CLEAR = 0.3  # agreement beyond chance that shows images of this kind to be told apart: halves of it still learn
FRACTION = 0.25  # of the other set's agreement beyond chance, below which labels belong to other images
EXCHANGEABLE = 2.0  # ratio of variances between and within pixels: 1 if they are shuffled, 1,000 on MNIST
SHUFFLED_ROWS = 500  # rows that settle whether ``reshape(pixels, n).T`` happened


def examine_set(evidence: Evidence, other: Evidence | None) -> tuple[list[Diagnosis], Evidence]:
    """Look for faults inside a set, until an error is found that cannot be repaired: more may be its consequence.

    Parameters
    ----------
    evidence : Evidence
        Of the set.
    other : Evidence or None
        Of the other set, which shows what images of this kind can do.

    Returns
    -------
    diagnoses : list of Diagnosis
    evidence : Evidence of the set with all repairs applied
    """
    diagnoses = []
    for examine in EXAMINERS:
        for diagnosis in examine(evidence, other):
            diagnoses.append(diagnosis)
            if diagnosis.repair is not None:
                evidence = Evidence(evidence.name, diagnosis.repair.apply(evidence.dataset))
            elif diagnosis.finding.severity == Severity.ERROR:
                return diagnoses, evidence
    return diagnoses, evidence


def _diagnosis(
    evidence: Evidence, severity: Severity, code: str, verdict: str, measured: str, repair: Repair | None = None
) -> Diagnosis:
    line = repair.written_for(evidence.prefix) if repair else None
    return Diagnosis(Finding(code, severity, evidence.name, verdict, measured, line), repair)


# Values


def _values(evidence: Evidence, other: Evidence | None) -> Iterator[Diagnosis]:
    """Bytes that wrapped around or were read as signed: undoing it makes neighbouring pixels alike."""
    if not evidence.side:
        return
    low, high = evidence.range
    if low < 0 and low >= -128 and high <= 127 and np.array_equal(evidence.values, np.rint(evidence.values)):
        repair, verdict = signed_bytes(), "were read as signed bytes, so that 128..255 became -128..-1"
    elif low >= 0 and high <= 1:
        repair = wrapped_values(evidence.dataset.images.dtype)
        verdict = "wrapped around: 128 was subtracted from bytes, or signed bytes were read as unsigned"
    else:
        return
    after = smoothness(repair.apply(evidence.sample).images.astype(np.float32), evidence.side)
    if after >= SMOOTH and 1 - after <= ROUGH * (1 - evidence.smoothness):
        measured = (
            f"neighbouring pixels correlate by {evidence.smoothness:.2f}, with the bytes put right by {after:.2f}; "
            f"pictures have more than {SMOOTH}"
        )
        text = f"Pixels of the {evidence.name} {verdict}."
        yield _diagnosis(evidence, Severity.ERROR, repair.code, text, measured, repair)


def _header(evidence: Evidence, other: Evidence | None) -> Iterator[Diagnosis]:
    """Find the header of an IDX file among the pixels: it says 8, 3 and the side of the images."""
    side = evidence.side
    if not side or side > 255 or evidence.dataset.images.dtype.kind != "u":
        return
    first = evidence.dataset.images[0, :16].tolist()
    for count in (16, 8):
        sides = first[count - 8 : count]
        if sides != [0, 0, 0, side] * 2 or (count == 16 and first[:4] != [0, 0, 8, 3]):
            continue
        text = f"The first {count} pixels of the {evidence.name} are the header of an IDX file, and all rows are late."
        measured = f"the first image begins with {', '.join(map(str, first[:count]))}"
        yield _diagnosis(evidence, Severity.ERROR, "header-bytes", text, measured, header_bytes(count))
        return


def _truncated(evidence: Evidence, other: Evidence | None) -> bool:
    """Whether only two values are left of the many that the other set has."""
    return other is not None and evidence.levels == FEW and other.levels > MANY


def _integer_division(evidence: Evidence, other: Evidence | None) -> Iterator[Diagnosis]:
    if evidence.side and other is not None and _truncated(evidence, other):
        text = f"The {evidence.name} were divided as integers: all but the brightest pixels became 0."
        measured = (
            f"{evidence.levels} different values, {other.levels} in the {other.name}; the rest is lost, "
            "so read the images again and divide with /"
        )
        yield _diagnosis(evidence, Severity.ERROR, "integer-division", text, measured)


def _blank(evidence: Evidence, other: Evidence | None) -> Iterator[Diagnosis]:
    share = evidence.blank / len(evidence.dataset)
    if _truncated(evidence, other):
        return
    if evidence.side and len(evidence.dataset) >= FEWEST and share >= BLANK:
        severity = Severity.ERROR if share >= 0.1 else Severity.WARNING
        text = f"{evidence.blank:,} of {len(evidence.dataset):,} images of the {evidence.name} are empty."
        measured = f"{percent(share)} of the images have one value only; up to {percent(BLANK, 0)} would do no harm"
        yield _diagnosis(evidence, severity, "constant-images", text, measured)


# Rows


def _copies(evidence: Evidence, other: Evidence | None) -> Iterator[Diagnosis]:
    """Rows that occur more than once, as ``random.shuffle`` on a 2-D array leaves them."""
    n = len(evidence.dataset)
    if not evidence.side or n < FEWEST or _truncated(evidence, other):
        return
    _, first, group, sizes = np.unique(evidence.hashes, return_index=True, return_inverse=True, return_counts=True)
    copies = n - len(first) - max(0, evidence.blank - 1)
    if copies < COPIES * n:
        return
    labels = evidence.dataset.labels
    other_label = float(np.mean((labels != labels[first][group])[sizes[group] > 1]))
    text = f"{copies:,} of {n:,} images of the {evidence.name} are copies of others, and as many may be lost."
    measured = (
        f"{percent(copies / n)} of the rows repeat another one, {percent(other_label, 0)} of them with another label; "
        f"random.shuffle on a 2-D array does this, rng.permutation(n) does not"
    )
    severity = Severity.ERROR if other_label > 0.1 else Severity.WARNING
    yield _diagnosis(evidence, severity, "duplicate-rows", text, measured)


def _balance(evidence: Evidence, other: Evidence | None) -> Iterator[Diagnosis]:
    n, counts = len(evidence.dataset), evidence.counts[evidence.counts > 0]
    if n < FEWEST:
        return
    if len(counts) == 1:
        text = f"All labels of the {evidence.name} are {evidence.dataset.labels[0]}: there is nothing to tell apart."
        yield _diagnosis(evidence, Severity.WARNING, "one-class", text, f"1 class in {n:,} rows")
    elif counts.min() < RARE * n / len(counts) or counts.max() > COMMON * n:
        text = f"The classes of the {evidence.name} are of very different size, so the accuracy says little."
        measured = (
            f"the largest of {len(counts)} classes has {percent(counts.max() / n)} of the rows, which a constant "
            f"answer reaches too, the smallest {percent(counts.min() / n)}"
        )
        yield _diagnosis(evidence, Severity.NOTE, "unbalanced", text, measured)


# Images and labels that do not belong together


def _order_of_pixels(evidence: Evidence, other: Evidence | None) -> Iterator[Diagnosis]:
    """Pixels dealt out to wrong rows or places: neighbours are no longer alike, in the picture nor among images."""
    side = evidence.side
    if not side or evidence.excess >= CLEAR or len(evidence.rows) < FEWEST:
        return
    rows = _unreshaped(evidence)
    restored, labels = smoothness(rows, side), evidence.dataset.labels[: len(rows)]
    agreement = float(np.mean(labels == labels[nearest(rows)]))
    if restored >= max(SMOOTH, evidence.smoothness + SMOOTHER) or _proves(agreement, evidence):
        text = f"The images of the {evidence.name} were reshaped where they should have been transposed."
        measured = (
            f"neighbouring pixels correlate by {evidence.smoothness:.2f}, and nearest neighbours have the same label "
            f"in {percent(evidence.agreement)} of the rows; reshaped back, {restored:.2f} and {percent(agreement)}"
        )
        yield _diagnosis(evidence, Severity.ERROR, "reshaped", text, measured, reshaped())
        return
    ratio = _variance_ratio(evidence)
    if ratio < EXCHANGEABLE and not evidence.picture:
        text = f"The pixels of each image of the {evidence.name} stand in an order of its own, which cannot be undone."
        measured = (
            f"neighbouring pixels correlate by {evidence.smoothness:.2f}, and the mean image is flat: its variance is "
            f"{ratio:.1f} times what chance leaves, where pictures have more than {EXCHANGEABLE:.0f}"
        )
        yield _diagnosis(evidence, Severity.ERROR, "scrambled-pixels", text, measured)


def _proves(agreement: float, evidence: Evidence) -> bool:
    """Whether an agreement of nearest neighbours, with a repair, is high, and higher than without it."""
    return agreement >= max(evidence.chance + RESTORED * (1 - evidence.chance), evidence.agreement + REGAINED)


def _unreshaped(evidence: Evidence) -> NDArray[np.float32]:
    """Return the first images as ``x.T.reshape(x.shape)`` would, without touching the whole set."""
    n, pixels = evidence.dataset.images.shape
    place = np.arange(min(n, SHUFFLED_ROWS) * pixels)
    rows: NDArray[np.float32] = evidence.dataset.images[place % n, place // n].reshape(-1, pixels).astype(np.float32)
    return rows


def _variance_ratio(evidence: Evidence) -> float:
    """Variance of the mean image over what it would be if all pixels had one distribution."""
    inside = float(evidence.values.var(axis=1).mean()) / len(evidence.values)
    return float(evidence.mean_image.var()) / inside if inside > 0 else np.inf


def _labels(evidence: Evidence, other: Evidence | None) -> Iterator[Diagnosis]:
    """Labels that say nothing about their images: rolled by some rows, shuffled apart or random."""
    if len(evidence.rows) < FEWEST or evidence.excess > DOUBTFUL or evidence.blank > len(evidence.dataset) / 2:
        return
    lag, agreement = _best_lag(evidence)
    if _proves(agreement, evidence):
        text = f"The labels of the {evidence.name} stand {_rows(lag)} their images."
        measured = (
            f"nearest neighbours have the same label in {percent(evidence.agreement)} of the rows, by chance in "
            f"{percent(evidence.chance)}, and in {percent(agreement)} with the labels moved back"
        )
        yield _diagnosis(evidence, Severity.ERROR, "labels-shifted", text, measured, shifted_labels(lag))
    elif evidence.at_chance and _can_be_told_apart(evidence, other):
        text = (
            f"The labels of the {evidence.name} do not belong to its images: they were shuffled apart, or are random."
        )
        measured = (
            f"nearest neighbours have the same label in {percent(evidence.agreement)} of the rows, by chance in "
            f"{percent(evidence.chance)}, and no shift of the labels by up to {_reach(evidence):,} rows changes that"
        )
        yield _diagnosis(evidence, Severity.ERROR, "labels-mismatched", text, measured)


def _can_be_told_apart(evidence: Evidence, other: Evidence | None) -> bool:
    """Whether proper labels would agree: they do in the other set, or these are pictures no network learns from."""
    alike = other is not None and other.dataset.images.shape[1] == evidence.dataset.images.shape[1]
    if other is not None and alike and other.excess >= CLEAR:
        return evidence.excess < FRACTION * other.excess
    if not evidence.picture or len(evidence.rows) < 4 * FEWEST:
        return False
    probe, largest = Probe(evidence.dataset, pictures=True), float(evidence.counts.max() / len(evidence.dataset))
    return probe.expected < 100 * (largest + 4 * sqrt(largest / probe.held_out))


def _reach(evidence: Evidence) -> int:
    return min(LAGS, len(evidence.dataset) // 2)


def _best_lag(evidence: Evidence) -> tuple[int, float]:
    """Return the lag of the labels with which nearest neighbours agree most, and that agreement."""
    n, labels = len(evidence.dataset), evidence.dataset.labels.astype(np.int32)
    first, second = evidence.rows, evidence.rows[evidence.neighbours]
    some = slice(None, None, -(-len(first) // PAIRS))
    lags = np.arange(1, 2 * _reach(evidence) + 2) // 2  # 0, 1, -1, 2, -2 ...: the nearest of equally good ones
    lags[::2] *= -1
    shares = [
        np.mean(labels[(first[some] + few[:, None]) % n] == labels[(second[some] + few[:, None]) % n], axis=1)
        for few in np.array_split(lags, len(lags) // 1000 + 1)
    ]
    best = int(lags[np.concatenate(shares).argmax()])
    return best, float(np.mean(labels[(first + best) % n] == labels[(second + best) % n]))


def _rows(lag: int) -> str:
    count = f"{abs(lag):,} row{'' if abs(lag) == 1 else 's'}"
    return f"{count} after" if lag > 0 else f"{count} before"


Examiner = Callable[[Evidence, Evidence | None], Iterator[Diagnosis]]
EXAMINERS: tuple[Examiner, ...] = (
    _header,
    _values,
    _integer_division,
    _order_of_pixels,
    _blank,
    _copies,
    _labels,
    _balance,
)
