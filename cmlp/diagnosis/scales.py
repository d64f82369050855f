"""Pictures of other ranges, and values that were lost: by integer division, clipping, or replaced by one number."""

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.evidence import Evidence
from cmlp.diagnosis.pair import Gap, Pair, gap_of
from cmlp.diagnosis.probe import Probe
from cmlp.diagnosis.report import Severity, percent
from cmlp.diagnosis.rows import truncated
from cmlp.diagnosis.search import GAIN
from cmlp.diagnosis.significance import deviations
from cmlp.diagnosis.transforms import rescaled, standardised

RANGES = 0.25  # of the wider range, by which its ends may differ between sound sets
DOUBLE = 2.0  # ratio of the ranges that is a fault by itself, where one is 0..1, unless the repair does harm
NATURAL = 0.05  # how far from 0 and 1 the ends of a range in 0..1 may be
HARM = 1.0  # points that a repair of the range may cost
BETTER = 3.0  # points by which matching every pixel must beat matching the range
LOSS = 4.0  # deviations that show that what was lost matters
FEWEST = 20  # rows below which ranges say nothing
ATOM = 0.05  # share of a column that is one number, from which on values may have been lost
OFTEN = 3  # times the number of the next most frequent value
DISTINCT = 0.8  # of the other values that differ from each other, in a column of numbers that are measured
ENOUGH = 50  # different rows, below which a column may be constant by chance
VARIED = 0.5  # share of the most frequent value, up to which a column would not be constant by chance
SHOWN = 8  # numbers of columns
COLUMNS = 0.5  # share of such columns


def compare_ranges(pair: Pair, judge: Probe) -> None:
    """Compare the ranges of pictures."""
    (low, high), (wanted_low, wanted_high) = pair.test.range, pair.train.range
    narrower, wider = sorted((high - low, wanted_high - wanted_low))
    if narrower == 0 or max(abs(low - wanted_low), abs(high - wanted_high)) <= RANGES * wider:
        return
    ends = rescaled(pair.test.range, pair.train.range)
    pixels = standardised(_moments(pair.test), _moments(pair.train), pair.train.range)
    scores = [judge.accuracy(repair.apply(pair.test.sample)) for repair in (ends, pixels)]
    matching = pixels if scores[1] > max(scores[0] + BETTER, judge.expected / 2) else ends
    verdict = f"The test images have values in {_range(pair.test)} and the training images in {_range(pair.train)}."
    measured = f"the ends of the ranges differ by more than {percent(RANGES, 0)} of the wider one"
    at_fault = [e for e in (pair.train, pair.test) if not _natural(e)]
    where = at_fault[0].name if len(at_fault) == 1 else "both sets"
    gain = max(scores) - judge.accuracy(pair.test.sample)
    if where != "both sets" and wider >= DOUBLE * narrower:
        wrong = gain >= -HARM or gap_of(judge, pair.matched).certain  # other faults may hide what the repair brings
    else:
        wrong = gain >= GAIN and gap_of(judge, pair.matched).certain
    if not wrong or len(pair.test.dataset) < FEWEST:
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


# Values that were lost


def find_lost_values(pair: Pair, judge: Probe) -> None:
    """Name what cannot be undone in one of the sets, where it costs accuracy."""
    gap = gap_of(judge, pair.matched)
    for some, other in ((pair.test, pair.train), (pair.train, pair.test)):
        if truncated(some, other) and (_differs(gap) or _learns_more(other, gap)):
            text = f"The {some.name} were divided as integers: all but the brightest pixels became 0."
            measured = (
                f"{some.levels} different values, {other.levels} in the {other.name}; the rest is lost, "
                "so read the images again and divide with /"
            )
            pair.found("integer-division", Severity.ERROR, some.name, text, measured)
            return
    if pair.train.pictures or not gap.certain or gap.points < GAIN:
        return
    for some, other in ((pair.test, pair.train), (pair.train, pair.test)):
        lost, elsewhere = inner_atoms(some), inner_atoms(other)
        if lost > max(COLUMNS, 2 * elsewhere):
            text = f"Values of the {some.name} were lost, and one number stands in their place."
            shares = f"in {percent(lost, 0)} of the columns, in {percent(elsewhere, 0)} of those of the {other.name}"
            pair.found("values-lost", Severity.ERROR, some.name, text, f"{shares}; {gap.measured}")
            return
        clipped, elsewhere = clipped_columns(some, other), clipped_columns(other, some)
        if clipped > max(COLUMNS, 2 * elsewhere):
            text = f"Values of the {some.name} were clipped: many are equal to the largest or the smallest one."
            measured = (
                f"in {percent(clipped, 0)} of the columns, where the {other.name} have values beyond; {gap.measured}"
            )
            pair.found("clipped-values", Severity.ERROR, some.name, text, measured)
            return


def find_constant_columns(pair: Pair, judge: Probe) -> bool:
    """Name columns that have one value in one of the sets, and in the other many, and say whether there are some."""
    if pair.train.pictures:
        return False  # borders are black
    gap = gap_of(judge, pair.matched)
    for some, other in ((pair.test, pair.train), (pair.train, pair.test)):
        if len(np.unique(some.hashes)) < ENOUGH:
            continue
        constant = np.flatnonzero((some.values == some.values[0]).all(axis=0))
        lost = [column for column in constant if _most_frequent(other.values[:, column]) <= VARIED]
        if lost:
            severity = Severity.ERROR if gap.certain and gap.points >= GAIN else Severity.WARNING
            text = f"{len(lost):,} of {some.values.shape[1]:,} columns of the {some.name} have one value only."
            where = ", ".join(map(str, lost[:SHOWN])) + (", ..." if len(lost) > SHOWN else "")
            measured = f"columns {where} have many values in the {other.name}; {gap.measured}"
            pair.found("constant-columns", severity, some.name, text, measured)
            return True
    return False


def _most_frequent(column: NDArray[np.float32]) -> float:
    """Return the share of a column that is its most frequent number."""
    return float(np.unique(column, return_counts=True)[1].max()) / len(column)


def _differs(gap: Gap) -> bool:
    return abs(gap.points) >= GAIN and abs(gap.deviations) >= LOSS


def _learns_more(other: Evidence, gap: Gap) -> bool:
    """Whether the set that lost nothing can be learned better than from the one that did."""
    probe = other.probe
    if probe is None or probe.expected - gap.found < GAIN:
        return False
    return deviations(probe.expected, probe.held_out, gap.found, gap.rows) >= LOSS


def inner_atoms(evidence: Evidence) -> float:
    """Return the share of columns of measured numbers in which one number is frequent that is neither end of them."""
    found = 0
    columns = evidence.values.T
    for column in columns:
        values, counts = np.unique(column, return_counts=True)
        most = int(counts.argmax())
        rest = len(column) - counts[most]
        measured = rest > 0 and (len(values) - 1) / rest >= DISTINCT
        if measured and counts[most] >= max(3, ATOM * len(column), OFTEN * np.partition(counts, -2)[-2]):
            sparse = counts[most] > rest and values[most] == 0 and most in (0, len(values) - 1)
            found += not (sparse or _at_the_end(values, most))
    return found / len(columns)


def _at_the_end(values: NDArray[np.float32], most: int) -> bool:
    """Whether a frequent value is the smallest or largest one, and others are near, as where values are cut off."""
    if most not in (0, len(values) - 1) or len(values) < 3:
        return False
    rest = values[1:] if most == 0 else values[:-1]
    distance = abs(float(values[most] - (rest[0] if most == 0 else rest[-1])))
    return distance <= 0.25 * float(rest[-1] - rest[0])


def clipped_columns(evidence: Evidence, other: Evidence) -> float:
    """Return the share of columns that pile up at an end beyond which the other set has many values."""
    some, others = evidence.values, other.values
    high, low = some.max(axis=0), some.min(axis=0)
    upper = ((some == high).mean(axis=0) >= ATOM) & ((others > high).mean(axis=0) >= ATOM)
    lower = ((some == low).mean(axis=0) >= ATOM) & ((others < low).mean(axis=0) >= ATOM)
    upper &= (others == others.max(axis=0)).mean(axis=0) < ATOM  # it piles up too, as counts do at 0
    lower &= (others == others.min(axis=0)).mean(axis=0) < ATOM
    return float(np.mean((upper | lower) & (high > low)))
