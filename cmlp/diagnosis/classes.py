"""Classes that only one set has, or that have another share in it; and the label among the columns."""

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.evidence import Evidence
from cmlp.diagnosis.pair import Pair
from cmlp.diagnosis.report import Finding, Severity, percent
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


VALUES = "another value for every class, and one value in each class"


def find_label_among_columns(pair: Pair) -> None:
    """Find a column of the training data that is the label, by other numbers perhaps."""
    train, test = pair.train.dataset, pair.test.dataset
    column, same = _label_column(pair.train)
    if column is None:
        return
    verdict = _leak(column)
    if column in label_columns(test):
        severity = Severity.WARNING if same or len(np.unique(train.labels)) > 2 else Severity.NOTE
        pair.found("label-column", severity, "both sets", verdict, f"it has {VALUES}, in the test data too")
    else:
        pair.found(
            "label-column", Severity.ERROR, "training data", verdict, f"it has {VALUES}, which the test data have not"
        )


def label_in_one_set(train: Evidence) -> Finding | None:
    """Return what is found where a column is the label, and there are no test data."""
    column, same = _label_column(train)
    if column is None:
        return None
    severity = Severity.WARNING if same or len(np.unique(train.dataset.labels)) > 2 else Severity.NOTE
    return Finding("label-column", severity, "training data", _leak(column), f"it has {VALUES}")


def _leak(column: int) -> str:
    return f"Column {column} of the training data is the label, which tells the answer (a leak)."


def _label_column(train: Evidence) -> tuple[int | None, bool]:
    """Return a column of a table that is the label, if there is one, and whether it has the same numbers."""
    dataset = train.dataset
    if train.pictures or len(dataset) < FEWEST or dataset.images.shape[1] < 2:
        return None, False
    columns = label_columns(dataset)
    same = [column for column in columns if np.array_equal(dataset.images[:, column], dataset.labels)]
    if not columns or (len(columns) > 1 and len(np.unique(dataset.labels)) == 2 and not same):
        return None, False  # as two columns of one category have
    return (same or columns)[0], bool(same)
