"""Faults of running a network: answers that change from call to call, with the batch, or the images themselves."""

import numpy as np

from cmlp.diagnosis.programs.changed_images import examine_images_in_calls
from cmlp.diagnosis.programs.examination import Array, Examination
from cmlp.diagnosis.programs.instances import Instance
from cmlp.diagnosis.programs.mode_search import find_mode
from cmlp.diagnosis.report import Severity

ROWS = 40
CHANGED = 0.02  # share of predictions; less is harmless


def examine_forward(case: Examination) -> None:
    """Find what is wrong with how a network is run."""
    subject = case.subject
    assert subject.runs is not None
    pick = np.random.default_rng(8).choice(len(case.train), ROWS)
    rows = case.train.x[pick]
    instance = subject.instance()
    first, second = _twice(case, instance, rows)
    if not _alike(first, second) and find_mode(case, lambda: _alike(*_twice(case, instance, rows))):
        first, second = _twice(case, instance, rows)
    _repeatable(case, first, second)
    with case.bounded(5.0):
        examine_images_in_calls(case, rows)
    if not subject.runs.single and first.ndim == 2 and "forward-not-repeatable" not in case.codes:
        with case.bounded(5.0):
            _independent(case, instance, rows, first)


def _twice(case: Examination, instance: Instance, rows: Array) -> tuple[Array, Array]:
    """Return what two calls with the same images answer."""
    with case.bounded(5.0, None):
        first = case.subject.outputs(instance, rows, fixed=False)
        return first, case.subject.outputs(instance, rows, fixed=False)


def _alike(first: Array, second: Array) -> bool:
    return bool(np.allclose(first, second, rtol=1e-7, atol=1e-10, equal_nan=True))


def _repeatable(case: Examination, first: Array, second: Array) -> None:
    if _alike(first, second):
        return
    answers = [out if out.ndim == 1 else out.argmax(axis=1) for out in (first, second)]
    share = float(np.mean(answers[0] != answers[1]))
    measured = f"{100 * share:.0f} % of {len(first)} predictions change from one call to the next"
    if first.ndim == 2:
        measured += f", and outputs by up to {np.nanmax(np.abs(first - second)):.3g}"
    severity = Severity.ERROR if share > CHANGED else Severity.WARNING
    place = case.place_of("forward")
    case.found(
        "forward-not-repeatable",
        severity,
        "Two calls with the same images give different outputs, as with dropout that stays on.",
        measured + (f" ({place})" if place else ""),
        "use dropout and noise in training only: def forward(self, x, training=False)",
        where="network",
    )


def _independent(case: Examination, instance: Instance, rows: Array, first: Array) -> None:
    subject = case.subject
    try:
        alone = np.concatenate([subject.outputs(instance, row[None]) for row in rows])
    except Exception:
        return
    close = 1e-3 if subject.framework.single_precision else 1e-5
    if alone.shape != first.shape or not np.isfinite(first).all():
        return
    if np.allclose(alone, first, rtol=1e-3, atol=close * max(1.0, np.abs(first).max())):
        return
    positive = first.min() >= 0
    whole = positive and np.isclose(first.sum(), 1, rtol=1e-3)
    classes = positive and np.allclose(first.sum(axis=0), 1, rtol=1e-3)
    why = ""
    if whole:
        why = "; all outputs of a batch sum to 1, so the softmax divides by the sum of the whole batch"
    elif classes:
        why = "; over a batch every class sums to 1, so the softmax runs over the images and not over the classes"
    place = case.place_of("forward")
    case.found(
        "batch-not-independent",
        Severity.ERROR,
        "The outputs for an image depend on the other images of the batch.",
        f"alone and among {len(rows)}, outputs differ by up to {np.abs(alone - first).max():.3g}{why}"
        + (f" ({place})" if place else ""),
        "sum over the classes: e / e.sum(axis=1, keepdims=True) for images in rows, axis=0 for images in columns",
        where="network",
    )
