"""What is wrong with one step after another: gradients that are never reset, steps that start from the same weights."""

from typing import Any

import numpy as np

from cmlp.diagnosis.programs.examination import Array, Examination, Step
from cmlp.diagnosis.programs.explanation import Explanation
from cmlp.diagnosis.programs.isolation import OutOfTime
from cmlp.diagnosis.programs.loaders import loader_of
from cmlp.diagnosis.programs.stepping import distinct, gentle, one_step
from cmlp.diagnosis.report import Severity

CLOSE = 0.03  # momentum of 0.9 gives 1, 1.9 and 2.71 instead of 1, 2 and 3
ONLY_LAST = (0, 0, 0, 0, 1, 1)  # where each step starts from the same parameters
GROWN = (1, 1, 2, 2, 3, 3)  # shares of samples in three mini-batches whose sums are not reset


def examine_later_steps(case: Examination, step: Step) -> None:
    """Find whether a second step repeats the gradients of the first one, because their sums were not reset."""
    if case.subject.resets or step.noisy or step.adaptive or case.codes & {"wrong-targets", "nothing-moves"}:
        return
    if _mini_batches(case, step):
        return
    first, second = distinct(case, 6), case.order[:6]
    eta = step.eta if step.eta < 0.01 else None
    try:
        one, both = _two_steps(case, first, second, eta)
        alone = one_step(case, gentle(case, case.train.x[second]), case.train.y[second], eta)[1]
    except (Exception, OutOfTime):
        return
    flat = [np.concatenate([c.ravel() for c in made]) for made in (alone, one, both)]
    if not np.isfinite(flat).all() or not flat[0].any():
        return
    shares = np.linalg.lstsq(np.stack(flat[:2]).T, flat[2], rcond=None)[0]
    rest = float(np.linalg.norm(flat[2] - shares @ np.stack(flat[:2]))) / max(float(np.linalg.norm(flat[2])), 1e-300)
    if rest < 0.05 and shares[1] > 0.97 * shares[0] and shares[0] > 0.5:
        _not_reset(
            case,
            f"the second step is {shares[0]:.3f} times its own gradient and {shares[1]:.3f} times that of the "
            "first one",
        )


def _mini_batches(case: Examination, step: Step) -> bool:
    """Train with three mini-batches of two, and see how often the samples of each count."""
    subject = case.subject
    if subject.size is None and subject.samples.loader is None:
        return False
    if case.replica is None or step.explanation is None or not step.explanation.explained:
        return False
    instance = subject.renew(subject.instance())
    values = subject.values(instance)
    try:
        with case.bounded(3.0, 0, instance), np.errstate(all="ignore"):
            subject.steady(instance)
            samples, eta = subject.samples, step.eta * 1e-2 if subject.eta is not None else None
            given = None
            if samples.loader is not None:
                given = loader_of(samples.loader, samples.images(step.x), samples.labels(step.y), 2)
            subject.fit(instance, step.x, step.y, eta, 1, 2, given)
    except (Exception, OutOfTime):
        return False
    changes = [a - b for a, b in zip(subject.values(instance), values, strict=True)]
    found = Explanation(case.replica, values, changes, step.x, step.y, tolerance=0.05)
    shares = max((c for c in found.arrays if not c.bias), key=lambda c: c.layer).fit.shares
    sizes = np.sort(np.abs(shares))
    if len(shares) != len(GROWN) or not sizes[-1]:
        return False
    if np.allclose(sizes / sizes[-1], ONLY_LAST, atol=0.03):
        place = case.line_like(r"=.*\(") and case.place_of("fit")
        case.found(
            "samples-unequal",
            Severity.ERROR,
            "Only the last mini-batch counts: each step starts from the same parameters again.",
            f"of three mini-batches of two samples, those of one count, and the others not at all ({place})",
            "let each step start from what the one before it has made",
        )
        return True
    if not sizes[0] or not np.allclose(sizes / sizes[0], GROWN, rtol=CLOSE):
        return False
    _not_reset(
        case,
        "with three mini-batches of two samples, those of the first one count 3 times, of the second one 2 "
        "times, and of the last one once",
    )
    return True


def _not_reset(case: Examination, measured: str) -> None:
    line = case.place_of("step")
    torch = case.subject.framework.name == "torch"
    case.found(
        "not-reset",
        Severity.ERROR,
        "Gradients of earlier mini-batches are added to those of later ones: they are never reset.",
        measured + (f" ({line})" if line else ""),
        "optimizer.zero_grad() before loss.backward()"
        if torch
        else "set the sums of the gradients to zero at the start of each mini-batch",
    )


def _two_steps(case: Examination, first: Array, second: Array, eta: float | None) -> tuple[Any, Any]:
    subject = case.subject
    instance = subject.renew(subject.instance())
    changes = []
    for pick in (first, second):
        values = subject.values(instance)
        with case.bounded(3.0), np.errstate(all="ignore"):
            subject.steady(instance)
            subject.step(instance, gentle(case, case.train.x[pick]), case.train.y[pick], eta)
        changes.append([a - b for a, b in zip(subject.values(instance), values, strict=True)])
    return changes[0], changes[1]
