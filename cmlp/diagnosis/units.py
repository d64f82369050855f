"""Columns of tables in units of their own: what scaling brings a network that takes them as they are."""

import numpy as np
from numpy.typing import NDArray

from cmlp.data.dataset import Dataset
from cmlp.diagnosis.evidence import FEWEST, Evidence
from cmlp.diagnosis.report import Finding, Severity
from cmlp.diagnosis.significance import deviations
from cmlp.diagnosis.transforms import scaled
from cmlp.network import Network

ROWS = 3_000  # trained on at most so many
FOLDS = 5  # parts that are held out one after the other
HIDDEN, ETA, MINI_BATCH, VISITS = 16, 1.0, 10, 30_000  # of a network as in the books, with sigmoid units
NATURAL = (0.05, 2.0)  # standard deviations that nobody needs to scale
FAR = 5.0  # mean of a column that nobody needs to move
GAIN = 5.0  # points that scaling must bring
CERTAIN = 4.0  # deviations
LINE = "mean, std = train_images.mean(axis=0), train_images.std(axis=0); std[std == 0] = 1; {}"
EACH = "{0}_images = ({0}_images - mean) / std"


def find_units(train: Evidence, *, prefixes: tuple[str, ...]) -> Finding | None:
    """Find columns whose units a network cannot take as they are, by training one on them, and one on scaled ones.

    Parameters
    ----------
    train : Evidence
        Of the training data, in which everything else is right.
    prefixes : tuple of str
        The sets that the repair names.

    Returns
    -------
    Finding or None
        A note with the accuracies on rows that were held out; None for pictures, few rows, and where scaling brings
        little.
    """
    if train.pictures or len(train.dataset) < FEWEST:
        return None
    rows = np.random.default_rng(0).permutation(len(train.dataset))[:ROWS]
    dataset = train.dataset[np.sort(rows)]
    values = scaled(dataset).astype(np.float64)
    mean, deviation = values.mean(axis=0), values.std(axis=0)
    varied = np.flatnonzero(deviation > 0)
    low, high = NATURAL
    odd = (deviation < low) | (deviation > high) | (abs(mean) > FAR)
    if not odd[varied].any():
        return None
    divisor = np.where(deviation > 0, deviation, 1)
    right = [_held_out_right(kind, dataset) for kind in (values, (values - mean) / divisor)]
    before, after = (100 * float(part.mean()) for part in right)
    count = len(dataset)
    if after - before < GAIN or deviations(after, count, before, count) < CERTAIN:
        return None
    narrow, wide = varied[deviation[varied].argmin()], varied[deviation[varied].argmax()]
    verdict = "The columns have units of their own, and a network that takes them as they are learns much less."
    measured = (
        f"standard deviations from {deviation[narrow]:.3g} (column {narrow}) to {deviation[wide]:.3g} (column {wide}); "
        f"on rows held out, a network of {HIDDEN} sigmoid units has {before:.1f} % right with these values, and "
        f"{after:.1f} % with columns of mean 0 and deviation 1"
    )
    line = LINE.format("; ".join(EACH.format(prefix) for prefix in prefixes))
    return Finding("unscaled-columns", Severity.NOTE, "both sets", verdict, measured, line, before, after)


def _held_out_right(values: NDArray[np.float64], dataset: Dataset) -> NDArray[np.bool_]:
    """Return which rows are right that were held out from a network, (n,)."""
    labels, part = dataset.labels, np.empty(len(dataset), np.intp)
    order = np.argsort(labels, kind="stable")  # so that every class is in every part
    part[order] = np.arange(len(dataset)) % FOLDS
    right = np.zeros(len(dataset), bool)
    for fold in range(FOLDS):
        fitted, held_out = part != fold, part == fold
        network = Network((values.shape[1], HIDDEN, dataset.classes), seed=0)
        pairs = Dataset(values[fitted], labels[fitted], scale=1.0, classes=dataset.classes)
        epochs = min(60, max(4, VISITS // len(pairs)))
        network.train(pairs, epochs, ETA, mini_batch_size=MINI_BATCH, progress=False)
        right[held_out] = network.predict(values[held_out]) == labels[held_out]
    return right
