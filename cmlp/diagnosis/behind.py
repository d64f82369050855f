"""A network that has learned less than a reference: outputs that are dead, and sizes or settings that keep it back."""

from contextlib import suppress

import numpy as np

from cmlp.diagnosis.behaviour import CONSTANT
from cmlp.diagnosis.case import Case
from cmlp.diagnosis.evidence import Evidence
from cmlp.diagnosis.probe import HIDDEN
from cmlp.diagnosis.reference import FEWEST, Reference, fitting_network
from cmlp.diagnosis.report import Finding, Severity
from cmlp.diagnosis.trials import GAIN, HALF, beyond_luck
from cmlp.errors import CmlpError
from cmlp.network import Network

RECOVERED = 0.9  # of what the reference learns, that a repair must bring
SURE = 5.0  # points that other outputs must bring: one class of twenty


def dead_outputs(case: Case) -> Finding | None:
    """Find outputs that are 0 for every image, so that nothing tells their class, and try others."""
    outputs = case.behaviour.outputs
    counts = np.bincount(case.train.labels, minlength=outputs.shape[1])
    dead = np.flatnonzero((outputs.std(axis=0) < CONSTANT) & (outputs.mean(axis=0) < CONSTANT) & (counts >= FEWEST))
    if not 0 < len(dead) < outputs.shape[1]:
        return None
    line, after = _by_the_rules(case, case.network.sizes, _hidden_activation(case.network))
    before = case.trials.reached(case.network, case.judged)
    if after - before < beyond_luck(before, after, len(case.judged), SURE):
        return None
    names = ", ".join(Evidence("", case.train).class_name(int(label)) for label in dead)
    verdict = f"The outputs for {names} are 0 for every image, so that the network cannot know {_them(len(dead))}."
    last = case.network.architecture.activations[-1]
    measured = (
        f"{len(dead)} of {outputs.shape[1]} outputs deviate by less than {CONSTANT:g} over {len(outputs):,} images; "
        f"the activation of the outputs is {last}, which passes no gradient back where it is 0"
    )
    return Finding("dead-outputs", Severity.ERROR, "network", verdict, measured, line, before, after)


def behind_reference(case: Case) -> Finding | None:
    """Compare the network with a small one, and look for what brings it there: the rules for its sizes, or others."""
    reference = Reference(case.network, case.train, case.trials.held_out)
    if not reference.is_behind or reference.probe is None or reference.possible is None:
        return None
    expected = min(reference.possible, reference.probe.expected)
    if expected - reference.reached < GAIN:
        return None
    before = case.trials.reached(case.network, case.judged)
    small = (case.network.sizes[0], HIDDEN, case.network.sizes[-1])
    for sizes, activation in ((case.network.sizes, _hidden_activation(case.network)), (small, "relu")):
        line, after = _by_the_rules(case, sizes, activation)
        if case.trials.learned(after) >= RECOVERED * case.trials.learned(expected) and after >= before + GAIN / 2:
            break
    else:
        return None
    verdict = "The network has learned much less than a small one does from the same data."
    cause = "of other sizes, as the repair has them" if sizes == small else "of its sizes, trained as the repair says"
    measured = (
        f"it has {reference.reached:.1f} % of {len(case.trials.held_out):,} training images right; a network of sizes "
        f"{small} that sees {reference.visits:,} images in training has {expected:.1f} % right of others, and one "
        f"{cause}, {after:.1f} % of the test data; {case.behaviour.answer}"
    )
    half = case.trials.learned(reference.reached) < HALF * case.trials.learned(expected)
    severity = Severity.ERROR if half else Severity.WARNING
    return Finding("behind-reference", severity, "network", verdict, measured, line, before, after)


def _them(classes: int) -> str:
    return "that class" if classes == 1 else "these classes"


def _hidden_activation(network: Network) -> str:
    """Return the activation of the hidden layers, or relu where there are several, or none."""
    hidden = set(network.architecture.activations[:-1])
    return hidden.pop() if len(hidden) == 1 else "relu"


def _by_the_rules(case: Case, sizes: tuple[int, ...], activation: str) -> tuple[str, float]:
    """Train a network by the rules for its kind; return the line of Python, and its accuracy in percent."""
    trials = case.trials
    line, parts = fitting_network(sizes, activation, len(case.train), trials.epochs)
    network = Network(sizes, **parts["kind"], dtype=case.network.dtype)
    with suppress(CmlpError):  # the last finite weights are judged like others
        network.train(trials.fitted, **parts["training"], progress=False)
    return line, trials.reached(network, case.judged)
