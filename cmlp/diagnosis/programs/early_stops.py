"""Whether a training ends itself long before it has learned: the epochs are counted, and then it is let go on."""

import numpy as np

from cmlp.diagnosis.programs.examination import TRIAL, Array, Examination
from cmlp.diagnosis.programs.isolation import OutOfTime
from cmlp.diagnosis.programs.judging import BETTER, learned
from cmlp.diagnosis.programs.trials import LONGEST, Trials
from cmlp.diagnosis.programs.watching import Lines, traced
from cmlp.diagnosis.report import Severity

FEWEST = 3  # epochs that are asked for
PART = 0.5  # of the epochs, below which a training ends early
COUNTED = 3.0  # seconds of the processor, while lines are counted
LINES = (r"\bif\b.*(patien|wait|bad|worse|no_?improve|stop|tol|delta)", r"\bif\b.*(best|prev|last)", r"\bbreak\b")


def examine_stop(case: Examination, trials: Trials, better: float = BETTER) -> bool:
    """Count the epochs that a training runs, and let it go on where it runs few of those that are asked for."""
    subject, epochs = case.subject, (case.facts.get("given") or (None, None))[1]
    if not subject.trains or epochs is None or epochs < FEWEST or subject.resets or case.given is None:
        return False
    if case.facts.get("stopped") or case.codes & {"later-epochs-empty", "training-fails"}:
        return False
    ran = _epochs_run(case, epochs)
    if ran is None or ran > PART * epochs:
        return False
    after, how = _gone_on(case, trials, epochs)
    if after < case.given + better or not learned(case, after):
        return False
    name = subject.epochs_name or "epochs"
    place = next((line for pattern in LINES if (line := case.line_like(pattern))), "") or case.place_of("fit")
    case.found(
        "stops-too-early",
        Severity.ERROR,
        f"Training ends itself after {ran} of {name} = {subject.epochs}, long before it has learned.",
        f"the epochs were counted by the lines that run; {case.given:.1f} % after them, and {after:.1f} % after {how}"
        + (f" ({place})" if place else ""),
        "stop only after several epochs in a row without a smaller validation loss than the best so far",
        before=case.given,
        after=after,
    )
    return True


def _epochs_run(case: Examination, epochs: int) -> int | None:
    """Return after how many epochs its training ends, or None where it does not end in time."""
    rows: Array = case.facts["rows"]
    counts = []
    for number in (1, 2, epochs):
        count = _lines(case, rows, number)
        if count is None:
            return None
        counts.append(count)
    each = counts[1] - counts[0]
    return 1 if each <= 0.01 * counts[0] else round(1 + (counts[2] - counts[0]) / each)


def _lines(case: Examination, rows: Array, epochs: int) -> int | None:
    subject, lines = case.subject, Lines(1, None)
    try:
        with case.bounded(COUNTED), np.errstate(all="ignore"), traced(lines):
            subject.fit(subject.instance(), case.train.x[rows], case.train.y[rows], None, epochs)
    except (Exception, OutOfTime):
        return None
    return lines.count


def _gone_on(case: Examination, trials: Trials, epochs: int) -> tuple[float, str]:
    """Return what all of its epochs reach, and how they were made up."""
    subject, eta, rows = case.subject, case.subject.eta, case.facts["rows"]
    if trials.quick and eta is not None:
        visits = min(epochs * len(rows), LONGEST)
        reached = trials.by_gradient(trials.each(eta), fresh=False, mean=False, visits=visits, seconds=3 * TRIAL)
        return reached, f"as many of the same steps as {epochs} epochs have"
    instance, calls = subject.instance(), 0
    try:
        with case.bounded(4 * TRIAL, 0, instance), np.errstate(all="ignore"):
            while calls < epochs:
                subject.fit(instance, case.train.x[rows], case.train.y[rows], None, epochs)
                calls += 1
    except OutOfTime:
        pass
    except Exception:
        return 0.0, ""
    return trials.score(instance), f"{calls} calls, each of which went on from where the one before had ended"
