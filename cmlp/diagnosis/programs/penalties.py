"""Whether a penalty on the weights keeps the network from learning: seen in its steps, or found by its name."""

from collections.abc import Iterator

import numpy as np

from cmlp.diagnosis.programs.examination import Examination
from cmlp.diagnosis.programs.explanation import Explanation
from cmlp.diagnosis.programs.isolation import OutOfTime
from cmlp.diagnosis.programs.judging import BETTER
from cmlp.diagnosis.programs.leaves import Walk
from cmlp.diagnosis.programs.one_step import one_step
from cmlp.diagnosis.programs.paths import Path, spelled
from cmlp.diagnosis.programs.roles import is_penalty
from cmlp.diagnosis.programs.trials import Trials
from cmlp.diagnosis.report import Severity

DECAY = 3e-3  # times the learning rate and the weights, from which on a penalty is suspected
ADAM = 1e-3  # the usual learning rate of Adam
SMALLER = 1e-3  # times the penalty, with which it is trained


def examine_decay(case: Examination, trials: Trials) -> bool:
    """Train without the weight decay that a step was seen to have."""
    if case.facts.get("decay in signs"):
        return _examine_decay_in_signs(case, trials)
    decay, eta = _decay(case, trials), case.subject.eta
    if decay < DECAY or eta is None:
        return False
    visits = int(np.clip(case.visits, trials.batch, trials.visits))
    given, after = (
        trials.by_gradient(trials.each(eta), fresh=False, mean=False, visits=visits, shrink=shrink)
        for shrink in (eta * decay, 0.0)
    )
    if after < given + BETTER:
        return False
    case.found(
        "weight-decay-too-large",
        Severity.ERROR,
        "The weight decay is so large that the weights shrink faster than they learn.",
        f"each step takes {case.subject.eta_name} times {decay:.3g} times the weights away from them, as "
        f"measured; equal trials reach {given:.1f} % with it, and {after:.1f} % without",
        "weight decay of 0.0001, or none",
        before=case.given,
        after=after,
    )
    return True


def _examine_decay_in_signs(case: Examination, trials: Trials) -> bool:
    """Train with and without the decay that the signs of a step have, as Adam does."""
    decay, eta = float(case.facts["decay in signs"]), case.subject.eta or ADAM
    visits = int(np.clip(case.visits, trials.batch, trials.visits))
    given, after = (
        trials.by_gradient(eta, fresh=False, visits=visits, shrink=shrink, adam=True) for shrink in (decay, 0.0)
    )
    if decay <= 0 or after < max(given, case.given or 0.0) + BETTER:
        return False
    case.found(
        "weight-decay-too-large",
        Severity.ERROR,
        "The weight decay is so large that the weights shrink faster than they learn.",
        f"the signs of a step are those of the slope of the loss and about {decay:.2g} times the weights; equal "
        f"trials with Adam reach {given:.1f} % with it, and {after:.1f} % without",
        "weight decay of 0.0001, or none",
        before=case.given,
        after=after,
    )
    return True


def _decay(case: Examination, trials: Trials) -> float:
    """Return the share of the weights that a step of its own size takes away, as a multiple of the learning rate."""
    decay, step = -float(case.facts.get("decay", 0.0)), case.step
    if decay < DECAY or step is None or case.replica is None or "rate" not in case.facts:
        return 0.0
    m = len(step.y)
    try:
        values, changes = one_step(case, np.tile(step.x, (2, 1)), np.tile(step.y, 2), step.eta)
        twice = Explanation(case.replica, values, changes, np.tile(step.x, (2, 1)), np.tile(step.y, 2), tolerance=1e-2)
        own = -min((c.fit.own for c in twice.arrays if not c.bias), default=0.0) / float(step.eta)
    except (Exception, OutOfTime):
        return decay
    divided = own < 0.75 * decay  # by the samples of a mini-batch
    return decay * m / trials.batch if divided else decay


def examine_penalty(case: Examination, trials: Trials) -> bool:
    """Train with a thousandth of each penalty, as long as with all of it; return whether that explains the accuracy."""
    if not case.subject.trains:
        return False
    for name, value, path in _penalties(case):
        own, after = (trials.with_number(name, value * times, path) for times in (1.0, SMALLER))
        if own is None or after is None or after < max(own, case.given or 0.0) + BETTER:
            continue
        case.found(
            "weight-decay-too-large",
            Severity.ERROR,
            f"{name} = {value:g} is too large: the weights shrink faster than they learn.",
            f"equal trials reach {own:.1f} % with it, and {after:.1f} % with {value * SMALLER:g}",
            f"{name} = {value * SMALLER:g}",
            before=case.given,
            after=after,
        )
        return True
    return False


def _penalties(case: Examination) -> Iterator[tuple[str, float, Path | None]]:
    """Yield the names, values and places of penalties; settings of the training have no place."""
    for name, value in case.subject.settings.items():
        if is_penalty(name) and isinstance(value, (int, float)) and value > 0:
            yield name, float(value), None
    for path, value in Walk(case.subject.instance().network).leaves:
        if isinstance(value, float) and value > 0 and is_penalty(str(path[-1][1])):
            yield spelled(path), value, path
