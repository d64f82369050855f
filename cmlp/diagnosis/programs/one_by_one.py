"""Trainings that take one sample at a time: what each sample changes from the same weights, and how long it is kept.

Such a training takes as many steps as it is given samples, each from where the one before it has ended, and with
momentum the earlier ones count for more. So their sum follows no formula; what each of them changes alone does.
"""

import numpy as np

from cmlp.diagnosis.programs.examination import Array, Examination, Step
from cmlp.diagnosis.programs.isolation import OutOfTime
from cmlp.diagnosis.programs.one_step import step_from
from cmlp.diagnosis.programs.precision import is_single

SAME = (1e-6, 1e-2)  # of the way of two steps, by which it may differ from their sum: in double and single precision
ADAPTIVE = 0.7  # share of the changes that are of one size, from which on they have the sign of the gradient only
TOGETHER = 0.2  # of the way of all samples, by which it may differ from what each changes alone
KEPT = 0.05  # of a step that the next one repeats, from which on there is momentum


def taken_one_by_one(case: Examination, step: Step, eta: float | None) -> Step | None:
    """Return the sum of what each sample changes alone, where training takes one sample at a time; None if it does not.

    What a step repeats of the one before it becomes the fact "momentum".
    """
    if case.subject.resets or case.facts.get("drawn") or step.adaptive:
        return None
    try:
        kept = _kept(case, step, eta)
        if kept is None:
            return None
        changes: list[Array] | None = None
        for k in range(len(step.y)):
            alone = step_from(case, step.values, step.x[k : k + 1], step.y[k : k + 1], eta)[0]
            changes = alone if changes is None else [a + b for a, b in zip(changes, alone, strict=True)]
    except (Exception, OutOfTime):
        return None
    if changes is None or not any(np.any(change) for change in changes):
        return None
    if abs(kept) > KEPT:
        case.facts["momentum"] = kept
    elif not _near(_flat(step.changes), _flat(changes), TOGETHER):  # something else is left of the samples before
        return None
    case.facts["one by one"] = True
    return Step(step.values, changes, step.x, step.y, step.eta if eta is None else eta)


def _kept(case: Examination, step: Step, eta: float | None) -> float | None:
    """Return how much of a step the next one repeats; None where two samples are no two steps."""
    x, y = _two_samples(case, step)
    both = _flat(step_from(case, step.values, x, y, eta)[0])
    for order in ((0, 1), (1, 0)):
        (one, two), small = order, SAME[is_single(case.subject, case.subject.instance())]
        changes, instance = step_from(case, step.values, x[[one]], y[[one]], eta)
        first, there = _flat(changes), [a + b for a, b in zip(step.values, changes, strict=True)]
        second = _flat(step_from(case, there, x[[two]], y[[two]], eta)[0])
        if not first.any() or not np.isfinite([both, first, second]).all():
            return None
        kept = float(first @ (both - first - second)) / float(first @ first)
        if _near(both, (1 + kept) * first + second, small) and kept > -KEPT:
            return kept
        before = case.subject.values(instance)
        with case.bounded(3.0, 0, instance), np.errstate(all="ignore"):
            case.subject.step(instance, x[[two]], y[[two]], eta)
        after = zip(case.subject.values(instance), before, strict=True)
        if _near(both, first + _flat([a - b for a, b in after]), small):  # its optimizer keeps more than a velocity
            return max(kept, 2 * KEPT)
    return None


def _two_samples(case: Examination, step: Step) -> tuple[Array, Array]:
    """Return two samples of the highest class, in which no other is missing where it counts from 0 to the highest."""
    return step.x[-2:], np.repeat(step.y[-1:], 2)


def _flat(changes: list[Array]) -> Array:
    return np.concatenate([change.ravel() for change in changes])


def _near(one: Array, other: Array, small: float) -> bool:
    return bool(np.linalg.norm(one - other) <= small * np.linalg.norm(one))


def is_of_signs(changes: list[Array]) -> bool:
    """Whether nearly all numbers changed by the same size, as by the first step of Adam."""
    sizes = np.abs(_flat(changes))
    sizes = sizes[sizes > 0]
    return bool(sizes.size and np.mean(np.abs(sizes / np.median(sizes) - 1) < 0.02) > ADAPTIVE)
