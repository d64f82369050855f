"""Test rows that are training rows too, exactly or nearly."""

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.evidence import Evidence, squared_distances
from cmlp.diagnosis.pair import Pair
from cmlp.diagnosis.probe import reduced
from cmlp.diagnosis.report import Severity, percent
from cmlp.diagnosis.significance import CERTAIN, deviations
from cmlp.diagnosis.transforms import scaled

SHARED = 0.01  # share of test rows; fewer move the accuracy by less than a point
NEAR = 0.5  # of the usual distance of nearest training rows, within which a test row is a changed copy of one
WATCHED = 500  # test rows whose neighbours are looked for
AMONG = 10_000  # training rows among which they are


def find_shared_rows(pair: Pair) -> None:
    """Compare how many test rows are training rows with how many training rows are there twice: that may be natural."""
    n = len(pair.test.dataset)
    usual = pair.train.repeated
    found = np.isin(pair.test.hashes, pair.train.hashes)
    if pair.train.pictures:
        found &= ~pair.test.blank
    shared = int(found.sum())
    if shared >= SHARED * n and deviations(100 * shared / n, n, 100 * usual, len(pair.train.dataset)) >= CERTAIN:
        verdict = f"{shared:,} of {n:,} test images are training images too, so the test accuracy flatters."
        measured = f"{percent(shared / n)} of the test rows are equal to a training row; "
        measured += f"up to {percent(SHARED, 0)} would do no harm"
        if usual >= SHARED:
            measured += f", and {percent(usual)} of the training rows are equal to another one"
        pair.found("shared-rows", Severity.WARNING, "both sets", verdict, measured)
    elif not shared or shared < SHARED * n:
        _find_near(pair)


def _find_near(pair: Pair) -> None:
    """Find test rows much nearer to a training row than training rows are to each other."""
    draw = np.random.default_rng(3)
    train, test = pair.train, pair.test
    some = draw.permutation(len(train.dataset))[:AMONG]
    features, own = _features(pair, train, some), min(WATCHED, len(some))
    watched = draw.permutation(len(test.dataset))[:WATCHED]
    inside = squared_distances(features[:own], features)
    inside[np.arange(own), np.arange(own)] = np.inf
    usual = np.sqrt(np.maximum(inside.min(axis=1), 0))
    across = np.sqrt(np.maximum(squared_distances(_features(pair, test, watched), features).min(axis=1), 0))
    limit = NEAR * float(np.median(usual))
    near, natural = int((across < limit).sum()), float(np.mean(usual < limit))
    if (
        near < max(3, SHARED * len(watched))
        or deviations(100 * near / len(watched), len(watched), 100 * natural, own) < CERTAIN
    ):
        return
    verdict = (
        f"{near:,} of {len(watched):,} test images are nearly equal to training images, so the test accuracy flatters."
    )
    measured = (
        f"they are less than {NEAR:g} times as far from a training row as training rows are from each other, where "
        f"{percent(natural)} of the training rows are so near to another one"
    )
    pair.found("near-duplicates", Severity.WARNING, "both sets", verdict, measured)


def _features(pair: Pair, evidence: Evidence, rows: NDArray[np.intp]) -> NDArray[np.float32]:
    values = scaled(evidence.dataset[rows])
    if pair.train.pictures and pair.train.shape:
        return reduced(values, pair.train.shape)
    deviation = pair.train.values.std(axis=0)
    return np.clip((values - pair.train.mean_image) / np.where(deviation > 0, deviation, np.float32(1)), -5, 5)
