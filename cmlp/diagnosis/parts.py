"""A part of the rows that is spoiled: some in a line, one class, or some here and there."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cmlp.data.dataset import Dataset
from cmlp.diagnosis.alike import alike
from cmlp.diagnosis.pair import Pair, rows_right
from cmlp.diagnosis.probe import Probe, make_probe
from cmlp.diagnosis.report import Severity, percent
from cmlp.diagnosis.search import Search
from cmlp.diagnosis.sentences import sentence
from cmlp.diagnosis.significance import CERTAIN, among, deviations
from cmlp.diagnosis.transforms import Repair, inverted, symmetries, with_images, with_labels

DROP = 0.25  # of the rows of a part, that must be wrong beyond what is expected
COSTS = 1.0  # points of the whole set, below which a part does not matter
FEWEST = 10  # rows of a part
MOST = 0.9  # share of the rows, from which on it is no part
CONFUSED = 0.6  # of the wrong answers in a class, that must be one other class to name it
SCATTERED = 0.03  # share of rows here and there
EXPLAINED = 0.4  # share of the wrong answers, beyond what is usual, that one change of these rows must explain


@dataclass(frozen=True)
class Part:
    """Rows in a line, and how they do.

    Attributes
    ----------
    rows : ndarray of intp
        Their indices in the set.
    first, last : int
    expected, found : float
        Accuracies in percent.
    """

    rows: NDArray[np.intp]
    first: int
    last: int
    expected: float
    found: float


def find_parts(pair: Pair, judge: Probe) -> bool:
    """Look for a spoiled part of either set, and say whether there is one."""
    return _in_test(pair, judge) or _in_train(pair, judge) or _in_a_class(pair, judge) or _here_and_there(pair, judge)


# Rows in a line


def worst_part(expected: NDArray[np.float64], found: NDArray[np.float64], rows: NDArray[np.intp]) -> Part | None:
    """Return the rows in a line that fall furthest short of what is expected, if that is no luck and no whole set.

    Parameters
    ----------
    expected, found : ndarray (m,)
        Per row, the share of right answers that its label should have, and the one that it has.
    rows : ndarray (m,)
        Ascending indices in the set.
    """
    short = expected - found - DROP
    start, stop = _largest_sum(short)
    part, m = slice(start, stop), len(rows)
    count = stop - start
    if not FEWEST <= count <= MOST * m:
        return None
    e, f = float(expected[part].mean()), float(found[part].mean())
    rest = np.r_[0:start, stop:m]
    outside = float((expected[rest] - found[rest]).mean())
    certain = deviations(100 * e, m, 100 * f, count) >= among(m * m)
    if not certain or e - f - max(0.0, outside) < DROP or 100 * (e - f) * count / m < COSTS:
        return None
    return Part(rows[part], int(rows[start]), int(rows[stop - 1]), 100 * e, 100 * f)


def _largest_sum(values: NDArray[np.float64]) -> tuple[int, int]:
    """Return start and stop of the part of an array that has the largest sum."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    least = np.minimum.accumulate(sums)
    stop = int((sums - least)[1:].argmax()) + 1
    return int(sums[:stop].argmin()), stop


def _in_test(pair: Pair, judge: Probe) -> bool:
    dataset = pair.matched
    part = worst_part(*rows_right(judge, dataset), np.arange(len(dataset)))
    if part is None:
        return False
    evidence = pair.evidence_of_matched
    few = evidence.repaired(dataset[part.rows])
    _report(pair, "test data", part, pair.train.dataset, Search(judge, pair.train, few, part.expected))
    return True


def _in_train(pair: Pair, judge: Probe) -> bool:
    order = np.argsort(judge.rows)
    rows, right = judge.rows[order], judge.right[order].astype(np.float64)
    part = worst_part(judge.recall[judge.train.labels[rows]], right, rows)
    if part is None:
        return False
    dataset = pair.train.dataset
    inside = np.arange(part.first, part.last + 1)
    rest = dataset[np.setdiff1d(np.arange(len(dataset)), inside)]
    other = make_probe(rest, pictures=pair.train.pictures, classes=dataset.classes)
    search = None
    if other is not None and len(inside) >= FEWEST:
        search = Search(other, pair.train.repaired(rest), pair.train.repaired(dataset[inside]), other.expected)
    _report(pair, "training data", part, rest, search)
    return True


def _report(pair: Pair, where: str, part: Part, others: Dataset, search: Search | None) -> None:
    """Name what was done to the rows, if a repair of them shows it; otherwise whether it is images or labels."""
    rows = f"rows {part.first:,} to {part.last:,} of the {where}"
    measured = f"a network has {part.found:.1f} % of {rows} right, where {part.expected:.1f} % would be expected"
    before, best = search.best() if search is not None else (None, None)
    if best is None or best is before:
        dataset = pair.matched if where == "test data" else pair.train.dataset
        if alike(dataset[part.rows], others):
            verdict = f"A part of the labels of the {where} does not belong to its images."
            pair.found("labels-partly-wrong", Severity.ERROR, where, verdict, measured)
        else:
            verdict = f"A part of the images of the {where} is unlike the others."
            pair.found("rows-differ", Severity.ERROR, where, verdict, measured)
        return
    for repair in best.repairs:
        verdict = sentence(repair.code, where).rstrip(".") + f", but in {rows} only."
        found = f"{measured}, and {best.accuracy:.1f} % with this repair"
        pair.repair(
            (repair.code, where, verdict, found),
            on_rows(repair, part.first, part.last + 1),
            UNCHANGED if where == "training data" else None,
        )


UNCHANGED = Repair("none", "", lambda dataset: dataset)


def on_rows(repair: Repair, start: int, stop: int) -> Repair:
    """Apply a repair to some rows only."""
    line = "{images}, {labels} = report.repaired_{prefix}.images, report.repaired_{prefix}.labels"

    def apply(dataset: Dataset) -> Dataset:
        return _merged(dataset, np.arange(start, stop), repair)

    return Repair(repair.code, line, apply)


def _merged(dataset: Dataset, rows: NDArray[np.intp], repair: Repair) -> Dataset:
    part = repair.apply(dataset[rows])
    images, labels = np.array(dataset.images), np.array(dataset.labels)
    images[rows], labels[rows] = part.images, part.labels
    return with_labels(with_images(dataset, images), labels, part.classes)


# One class


def _in_a_class(pair: Pair, judge: Probe) -> bool:
    expected, found = rows_right(judge, pair.matched)
    labels = pair.matched.labels
    held_out = np.bincount(judge.train.labels[judge.rows], minlength=judge.classes)
    for label in np.flatnonzero(np.bincount(labels, minlength=judge.classes)[: judge.classes]):
        inside = labels == label
        e, f, n = 100 * float(expected[inside].mean()), 100 * float(found[inside].mean()), int(inside.sum())
        if n < FEWEST or e - f < 100 * DROP or deviations(e, held_out[label], f, n) < among(judge.classes):
            continue
        if (
            e - f < 2 * 100 * max(0.0, float((expected[~inside] - found[~inside]).mean()))
            or (e - f) * n / len(labels) < COSTS
        ):
            continue
        answers = judge.labels_of(pair.matched[np.flatnonzero(inside)])
        wrong = np.bincount(answers[answers != label], minlength=1)
        name = pair.test.class_name(int(label))
        verdict = f"The rows with label {name} are others in the test data than in the training data."
        measured = f"a network has {f:.1f} % of them right, where {e:.1f} % would be expected"
        if wrong.max() >= CONFUSED * wrong.sum():
            measured += f", and takes {percent(wrong.max() / n, 0)} for {pair.test.class_name(int(wrong.argmax()))}"
        pair.found("class-differs", Severity.ERROR, "both sets", verdict, measured)
        return True
    return False


# Some rows here and there


def _here_and_there(pair: Pair, judge: Probe) -> bool:
    """Find a change of pictures that explains more of the wrong answers in the test data than among rows held out."""
    shape = pair.train.shape
    if not pair.train.pictures or shape is None or pair.test.shape != shape:
        return False
    test, train = pair.evidence_of_matched.sample, judge.train[judge.rows]
    wrong = judge.labels_of(test) != test.labels
    usual_wrong = judge.predicted != train.labels
    n, m = int(wrong.sum()), int(usual_wrong.sum())
    if not n or not m:
        return False
    wrong_rows, usual_rows = test[np.flatnonzero(wrong)], train[np.flatnonzero(usual_wrong)]
    best, share, usual = None, 0.0, 0.0
    for repair in (inverted(), *symmetries(shape)):
        whole = _as_whole(repair, test)
        turned = float(np.mean(judge.labels_of(whole(wrong_rows)) == wrong_rows.labels))
        natural = float(np.mean(judge.labels_of(whole(usual_rows)) == usual_rows.labels))
        if turned - natural > share - usual:
            best, share, usual = repair, turned, natural
    if best is None or (share - usual) * n < SCATTERED * len(test) or share - usual < EXPLAINED:
        return False
    if deviations(100 * share, n, 100 * usual, m) < among(8) + CERTAIN / 2:
        return False
    verdict = (
        f"{sentence(best.code, 'test data').rstrip('.')}, but in {percent(share * n / len(test), 0)} of the rows only."
    )
    first = ", ".join(map(str, pair.test.rows[np.flatnonzero(wrong)][:5].tolist()))
    measured = (
        f"of the test rows that a network has wrong, {percent(share, 0)} are right with this repair, of rows held out "
        f"of the training data {percent(usual, 0)}; wrong are rows {first} and others"
    )
    pair.found(best.code, Severity.ERROR, "test data", verdict, measured)
    return True


def _as_whole(repair: Repair, dataset: Dataset) -> Callable[[Dataset], Dataset]:
    """Return the repair with what it reads from a whole set, such as its range, and not from a few rows."""
    if repair.code != "inverted":
        return repair.apply
    ends = dataset.images.max() + 0.0 + dataset.images.min()
    return lambda some: with_images(some, (ends - some.images).astype(some.images.dtype))
