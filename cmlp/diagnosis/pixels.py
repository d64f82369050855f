"""Faults of the values inside one set: header bytes among pixels, bytes read wrongly, pixels dealt out elsewhere."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.evidence import FEWEST, SMOOTH, Evidence, nearest, smoothness
from cmlp.diagnosis.learning import GOOD, learns_better
from cmlp.diagnosis.report import Severity, percent
from cmlp.diagnosis.transforms import Diagnosis, header_bytes, reshaped, signed_bytes, wrapped_values

SMOOTHER = 0.2  # gain in smoothness that proves a repair of places: reshaping takes .80 to .16
ROUGH = 0.6  # of what is missing from a smoothness of 1, that a repair of values may leave: 0.2 of 0.97 on MNIST
RESTORED = 0.5  # of the agreement possible beyond chance, that the right order must reach
REGAINED = 0.2  # agreement that the right order must add; none does in sound data
CLEAR = 0.3  # agreement beyond chance that shows images of this kind to be told apart: halves of it still learn
EXCHANGEABLE = (0.3, 2.0)  # ratio of variances between and within pixels: 1 if they are shuffled, 1,000 on MNIST
UNLIKE = 0.1  # correlation of neighbouring pixels that were shuffled
SHUFFLED_ROWS = 500  # rows that settle whether ``reshape(pixels, n).T`` happened
PIXELS = 64  # columns from which on bytes alone are taken for pixels


def header(evidence: Evidence, other: Evidence | None) -> Iterator[Diagnosis]:
    """Find the header of an IDX file among the pixels: it says 8, 3 and the size of the images."""
    shape = evidence.shape
    if not shape or max(shape) > 255 or evidence.dataset.images.dtype.kind != "u":
        return
    first = evidence.dataset.images[0, :16].tolist()
    for count in (16, 8):
        if first[count - 8 : count] != [0, 0, 0, shape[0], 0, 0, 0, shape[1]]:
            continue
        if count == 16 and first[:4] != [0, 0, 8, 3]:
            continue
        text = f"The first {count} pixels of the {evidence.name} are the header of an IDX file, and all rows are late."
        measured = f"the first image begins with {', '.join(map(str, first[:count]))}"
        yield Diagnosis.of(evidence.name, Severity.ERROR, "header-bytes", text, measured, header_bytes(count))
        return


def bytes_read_wrongly(evidence: Evidence, other: Evidence | None) -> Iterator[Diagnosis]:
    """Bytes that wrapped around or were read as signed: undone, neighbouring pixels are alike, and more is learned."""
    if not evidence.shape:
        return
    low, high = evidence.range
    if low < 0 and low >= -128 and high <= 127 and np.array_equal(evidence.values, np.rint(evidence.values)):
        repair, verdict = signed_bytes(), "were read as signed bytes, so that 128..255 became -128..-1"
    elif low >= 0 and high <= 1:
        repair = wrapped_values(evidence.dataset.images.dtype)
        verdict = "wrapped around: 128 was subtracted from bytes, or signed bytes were read as unsigned"
    else:
        return
    after = smoothness(repair.apply(evidence.sample).images.astype(np.float32), evidence.shape)
    if after < SMOOTH or 1 - after > ROUGH * (1 - evidence.smoothness) or not learns_better(evidence, repair):
        return
    measured = (
        f"neighbouring pixels correlate by {evidence.smoothness:.2f}, with the bytes put right by {after:.2f}; "
        f"pictures have more than {SMOOTH}"
    )
    text = f"Pixels of the {evidence.name} {verdict}."
    yield Diagnosis.of(evidence.name, Severity.ERROR, repair.code, text, measured, repair)


def order_of_pixels(evidence: Evidence, other: Evidence | None) -> Iterator[Diagnosis]:
    """Pixels dealt out to wrong rows or places: neighbours are no longer alike, in the picture nor among images."""
    shape = evidence.shape
    if not shape or evidence.excess >= CLEAR or len(evidence.rows) < FEWEST:
        return
    rows = _unreshaped(evidence)
    restored, labels = smoothness(rows, shape), evidence.dataset.labels[: len(rows)]
    agreement = float(np.mean(labels == labels[nearest(rows)]))
    proven = restored >= max(SMOOTH, evidence.smoothness + SMOOTHER) or proves(agreement, evidence)
    if proven and learns_better(evidence, reshaped()):
        text = f"The images of the {evidence.name} were reshaped where they should have been transposed."
        measured = (
            f"neighbouring pixels correlate by {evidence.smoothness:.2f}, and nearest neighbours have the same label "
            f"in {percent(evidence.agreement)} of the rows; reshaped back, {restored:.2f} and {percent(agreement)}"
        )
        yield Diagnosis.of(evidence.name, Severity.ERROR, "reshaped", text, measured, reshaped())
    elif _scrambled(evidence, other):
        text = f"The pixels of each image of the {evidence.name} stand in an order of its own, which cannot be undone."
        measured = (
            f"neighbouring pixels correlate by {evidence.smoothness:.2f}, and the mean image is flat: its variance is "
            f"{_variance_ratio(evidence.values):.1f} times what chance leaves, where pictures have more than "
            f"{EXCHANGEABLE[1]:.0f}"
        )
        yield Diagnosis.of(evidence.name, Severity.ERROR, "scrambled-pixels", text, measured)


def proves(agreement: float, evidence: Evidence) -> bool:
    """Whether an agreement of nearest neighbours, with a repair, is high, and higher than without it."""
    return agreement >= max(evidence.chance + RESTORED * (1 - evidence.chance), evidence.agreement + REGAINED)


def _unreshaped(evidence: Evidence) -> NDArray[np.float32]:
    """Return the first images as ``x.T.reshape(x.shape)`` would, without touching the whole set."""
    n, pixels = evidence.dataset.images.shape
    place = np.arange(min(n, SHUFFLED_ROWS) * pixels)
    rows: NDArray[np.float32] = evidence.dataset.images[place % n, place // n].reshape(-1, pixels).astype(np.float32)
    return rows


def _scrambled(evidence: Evidence, other: Evidence | None) -> bool:
    """Whether no pixel differs from another: in one set where the other has pictures, or in bytes of any class."""
    if evidence.picture or abs(evidence.smoothness) > UNLIKE or not _flat(evidence.values):
        return False
    if evidence.probe is not None and evidence.probe.learned >= GOOD:
        return False
    if other is not None and other.shape == evidence.shape and other.picture:
        return True
    if evidence.dataset.images.dtype != np.uint8 or evidence.dataset.scale == 1 or evidence.values.shape[1] < PIXELS:
        return False
    labels = evidence.sample.labels
    return all(_flat(evidence.values[labels == label]) for label in np.unique(labels))


def _flat(values: NDArray[np.float32]) -> bool:
    return len(values) < 10 or EXCHANGEABLE[0] < _variance_ratio(values) < EXCHANGEABLE[1]


def _variance_ratio(values: NDArray[np.float32]) -> float:
    """Variance of the mean image over what it would be if all pixels had one distribution."""
    inside = float(values.var(axis=1).mean()) / len(values)
    return float(values.mean(axis=0).var()) / inside if inside > 0 else np.inf
