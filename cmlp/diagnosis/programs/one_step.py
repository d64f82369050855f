"""What one step changes of weights of a usual size."""

import numpy as np

from cmlp.diagnosis.programs.examination import Array, Examination
from cmlp.diagnosis.programs.instances import Instance

TINY = 1e-12  # a learning rate that moves nothing


def one_step(
    case: Examination, x: Array, y: Array, eta: float | None, seed: int = 0
) -> tuple[list[Array], list[Array]]:
    """Return values of a usual size, and what a step changes of them."""
    subject = case.subject
    if subject.resets:
        return _own_start(case, x, y, eta)
    values = subject.values(subject.usual())
    return values, step_from(case, values, x, y, eta, seed)[0]


def step_from(
    case: Examination, values: list[Array], x: Array, y: Array, eta: float | None, seed: int = 0
) -> tuple[list[Array], Instance]:
    """Return what a step changes of given values, and the copy that took it."""
    subject, instance = case.subject, case.subject.usual()
    subject.put(instance, values)
    with case.bounded(3.0, seed, instance), np.errstate(all="ignore"):
        subject.steady(instance)
        subject.step(instance, x, y, eta)
    return [after - before for before, after in zip(values, subject.values(instance), strict=True)], instance


def _own_start(case: Examination, x: Array, y: Array, eta: float | None) -> tuple[list[Array], list[Array]]:
    """Do the same where training draws new weights: they are what a learning rate of nearly 0 leaves."""
    subject, made = case.subject, []
    for rate in (TINY, eta):
        instance = subject.instance()
        with case.bounded(3.0, 0, instance), np.errstate(all="ignore"):
            subject.steady(instance)
            subject.fit(instance, x, y, rate, None if subject.epochs is None else 1, len(y))
        made.append(subject.values(instance))
    return made[0], [after - before for before, after in zip(*made, strict=True)]
