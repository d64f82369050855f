"""What is wrong with one step after another: gradients that are never reset, steps that start from the same weights."""

from typing import Any

import numpy as np

from cmlp.diagnosis.programs.examination import Array, Examination, Step
from cmlp.diagnosis.programs.explanation import Explanation
from cmlp.diagnosis.programs.gentle_samples import distinct, gentle
from cmlp.diagnosis.programs.isolation import OutOfTime
from cmlp.diagnosis.programs.kept_gradients import sums_that_grow
from cmlp.diagnosis.programs.loaders import loader_of
from cmlp.diagnosis.programs.one_by_one import KEPT
from cmlp.diagnosis.programs.one_step import one_step
from cmlp.diagnosis.programs.precision import is_single
from cmlp.diagnosis.programs.watching import Lines, traced
from cmlp.diagnosis.report import Severity

CLOSE = 5e-4  # momentum of 0.999 gives 1, 1.999 and 2.997 instead of 1, 2 and 3
ROUGHLY = 0.03  # in single precision, or where the learning rate cannot be made small
ONLY_ONE = (0, 0, 1)  # shares of three mini-batches where each step starts from the same parameters
GROWN = (1, 2, 3)  # shares of three mini-batches whose sums are not reset
LARGEST = 32  # samples of a mini-batch, of which three are taken
ENDING = 1.5  # times the lines for one mini-batch, below which the others do not run
EPOCHS = (1, 2, 4)
PRECISE = 2e-3  # momentum of 0.99 differs by more
EXPLAINED = 0.05  # of a change may be left


def examine_later_steps(case: Examination, step: Step) -> None:
    """Find whether a second step repeats the gradients of the first one, because their sums were not reset."""
    if case.subject.resets or step.noisy or step.adaptive or case.codes & {"wrong-targets", "nothing-moves"}:
        return
    if case.facts.get("one by one"):
        return
    sums = sums_that_grow(case, step)
    if sums is not None:
        _not_reset(case, sums)
        return
    if _mini_batches(case, step):
        return
    if case.facts.get("drawn") and case.subject.epochs is not None and not case.subject.framework.single_precision:
        _repeated(case, step)  # a call may be several steps, so that two calls tell nothing
        return
    first, second = distinct(case, 6), case.order[:6]
    if case.facts.get("drawn"):  # it draws from what it is given: from copies of one sample always the same
        first, second = np.repeat(first[:1], 6), np.repeat(first[1:2], 6)
    single = is_single(case.subject, case.subject.instance())
    close = ROUGHLY if single or step.eta >= 0.01 else CLOSE
    eta = step.eta * (1 if single else 1e-2) if step.eta < 0.01 else None
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
    if rest < 0.05 and KEPT < shares[1] < (1 - close) * shares[0]:
        case.facts["momentum"] = float(shares[1] / shares[0])
    if rest < 0.05 and shares[1] > (1 - close) * shares[0] and shares[0] > 0.5:
        _not_reset(
            case,
            f"the second step is {shares[0]:.3f} times its own gradient and {shares[1]:.3f} times that of the "
            "first one",
        )


def _mini_batches(case: Examination, step: Step) -> bool:
    """Train with three mini-batches, and see how often the samples of each count."""
    if case.replica is None or step.explanation is None or not step.explanation.explained or case.facts.get("drawn"):
        return False
    x, y, size = _three_mini_batches(case, step)
    shares = _shares(case, x, y, size, step) if size else None
    if shares is None or not shares.any():
        return False
    sizes = np.sort(np.abs(shares))
    if np.allclose(sizes / sizes[-1], np.repeat(ONLY_ONE, size), atol=0.03):
        _only_one(case, x, y, size)
        return True
    close = ROUGHLY if is_single(case.subject, case.subject.instance()) else CLOSE
    if not sizes[0] or not np.allclose(sizes / sizes[0], np.repeat(GROWN, size), rtol=close):
        kept = float(sizes[size] / sizes[0] - 1) if sizes[0] else 0.0
        grown = np.repeat((1, 1 + kept, 1 + kept + kept**2), size)
        if kept > KEPT and np.allclose(sizes / sizes[0], grown, rtol=CLOSE):
            case.facts["momentum"] = kept
        return False
    _not_reset(
        case,
        f"with three mini-batches of {size} samples, those of the first one count 3 times, of the second one 2 "
        "times, and of the last one once",
    )
    return True


def _repeated(case: Examination, step: Step) -> None:
    """Train with copies of one sample for 1, 2 and 4 epochs, where mini-batches are drawn: each step is the same then.

    Steps that add up what came before go 1, 3, 6, 10 times as far, as many in each epoch as there are.
    """
    first, ways = step.x[:1], []
    for epochs in EPOCHS:
        instance = case.subject.usual()
        values = case.subject.values(instance)
        eta = step.eta * 1e-3 if case.subject.eta is not None else None
        try:
            with case.bounded(3.0, 0, instance), np.errstate(all="ignore"):
                case.subject.steady(instance)
                case.subject.fit(instance, np.repeat(first, 6, axis=0), np.repeat(step.y[:1], 6), eta, epochs)
        except (Exception, OutOfTime):
            return
        changes = zip(case.subject.values(instance), values, strict=True)
        ways.append(float(np.sqrt(sum(np.sum((after - before) ** 2) for after, before in changes))))
    if not np.isfinite(ways).all() or not ways[0]:
        return
    twice, often = ways[1] / ways[0], ways[2] / ways[0]
    steps = (twice - 2) / (4 - twice) if 2 < twice < 4 else 0.0  # of an epoch, if n steps go n (n + 1) / 2 times as far
    whole = max(1, round(steps))
    if abs(steps - whole) > PRECISE * whole or abs(often / (4 * (4 * whole + 1) / (whole + 1)) - 1) > PRECISE:
        return
    _not_reset(
        case,
        f"with copies of one sample, so that every mini-batch is the same, 1, 2 and 4 epochs change the parameters by "
        f"1, {twice:.3f} and {often:.3f} times as much",
    )


def _three_mini_batches(case: Examination, step: Step) -> tuple[Array, Array, int]:
    """Return samples for three mini-batches, and the size of these; 0 where it is not known."""
    subject = case.subject
    if subject.size is not None or subject.samples.loader is not None:
        return step.x, step.y, len(step.y) // 3
    size = case.batch or 0
    if not 2 <= size <= LARGEST or 3 * size > len(case.usable):
        return step.x, step.y, 0
    pick = distinct(case, 3 * size)
    return gentle(case, case.train.x[pick]), case.train.y[pick], size


def _shares(case: Examination, x: Array, y: Array, size: int, step: Step) -> Array | None:
    """Return how often each sample counts in an epoch with mini-batches of a size."""
    subject, replica = case.subject, case.replica
    assert replica is not None
    instance = subject.usual()
    values = subject.values(instance)
    try:
        with case.bounded(3.0, 0, instance), np.errstate(all="ignore"):
            subject.steady(instance)
            samples, eta = subject.samples, step.eta * 1e-2 if subject.eta is not None else None
            given = None
            if samples.loader is not None:
                given = loader_of(samples.loader, samples.images(x), samples.labels(y), size)
            subject.fit(instance, x, y, eta, 1, size, given)
    except (Exception, OutOfTime):
        return None
    changes = [a - b for a, b in zip(subject.values(instance), values, strict=True)]
    found = Explanation(replica, values, changes, x, y, tolerance=0.05)
    top = max((c for c in found.arrays if not c.bias), key=lambda c: c.layer)
    return top.fit.shares if len(top.fit.shares) == 3 * size and top.fit.rest < EXPLAINED else None


def _only_one(case: Examination, x: Array, y: Array, size: int) -> None:
    """Accuse a training of which one mini-batch counts: the first one, where it ends, or the last one."""
    place = case.place_of("fit")
    one, three = _lines(case, x[:size], y[:size], size), _lines(case, x, y, size)
    if 0 < three < ENDING * one:
        case.found(
            "epoch-sees-few",
            Severity.ERROR,
            "Training uses the first mini-batch only.",
            f"of three mini-batches of {size} samples, those of the first one count, and the others not at all "
            f"({place})",
            "let every mini-batch of an epoch take a step: no return or break in their loop",
        )
    elif "epoch-sees-few" not in case.codes:
        case.found(
            "samples-unequal",
            Severity.ERROR,
            "Only the last mini-batch counts: each step starts from the same parameters again.",
            f"of three mini-batches of {size} samples, those of one count, and the others not at all ({place})",
            "let each step start from what the one before it has made",
        )


def _lines(case: Examination, x: Array, y: Array, size: int) -> int:
    """Return how many lines of its code run in an epoch."""
    subject, lines = case.subject, Lines(1, None)
    given = None
    if subject.samples.loader is not None:
        given = loader_of(subject.samples.loader, subject.samples.images(x), subject.samples.labels(y), size)
    try:
        with case.bounded(3.0), np.errstate(all="ignore"), traced(lines):
            subject.fit(subject.instance(), x, y, None, None if subject.epochs is None else 1, size, given)
    except (Exception, OutOfTime):
        return 0
    return lines.count


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
    instance = subject.usual()
    changes = []
    for pick in (first, second):
        values = subject.values(instance)
        with case.bounded(3.0), np.errstate(all="ignore"):
            subject.steady(instance)
            subject.step(instance, gentle(case, case.train.x[pick]), case.train.y[pick], eta)
        changes.append([a - b for a, b in zip(subject.values(instance), values, strict=True)])
    return changes[0], changes[1]
