"""One step with a few samples, on weights of a usual size: what it changes, and how that can be explained."""

import inspect
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import numpy as np

from cmlp.diagnosis.programs.access import attribute
from cmlp.diagnosis.programs.examination import Array, Examination, Step
from cmlp.diagnosis.programs.explanation import Explanation
from cmlp.diagnosis.programs.fits import UNEQUAL
from cmlp.diagnosis.programs.frameworks import shares_in
from cmlp.diagnosis.programs.gentle_samples import gentle_samples
from cmlp.diagnosis.programs.isolation import OutOfTime
from cmlp.diagnosis.programs.one_by_one import is_of_signs, taken_one_by_one
from cmlp.diagnosis.programs.one_step import one_step, step_from
from cmlp.diagnosis.programs.paths import Path
from cmlp.diagnosis.programs.places import setting_of
from cmlp.diagnosis.programs.precision import is_single
from cmlp.diagnosis.programs.roles import role
from cmlp.diagnosis.programs.slopes import cosines_by_differences

SAMPLES = 6
MOST_CLASSES = 26
MOST_NUMBERS = 6  # names of numbers that may stand for dropout
GENTLE = 1e-3  # the learning rate of the step
MORE = (1, 8, 32, 128)  # times the samples, for programs that insist on a mini-batch of their own size
NOISE = 0.02  # by which two equal steps may differ
MISSING = 0.02  # of the largest share, below which a sample does not count
DRAWS = r"\b(choices?|randint|integers|random_integers|randrange|multinomial)\("


def examine_step(case: Examination) -> Step | None:
    """Take a step and explain it; None where no step could be taken, or it changed nothing."""
    eta = GENTLE if has_eta(case) else None
    if case.subject.resets and eta is None:
        case.note("Its training draws new weights, whatever it is given, so that its steps were not examined.")
        return None
    classes = min(max(SAMPLES, case.train.classes), MOST_CLASSES)  # where it counts the classes that it is given
    step = None if case.subject.resets else _taken(case, *gentle_samples(case, SAMPLES), eta)
    if step is None and classes > SAMPLES:
        step = _taken(case, *gentle_samples(case, classes), eta)
    if step is None:
        return None
    tolerance = 2e-2 if is_single(case.subject, case.subject.instance()) else 1e-4
    step.adaptive = is_of_signs(step.changes)
    if case.replica is not None:
        tolerance = 0.05 if step.adaptive else tolerance
        explanation = _explained(case, step, tolerance)
        if step.noisy and explanation.explained and not explanation.unknown:  # it draws some of the samples it is given
            step.noisy, case.facts["drawn"] = False, True
        elif step.noisy and taken_one_by_one(case, step, eta) is None:
            step = _of_one_sample(case, step, eta)
            explanation = _explained(case, step, tolerance)
        step.explanation = None if step.noisy else explanation
    elif step.noisy and taken_one_by_one(case, step, eta) is None:
        step = _of_one_sample(case, step, eta)
    if step.explanation is not None:
        if eta is not None and step.explanation.unknown and not step.adaptive:
            _smaller(case, step, step.x, step.y, eta, tolerance)
        counted = _counted(case, step.explanation)
        if counted is not None:
            case.facts["held out"] = True
            step.x, step.y = step.x[counted], step.y[counted]
            step.explanation = _explained(case, step, tolerance)
        _mean_or_sum(case, step, eta)
    step = _one_by_one(case, step, eta, tolerance)
    if not step.noisy and (step.explanation is None or step.explanation.unknown):
        step.cosines = cosines_by_differences(case, step)
    case.step = step
    return step


def _of_one_sample(case: Examination, step: Step, eta: float | None) -> Step:
    """Take the step with copies of one sample, which are the same however they are drawn, if that makes it steady."""
    alone = _taken_twice(case, np.repeat(step.x[-1:], len(step.y), axis=0), np.repeat(step.y[-1:], len(step.y)), eta)
    if alone is None or alone.noisy:
        return step
    case.facts["drawn"] = True
    return replace(alone, adaptive=step.adaptive)


def _one_by_one(case: Examination, step: Step, eta: float | None, tolerance: float) -> Step:
    """Return the step that each sample takes alone, where the one with all of them is explained by no formula."""
    explanation = step.explanation
    clear = explanation is not None and not explanation.unknown and not any(c.fit.unequal for c in explanation.arrays)
    alone = None if clear else taken_one_by_one(case, step, eta)
    if alone is None:
        return step
    if case.replica is not None:
        alone.explanation = _explained(case, alone, tolerance)
        if alone.explanation.unknown:  # the same for one sample, whose step changes what its own formula is made of
            last = _of_last_sample(case, alone, eta)
            last.explanation = _explained(case, last, tolerance)
            alone = last if last.explanation.unknown < alone.explanation.unknown else alone
        assert alone.explanation is not None
        top = max((c for c in alone.explanation.arrays if not c.bias), key=lambda c: c.layer)
        if top.ratio > 0:
            case.facts |= {"rate": (top.ratio / alone.eta, len(alone.y)), "sum": True, "twice": False}
            case.summed = top.ratio / alone.eta * len(alone.y)
    return alone


def _of_last_sample(case: Examination, step: Step, eta: float | None) -> Step:
    changes, _ = step_from(case, step.values, step.x[-1:], step.y[-1:], eta)
    return Step(step.values, changes, step.x[-1:], step.y[-1:], step.eta)


def _explained(case: Examination, step: Step, tolerance: float) -> Explanation:
    """Explain a step; where only labels are known, by the activation of the outputs that explains it best."""
    assert case.replica is not None
    replicas = [case.replica]
    if case.facts.get("labels only"):
        replicas = [
            replace(case.replica, acts=(*case.replica.acts[:-1], act))
            for act in ("softmax", "sigmoid", "identity", "tanh")
        ]
    made = [
        Explanation(replica, step.values, step.changes, step.x, step.y, tolerance=tolerance, adaptive=step.adaptive)
        for replica in replicas
    ]
    best = min(made, key=lambda explanation: (explanation.unknown, not explanation.right, explanation.worst))
    case.replica = best.replica
    return best


def _counted(case: Examination, explanation: Explanation) -> Array | None:
    """Return which samples count, where its training holds some out, as for validation; None where it does not.

    Where it draws them, each counts as often as it was drawn.
    """
    top = max((c for c in explanation.arrays if not c.bias), key=lambda c: c.layer)
    shares = np.abs(top.fit.shares)
    if case.subject.steps is not None or top.formula is None or not shares.any():
        return None
    counted: Array = shares > MISSING * shares.max()
    if top.fit.unequal and not _sorted(shares / shares.max()) and case.line_like(DRAWS):
        case.facts["drawn"] = True
    elif not counted.all() and 2 * counted.sum() >= len(counted) and np.ptp(shares[counted]) < UNEQUAL * shares.max():
        return counted
    return None


def _sorted(shares: Array) -> bool:
    """Whether samples count the more the earlier they come, or the later, as where sums are not reset."""
    differences = np.diff(np.round(shares, 2))
    return bool((differences >= 0).all() or (differences <= 0).all())


def has_eta(case: Examination) -> bool:
    """Whether the learning rate of a step can be set."""
    subject = case.subject
    if subject.places["eta"] is not None or setting_of(subject, "eta")[0] is not None:
        return True
    function = subject.functions.get("step") or (
        attribute(subject.given, subject.steps.name, None) if subject.steps else None
    )
    try:
        return function is not None and any(role(name) == "eta" for name in inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return False


def _taken(case: Examination, x: Array, y: Array, eta: float | None) -> Step | None:
    """Take a step twice, with other random numbers; with more copies of the samples where few change nothing."""
    step = _taken_twice(case, x, y, eta)
    if step is None or not step.noisy:
        return step
    for quiet in _quiet_numbers(case):
        case.subject.quiet = quiet
        other = _taken_twice(case, x, y, eta)
        if other is not None and not other.noisy:
            return other
    case.subject.quiet = {}
    return step


def _quiet_numbers(case: Examination) -> Iterator[dict[Path, float]]:
    """Yield what may switch off dropout or noise: numbers of one name that become 0, or 1, and are no parameters."""
    by_name: dict[str, list[Path]] = {}
    parameters = {path for block in case.subject.blocks for path in block.paths}
    for path, _ in shares_in(case.subject.instance().network):
        if path not in parameters:
            by_name.setdefault(str(path[-1][1]), []).append(path)
    for paths in islice(by_name.values(), MOST_NUMBERS):
        yield from (dict.fromkeys(paths, number) for number in (0.0, 1.0))


def _taken_twice(case: Examination, x: Array, y: Array, eta: float | None) -> Step | None:
    last: BaseException | None = None
    for times in (*MORE, -(-len(case.usable) // len(y))):  # the last where a loop counts to the number of all
        many_x, many_y = np.tile(x, (times, 1)), np.tile(y, times)
        try:
            values, changes = one_step(case, many_x, many_y, eta)
            if not any(np.any(change) for change in changes):
                continue
            again = one_step(case, many_x, many_y, eta, seed=1)[1]
        except (Exception, OutOfTime) as error:
            last = error
            continue
        both = [np.concatenate([c.ravel() for c in made]) for made in (changes, again)]
        if not np.isfinite(both).all():
            continue
        if times > 1:
            case.facts["tiled"] = len(many_y)
        off = float(np.linalg.norm(both[0] - both[1])) / max(float(np.linalg.norm(both[0])), 1e-300)
        return Step(
            values,
            changes,
            many_x[: len(x)] if times > 1 else x,
            y,
            eta if eta is not None else (case.subject.eta or 1.0),
            noisy=off > NOISE,
        )
    if last is not None:
        case.note(case.error_note(f"A step with {len(y)} samples", last))
    return None


def _smaller(case: Examination, step: Step, x: Array, y: Array, eta: float, tolerance: float) -> None:
    """Explain a smaller step: it may have been several, one for each sample, and small ones add up as one."""
    assert case.replica is not None
    assert step.explanation is not None
    try:
        values, changes = one_step(case, x, y, eta * GENTLE)
    except (Exception, OutOfTime):
        return
    if not any(np.any(change) for change in changes):
        return
    other = Explanation(case.replica, values, changes, x, y, tolerance=max(tolerance, 1e-3), adaptive=False)
    if other.unknown < step.explanation.unknown:
        step.explanation, step.values, step.changes, step.eta = other, values, changes, eta * GENTLE


def _mean_or_sum(case: Examination, step: Step, eta: float | None) -> None:
    """Find out whether a step takes the mean of the gradients or their sum, by one with half as many samples."""
    assert step.explanation is not None
    top = max((c for c in step.explanation.arrays if not c.bias), key=lambda c: c.layer)
    if step.adaptive or top.ratio <= 0:
        return
    m, half = len(step.y), len(step.y) // 2
    rate = top.ratio / step.eta
    case.facts["rate"] = rate, m
    case.summed = rate * m
    try:
        values, changes = one_step(case, step.x[:half], step.y[:half], step.eta if eta is not None else None)
        assert case.replica is not None
        other = Explanation(case.replica, values, changes, step.x[:half], step.y[:half], tolerance=1e-2)
        top = max((c for c in other.arrays if not c.bias), key=lambda c: c.layer)
        less = top.ratio / step.eta
        if case.facts.get("held out"):
            shares = -top.fit.shares
            counted = shares > MISSING * shares.max()
            less, half = float(shares[counted].mean()) / step.eta, int(counted.sum())
    except (Exception, OutOfTime):
        return
    case.facts["sum"] = abs(less - rate) < abs(less * half - rate * m) / max(m, 1)
    case.facts["twice"] = bool(np.isclose(less * half**2, rate * m**2, rtol=0.02))  # divided by all samples as well
