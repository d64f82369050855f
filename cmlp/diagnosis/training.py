"""Faults of a network and of its training: each is named by what was measured, and its repair is tried.

A network that got half of the way from a constant answer to all answers right has learned and is not accused for its
units, whatever they look like: layers of a healthy network are saturated by up to 90 %. It is still measured: by the
classes that it answers, by the test data, and by what a small network learns in the same time.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from cmlp.data.dataset import Dataset
from cmlp.diagnosis.answers import class_never_answered, other_answers
from cmlp.diagnosis.behaviour import ALL_OFF
from cmlp.diagnosis.behind import behind_reference, dead_outputs
from cmlp.diagnosis.case import Case, misfit
from cmlp.diagnosis.evidence import Evidence
from cmlp.diagnosis.probe import HIDDEN, make_probe
from cmlp.diagnosis.regularisation import overfitting, too_much
from cmlp.diagnosis.report import Finding, Severity
from cmlp.diagnosis.transforms import scaled
from cmlp.diagnosis.trials import ADAM_ETAS, DEVIATIONS, HALF, Trials, beyond_luck
from cmlp.network import Network
from cmlp.training.history import History

DEAD = 0.5  # share of constant units in a layer; up to 0.12 in networks that learn
RECOVERED = 0.8  # of what a new network learns: 0.95 and more if steps were too small, up to 0.7 if it is stuck
EQUAL = 100  # rounding errors of the largest weight, within which weights are equal
ONE_SIDED = 0.9  # share of weights of one sign in the first layer; 0.4 to 0.7 in networks that learn
REVERSED = 0.8  # of the loss of outputs that are all 1: 0.9 after steps up the gradient; 0.4 before training
NOTHING = 0.25  # of the way to all right, below which sizes are to blame: two hidden units get half of it
GROWN = 2.4  # times the weights of a new network: up to 2.0 after steps that were too small, from 2.7 on if too large
NATURAL = 2.0  # largest absolute value that nobody needs to scale
SCALES = (255.0, 16.0, 1 / 16, 1 / 255)
BETTER = 5.0  # points that scaling must bring beyond what a new network learns without it


def examine_training(network: Network, history: History | None, train: Dataset, test: Dataset | None) -> list[Finding]:
    """Find what is wrong with a network or its training.

    Parameters
    ----------
    network : Network
        Stays as it is.
    history : History or None
        What its training returned.
    train : Dataset
        What it was trained on, with images and labels that belong together.
    test : Dataset or None
        By which accuracies before and after a repair are measured; rows of `train` otherwise.

    Returns
    -------
    list of Finding
        Empty for a network that has learned nearly as much as a small one does from the same data.
    """
    case, labels = Case(network, history, train, test), network.architecture.classifies
    unfit = misfit(network, train, "training data") if labels else None
    if unfit is not None:
        return [unfit]
    if not all(np.isfinite(array).all() for array in (*network.weights, *network.biases)):
        return [_not_finite(case)]
    if not labels:
        return []
    trials = case.trials
    findings = [finding for finding in [_bytes_scale(case) if trials.finite else None] if finding is not None]
    if not trials.possible:
        return findings
    if not trials.finite:
        return [*findings, _overflow(case)]
    examiners = OF_LEARNED if trials.learned(trials.given) >= HALF else EXAMINERS
    causes = (examine(case) for examine in examiners)
    return findings + [finding for finding in [next(filter(None, causes), None)] if finding is not None]


# What needs no trial


def _not_finite(case: Case) -> Finding:
    arrays = (*case.network.weights, *case.network.biases)
    broken = sum(int(np.sum(~np.isfinite(array))) for array in arrays)
    measured = f"{broken:,} of {sum(array.size for array in arrays):,} parameters are not numbers or infinite"
    verdict = "The network has weights that are not finite, so its outputs mean nothing."
    repair, trials = case.trials.new_line, case.trials
    if case.network.architecture.classifies and trials.possible:
        eta = trials.etas[0]
        reached = trials.reached(trials.trained(trials.new(), trials.fitted, eta), case.judged)
        repair += f"; {trials.training_line(eta)}"
        measured += f"; a new network of the same sizes reaches {reached:.1f} %"
    return Finding("non-finite-weights", Severity.ERROR, "network", verdict, measured, repair)


def _overflow(case: Case) -> Finding:
    verdict = "The outputs of the network are not finite: what its layers add up is too large."
    largest = max(float(np.abs(w).max()) for w in case.network.weights)
    _, reached, eta = case.trials.retrained
    measured = f"its largest weight is {largest:.3g}; a new network of the same sizes reaches {reached:.1f} %"
    repair = f"{case.trials.new_line}; {case.trials.training_line(eta)}"
    return Finding("overflow", Severity.ERROR, "network", verdict, measured, repair)


def _bytes_scale(case: Case) -> Finding | None:
    """Ask the network about bytes, which it multiplies by its own scale, where `test` takes that of the data."""
    network, train = case.network, case.train
    if train.images.dtype != np.uint8 or network.scale == train.scale or not case.trials.possible:
        return None
    alike = case.judged.images.dtype == np.uint8 and case.judged.scale == train.scale
    judged = case.judged if alike else case.trials.held_out
    before = 100 * float(np.mean(network.predict(judged.images) == judged.labels))
    after = network.test(judged)
    if after - before < beyond_luck(before, after, len(judged), BETTER):
        return None
    verdict = "The network predicts from bytes as if they had another range than these data."
    measured = f"it multiplies bytes by 1/{1 / network.scale:g}, and the data need 1/{1 / train.scale:g}"
    repair = f"network.scale = 1 / {1 / train.scale:g}"
    return Finding("network-scale", Severity.ERROR, "network", verdict, measured, repair, before, after)


# Inputs


def _other_scale(case: Case) -> Finding | None:
    """Look for a range of the images in which the network is good."""
    trials = case.trials
    scores = {factor: trials.reached(case.network, _mapped(trials.held_out, factor)) for factor in SCALES}
    factor = max(scores, key=scores.__getitem__)
    good = trials.learned(scores[factor]) >= RECOVERED * trials.learned(trials.retrained[1])
    if not (good and trials.convincing(trials.given, scores[factor])):
        return None
    times = f"{factor:g} *" if factor >= 1 else f"1 / {1 / factor:g} *"
    verdict = "The network was trained on images in another range than these."
    measured = f"it has {trials.given:.1f} % of the training data right, and {scores[factor]:.1f} % of {times} images"
    repair = f"train_images, test_images = {times} train_images, {times} test_images"
    after = trials.reached(case.network, _mapped(case.judged, factor))
    return case.found("other-scale", "network", verdict, measured, repair, after)


def _unscaled(case: Case) -> Finding | None:
    """Large inputs saturate the first layer: a new network learns if they are scaled."""
    trials = case.trials
    low, high = Evidence("training data", case.train).range
    if _largest(case.train) <= NATURAL:
        return None
    mapping, line = _natural(trials.fitted, ("train",) if case.test is None else ("train", "test"))
    eta = trials.etas[0]
    network = trials.trained(trials.new(), mapping(trials.fitted), eta)
    reached = network.test(mapping(trials.held_out))
    if not trials.convincing(trials.given, reached) or reached < trials.retrained[1] + BETTER:
        return None
    verdict = "The images were not scaled before training, and large inputs saturate the first layer."
    measured = (
        f"values in {low:.3g}..{high:.3g}; on rows they were not trained on, a new network of the same sizes reaches "
        f"{reached:.1f} % with scaled images and {trials.retrained[1]:.1f} % with these; {case.behaviour.units}"
    )
    repair = f"{line}; {trials.new_line}; {trials.training_line(eta)}"
    judged = case.judged if _largest(case.judged) <= NATURAL else mapping(case.judged)
    return case.found("unscaled-inputs", "training", verdict, measured, repair, trials.reached(network, judged))


def _largest(dataset: Dataset) -> float:
    low, high = Evidence("", dataset).range
    return max(abs(low), abs(high))


def _natural(dataset: Dataset, prefixes: tuple[str, ...]) -> tuple[Callable[[Dataset], Dataset], str]:
    """Return what brings pictures to 0..1, or other features to mean 0 and deviation 1, and its line of Python.

    `prefixes` name the sets that there are: "train" and perhaps "test".
    """
    evidence = Evidence("training data", dataset)
    images = [f"{prefix}_images" for prefix in prefixes]
    made = ", ".join(f"cmlp.Dataset({prefix}_images, {prefix}_labels)" for prefix in prefixes)
    again = f"{', '.join(prefixes)} = {made}"
    if evidence.picture:
        largest = _largest(dataset)
        line = f"{', '.join(images)} = {', '.join(f'{name} / {largest:g}' for name in images)}"
        return lambda some: _mapped(some, 1 / largest), f"{line}; {again}"
    mean, deviation = evidence.values.mean(axis=0), evidence.values.std(axis=0)
    divisor = np.where(deviation > 0, deviation, 1)
    line = "mean, deviation = train_images.mean(0), train_images.std(0).clip(1e-9); "
    line += f"{', '.join(images)} = {', '.join(f'({name} - mean) / deviation' for name in images)}"
    return lambda some: _mapped(some, 1 / divisor, mean), f"{line}; {again}"


# Weights


def _equal_units(case: Case) -> Finding | None:
    """Units that begin equal get equal gradients, and stay equal."""
    layers = list(zip(case.network.weights[:-1], case.network.biases[:-1], strict=True))
    for number, (w, b) in enumerate(layers, 1):
        units = np.column_stack([w, b])
        distance = np.abs(units - units[0]).max(axis=1)
        equal = int(np.sum(distance <= EQUAL * np.finfo(units.dtype).eps * np.abs(units).max()))
        if len(units) > 1 and equal > len(units) / 2:
            verdict = "Units of a layer are equal to each other, as after a start with zeros or another constant."
            measured = f"{equal} of {len(units)} units of layer {number} have the same weights; {case.behaviour.answer}"
            return _if_new_one_learns(case, "equal-units", verdict, measured)
    return None


def _one_sided(case: Case) -> Finding | None:
    """Weights of one sign add up over a positive image, and saturate every unit."""
    w = case.network.weights[0]
    positive = float(np.mean(w > 0))
    if len(case.network.weights) < 2 or max(positive, 1 - positive) < ONE_SIDED or case.behaviour.constant[0] < DEAD:
        return None
    sign = "positive" if positive > 0.5 else "negative or zero"
    verdict = f"The weights of the first layer are {sign}, and their sums saturate its units."
    measured = (
        f"{max(positive, 1 - positive):.0%} of them are {sign}, 40 % to 70 % in networks that learn; "
        f"{case.behaviour.units}; {case.behaviour.answer}"
    )
    return _if_new_one_learns(case, "one-sided-weights", verdict, measured)


def _reversed(case: Case) -> Finding | None:
    outputs = case.network.sizes[-1]
    if not case.trials.textbook or case.behaviour.loss < REVERSED * (outputs - 1):
        return None
    verdict = "The outputs are nearly all wrong, as after steps up the gradient instead of down."
    measured = f"{case.behaviour.answer}; outputs that are all 1 have {outputs - 1}{case.course}"
    return _if_new_one_learns(case, "gradient-reversed", verdict, measured)


def _hardly_trained(case: Case) -> Finding | None:
    """See whether further training takes a copy where a new network gets: then its weights are as good as new."""
    trials = case.trials
    network, reached = trials.continued
    good = trials.learned(reached) >= RECOVERED * trials.learned(trials.retrained[1])
    if not (good and trials.convincing(trials.given, reached)):
        return None
    pairs = zip(case.network.weights, trials.new().weights, strict=True)
    growth = [float(np.linalg.norm(given) / np.linalg.norm(new)) for given, new in pairs]
    if not trials.textbook and max(growth) > GROWN:  # Adam gets it back from where plain steps do not
        verdict = "The weights are too large: the steps (eta) were, or the weights were from the beginning."
        sizes = ", ".join(f"{times:.1f}" for times in growth)
        measured = f"layer by layer they are {sizes} times as large as in a new network; {case.behaviour.answer}"
        return case.renewed("weights-too-large", verdict, f"{measured}{case.course}")
    eta = trials.retrained[2]
    verdict = "The network learns when it is trained further: its steps were too small (eta) or too few (epochs)."
    measured = (
        f"{case.behaviour.answer}{case.course}; a copy that is trained further reaches {reached:.1f} % "
        f"on rows it was not trained further on"
    )
    after = trials.reached(network, case.judged)
    return case.found("hardly-trained", "training", verdict, measured, trials.training_line(eta), after)


def _too_large(case: Case) -> Finding | None:
    behaviour = case.behaviour
    if behaviour.constant[-1] < DEAD or behaviour.landmark != ALL_OFF:
        return None
    verdict = "The steps were too large (eta): they drove the outputs to 0 for every image, where no gradient is left."
    measured = f"{behaviour.answer}; {behaviour.units}{case.course}"
    return _if_new_one_learns(case, "eta-too-large", verdict, measured)


def _plain_steps(case: Case) -> Finding | None:
    """See whether a new network of these sizes learns, but by no steps of plain gradient descent."""
    trials = case.trials
    network, reached, eta = trials.retrained
    if not trials.textbook or eta not in ADAM_ETAS or not trials.convincing(trials.given, reached):
        return None
    verdict = f"Networks of the sizes {case.network.sizes} hardly learn by plain steps (sgd), but by those of Adam."
    measured = (
        f"{case.behaviour.answer}; a new one trained by Adam has {reached:.1f} % of rows right that it has not seen"
    )
    repair = f"{trials.new_line}; {trials.training_line(eta)}"
    return case.found("sizes-hardly-learn", "network", verdict, measured, repair, trials.reached(network, case.judged))


def _stuck(case: Case) -> Finding | None:
    verdict = "The network is stuck: its steps (eta) or its initial weights were too large."
    measured = (
        f"{case.behaviour.answer}; {case.behaviour.units}{case.course}; "
        f"trained further, a copy reaches {case.trials.continued[1]:.1f} %"
    )
    return _if_new_one_learns(case, "stuck", verdict, measured)


def _if_new_one_learns(case: Case, code: str, verdict: str, measured: str) -> Finding | None:
    learns = case.trials.convincing(case.trials.given, case.trials.retrained[1])
    return case.renewed(code, verdict, measured) if learns else None


# Where a new network of the same sizes learns no more


def _sizes(case: Case) -> Finding | None:
    """See whether another network learns from the same data, or none."""
    trials = case.trials
    if trials.learned(max(trials.given, trials.retrained[1])) >= NOTHING:
        return None
    probe = make_probe(case.train, pictures=Evidence("training data", case.train).picture)
    if probe is None:
        return None
    sizes = (case.network.sizes[0], HIDDEN, case.network.sizes[-1])
    if trials.convincing(max(trials.given, trials.retrained[1]), probe.expected):
        verdict = (
            f"Networks of the sizes {case.network.sizes} learn slowly, if at all: fewer or wider layers do better."
        )
        measured = (
            f"{case.behaviour.answer}; a new network of these sizes reaches {trials.retrained[1]:.1f} % "
            f"and one of sizes {sizes} reaches {probe.expected:.1f} % on rows it was not trained on"
        )
        other = Trials(Network(sizes, activation="relu", loss="cross_entropy", seed=0), case.train)
        eta = other.etas[0]
        repair = f"{other.new_line}; {other.training_line(eta)}"
        after = other.reached(other.trained(other.new(), other.fitted, eta), case.judged)
        return case.found("sizes-hardly-learn", "network", verdict, measured, repair, after)
    chance = DEVIATIONS * 100 * float(np.sqrt(trials.constant / 100 / len(trials.held_out)))
    if max(trials.given, trials.retrained[1], probe.expected) > trials.constant + chance:
        return None
    verdict = "Neither this network nor a new one learns anything: the labels may not belong to the training images."
    measured = (
        f"{case.behaviour.answer}; new networks of these sizes and of sizes {sizes} reach {trials.retrained[1]:.1f} % "
        f"and {probe.expected:.1f} % on rows they were not trained on, and a constant answer {trials.constant:.1f} %"
    )
    return case.found("nothing-to-learn", "training data", verdict, measured)


Examiner = Callable[[Case], Finding | None]
EXAMINERS: tuple[Examiner, ...] = (
    _other_scale,
    other_answers,
    _unscaled,
    _equal_units,
    _one_sided,
    _reversed,
    too_much,
    class_never_answered,
    _hardly_trained,
    _too_large,
    _plain_steps,
    _stuck,
    dead_outputs,
    _sizes,
    behind_reference,
)
OF_LEARNED: tuple[Examiner, ...] = (class_never_answered, dead_outputs, overfitting, behind_reference)


def _mapped(dataset: Dataset, factor: Any, offset: Any = 0) -> Dataset:
    values = (scaled(dataset) - offset) * factor
    return Dataset(values.astype(np.float32), dataset.labels, scale=1.0, classes=dataset.classes)
