"""Numbers that stop being numbers: where, by which function, and what would be stable in its place."""

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs.access import attribute
from cmlp.diagnosis.programs.activations import sigmoid, softmax
from cmlp.diagnosis.programs.examination import Array, Examination, finite
from cmlp.diagnosis.programs.float_events import FloatEvent, FloatEvents, float_events
from cmlp.diagnosis.programs.isolation import OutOfTime
from cmlp.diagnosis.programs.tensors import as_array
from cmlp.diagnosis.report import Severity

EXTREME = 16  # images

STABLE = {
    "the sigmoid": (sigmoid, "scipy.special.expit({x}), or 0.5 * (1 + np.tanh({x} / 2))"),
    "the derivative of the sigmoid": (
        lambda x: sigmoid(x) * (1 - sigmoid(x)),
        "a = 1 / (1 + np.exp(-{x})); return a * (1 - a)",
    ),
    "softmax of a vector": (
        lambda x: np.exp(x - np.max(x)) / np.exp(x - np.max(x)).sum(),
        "e = np.exp({x} - {x}.max()); return e / e.sum()",
    ),
    "softmax of rows": (
        lambda x: softmax(np.atleast_2d(x)).reshape(np.shape(x)),
        "e = np.exp({x} - {x}.max(axis=-1, keepdims=True)); return e / e.sum(axis=-1, keepdims=True)",
    ),
    "softmax of columns": (lambda x: softmax(x.T).T, "e = np.exp({x} - {x}.max(axis=0)); return e / e.sum(axis=0)"),
}


def not_a_number(case: Examination, events: FloatEvents, values: list[Array], during: str) -> None:
    """Say where numbers stopped being numbers, and what function it was."""
    bad, total = sum(int((~np.isfinite(v)).sum()) for v in values), sum(v.size for v in values)
    share = f"{bad:,} of {total:,} parameters are NaN or infinite {during}"
    event, over = events.first("invalid"), events.first("over")
    case.facts["not finite"] = True
    if event is None and over is None:
        case.found("non-finite-weights", Severity.ERROR, "Training makes parameters that are not finite.", share)
        return
    first = event or over
    assert first is not None
    cause = (
        f", after an overflow in {over.text}"
        if over is not None and over is not first and over.function == first.function
        else ""
    )
    what, repair = _recognised(case, first)
    verdict = (
        f"{first.function} gives NaN for large numbers, and the parameters become NaN."
        if what
        else "A number overflows in training, and the parameters become NaN."
    )
    known = f"; elsewhere {first.function} is {what}, to 12 digits" if what else ""
    kind = "the first invalid operation" if event else "the first overflow"
    measured = (
        f"{first.place} is {kind}{cause}" + (f", with {first.values}" if first.values else "") + f"; {share}{known}"
    )
    case.found("overflow", Severity.ERROR, verdict, measured, repair)


def examine_extreme_images(case: Examination) -> None:
    """Take a step with the images whose weighted sums are largest, which a part of an epoch may not have met."""
    subject, replica = case.subject, case.replica
    if replica is None or case.codes & {"nothing-moves", "training-fails"}:
        return
    instance = subject.instance()
    sums = np.abs(replica.run(subject.values(instance), case.train.x)[0][0]).max(axis=1)
    pick = np.argsort(-sums)[:EXTREME]
    try:
        values, events = _after_a_step(case, pick)
        usual, _ = _after_a_step(case, np.argsort(sums)[:EXTREME])  # where these fail too, it is not for their size
    except (Exception, OutOfTime):
        return
    if not finite(values) and finite(usual) and events.first("invalid") is not None:
        not_a_number(
            case,
            events,
            values,
            f"after one step with the {len(pick)} images whose weighted sums are largest, up to {sums.max():.0f}",
        )


def _after_a_step(case: Examination, pick: NDArray[np.intp]) -> tuple[list[Array], FloatEvents]:
    """Return the parameters after a step with some samples, and what it met."""
    instance = case.subject.instance()
    with case.bounded(2.0), float_events() as events:
        case.subject.step(instance, case.train.x[pick], case.train.y[pick])
    return case.subject.values(instance), events


def _recognised(case: Examination, event: FloatEvent) -> tuple[str | None, str | None]:
    """Recognise the function that failed by its values, and remember a stable one for trials."""
    if event.argument is None:
        return None, None
    instance = case.subject.instance()
    method = attribute(instance.network, event.function, None)
    function = method if callable(method) else event.variables.get(event.function)
    if not callable(function):
        return None, None
    for what, (stable, line) in STABLE.items():
        shape = (4, 6) if "rows" in what or "columns" in what else (12,)
        probe = np.random.default_rng(0).normal(size=shape) * 2
        try:
            with case.bounded(1.0), np.errstate(all="ignore"):
                made = as_array(function(probe.copy()))
                same = made is not None and np.allclose(made, stable(probe), rtol=1e-12, atol=1e-14)
        except (Exception, OutOfTime):
            same = False
        if same:
            case.repairs["stable"] = event.function, stable, None if callable(method) else event.variables
            return what, f"in {event.function}: {line.format(x=event.argument)}"
    return None, None
