"""What a step keeps of its gradients: sums that are never reset grow with every step, and momentum does not."""

import numpy as np

from cmlp.diagnosis.programs.examination import Array, Examination, Step
from cmlp.diagnosis.programs.fits import cosine
from cmlp.diagnosis.programs.instances import Instance
from cmlp.diagnosis.programs.isolation import OutOfTime
from cmlp.diagnosis.programs.leaves import Walk
from cmlp.diagnosis.programs.paths import Path, spelled
from cmlp.diagnosis.programs.precision import is_single
from cmlp.diagnosis.programs.tensors import as_array

FURTHER = 1.97  # times as far goes a second step that repeats the first one
EXACT = 3e-4  # momentum of 0.999 differs by more
ALONG = 0.9  # cosine of a change and the gradients it was made of


def sums_that_grow(case: Examination, step: Step) -> str | None:
    """Take one step twice, from the same parameters: what it keeps of the gradients doubles where it is never reset.

    Momentum is multiplied by a number below 1 before a gradient is added, and so stays below the double.
    """
    subject = case.subject
    instance = subject.renew(subject.instance())
    start, kept, ways = subject.values(instance), [], []
    tiny = subject.eta is not None and not is_single(subject, instance)  # as where the gradient is taken further ahead
    try:
        for _ in range(2):
            subject.put(instance, start)
            with case.bounded(3.0, 0, instance), np.errstate(all="ignore"):
                subject.steady(instance)
                subject.step(instance, step.x, step.y, step.eta * (1e-3 if tiny else 1))
            kept.append(_beside_parameters(case, instance))
            ways.append([after - before for after, before in zip(subject.values(instance), start, strict=True)])
    except (Exception, OutOfTime):
        return None
    sizes = [float(np.sqrt(sum(np.sum(change**2) for change in way))) for way in ways]
    if not np.isfinite(sizes).all() or sizes[1] < FURTHER * sizes[0]:
        return None
    doubled = {path: once.size for path, once in kept[0].items() if _doubles(once, kept[1].get(path), ways[0])}
    if not doubled:
        return None
    name = spelled(max(doubled, key=doubled.__getitem__))
    return (
        f"the same step from the same parameters, taken twice, makes {name} twice as large, and goes "
        f"{sizes[1] / sizes[0]:.2f} times as far"
    )


def _beside_parameters(case: Examination, instance: Instance) -> dict[Path, Array]:
    """Return the arrays below a copy that are no parameters."""
    parameters = {path for block in case.subject.blocks for path in block.paths}
    arrays = ((path, as_array(value)) for path, value in Walk(instance.network).leaves if path not in parameters)
    return {path: np.array(array, dtype=float) for path, array in arrays if array is not None}


def _doubles(once: Array, twice: Array | None, way: list[Array]) -> bool:
    """Whether an array along which parameters of its size were moved has doubled."""
    if twice is None or twice.shape != once.shape or np.linalg.norm(twice - 2 * once) > EXACT * np.linalg.norm(once):
        return False
    moves = [*way, np.concatenate([change.ravel() for change in way])]
    return any(abs(cosine(once.ravel(), move.ravel())) > ALONG for move in moves if move.size == once.size)
