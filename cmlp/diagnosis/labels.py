"""Labels that say nothing about their images: rolled by some rows, shuffled apart or random."""

from collections.abc import Iterator

import numpy as np

from cmlp.diagnosis.alike import alike
from cmlp.diagnosis.evidence import FEWEST, Evidence
from cmlp.diagnosis.learning import GOOD, learns_better
from cmlp.diagnosis.pixels import CLEAR, proves
from cmlp.diagnosis.probe import Probe, make_probe
from cmlp.diagnosis.report import Severity, number_of_rows, percent
from cmlp.diagnosis.significance import CERTAIN, above
from cmlp.diagnosis.transforms import Diagnosis, shifted_labels

PAIRS = 400  # of neighbours, by which lags are searched
LAGS = 10_000  # rows searched to either side
DOUBTFUL = 0.7  # agreement beyond chance above which labels are not looked at
NOTHING = 2.0  # deviations from a constant answer, below which nothing is learned
CLOSE = 0.75  # of the usual distance of two images, at which the nearest one lies in real pictures: .6 on MNIST


def labels(evidence: Evidence, other: Evidence | None) -> Iterator[Diagnosis]:
    """Find labels that stand some rows away from their images, or have nothing to do with them."""
    if len(evidence.rows) < FEWEST or evidence.excess > DOUBTFUL or evidence.blank.mean() > 0.5:
        return
    probe = evidence.probe
    if probe is None or probe.learned >= GOOD:
        return
    measured = (
        f"nearest neighbours have the same label in {percent(evidence.agreement)} of the rows, by chance in "
        f"{percent(evidence.chance)}, and"
    )
    lag, agreement = _best_lag(evidence)
    if lag and proves(agreement, evidence) and learns_better(evidence, shifted_labels(lag), 2 * _reach(evidence)):
        text = f"The labels of the {evidence.name} stand {_rows(lag)} their images."
        measured += f" in {percent(agreement)} with the labels moved back"
        yield Diagnosis.of(evidence.name, Severity.ERROR, "labels-shifted", text, measured, shifted_labels(lag))
    elif evidence.at_chance and probe.certainty < NOTHING and _can_be_told_apart(evidence, other, probe):
        text = (
            f"The labels of the {evidence.name} do not belong to its images: they were shuffled apart, or are random."
        )
        measured += f" no shift of the labels by up to {_reach(evidence):,} rows changes that"
        yield Diagnosis.of(evidence.name, Severity.ERROR, "labels-mismatched", text, measured)


def _can_be_told_apart(evidence: Evidence, other: Evidence | None, probe: Probe) -> bool:
    """Whether proper labels would be learned: equally many rows of the other set are, or images come in kinds."""
    if other is not None and other.dataset.images.shape[1] == evidence.dataset.images.shape[1]:
        known = other.probe
        if known is not None and known.learned >= CLEAR:
            some = np.random.default_rng(2).permutation(len(other.dataset))[: len(evidence.dataset)]
            as_many = make_probe(
                other.dataset[np.sort(some)], pictures=other.pictures, groups=other.hashes[np.sort(some)]
            )
            if as_many is None or as_many.certainty < 2 * CERTAIN:
                return False
            return _knows_nothing(known, evidence) and alike(other.dataset, evidence.dataset)
    return evidence.pictures and len(evidence.rows) >= 4 * FEWEST and _comes_in_kinds(evidence)


def _knows_nothing(probe: Probe, evidence: Evidence) -> bool:
    """Whether a probe of the other set is at chance here, too; else the labels are merely few or hard."""
    labels = evidence.dataset.labels
    if labels.max() >= probe.classes:
        return True
    constant = 100 * float(evidence.counts.max()) / len(labels)
    return above(probe.accuracy(evidence.dataset), len(labels), constant) < NOTHING


def _comes_in_kinds(evidence: Evidence) -> bool:
    """Whether the nearest image is much nearer than others, so that neighbours should have the same label."""
    features = evidence.features
    nearest = np.linalg.norm(features - features[evidence.neighbours], axis=1)
    usual = np.linalg.norm(features - np.roll(features, len(features) // 2, axis=0), axis=1)
    return float(np.median(nearest)) < CLOSE * float(np.median(usual))


def _reach(evidence: Evidence) -> int:
    return min(LAGS, len(evidence.dataset) // 2)


def _best_lag(evidence: Evidence) -> tuple[int, float]:
    """Return the lag of the labels with which nearest neighbours agree most, and that agreement of other ones."""
    n, labels = len(evidence.dataset), evidence.dataset.labels.astype(np.int32)
    first, second = evidence.rows, evidence.rows[evidence.neighbours]
    some = slice(None, None, 2 * max(1, -(-len(first) // (2 * PAIRS))))
    lags = np.arange(1, 2 * _reach(evidence) + 2) // 2  # 0, 1, -1, 2, -2 ...: the nearest of equally good ones
    lags[::2] *= -1
    shares = [
        np.mean(labels[(first[some] + few[:, None]) % n] == labels[(second[some] + few[:, None]) % n], axis=1)
        for few in np.array_split(lags, len(lags) // 1000 + 1)
    ]
    best = int(lags[np.concatenate(shares).argmax()])
    others = slice(1, None, 2)
    return best, float(np.mean(labels[(first[others] + best) % n] == labels[(second[others] + best) % n]))


def _rows(lag: int) -> str:
    count = number_of_rows(abs(lag))
    return f"{count} after" if lag > 0 else f"{count} before"
