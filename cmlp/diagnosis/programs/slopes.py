"""Slopes of losses measured through somebody's own forward pass by differences, where no replica of it is known."""

from collections.abc import Callable

import numpy as np

from cmlp.diagnosis.programs.activations import softmax
from cmlp.diagnosis.programs.examination import Array, Examination, Step
from cmlp.diagnosis.programs.fits import ALONG, cosine, share_of_weights
from cmlp.diagnosis.programs.isolation import OutOfTime

ENTRIES = 16  # of each array
DOUBLE, SINGLE = 1e-5, 1e-2  # how far a parameter is moved
KINK = 0.1  # of the larger one, by which the slopes of both sides differ
STEEP = 1e-9

Loss = Callable[[Array], float]


def losses(target: Array, start: Array) -> dict[str, Loss]:
    """Return the losses that people use, as functions of the outputs."""
    right = target == 1
    made: dict[str, Loss] = {
        "squared error": lambda a: float(((a - target) ** 2).sum()),
        "cross-entropy of softmax": lambda a: float(-np.log(np.maximum(softmax(a)[right], 1e-300)).sum()),
        "cross-entropy of sigmoid": lambda a: float((np.logaddexp(0, a) - target * a).sum()),
    }
    if (start >= 0).all():
        made["cross-entropy"] = lambda a: float(-np.log(np.maximum(a[right], 1e-300)).sum())
        if (start < 1).all():
            made["binary cross-entropy"] = lambda a: float(
                -(target * np.log(np.maximum(a, 1e-300)) + (1 - target) * np.log(np.maximum(1 - a, 1e-300))).sum()
            )
    if (start <= 0).all():
        made["negative log-likelihood"] = lambda a: float(-a[right].sum())
    return made


def cosines_by_differences(case: Examination, step: Step) -> dict[str, float]:
    """Return for each array the cosine of its change and minus the slope of the loss that the step follows best."""
    subject = case.subject
    instance = subject.usual()
    subject.steady(instance)
    subject.put(instance, step.values)
    try:
        with case.bounded(6.0):
            start = subject.outputs(instance, step.x)
            if start.ndim == 1 or not np.isfinite(start).all():
                return {}
            made = losses(np.eye(start.shape[1])[step.y], start)
            slopes, entries = _measured(case, instance, step, made, start)
    except (Exception, OutOfTime):
        return {}
    moves = [change.reshape(-1)[pick] for change, pick in zip(step.changes, entries, strict=True)]
    if step.adaptive:
        moves = [np.sign(move) for move in moves]
        slopes = _with_penalty(case, step, moves, slopes, entries)
    fit = {name: sum(abs(_along(m, s)) for m, s in zip(moves, some, strict=True)) for name, some in slopes.items()}
    best = max(fit, key=fit.__getitem__)
    case.facts["loss"] = best
    names = [block.name for block in subject.blocks]
    return {
        name: _along(m, s)
        for name, m, s in zip(names, moves, slopes[best], strict=True)
        if np.any(m[np.abs(s) > STEEP])
    }


def _along(move: Array, slope: Array) -> float:
    """Return the cosine of a change and minus the slope, where that is known."""
    known = np.isfinite(slope)
    return cosine(move[known], -slope[known])


def _with_penalty(
    case: Examination, step: Step, moves: list[Array], slopes: dict[str, list[Array]], entries: list[Array]
) -> dict[str, list[Array]]:
    """Return the signs of the slopes, with the share of the weights that Adam's gradient has where that fits better."""
    own = [value.reshape(-1)[pick] for value, pick in zip(step.values, entries, strict=True)]
    made: dict[str, list[Array]] = {}
    for name, some in slopes.items():
        known = np.isfinite(np.concatenate(some))
        whole = [np.concatenate(parts)[known] for parts in (moves, some, own)]
        plain = float(np.mean(np.sign(whole[1]) == -whole[0]))
        share, better = share_of_weights(*whole)
        decays = plain < ALONG <= better and share > 0
        made[name] = [np.sign(s + (share * w if decays else 0)) for s, w in zip(some, own, strict=True)]
        if decays:
            case.facts["decay by differences"] = share / len(step.y)
    return made


def _measured(
    case: Examination, instance: object, step: Step, made: dict[str, Loss], start: Array
) -> tuple[dict[str, list[Array]], list[Array]]:
    """Move entries of each array to both sides, and measure all losses: those entries whose change is largest.

    A slope is NaN where a loss has a kink, as where a sum before a ReLU is 0: there the slopes of both sides are right.
    """
    subject = case.subject
    h = SINGLE if subject.framework.single_precision else DOUBLE
    slopes: dict[str, list[Array]] = {name: [] for name in made}
    entries = []
    rng = np.random.default_rng(11)
    for block, value, change in zip(subject.blocks, step.values, step.changes, strict=True):
        size = value.size
        large = np.argsort(-np.abs(change).ravel())[: max(ENTRIES, size // 4)]
        pick = rng.choice(large, min(ENTRIES, len(large)), replace=False)
        entries.append(pick)
        rows: dict[str, list[float]] = {name: [] for name in made}
        for i in pick:
            outs = []
            for side in (h, -h):
                moved = value.copy()
                moved.reshape(-1)[i] += side
                block.write(instance.network, moved)  # type: ignore[attr-defined]
                outs.append(subject.outputs(instance, step.x))  # type: ignore[arg-type]
            for name, loss in made.items():
                up, down = loss(outs[0]) - loss(start), loss(start) - loss(outs[1])
                kink = abs(up - down) > KINK * max(abs(up), abs(down)) and not subject.framework.single_precision
                rows[name].append(np.nan if kink else (up + down) / (2 * h))
        block.write(instance.network, value)  # type: ignore[attr-defined]
        for name in made:
            slopes[name].append(np.array(rows[name]))
    return slopes, entries
