"""Faults between the sets: what was done to one of them and not to the other.

Where a measurement tells which set is at fault (a white background, pictures off their centre, pixels that are
unlike their neighbours, labels that do not begin at 0), that set is named and repaired. Otherwise the finding
stands at "both sets", says that they differ, and the test set is repaired to match the training set.
When faults coincide, each has a finding of its own, in the order in which the repairs are to be applied.
"""

from operator import itemgetter

import numpy as np

from cmlp.diagnosis.alike import alike
from cmlp.diagnosis.classes import compare_classes, compare_names, find_label_among_columns
from cmlp.diagnosis.columns import plain_repairs, scale_repairs
from cmlp.diagnosis.doubts import UNEXPLAINED, reasons_to_doubt, reasons_to_doubt_pair, values_in_doubt
from cmlp.diagnosis.evidence import Evidence
from cmlp.diagnosis.leaks import find_shared_rows
from cmlp.diagnosis.pair import Gap, Pair, gap_of
from cmlp.diagnosis.parts import find_parts
from cmlp.diagnosis.probe import Probe
from cmlp.diagnosis.report import Severity
from cmlp.diagnosis.scales import COLUMNS, clipped_columns, compare_ranges, find_constant_columns, find_lost_values
from cmlp.diagnosis.search import GAIN, SHARE, Search, Trial
from cmlp.diagnosis.sentences import SENTENCES, sentence
from cmlp.diagnosis.significance import CERTAIN, DOUBTFUL
from cmlp.diagnosis.sizes import compare_sizes
from cmlp.diagnosis.transforms import Repair

FEWEST = 20  # rows from which on spreads of columns can be compared
OFF_CENTRE = 1.02  # ratio of the moments about the centre: a shift of MNIST by one pixel gives 1.025
SMOOTHER = 0.2  # difference in smoothness that shows whose pixels were moved
ROUNDS = 3  # searches one after another
LEARNED = 0.15  # of the way from a constant answer to all right, below which a judge is none
LEAKS = {"shared-rows", "near-duplicates"}  # after these test data are known by heart
LOSSY = {"uncentred"}  # what was pushed over the edge is lost
TRIED_PICTURES = "polarity, symmetries, angles, sizes, places, the order of the pixels"
TRIED_COLUMNS = "units, signs and order of the columns, stand-ins for values"


def examine_pair(train: Evidence, test: Evidence, errors: set[str]) -> Pair:
    """Compare two sets in which everything is right by itself, and repair the one that differs.

    `errors` are the codes of what was found inside the sets and could not be repaired: an accuracy that falls
    short then needs no other explanation.
    """
    pair = Pair(train, test, test.dataset)
    if not compare_sizes(pair):
        return pair
    find_shared_rows(pair)
    judge = pair.judge = pair.train.probe
    able = judge is not None and judge.learned >= LEARNED and judge.certainty >= CERTAIN
    if judge is not None and able and not errors:
        _compare(pair, judge, train)
        if pair.diagnoses and not pair.named & LEAKS:
            find_shared_rows(pair)  # what a repair has made equal
    compare_classes(pair)
    compare_names(pair)
    find_label_among_columns(pair)
    pair.unknown += reasons_to_doubt(pair.train) or values_in_doubt(pair.test) or reasons_to_doubt_pair(pair)
    return pair


def _compare(pair: Pair, judge: Probe, train: Evidence) -> None:
    """Compare by accuracy, and name what explains a difference."""
    if pair.train.pictures:
        compare_ranges(pair, judge)
    else:
        _compare_columns(pair, judge)
    find_lost_values(pair, judge)
    if any(diagnosis.repair is None for diagnosis in pair.diagnoses):
        return
    repaired = False
    for _ in range(ROUNDS):
        gap = gap_of(judge, pair.matched)
        if not (gap.certain and gap.points >= GAIN and _search(pair, judge, train, gap)):
            break
        repaired = True
    if not pair.diagnoses and find_constant_columns(pair, judge):
        return
    if repaired or not find_parts(pair, judge):
        _unexplained(pair, judge)


def _compare_columns(pair: Pair, judge: Probe) -> None:
    """Undo what is plain to see in the columns of tables, if that does not lower the accuracy."""
    if min(len(pair.train.dataset), len(pair.test.dataset)) < FEWEST:
        return
    for repair in plain_repairs(pair.train.sample, pair.evidence_of_matched.sample):
        _repair_columns(pair, judge, repair, 0.0)
    if max(clipped_columns(pair.train, pair.test), clipped_columns(pair.test, pair.train)) > COLUMNS:
        return  # which looks like another scale, too
    gap = gap_of(judge, pair.matched)
    doubtful = gap.points >= GAIN and gap.deviations >= DOUBTFUL
    tried = [
        (judge.accuracy(repair.apply(pair.matched)), 0.0 if plain else SHARE * gap.points, repair)
        for repair, plain in scale_repairs(pair.train.sample, pair.evidence_of_matched.sample)
        if plain or doubtful
    ]
    if tried:
        _, least, repair = max(tried, key=itemgetter(0))
        _repair_columns(pair, judge, repair, least)


def _repair_columns(pair: Pair, judge: Probe, repair: Repair, least: float) -> None:
    """Apply a repair of columns if it brings more than so many points."""
    before, after = judge.accuracy(pair.matched), judge.accuracy(repair.apply(pair.matched))
    if after > before + least:
        reaches = f"a network trained on the training data reaches {judge.expected:.1f} % on rows held out of them"
        measured = f"{reaches}, {before:.1f} % on test data, and {after:.1f} % with this repair"
        where = _at_fault(repair.code, pair)
        pair.repair((repair.code, where, sentence(repair.code, where), measured), repair)


# What a search finds


def _search(pair: Pair, judge: Probe, train: Evidence, gap: Gap) -> bool:
    """Apply the repairs that make the test data like the training data, and say whether there are some."""
    before, best = Search(judge, train, pair.evidence_of_matched, gap.expected).best()
    places = [_at_fault(repair.code, pair) for repair in best.repairs]
    for repair, where in zip(best.repairs, places, strict=True):
        finding = repair.code, where, sentence(repair.code, where), _measured(judge, before, best, repair)
        if where == "training data" and repair.back is not None:
            pair.repair(finding, repair.back(), repair)
        else:
            pair.repair(finding, repair)
    return bool(best.repairs)


def _measured(judge: Probe, before: Trial, best: Trial, repair: Repair) -> str:
    others = [other.code for other in best.repairs if other is not repair]
    together = f" together with that of {' and '.join(others)}" if others else ""
    return (
        f"a network trained on the training data reaches {judge.expected:.1f} % on rows held out of them, "
        f"{before.accuracy:.1f} % on test data, and {best.accuracy:.1f} % with this repair{together}"
    )


def _at_fault(code: str, pair: Pair) -> str:
    """Name the set that absolute evidence speaks against, or both."""
    train, test = pair.train, pair.test
    wrong_train, wrong_test = False, False
    if code == "inverted":
        wrong_train, wrong_test = train.background > 0.5, test.background > 0.5
    elif code in ("shifted", "header-bytes"):
        ratio = _moment(test) / _moment(train)
        wrong_train, wrong_test = ratio < 1 / OFF_CENTRE, ratio > OFF_CENTRE
    elif code == "permuted-pixels":
        gain = train.smoothness - test.smoothness
        wrong_train, wrong_test = gain < -SMOOTHER, gain > SMOOTHER
    elif code.startswith("labels"):
        wrong_train, wrong_test = train.counts[0] == 0, test.counts[0] == 0
    elif code in ("uncentred", "sentinel-values"):
        wrong_test = True
    if wrong_train == wrong_test:
        return "both sets"
    return "training data" if wrong_train else "test data"


def _moment(evidence: Evidence) -> float:
    """Second moment of the mean image about the centre of the picture: least where the pictures are centred."""
    height, width = evidence.shape or (1, 1)
    low, high = evidence.range
    mass = np.abs(evidence.mean_image - (low if evidence.background <= 0.5 else high)).reshape(height, width)
    down, right = ((np.arange(side) - (side - 1) / 2) ** 2 for side in (height, width))
    return float(np.sum(mass * (down[:, None] + right)) / max(float(mass.sum()), np.finfo(float).tiny))


# What no repair undoes


def _unexplained(pair: Pair, judge: Probe) -> None:
    """Labels of one set that are partly wrong, or a test set that is different in a way no repair undoes."""
    gap = gap_of(judge, pair.matched)
    if pair.named & LOSSY or (set(SENTENCES) & pair.named and abs(gap.points) < UNEXPLAINED):
        return
    if gap.certain and gap.points >= UNEXPLAINED:
        at_fault = pair.test
    elif gap.deviations <= -CERTAIN and gap.points <= -UNEXPLAINED and not pair.named & LEAKS:
        at_fault = pair.train
    else:
        return
    if alike(pair.train.dataset, pair.matched):
        part = "Labels" if gap.found < judge.constant + UNEXPLAINED else "A part of the labels"
        verb = "do" if part == "Labels" else "does"
        verdict = f"{part} of the {at_fault.name} {verb} not belong to its images."
        measured = f"the images of both sets are alike, and {gap.measured}"
        pair.found("labels-partly-wrong", Severity.ERROR, at_fault.name, verdict, measured)
    elif at_fault is pair.test:
        verdict = "The test data are unlike the training data, and no repair that was tried explains it."
        tried = TRIED_PICTURES if pair.train.pictures else TRIED_COLUMNS
        measured = f"{gap.measured}; tried were {tried} and names of the labels"
        pair.found("sets-differ", Severity.WARNING, "both sets", verdict, measured)
