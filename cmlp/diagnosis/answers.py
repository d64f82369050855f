"""What a network answers: other labels than the data have, what it learned from other images, and classes left out."""

import numpy as np

from cmlp.diagnosis.case import Case
from cmlp.diagnosis.evidence import Evidence
from cmlp.diagnosis.probe import NetworkPredictor
from cmlp.diagnosis.report import Finding, Severity
from cmlp.diagnosis.search import Search, renamed_only
from cmlp.diagnosis.transforms import Repair
from cmlp.diagnosis.trials import HALF

SAMPLE = 800  # images by which repairs are chosen and judged
FEWEST = 10  # rows of a class, of which none is answered
KNOWN = 0.5  # share of the class that a new network must have right
RECOVERED = 0.8  # of what a new network learns, that the network must have learned from other data
OTHERS = 0.9  # of the other classes that a new network has right, which the network must have right
EVERY = 0.25  # share of every class that a new network must have right: a few units know few classes

SEEN = {
    "inverted": "with black and white swapped",
    "transposed": "with rows and columns swapped",
    "mirrored-left-right": "with left and right swapped",
    "mirrored-up-down": "with top and bottom swapped",
    "rotated-90": "turned by 90 degrees",
    "rotated-180": "turned by 180 degrees",
    "rotated-270": "turned by 270 degrees",
    "permuted-pixels": "with the pixels in another order",
    "shifted": "that lie some pixels away",
}


class _Judge(NetworkPredictor):
    """The network of the caller, as a search asks it."""

    def __init__(self, case: Case) -> None:
        super().__init__(case.network)
        self.classes = case.network.sizes[-1]
        self.expected = case.trials.retrained[1]


def other_answers(case: Case) -> Finding | None:
    """Look for names of the labels, or a change of the images, with which the network is good."""
    trials = case.trials
    rows = np.sort(np.random.default_rng(5).permutation(len(case.train))[:SAMPLE])
    seen = case.train[rows]  # which the network may well have seen: only what is done to them is new to it
    if case.behaviour.constant[-1] == 1:
        return None  # the outputs depend on no image
    train, some = Evidence("training data", trials.fitted), Evidence("training data", seen)
    families = () if train.pictures else (renamed_only,)
    before, best = Search(_Judge(case), train, some, trials.retrained[1], families).best()
    if best is before or trials.learned(best.accuracy) < max(HALF, RECOVERED * trials.learned(trials.retrained[1])):
        return None
    measured = f"it has {before.accuracy:.1f} % of the training data right, and {best.accuracy:.1f} % with this repair"
    after = _accuracy_with(case, best.repairs)
    if len(best.repairs) == 1 and best.repairs[0].code.startswith("labels"):
        verdict = "The outputs of the network stand for other labels than those of the data."
        repair = best.repairs[0].written_for("test")
        measured += "; it was trained with other names of the labels, or its outputs were exchanged"
        return case.found("outputs-renamed", "network", verdict, measured, repair, after)
    how = " and ".join(SEEN.get(repair.code, f"that differ ({repair.code})") for repair in best.repairs)
    verdict = f"The network was trained on other images than these: {how}."
    line = "; ".join(repair.written_for(side) for side in ("train", "test") for repair in best.repairs)
    return case.found(best.repairs[0].code, "network", verdict, measured, line, after)


def _accuracy_with(case: Case, repairs: tuple[Repair, ...]) -> float:
    data = case.judged
    for repair in repairs:
        data = repair.apply(data)
    right = NetworkPredictor(case.network).labels_of(data) == data.labels
    return 100 * float(right.mean())


def class_never_answered(case: Case) -> Finding | None:
    """Find a class that the network never answers, though a new one of the same sizes does."""
    held_out = case.trials.held_out
    predictor = NetworkPredictor(case.network)
    counts = np.bincount(held_out.labels, minlength=case.network.sizes[-1])
    answers = np.bincount(predictor.labels_of(case.train), minlength=len(counts))
    never = np.flatnonzero((answers == 0) & (counts >= FEWEST))
    if not len(never) or np.count_nonzero(answers) < max(2, len(never)):
        return None
    network, _, eta = case.trials.retrained
    known = NetworkPredictor(network).labels_of(held_out) == held_out.labels
    recall = {label: known[held_out.labels == label].mean() for label in np.flatnonzero(counts >= FEWEST)}
    left_out = [int(label) for label in never if recall[label] >= KNOWN]
    if not left_out or min(recall.values()) < EVERY:
        return None
    others = ~np.isin(held_out.labels, left_out)
    right = predictor.labels_of(held_out) == held_out.labels
    if not others.any() or right[others].mean() < OTHERS * known[others].mean():
        return None
    names = ", ".join(Evidence("", held_out).class_name(label) for label in left_out)
    verdict = f"The network never answers {names}, as if it had not been trained with such images."
    share = sum(counts[label] for label in left_out) / len(held_out)
    measured = f"{share:.1%} of the training data have this label; a new network of the same sizes knows it"
    repair = f"{case.trials.new_line}; {case.trials.training_line(eta)}"
    after = 100 * float(np.mean(NetworkPredictor(network).labels_of(case.judged) == case.judged.labels))
    before = case.trials.reached(case.network, case.judged)
    return Finding("class-never-answered", Severity.ERROR, "network", verdict, measured, repair, before, after)
