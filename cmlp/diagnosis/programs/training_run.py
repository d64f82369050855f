"""The training as it was given, on as many samples as its time allows: what it reaches, and what happens in it."""

import time
import traceback
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs.advice import FIT
from cmlp.diagnosis.programs.changed_images import examine_images_in_training
from cmlp.diagnosis.programs.cost import TIMED, growth_of_an_epoch, measure_cost, steps_with_all
from cmlp.diagnosis.programs.examination import GIVEN, WAIT, Array, Examination, finite
from cmlp.diagnosis.programs.float_events import FloatEvents, float_events
from cmlp.diagnosis.programs.instances import Instance
from cmlp.diagnosis.programs.isolation import OutOfTime
from cmlp.diagnosis.programs.number_faults import examine_extreme_images, not_a_number
from cmlp.diagnosis.programs.own_code import own_code
from cmlp.diagnosis.programs.still_parameters import ends_where_it_began, examine_still
from cmlp.diagnosis.report import Severity

FEWEST = 1500
GROWING = 250  # samples that are given once and twice
NEAR = 0.1  # difference from 2 that is allowed
HALF = 0.5  # of the way to what a small network learns
STOPPED = 0.9  # of its time, after which an exception is that of the end
SLOWER = 3.0  # times the expected time after which a training is stopped


def train_as_given(case: Examination) -> None:
    """Train a copy as the asker does, and note its accuracy, the first bad numbers, and what did not move."""
    subject = case.subject
    before = subject.instance()
    try:
        with case.bounded(5.0):
            case.facts["start"] = subject.accuracy(before, case.judged_x, case.judged_y)
    except (Exception, OutOfTime) as error:
        case.note(case.error_note("Running the network on the test data", error))
        return
    measure_cost(case)
    if case.hangs:
        place = case.place_of("fit") or case.place_of("step")
        case.note(
            f"Its training did not return within {WAIT:g} s for {TIMED[-1]} images ({place}), so that it was not "
            "examined."
        )
        return
    if subject.trains and "forward-changes-images" not in case.codes:
        examine_images_in_training(case)
    n, epochs = _size(case)
    instance, events = _run(case, n, epochs)
    if (
        instance is not None and case.facts.get("stopped") and _same(case, instance)
    ):  # it stores what it has learned at the end
        subject.in_place = False
        n, epochs = _size(case)
        instance, events = _run(case, n, epochs)
    if instance is None:
        return
    case.trained = instance
    case.facts["given"] = n, epochs
    case.facts["shortened"] = epochs is not None and epochs < (case.subject.epochs or 1)
    case.given = case.subject.accuracy(instance, case.judged_x, case.judged_y)
    values = subject.values(instance)
    if not finite(values):
        during = f"after training with {n:,} images" + (
            f" in {epochs} epoch{'s' if epochs != 1 else ''}" if epochs else ""
        )
        not_a_number(case, events, values, "within the first seconds of training" if case.facts["stopped"] else during)
        return
    if case.facts["stopped"] and ends_where_it_began(case):
        return
    start = subject.initial()
    moved = {b.name: float(np.linalg.norm(a - v)) for b, a, v in zip(subject.blocks, values, start, strict=True)}
    case.facts["moved"] = moved
    examine_still(case, moved, n)
    if case.given < case.chance + HALF * (case.facts["reference"] - case.chance):
        examine_extreme_images(case)


def _size(case: Examination) -> tuple[int, int | None]:
    """Return how many samples and epochs to train with.

    A network that is changed in place is trained as it was given, and stopped when the time is up. One that is returned
    at the end, and steps with all samples at once, get as many samples as they can finish with.
    """
    n, epochs = len(case.usable), case.subject.epochs
    visits = GIVEN / case.cost
    if epochs is not None and steps_with_all(case):
        rows = int(np.clip(visits / epochs, min(500, n), n))
        return rows, max(1, min(epochs, int(visits / rows)))
    if case.subject.in_place:
        return n, epochs
    rows = int(min(n, max(min(FEWEST, n), visits / (epochs or 1))))
    return rows, None if epochs is None else max(1, min(epochs, int(visits / rows)))


def _run(case: Examination, n: int, epochs: int | None) -> tuple[Instance | None, FloatEvents]:
    subject, instance = case.subject, case.subject.instance()
    pick = np.sort(case.order[:n]) if n < len(case.usable) else case.usable
    x, y = case.train.x[pick], case.train.y[pick]
    case.facts["rows"] = pick
    eta = _eta_for(case, pick)
    events, began = FloatEvents(), time.process_time()
    case.facts["stopped"] = False
    try:
        with case.bounded(GIVEN if subject.in_place else SLOWER * GIVEN), float_events() as events:
            if subject.trains:
                subject.fit(instance, x, y, eta, epochs)
            else:
                _by_steps(case, instance, x, y)
    except OutOfTime:
        case.facts["stopped"] = True
    except Exception as error:
        if time.process_time() - began < STOPPED * GIVEN:
            _crash(case, error)
            return None, events
        case.facts["stopped"] = True  # compiled code turns the end of its time into an exception of its own
    return instance, events


def _eta_for(case: Examination, pick: NDArray[np.intp]) -> float | None:
    """Return the learning rate for a few of the samples, None for its own.

    Where a step with all samples divides their sum by a number that it knows from elsewhere, such as a global m, a step
    with few of them is as much shorter as they are fewer, and takes a larger learning rate.
    """
    subject = case.subject
    if len(pick) == len(case.usable) or not steps_with_all(case) or not subject.eta or subject.resets:
        return None
    growth = growth_of_an_epoch(case, pick[:GROWING])
    return subject.eta * len(case.usable) / len(pick) if growth is not None and abs(growth - 2) < NEAR else None


def _by_steps(case: Examination, instance: Instance, x: Array, y: Array) -> None:
    batch = case.subject.size or 32
    for k in range(0, len(y) - batch + 1, batch):
        case.subject.step(instance, x[k : k + batch], y[k : k + batch])


def _crash(case: Examination, error: Exception) -> None:
    frames = [f for f in traceback.extract_tb(error.__traceback__) if own_code(f.filename)]
    where = (
        f"{Path(frames[-1].filename).name}:{frames[-1].lineno}: {frames[-1].line}"
        if frames
        else "in no line of its own"
    )
    if not frames:
        case.note(f"Its training could not be called ({type(error).__name__}: {str(error)[:120]}); {FIT}.")
        return
    case.found(
        "training-fails", Severity.ERROR, f"The training stops with {type(error).__name__}: {str(error)[:160]}", where
    )


def _same(case: Examination, instance: Instance) -> bool:
    values = zip(case.subject.values(instance), case.subject.initial(), strict=True)
    return all(np.array_equal(one, other) for one, other in values)
