"""Whether dropout leaves the activations of a test larger than those of the training: a step and a trial tell."""

import ast
import re

import numpy as np

from cmlp.diagnosis.programs.activations import FUNCTIONS
from cmlp.diagnosis.programs.deltas import RIGHT, output_deltas
from cmlp.diagnosis.programs.examination import Array, Examination, Step
from cmlp.diagnosis.programs.fits import cosine
from cmlp.diagnosis.programs.isolation import OutOfTime
from cmlp.diagnosis.programs.replica import Replica
from cmlp.diagnosis.report import Severity

SEEDS = 8  # steps with one sample each, of which the share of the units that are dropped is taken
SAME = 1e-6  # by which the cosine of a step and of its formula may differ from 1
SINGLE = 1e-3  # the same in single precision
ROUNDED = 1e-9  # of the largest activation, up to which another is a zero that was rounded
OTHER = 20.0  # times as far from 1 is the cosine of the formula with the scale
MASK = re.compile(r"(?<![\w.])(np\.random\.|numpy\.random\.|rng\.|random\.|self\.\w*rng\.)\w+\(.*")
Masks = list[Array]
Masked = tuple[Masks, list[Array], Array, int]  # with values, the change of the last matrix, and the sample


def examine_dropout(case: Examination, step: Step) -> None:
    """Find units that are dropped in training without being scaled, neither there nor in a test."""
    replica, subject = case.replica, case.subject
    if replica is None or subject.resets or len(replica.weights) < 2 or step.adaptive:
        return
    if subject.framework.name or case.facts.get("labels only") or case.facts.get("scaled in tests"):
        return
    found = [made for seed in range(SEEDS) if (made := _masked_step(case, replica, step, seed)) is not None]
    if len(found) < SEEDS // 2:
        return
    shares = [_kept([masks[k] for masks, *_ in found]) for k in range(len(replica.weights))]
    if not any(0.02 < 1 - share < 0.98 for share in shares):
        return
    close = SINGLE if subject.framework.single_precision else SAME
    ones = [1.0] * len(shares)
    plain = [_off(replica, step, made, ones) for made in found]
    scaled = [_off(replica, step, made, [1 / max(share, 0.02) for share in shares]) for made in found]
    if max(plain) > close or float(np.median(scaled)) < OTHER * close:
        return
    _accuse(case, replica, shares)


def _masked_step(case: Examination, replica: Replica, step: Step, seed: int) -> Masked | None:
    """Take a step with one sample, with dropout; return which units of each layer took part, values and change."""
    subject = case.subject
    instance = subject.usual()
    values = subject.values(instance)
    row = seed % len(step.y)
    try:
        with case.bounded(2.0, seed, instance), np.errstate(all="ignore"):
            subject.step(instance, step.x[row : row + 1], step.y[row : row + 1], step.eta)
    except (Exception, OutOfTime):
        return None
    changes = [after - before for after, before in zip(subject.values(instance), values, strict=True)]
    moves = [w for w, _ in replica.layers(changes)]
    if not all(np.isfinite(move).all() and move.any() for move in moves):
        return None
    outs = replica.run(values, step.x[row : row + 1])[1]
    active = [np.abs(out[0]) > ROUNDED * np.abs(out[0]).max() for out in outs]
    masks = [~on | np.any(move != 0, axis=1) for on, move in zip(active, moves, strict=False)]
    return masks, values, moves[-1], row


def _kept(masks: Masks) -> float:
    return float(np.mean(masks))


def _off(replica: Replica, step: Step, made: Masked, factors: list[float]) -> float:
    """Return how far from 1 the cosine is of a step and of the right formula, with units dropped and scaled."""
    masks, values, move, row = made
    out = z = replica.inputs(step.x[row : row + 1])
    with np.errstate(all="ignore"):
        for mask, factor, (w, b), act in zip(masks, factors, replica.layers(values), replica.acts, strict=True):
            below = out * mask * (1.0 if mask.all() else factor)
            z = below @ w + (0 if b is None else b)
            out = FUNCTIONS[act][0](z)
    target = np.eye(out.shape[1])[step.y[row : row + 1]]
    deltas = output_deltas(replica.acts[-1], z, out, target)
    right = [delta for name, delta in deltas if (name, replica.acts[-1]) in RIGHT and np.isfinite(delta).all()]
    return min((abs(1 - abs(cosine(move, below.T @ delta))) for delta in right), default=1.0)


def _accuse(case: Examination, replica: Replica, shares: list[float]) -> None:
    after = None
    if case.trained is not None:
        values = case.subject.values(case.trained)
        out = case.judged_x
        out = replica.inputs(out)
        with np.errstate(all="ignore"):
            for (w, b), act, share in zip(replica.layers(values), replica.acts, shares, strict=True):
                out = FUNCTIONS[act][0]((out * share) @ w + (0 if b is None else b))
        after = 100 * float(np.mean(out.argmax(axis=1) == case.judged_y))
    dropped = min(shares)
    line = case.line_like(MASK.pattern)
    case.found(
        "dropout-not-scaled",
        Severity.ERROR,
        "Dropout is not scaled: in a test, where no unit is dropped, the sums of the next layer are larger than those "
        "that it was trained with.",
        f"a step drops {100 * (1 - dropped):.0f} % of the units of a layer, and is that of the others as they are; the "
        f"outputs of a test are those of all units as they are" + (f" ({line})" if line else ""),
        _scaled(line.partition(": ")[2]) or f"mask = mask / {dropped:.2g}, in training",
        before=case.given,
        after=after,
    )


def _scaled(line: str) -> str:
    """Return a line that makes a mask with its scale: ``mask = (rng.random(h.shape) < keep) / keep``; "" if unclear."""
    try:
        (node,) = ast.parse(line.strip()).body
    except (SyntaxError, ValueError):
        return ""
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Compare) or len(node.value.ops) != 1:
        return ""
    share = ast.unparse(node.value.comparators[0])
    plain = isinstance(node.value.comparators[0], ast.Name | ast.Attribute | ast.Constant)
    keep = share if isinstance(node.value.ops[0], ast.Lt | ast.LtE) else f"(1 - {share})"
    return f"{ast.unparse(node.targets[0])} = ({ast.unparse(node.value)}) / {keep}" if plain else ""
