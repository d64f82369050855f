"""The training as it was given, on as many samples as its time allows: what it reaches, and what happens in it."""

import time
import traceback
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs.advice import FIT
from cmlp.diagnosis.programs.examination import GIVEN, Array, Examination, finite
from cmlp.diagnosis.programs.float_events import FloatEvents, float_events
from cmlp.diagnosis.programs.isolation import OutOfTime
from cmlp.diagnosis.programs.number_faults import examine_extreme_images, not_a_number
from cmlp.diagnosis.programs.own_code import own_code
from cmlp.diagnosis.programs.subject import Instance
from cmlp.diagnosis.programs.tensors import as_array
from cmlp.diagnosis.report import Severity

SLOW = 0.3  # seconds
TIMED = (200, 40, 8)  # samples by which the time of one is measured
WAIT = 2.0  # seconds of the processor
FEWEST = 1500
FEW = 5  # epochs of a training to its end
MANY = 500  # samples that move whatever is moved at all
MANY_EPOCHS = 40  # from which on they are probably steps with all samples at once
GROWING = 250  # samples that are given once and twice
TWICE = 0.1  # difference from 2 that is allowed
HALF = 0.5  # of the way to what a small network learns
STOPPED = 0.9  # of its time, after which an exception is that of the end
SLOWER = 3.0  # times the expected time after which a training is stopped


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
        _images_changed(case)
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
    if case.facts["stopped"] and _ends_where_it_began(case):
        return
    start = subject.initial()
    moved = {b.name: float(np.linalg.norm(a - v)) for b, a, v in zip(subject.blocks, values, start, strict=True)}
    case.facts["moved"] = moved
    _still(case, moved, n)
    if case.given < case.chance + HALF * (case.facts["reference"] - case.chance):
        examine_extreme_images(case)


def _ends_where_it_began(case: Examination) -> bool:
    """Whether a complete training with few samples leaves all parameters as they were, as by restoring old ones."""
    subject, pick = case.subject, case.order[:MANY]
    if not subject.trains or subject.resets:
        return False
    instance = subject.instance()
    start = subject.values(instance)
    epochs = subject.epochs
    try:
        with case.bounded(2 * WAIT), np.errstate(all="ignore"):
            subject.fit(
                instance, case.train.x[pick], case.train.y[pick], None, None if epochs is None else min(epochs, FEW)
            )
    except (Exception, OutOfTime):
        return False
    if not start or not all(np.array_equal(a, b) for a, b in zip(subject.values(instance), start, strict=True)):
        return False
    case.given = case.facts.get("start", case.given)
    place = case.place_of("fit")
    case.found(
        "nothing-moves",
        Severity.ERROR,
        "Training ends with the parameters that it began with.",
        f"they move while it runs, and after a complete training with {len(pick):,} samples all are the same to the "
        f"last bit" + (f" ({place})" if place else ""),
        "keep copies of the parameters, not the arrays themselves, and put back the best ones",
    )
    return True


def _images_changed(case: Examination) -> None:
    """Train with a few images, and see whether they are still the same."""
    subject, pick = case.subject, case.order[:40]
    samples = subject.samples
    if samples.loader is not None or samples.records is not None or samples.objects or samples.container is dict:
        return
    given = subject.samples.make(case.train.x[pick], case.train.y[pick], listed=True)
    parts = [image for image, _ in given] if subject.samples.pairs else [given[0]]
    images = [array for array in map(as_array, parts) if array is not None]
    if len(images) < len(parts):
        return
    kept = [np.array(image) for image in images]
    try:
        with case.bounded(WAIT), np.errstate(all="ignore"):
            nothing = np.zeros((0, case.train.depth))
            subject.fit(
                subject.instance(), nothing, np.zeros(0), None, None if subject.epochs is None else 1, given=given
            )
    except (Exception, OutOfTime):
        return
    changed = [
        (old, new) for old, new in zip(kept, images, strict=True) if not np.array_equal(old, new, equal_nan=True)
    ]
    shuffled = not subject.samples.pairs and np.array_equal(np.sort(kept[0], axis=None), np.sort(images[0], axis=None))
    if changed and not shuffled:
        old, new = changed[0]
        case.found(
            "forward-changes-images",
            Severity.ERROR,
            "Training changes the images that it is given, so that later epochs see others.",
            f"pixels in {old.min():.3g}..{old.max():.3g} before it, in {new.min():.3g}..{new.max():.3g} after it "
            f"({case.place_of('fit')})",
            "work on a copy: x = x / 255 instead of x /= 255",
        )


def _size(case: Examination) -> tuple[int, int | None]:
    """Return how many samples and epochs to train with.

    A network that is changed in place is trained as it was given, and stopped when the time is up. One that is returned
    at the end, and steps with all samples at once, get as many samples as they can finish with.
    """
    n, epochs = len(case.usable), case.subject.epochs
    visits = GIVEN / case.cost
    if epochs is not None and _steps_with_all(case):
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
    subject, few = case.subject, pick[:GROWING]
    if len(pick) == len(case.usable) or not _steps_with_all(case) or not subject.eta or subject.resets:
        return None
    lengths = []
    for rows in (few, np.concatenate([few, few])):
        instance = subject.instance()
        try:
            with case.bounded(WAIT), np.errstate(all="ignore"):
                subject.fit(instance, case.train.x[rows], case.train.y[rows], None, 1)
        except (Exception, OutOfTime):
            return None
        ends = zip(subject.values(instance), subject.initial(), strict=True)
        lengths.append(float(np.sqrt(sum(np.sum((end - start) ** 2) for end, start in ends))))
    grows = lengths[0] > 0 and abs(lengths[1] / lengths[0] - 2) < TWICE
    return subject.eta * len(case.usable) / len(pick) if grows else None


def _steps_with_all(case: Examination) -> bool:
    """Whether each epoch is probably one step, with all samples at once."""
    subject = case.subject
    return subject.epochs is not None and subject.epochs >= MANY_EPOCHS and subject.size is None


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


# Parameters that do not move


def _still(case: Examination, moved: dict[str, float], n: int) -> None:
    names = [name for name, distance in moved.items() if distance == 0]
    if not names or "not-registered" in case.codes:
        return
    if case.subject.resets and case.repairs.get("equal"):  # nothing moves away from zeros, which are the fault
        return
    from_new = _moved_from_new(case)
    names = [name for name in names if not from_new.get(name)]  # others stand still because of where they start
    if not names:
        return
    if len(names) == len(moved):
        what = case.place_of("fit") or case.place_of("step")
        case.found(
            "nothing-moves",
            Severity.ERROR,
            "Training changes none of the parameters that the outputs depend on.",
            f"after training with {n:,} samples {_listed(names)} {_are(names)} the same to the last bit"
            + (f" ({what})" if what else ""),
            "store the new arrays where the network reads them, as in self.W1 = W1 - eta * dW1",
        )
        return
    blocks = {block.name: block for block in case.subject.blocks}
    names = [name for name in names if blocks[name].shape != () and np.prod(blocks[name].shape, dtype=int) > 1]
    if not names:
        return
    weights = [name for name in names if len(blocks[name].shape) > 1 and min(blocks[name].shape) > 1]
    place = next((line for name in names if (line := case.line_of(list(blocks).index(name)))), "")
    case.found(
        "not-updated",
        Severity.ERROR if weights else Severity.WARNING,
        f"{_listed(names)} {_are(names)} never changed by training.",
        f"after training with {n:,} samples {_are(names)} the same to the last bit, and the other arrays moved"
        + (f" ({place})" if place else ""),
        f"subtract eta times its gradient from {names[0]}, too",
    )


def _moved_from_new(case: Examination) -> dict[str, bool]:
    """Return which arrays a training moves that starts from new weights."""
    subject, pick = case.subject, case.order[:MANY]
    instance = subject.renew(subject.instance())
    start = subject.values(instance)
    if subject.resets:
        return {}
    try:
        with case.bounded(WAIT), np.errstate(all="ignore"):
            if subject.trains:
                epochs = None if subject.epochs is None else 1
                subject.fit(instance, case.train.x[pick], case.train.y[pick], None, epochs)
            else:
                subject.step(instance, case.train.x[pick], case.train.y[pick])
    except (Exception, OutOfTime):
        pass
    ends = zip(subject.blocks, subject.values(instance), start, strict=True)
    return {block.name: not np.array_equal(one, other) for block, one, other in ends}


def _listed(names: list[str]) -> str:
    return " and ".join(names) if len(names) < 3 else f"{', '.join(names[:-1])} and {names[-1]}"


def _are(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"
