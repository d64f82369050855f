"""Whether the steps of a training become small long before an epoch ends."""

from itertools import pairwise

import numpy as np

from cmlp.diagnosis.programs.deltas import hidden_right, output_deltas
from cmlp.diagnosis.programs.examination import Array, Examination
from cmlp.diagnosis.programs.isolation import OutOfTime
from cmlp.diagnosis.programs.watching import Lines, traced
from cmlp.diagnosis.report import Severity

IMAGES = 1000  # at least
SPENT = 1.0  # seconds of the processor, for an epoch
PARTS = 10  # of an epoch
SMALL = 0.02  # of the way of the first tenth, that the last three go on average
SLOPE = 0.2  # of the slope at the start, that is left where only the rate became small


def examine_pace(case: Examination) -> bool:
    """Measure how far each tenth of an epoch moves the parameters; return whether the rate decays to nothing."""
    subject = case.subject
    if not subject.trains or case.replica is None or not subject.in_place or case.facts.get("not finite"):
        return False
    try:
        lines, _ = _run(case, 1, None)
        _, states = _run(case, max(1, lines // PARTS), [])
    except (Exception, OutOfTime):
        return False
    ways = [_distance(one, other) for one, other in pairwise(states)]
    if len(ways) < PARTS - 1 or not ways[0]:
        return False
    slopes = [_slope(case, states[0]), _slope(case, states[-1])]
    last = float(np.mean(ways[-3:]))
    if last > SMALL * max(ways[0], ways[1]) or slopes[1] < SLOPE * slopes[0]:
        return False
    place = case.place_of("fit")
    case.found(
        "learning-rate-decays",
        Severity.ERROR,
        "The steps become small long before an epoch ends, as with a learning rate that is reduced at every "
        "mini-batch.",
        f"the first tenth of an epoch with {len(_images(case)):,} images moves the parameters by "
        f"{max(ways[0], ways[1]):.3g}, and the last ones by {last:.3g}, though the slope of the loss is still "
        f"{100 * slopes[1] / slopes[0]:.0f} % of what it was" + (f" ({place})" if place else ""),
        "reduce the learning rate once in an epoch, and less",
        before=case.given,
    )
    return True


def _run(case: Examination, every: int, states: list[list[Array]] | None) -> tuple[int, list[list[Array]]]:
    """Train for an epoch; return how many lines ran, and the parameters at every so many lines."""
    subject, pick = case.subject, _images(case)
    instance = subject.instance()
    found: list[list[Array]] = [subject.values(instance)]
    lines = Lines(every, None if states is None else lambda: found.append(subject.values(instance)))
    with case.bounded(4.0, 0, instance), np.errstate(all="ignore"), traced(lines):
        subject.fit(instance, case.train.x[pick], case.train.y[pick], None, None if subject.epochs is None else 1)
    return lines.count, found


def _images(case: Examination) -> Array:
    """Return the numbers of the images of an epoch."""
    return case.order[: max(IMAGES, int(SPENT / case.cost))]


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
