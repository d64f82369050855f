"""The targets at which a step aims, where they are others than those of the labels."""

import numpy as np

from cmlp.diagnosis.programs.examination import Examination, Step
from cmlp.diagnosis.programs.targets import recovered_targets
from cmlp.diagnosis.report import Severity


def examine_targets(case: Examination, step: Step, text: str) -> bool:
    """Recover the targets at which the step aimed, from the change of the last matrix."""
    if case.replica is None:
        return False
    aimed = recovered_targets(case.replica, step.values, step.changes, step.x, step.eta)
    if aimed is None:
        return False
    rounded, y, code = np.round(aimed), step.y, "wrong-targets"
    place = case.place_of("step")
    beside = f" ({place})" if place else ""
    if np.isin(rounded, (0, 1)).all() and (rounded.sum(axis=1) == 1).all():
        got = rounded.argmax(axis=1)
        if (got == y).all():
            return False
        code = "labels-apart" if sorted(got) == sorted(y) else "wrong-targets"
        shifts = {int(shift) for shift in (got - y) % rounded.shape[1]}
        what = "they are other labels"
        if len(set(got.tolist())) == 1:
            what = f"all samples are given the label {got[0]}"
        elif len(shifts) == 1:
            shift = shifts.pop()
            what = f"each label is moved by {shift if shift <= rounded.shape[1] // 2 else shift - rounded.shape[1]}"
        elif sorted(got) == sorted(y):
            what = "they are the labels of other samples of the mini-batch"
        measured = (
            f"samples with the labels {y.tolist()} were trained towards {got.tolist()}, as the change of "
            f"the last matrix shows{beside}"
        )
    elif case.replica.acts[-1] == "relu":
        return False
    else:
        what = "all classes get the same target" if np.ptp(rounded, axis=1).max() == 0 else "they are not one-hot"
        measured = f"for a sample with the label {y[0]} the step aims at {rounded[0].astype(int).tolist()}{beside}"
    case.found(
        code,
        Severity.ERROR,
        f"The step aims at other targets than those of the labels: {what}.",
        measured,
        "keep images and labels in one order, and use np.eye(classes)[labels]",
    )
    return True
