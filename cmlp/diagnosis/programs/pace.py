"""Whether the steps of a training become small long before an epoch ends, or the training."""

from itertools import pairwise

import numpy as np

from cmlp.diagnosis.programs.cost import steps_with_all
from cmlp.diagnosis.programs.deltas import hidden_right, output_deltas
from cmlp.diagnosis.programs.examination import TRIAL, Array, Examination
from cmlp.diagnosis.programs.isolation import OutOfTime
from cmlp.diagnosis.programs.judging import BETTER, learned
from cmlp.diagnosis.programs.trials import LONGEST, Trials
from cmlp.diagnosis.programs.watching import Lines, traced
from cmlp.diagnosis.report import Severity

IMAGES = 1000  # at least
SPENT = 1.0  # seconds of the processor, for an epoch
EPOCHS = 3  # at least, whose pace is measured where that of one tells nothing
PARTS = 10  # of these epochs
SMALL = 0.02  # of the way of the first tenth, that the last three go on average
FADED = 0.2  # of the rate at the start, as the way and the slope tell it
SLOPE = 0.2  # of the slope at the start, that is left where only the rate became small


def examine_pace(case: Examination, trials: Trials, better: float = BETTER) -> bool:
    """Measure how far each tenth of a training moves the parameters; return whether the rate decays to nothing.

    Where it only becomes small, the same steps without that must bring `better` more points.
    """
    subject = case.subject
    if not subject.trains or case.replica is None or not subject.in_place or case.facts.get("not finite"):
        return False
    epochs = (1, EPOCHS) if (subject.epochs or 0) >= EPOCHS and not steps_with_all(case) else (1,)
    for number in epochs:
        try:
            found = _decays(case, trials, number, better)
        except (Exception, OutOfTime):
            return False
        if found:
            return True
    return False


def _decays(case: Examination, trials: Trials, epochs: int, better: float) -> bool:
    """Measure the pace of so many epochs, and accuse it where it dies away though the slope does not."""
    lines, _ = _run(case, 1, None, epochs)
    _, states = _run(case, max(1, lines // PARTS), [], epochs)
    ways = [_distance(one, other) for one, other in pairwise(states)]
    if len(ways) < PARTS - 1 or not max(ways[:2]):
        return False
    slopes = [_slope(case, states[0]), _slope(case, states[-1])]
    first, last, after = max(ways[0], ways[1]), float(np.mean(ways[-3:])), None
    if learned(case, case.given) or last > SMALL * first or slopes[1] < SLOPE * slopes[0]:
        if epochs == 1 or last * slopes[0] > FADED * first * slopes[1]:
            return False
        after = _without_decay(case, trials)
        if after is None or after < (case.given or 0.0) + better:
            return False
    place = case.place_of("fit")
    when, what = ("an epoch ends", "an epoch") if epochs == 1 else ("the training ends", f"{epochs} epochs")
    case.found(
        "learning-rate-decays",
        Severity.ERROR,
        f"The steps become small long before {when}, as with a learning rate that is reduced "
        + ("at every mini-batch." if epochs == 1 else "too often, or too much."),
        f"the first tenth of {what} with {len(_images(case, epochs)):,} images moves the parameters by "
        f"{first:.3g}, and the last ones by {last:.3g}, though the slope of the loss is still "
        f"{100 * slopes[1] / slopes[0]:.0f} % of what it was" + (f" ({place})" if place else ""),
        "reduce the learning rate once in an epoch, and less",
        before=case.given,
        after=after,
    )
    return True


def _without_decay(case: Examination, trials: Trials) -> float | None:
    """Return what as many of the same steps reach with the learning rate at the start."""
    eta = case.subject.eta
    if not trials.quick or eta is None:
        return None
    visits = int(min(case.visits, LONGEST))
    return trials.by_gradient(trials.each(eta), fresh=False, mean=False, visits=visits, seconds=3 * TRIAL)


def _run(case: Examination, every: int, states: list[list[Array]] | None, epochs: int) -> tuple[int, list[list[Array]]]:
    """Train for some epochs; return how many lines ran, and the parameters at every so many lines."""
    subject, pick = case.subject, _images(case, epochs)
    instance = subject.instance()
    found: list[list[Array]] = [subject.values(instance)]
    lines = Lines(every, None if states is None else lambda: found.append(subject.values(instance)))
    with case.bounded(4.0, 0, instance), np.errstate(all="ignore"), traced(lines):
        subject.fit(instance, case.train.x[pick], case.train.y[pick], None, None if subject.epochs is None else epochs)
    return lines.count, found


def _images(case: Examination, epochs: int) -> Array:
    """Return the numbers of the images of an epoch."""
    return case.order[: max(IMAGES, int(SPENT / case.cost / epochs))]


def _distance(one: list[Array], other: list[Array]) -> float:
    return float(np.sqrt(sum(np.sum((a - b) ** 2) for a, b in zip(one, other, strict=True))))


def _slope(case: Examination, values: list[Array]) -> float:
    """Return how steep the squared error is, as the length of its gradient."""
    replica = case.replica
    assert replica is not None
    pick = case.order[:IMAGES]
    zs, outs = replica.run(values, case.train.x[pick])
    layers, act = replica.layers(values), replica.acts[-1]
    targets = np.eye(outs[-1].shape[1])[case.train.y[pick]]
    delta = next(made for name, made in output_deltas(act, zs[-1], outs[-1], targets) if name in ("mse", "error"))
    total = 0.0
    for k in range(len(layers) - 1, -1, -1):
        total += float(np.sum((outs[k].T @ delta) ** 2))
        if k:
            delta = hidden_right(replica.acts[k - 1], zs[k - 1], outs[k], delta, layers[k][0])
    return float(np.sqrt(total))
