"""Short trainings that show what a training makes, and whether it begins anew."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs.fits import cosine
from cmlp.diagnosis.programs.isolation import OutOfTime, kept_state, limited, seed_all, silence
from cmlp.diagnosis.programs.roles import FORWARD

if TYPE_CHECKING:
    from cmlp.diagnosis.programs.instances import Instance
    from cmlp.diagnosis.programs.subject import Subject

Array = NDArray[Any]
FEW = 60  # samples that make what training makes
FEW_SECONDS = 3.0
TINY = 1e-12  # a learning rate that moves nothing
FAR = 0.9  # of their size, by which weights are others
SAME_WAY = 0.5  # cosine of two steps with one sample, between which dropout may make a difference
KEPT = 0.3  # cosine of what two starts differ by and what two ends do, below which nothing of the start was kept


def _few(subject: "Subject") -> tuple[Array, Array]:
    """Return some samples of all classes."""
    order = np.random.default_rng(9).permutation(len(subject.samples))
    _, first = np.unique(subject.samples.y[order], return_index=True)
    pick = order[np.unique([*first[:200], *range(min(FEW, len(order)))])]
    return subject.samples.x[pick], subject.samples.y[pick]


def _trained(subject: "Subject", instance: "Instance", eta: float | None) -> bool:
    """Train a copy with few samples for an epoch; return whether that was possible."""
    try:
        with silence(), np.errstate(all="ignore"), kept_state(), limited(FEW_SECONDS):
            seed_all(0, subject.generators(instance))
            subject.fit(instance, *_few(subject), eta, None if subject.epochs is None else 1)
    except (Exception, OutOfTime):
        return False
    return True


def warmed(subject: "Subject") -> bool:
    """Train what cannot be run before: its parameters are made by its training."""
    instance = subject.instance()
    if not _trained(subject, instance, None):
        return False
    subject.source = instance.network
    return True


def lacks_attributes(subject: "Subject") -> bool:
    """Whether what is named as running it failed for want of attributes that its training makes."""
    assert subject.runs is not None
    message = f"'{type(subject.given).__name__}' object has no attribute"
    lacking = {reason.partition(":")[0].strip("_") for reason in subject.reasons if message in reason}
    return bool(lacking & set(FORWARD)) and subject.runs.name.strip("_") not in FORWARD


def begins_anew(subject: "Subject") -> bool:
    """Whether its training draws new weights, whatever it is given."""
    first = _start_and_end(subject, 1)
    if not first or any(np.linalg.norm(b - a) <= FAR * np.linalg.norm(a) for a, b in first):
        return False
    second = _start_and_end(subject, 2)  # what differs at the start differs at the end, however far a step goes
    apart = [] if second is None else [(a - c, b - d) for (a, b), (c, d) in zip(first, second, strict=True)]
    return all(float(np.sum(a * b)) < KEPT * np.linalg.norm(a) * np.linalg.norm(b) for a, b in apart if np.any(b))


def steps_otherwise(subject: "Subject") -> bool:
    """Whether its training steps in another way than what was taken for its step, as with images that it scales first.

    With a single sample both are one step, so that they go the same way.
    """
    pick = np.argsort(subject.samples.y, kind="stable")[-1:]  # the highest label, up to which vectors may be counted
    x, y = subject.samples.x[pick], subject.samples.y[pick]
    ways = []
    for trains in (True, False):
        instance = subject.renew(subject.instance())
        start = subject.values(instance)
        try:
            with silence(), np.errstate(all="ignore"), kept_state(), limited(FEW_SECONDS):
                seed_all(0, subject.generators(instance))
                if trains:
                    subject.fit(instance, x, y, None, None if subject.epochs is None else 1, 1)
                else:
                    subject.step(instance, x, y)
        except (Exception, OutOfTime):
            return False
        ends = zip(subject.values(instance), start, strict=True)
        ways.append(np.concatenate([np.ravel(end - before) for end, before in ends]))
    return bool(np.isfinite(ways).all() and all(way.any() for way in ways) and cosine(*ways) < SAME_WAY)


def _start_and_end(subject: "Subject", seed: int) -> list[tuple[Array, Array]] | None:
    """Return the matrices before and after a short training from new weights."""
    instance = subject.renew(subject.instance(), seed=seed)
    start = subject.values(instance)
    if not _trained(subject, instance, TINY if subject.eta is not None else None):
        return None
    pairs = zip(subject.blocks, start, subject.values(instance), strict=True)
    return [(before, after) for block, before, after in pairs if block.matrix]


def values_before_training(subject: "Subject") -> list[Array]:
    """Return the numbers of its parameters before training: those that it draws itself, where it begins anew."""
    instance = subject.instance()
    if subject.resets and subject.eta is not None:
        _trained(subject, instance, TINY)
    return subject.values(instance)
