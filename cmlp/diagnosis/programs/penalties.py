"""Whether a penalty on the weights, found by its name, keeps the network from learning: it is trained without it."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from cmlp.diagnosis.programs.examination import TRIAL, Examination
from cmlp.diagnosis.programs.isolation import OutOfTime
from cmlp.diagnosis.programs.leaves import Path, Walk, put_number, spelled
from cmlp.diagnosis.programs.roles import is_penalty
from cmlp.diagnosis.programs.trials import Trials
from cmlp.diagnosis.report import Severity

BETTER = 10.0  # points that a repair must bring
SMALLER = 1e-3  # times the penalty, with which it is trained


def examine_penalty(case: Examination, trials: Trials) -> bool:
    """Train with a thousandth of each penalty, as long as with all of it; return whether that explains the accuracy."""
    if not case.subject.trains:
        return False
    for name, value, path in _penalties(case):
        own, after = (_trained(case, trials, name, value * times, path) for times in (1.0, SMALLER))
        if own is None or after is None or after < max(own, case.given or 0.0) + BETTER:
            continue
        case.found(
            "weight-decay-too-large",
            Severity.ERROR,
            f"{name} = {value:g} is too large: the weights shrink faster than they learn.",
            f"equal trials reach {own:.1f} % with it, and {after:.1f} % with {value * SMALLER:g}",
            f"{name} = {value * SMALLER:g}",
            before=case.given,
            after=after,
        )
        return True
    return False


def _penalties(case: Examination) -> Iterator[tuple[str, float, Path | None]]:
    """Yield the names, values and places of penalties; settings of the training have no place."""
    for name, value in case.subject.settings.items():
        if is_penalty(name) and isinstance(value, (int, float)) and value > 0:
            yield name, float(value), None
    for path, value in Walk(case.subject.instance().network).leaves:
        if isinstance(value, float) and value > 0 and is_penalty(str(path[-1][1])):
            yield spelled(path), value, path


def _trained(case: Examination, trials: Trials, name: str, value: float, path: Path | None) -> float | None:
    """Return the accuracy after a trial with another penalty."""
    subject, settings = case.subject, case.subject.settings
    instance: Any = trials.start(fresh=False)
    rows = trials.rows
    if path is None:
        subject.settings = settings | {name: value}
    else:
        put_number(instance.network, path, value)
    try:
        with case.bounded(3 * TRIAL), np.errstate(all="ignore"):
            subject.fit(instance, case.train.x[rows], case.train.y[rows], None, trials.passes(len(rows)))
        return trials.score(instance)
    except (Exception, OutOfTime):
        return None
    finally:
        subject.settings = settings
