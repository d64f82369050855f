"""Finds the mode in which a network answers: what its own training, score or prediction does before it asks."""

from collections.abc import Callable

import numpy as np

from cmlp.diagnosis.programs.examination import Examination
from cmlp.diagnosis.programs.instances import Instance
from cmlp.diagnosis.programs.isolation import OutOfTime
from cmlp.diagnosis.programs.leaves import Walk
from cmlp.diagnosis.programs.modes import Modes
from cmlp.diagnosis.programs.paths import step_into
from cmlp.diagnosis.programs.running import find_predict, run
from cmlp.diagnosis.programs.score_faults import run_score

FEW = 200  # samples
ASKED = 20


def find_mode(case: Examination, steady: Callable[[], bool]) -> bool:
    """Find flags with which a network answers the same each time, where its own code sets them before it is asked.

    A network may begin in the mode of training, with dropout, as one of PyTorch does. What counts is what the program
    itself does about it: at the end of its training, in its score, or in another method that predicts.
    """
    subject = case.subject
    for way in (_trained, _scored, _predicted):
        instance = subject.instance()
        try:
            with case.bounded(5.0), np.errstate(all="ignore"):
                way(case, instance)
        except (Exception, OutOfTime):
            continue
        subject.modes = _changed(subject.instance(), instance)
        if subject.modes and steady():
            return True
    subject.modes = {}
    return False


def _changed(before: Instance, after: Instance) -> Modes:
    """Return the flags that differ in two copies, those that a class has for its objects too."""
    made: Modes = {}
    for path, value in Walk(after.network).flags:
        try:
            if step_into(before.network, path) != value:
                made[path] = value
        except (AttributeError, LookupError):
            continue
    return made


def _trained(case: Examination, instance: Instance) -> None:
    subject, pick = case.subject, case.order[:FEW]
    if subject.trains:
        subject.fit(instance, case.train.x[pick], case.train.y[pick], None, None if subject.epochs is None else 1)


def _scored(case: Examination, instance: Instance) -> None:
    run_score(case, instance, case.train.x[:ASKED], case.train.y[:ASKED])


def _predicted(case: Examination, instance: Instance) -> None:
    call = find_predict(case.subject)
    if call is not None:
        run(case.subject, instance, case.train.x[:ASKED], call)
