"""Parameters that training does not move, or puts back at its end."""

import numpy as np

from cmlp.diagnosis.programs.examination import WAIT, Examination
from cmlp.diagnosis.programs.isolation import OutOfTime
from cmlp.diagnosis.report import Severity
from cmlp.utils.text import listed

FEW = 5  # epochs of a training to its end
MANY = 500  # samples that move whatever is moved at all


def ends_where_it_began(case: Examination) -> bool:
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


def examine_still(case: Examination, moved: dict[str, float], n: int) -> None:
    """Find the parameters that a training with n samples has left as they were."""
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
            f"after training with {n:,} samples {listed(names)} {_are(names)} the same to the last bit"
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
        f"{listed(names)} {_are(names)} never changed by training.",
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


def _are(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"
