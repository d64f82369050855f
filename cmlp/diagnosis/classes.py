"""Classes that only one set has, or that have another share in it; and the label among the columns."""

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.pair import Pair
from cmlp.diagnosis.report import Severity, percent
from cmlp.diagnosis.sizes import label_columns

DRIFT = 0.1  # share of rows that would need another label, beyond chance
BY_CHANCE = 0.75  # times the root of classes by rows is 4 deviations above what equal shares give
MISSING = 10  # rows of a class to be expected before its absence is remarkable
FEWEST = 50  # rows of a set in which a column that is the label is no chance


def compare_classes(pair: Pair) -> None:
    """Compare which classes occur, and how often."""
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
            verdict = f"No row of the {name} has {_named(pair, absent)}, which {percent(share)} of the {other} have."
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


def compare_names(pair: Pair) -> None:
    """Notice sets that call a label differently."""
    train, test = pair.train.dataset.class_names, pair.test.dataset.class_names
    if train is None or test is None:
        return
    other = [label for label, names in enumerate(zip(train, test, strict=False)) if names[0] != names[1]]
    if other:
        label = other[0]
        verdict = "The sets call the same labels by different names, so one of them may have wrong ones."
        measured = f"label {label} is {train[label]!r} in the training data and {test[label]!r} in the test data"
        pair.found("class-names-differ", Severity.WARNING, "both sets", verdict, measured)


def _named(pair: Pair, classes: NDArray[np.intp]) -> str:
    evidence = pair.train if pair.train.dataset.class_names else pair.test
    names = ", ".join(evidence.class_name(label) for label in classes.tolist())
    return f"label {names}" if len(classes) == 1 else f"one of the labels {names}"


def find_label_among_columns(pair: Pair) -> None:
    """Find a column of the training data that is the label, by other numbers perhaps."""
    train, test = pair.train.dataset, pair.test.dataset
    if pair.train.pictures or len(train) < FEWEST or train.images.shape[1] < 2:
        return
    columns = label_columns(train)
    if not columns or (len(columns) > 1 and len(np.unique(train.labels)) == 2):  # as two columns of one category have
        return
    both = set(columns) & set(label_columns(test))
    values = "another value for every class, and one value in each class"
    verdict = f"Column {columns[0]} of the training data is the label."
    if both:
        severity = Severity.WARNING if len(np.unique(train.labels)) > 2 else Severity.NOTE
        pair.found("label-column", severity, "both sets", verdict, f"it has {values}, in the test data too")
    else:
        pair.found(
            "label-column", Severity.ERROR, "training data", verdict, f"it has {values}, which the test data have not"
        )
