"""How long a training takes for one sample in one epoch, and whether an epoch is one step with all of them."""

import time

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs.examination import WAIT, Examination
from cmlp.diagnosis.programs.isolation import OutOfTime

SLOW = 0.3  # seconds
TIMED = (200, 40, 8)  # samples by which the time of one is measured
MANY_EPOCHS = 40  # from which on they are probably steps with all samples at once


def steps_with_all(case: Examination) -> bool:
    """Whether each epoch is probably one step, with all samples at once."""
    subject = case.subject
    return subject.epochs is not None and subject.epochs >= MANY_EPOCHS and subject.size is None


def growth_of_an_epoch(case: Examination, rows: NDArray[np.intp]) -> float | None:
    """Return how many times as far an epoch goes with all rows given twice; None where it cannot be told.

    A step with the mean of all samples goes as far; the sum of them, or twice as many mini-batches, twice as far.
    """
    subject, lengths = case.subject, []
    for given in (rows, np.concatenate([rows, rows])):
        instance = subject.instance()
        start = subject.values(instance)
        try:
            with case.bounded(WAIT), np.errstate(all="ignore"):
                subject.fit(instance, case.train.x[given], case.train.y[given], None, 1)
        except (Exception, OutOfTime):
            return None
        ends = zip(subject.values(instance), start, strict=True)
        lengths.append(float(np.sqrt(sum(np.sum((end - before) ** 2) for end, before in ends))))
    return lengths[1] / lengths[0] if lengths[0] > 0 and np.isfinite(lengths).all() else None


def measure_cost(case: Examination) -> None:
    """Measure how long its training takes for one sample in one epoch."""
    subject, again = case.subject, False
    for n in (TIMED[0], *TIMED):
        pick = case.order[: min(n, len(case.order))]
        instance = subject.instance()
        x, y = case.train.x[pick], case.train.y[pick]
        start = time.process_time()
        try:
            with case.bounded(WAIT), np.errstate(all="ignore"):
                if subject.trains:
                    subject.fit(instance, x, y, None, 1)
                else:
                    subject.step(instance, x, y, subject.eta or 0.1)
        except OutOfTime:
            case.hangs = n == TIMED[-1]
            continue
        except Exception:
            break
        subject.in_place = not instance.replaced and subject.framework.stoppable
        spent = time.process_time() - start
        case.cost = max(min(spent, case.cost * len(pick) if again else spent) / len(pick), 1e-7)
        if again or spent < SLOW:  # the first time may have been that of an import or a compilation
            break
        again = True
    if subject.trains and (subject.epochs or 0) >= MANY_EPOCHS and not case.hangs:
        _time_of_all(case)


def _time_of_all(case: Examination) -> None:
    """Measure an epoch with all samples, where it is expected to be short: each may be one step with a few of them."""
    n = len(case.usable)
    if n * case.cost > WAIT:
        return
    start = time.process_time()
    try:
        with case.bounded(WAIT), np.errstate(all="ignore"):
            case.subject.fit(case.subject.instance(), case.train.x[case.usable], case.train.y[case.usable], None, 1)
    except (Exception, OutOfTime):
        return
    case.cost = max((time.process_time() - start) / n, 1e-9)
