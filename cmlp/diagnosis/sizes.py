"""Sets whose rows have different numbers of pixels or columns."""

import numpy as np

from cmlp.data.dataset import Dataset
from cmlp.diagnosis.geometry import framed, resized
from cmlp.diagnosis.pair import Pair
from cmlp.diagnosis.report import Severity
from cmlp.diagnosis.search import GAIN
from cmlp.diagnosis.transforms import Repair, with_images

SEVERAL = 3  # rows of a class


def compare_sizes(pair: Pair) -> bool:
    """Say whether the images have equally many pixels, after a repair where one is known."""
    have, wanted = pair.test.dataset.images.shape[1], pair.train.dataset.images.shape[1]
    if have == wanted:
        return True
    repairs = _of_pictures(pair) if pair.test.shape and pair.train.shape else _of_columns(pair)
    what = "pixels" if pair.test.shape and pair.train.shape else "values"
    verdict = f"The test images have {have:,} {what} and the training images {wanted:,}."
    measured = "both must have the same number"
    judge = pair.train.probe
    tried = {}
    for how, repair in repairs.items():
        repaired = repair.apply(pair.test.sample)
        tried[how] = judge.accuracy(repaired) if judge is not None else 0.0
    if judge is not None and tried:
        measured += f"; a network trained on the training data reaches {judge.expected:.1f} % on rows held out of them"
        measured += "".join(f", {accuracy:.1f} % on test data that are {how}" for how, accuracy in tried.items())
    best = max(tried, key=tried.__getitem__, default=None)
    if best is None or (what == "values" and judge is not None and tried[best] < judge.constant + GAIN):
        pair.found("different-size", Severity.ERROR, "both sets", verdict, measured)
        return False
    pair.repair(("different-size", "both sets", verdict, measured), repairs[best])
    return True


def _of_pictures(pair: Pair) -> dict[str, Repair]:
    shape, target = pair.test.shape, pair.train.shape
    assert shape is not None and target is not None
    return {"cut or padded": framed(shape, target), "resized": resized(shape, target)}


def _of_columns(pair: Pair) -> dict[str, Repair]:
    """Return what leaves out a column: the first, the last, or one that is the label."""
    have, wanted = pair.test.dataset.images.shape[1], pair.train.dataset.images.shape[1]
    if have != wanted + 1:
        return {}
    found = {0: "the first", have - 1: "the last"} | {
        j: f"column {j}, which is the label," for j in label_columns(pair.test.dataset)
    }
    return {f"left without {name} column".replace(", column", ""): without_column(j) for j, name in found.items()}


def without_column(column: int) -> Repair:
    """Leave out a column."""
    line = f"{{images}} = np.delete({{images}}, {column}, axis=1)"
    return Repair(
        "different-size", line, lambda dataset: with_images(dataset, np.delete(dataset.images, column, axis=1))
    )


def label_columns(dataset: Dataset) -> list[int]:
    """Return the columns that have one value for each class, and another one for every other class."""
    classes = np.unique(dataset.labels)
    if len(classes) < 2 or len(dataset) < SEVERAL * len(classes):
        return []
    low, high = (
        np.stack([reduce(dataset.images[dataset.labels == label], axis=0) for label in classes])
        for reduce in (np.min, np.max)
    )
    ordered = np.sort(low, axis=0)
    return np.flatnonzero((low == high).all(axis=0) & (np.diff(ordered, axis=0) > 0).all(axis=0)).tolist()
