"""What is wrong with the steps of biases."""

import numpy as np

from cmlp.diagnosis.programs.examination import Examination, Step
from cmlp.diagnosis.programs.explanation import ALONG, Change, Explanation
from cmlp.diagnosis.report import Severity

WRONG_BIAS = {
    "total": "one sum over all units is given to every bias",
    "activation": "it gets the activation, and not delta",
    "error": "it gets the error without the derivative of the activation",
}


def examine_biases(case: Examination, explained: Explanation, step: Step, text: str) -> None:
    """Compare the steps of the biases with those of the weights beside them."""
    weights = {change.layer: change for change in explained.arrays if not change.bias}
    for change in explained.arrays:
        if not change.bias:
            continue
        name, own = case.name_of(change.index), weights[change.layer]
        if not change.moved:
            if not _cancels(explained, step, change) or not own.moved:
                continue
            verdict = (
                f"The gradient of the bias {name} is one sum over all units, in which the errors of a softmax cancel."
            )
        elif change.formula in WRONG_BIAS:
            verdict = f"The gradient of the bias {name} is wrong: {WRONG_BIAS[change.formula]}."
        elif change.formula is None and own.formula is not None and abs(change.cosine) < ALONG:
            verdict = f"The step of the bias {name} is not along the slope of the loss."
        else:
            continue
        severity = Severity.ERROR if change.cosine < 0.5 else Severity.WARNING
        case.found(
            "bias-gradient",
            severity,
            verdict,
            f"{text}{case.beside(change.index)}",
            "the bias gets delta, summed over the samples only",
        )


def _cancels(explained: Explanation, step: Step, change: Change) -> bool:
    """Whether a bias is changed by rounding errors only, and by the same one for all units."""
    bias = explained.replica.biases[change.layer]
    if bias is None or explained.replica.acts[change.layer] != "softmax" or bias.size != step.changes[bias.index].size:
        return False
    moved = step.changes[bias.index]
    return bool(moved.any() and np.ptp(moved) <= 0.1 * np.abs(moved).max())
