"""Whether the steps of a training become small long before it ends."""

import numpy as np

from cmlp.diagnosis.programs.deltas import hidden_right, output_deltas
from cmlp.diagnosis.programs.examination import Array, Examination
from cmlp.diagnosis.programs.isolation import OutOfTime
from cmlp.diagnosis.report import Severity

SHORT, LONG = 100, 1000  # samples
FARTHER = 1.15  # times as far that ten times as many samples move at least
SLOPE = 0.2  # of the slope at the start, that is left where only the rate became small


def examine_pace(case: Examination) -> bool:
    """Compare how far few and many samples move the parameters; return whether the learning rate decays to nothing."""
    subject = case.subject
    if not subject.trains or case.replica is None or case.batch is not None and case.batch > SHORT:
        return False
    try:
        short, _ = _moved(case, SHORT)
        far, values = _moved(case, LONG)
        slopes = [_slope(case, some) for some in (subject.values(subject.instance()), values)]
    except (Exception, OutOfTime):
        return False
    if not short or far > FARTHER * short or slopes[1] < SLOPE * slopes[0]:
        return False
    place = case.place_of("fit")
    case.found(
        "learning-rate-decays",
        Severity.ERROR,
        "The steps become small long before an epoch ends, as with a learning rate that is reduced at every mini-batch.",
        f"{SHORT} images move the parameters by {short:.3g}, and {LONG} images by {far:.3g}, though the slope of the loss "
        f"is still {100 * slopes[1] / slopes[0]:.0f} % of what it was" + (f" ({place})" if place else ""),
        "reduce the learning rate once in an epoch, and less",
        before=case.given,
    )
    return True


def _moved(case: Examination, n: int) -> tuple[float, list[Array]]:
    subject, pick = case.subject, case.order[:n]
    instance = subject.instance()
    start = subject.values(instance)
    with case.bounded(3.0), np.errstate(all="ignore"):
        subject.fit(instance, case.train.x[pick], case.train.y[pick], None, None if subject.epochs is None else 1)
    end = subject.values(instance)
    return float(np.sqrt(sum(np.sum((a - b) ** 2) for a, b in zip(end, start, strict=True)))), end


def _slope(case: Examination, values: list[Array]) -> float:
    """Return how steep the squared error is, as the length of its gradient."""
    replica = case.replica
    assert replica is not None
    pick = case.order[:LONG]
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
