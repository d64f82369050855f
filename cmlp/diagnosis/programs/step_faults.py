"""What is wrong with a step: each fault is named by a formula that gives the observed change to several digits."""

import numpy as np

from cmlp.diagnosis.programs import deltas
from cmlp.diagnosis.programs.bias_faults import examine_biases
from cmlp.diagnosis.programs.examination import Examination, Step
from cmlp.diagnosis.programs.explanation import ALONG, Change, Explanation
from cmlp.diagnosis.programs.lines import downhill
from cmlp.diagnosis.programs.size_faults import examine_decay, examine_sizes
from cmlp.diagnosis.programs.target_faults import examine_targets
from cmlp.diagnosis.report import Severity

AGAINST = -0.9  # cosine with minus the slope
LOOSE = 0.97  # the same, measured at a few entries by differences
OPPOSITE = -0.5  # cosine below which a step has the wrong sign where others have
NEAR = 0.8  # above which it moves along the slope well enough to learn
FAR_OFF = 0.7  # cosine below which no loss that is not known can be the reason
FORMULAS = {
    "sigmoid": "delta = (a - y) * a * (1 - a), or a - y with the cross-entropy",
    "tanh": "delta = (a - y) * (1 - a * a)",
    "softmax": "delta = a - y, with the cross-entropy",
}
WRONG_INPUTS = {
    "z": "delta is multiplied by the sums z of the layer below, and not by its activations",
    "own": "delta is multiplied by the layer's own activations, and not by those of the layer below",
}


def examine_step_faults(case: Examination, step: Step) -> None:
    """Find what is wrong with a step."""
    if step.noisy:
        if not examine_targets(case, step, ""):
            case.note(
                "Two steps from the same weights with the same samples differ, as with dropout or noise; their "
                "formulas were not examined."
            )
        return
    if step.explanation is None:
        _by_differences(case, step)
        return
    explained = step.explanation
    moved = [change for change in explained.arrays if change.moved]
    text = "cosines of each change with minus the slope of the loss: " + ", ".join(
        f"{case.name_of(c.index)} {c.cosine:+.3f}" for c in explained.arrays
    )
    top = max((c for c in explained.arrays if not c.bias), key=lambda c: c.layer)
    if top.moved and (top.formula is None or top.cosine < 0) and examine_targets(case, step, text):
        return
    _uphill(case, moved, text)
    _samples(case, top)
    _output(case, explained, top, text)
    _hidden(case, explained, top, text)
    _inputs(case, explained, text)
    examine_biases(case, explained, step, text)
    if not step.adaptive and not case.codes & {"hidden-delta", "output-delta", "wrong-gradient", "samples-unequal"}:
        examine_sizes(case, explained)
    examine_decay(case, explained, step)


def _digits(change: Change) -> int:
    return int(np.clip(np.floor(-np.log10(max(change.fit.rest, 1e-12))), 1, 12))


def _uphill(case: Examination, moved: list[Change], text: str) -> None:
    wrong = [change for change in moved if change.cosine < -ALONG]
    if not wrong:
        return
    names = " and ".join(case.name_of(change.index) for change in wrong[:3])
    every = len(wrong) >= max(1, len(moved) - 1)
    verdict = (
        "The step goes up the slope of the loss: its sign is wrong."
        if every
        else f"The step of {names} goes up the slope of the loss: its sign is wrong."
    )
    case.facts["sign"] = -1 if every else 1
    line = case.line_of(wrong[-1].index)
    name, own = case.name_of(wrong[-1].index), line.partition(": ")[2]
    repair = downhill(own) or f"{name} = {name} - eta * gradient, with the error a - y"
    case.found("uphill", Severity.ERROR, verdict, text + case.beside(wrong[-1].index), repair)


def _samples(case: Examination, top: Change) -> None:
    shares = top.fit.shares
    if top.formula is None or not top.fit.unequal or case.facts.get("drawn"):
        return
    part = np.abs(shares) / np.abs(shares).max()
    what = "the samples of a mini-batch count differently"
    if part[-1] > 0.99 and part[:-1].max() < 0.02:
        what = "only the last sample of a mini-batch counts"
    elif part[0] > 0.99 and part[1:].max() < 0.02:
        what = "only the first sample of a mini-batch counts"
    case.found(
        "samples-unequal",
        Severity.ERROR,
        f"In a step {what}.",
        "shares of the samples in the step: " + ", ".join(f"{v:.2f}" for v in part) + case.beside(top.index),
        "add up the gradients of all samples: total += gradient",
    )


def _output(case: Examination, explained: Explanation, top: Change, text: str) -> None:
    act = explained.replica.acts[-1]
    if not top.moved:
        return
    if top.formula is None:
        if abs(top.cosine) < ALONG:
            _wrong_gradient(case, top, text)
    elif not explained.right:
        severity = Severity.WARNING if top.cosine > 0.8 else Severity.ERROR
        case.found(
            "output-delta",
            severity,
            f"The delta of the output layer ({act}) is wrong: {deltas.words(top.formula)}.",
            f"the step of {case.name_of(top.index)} is that of this formula, to {_digits(top)} digits; "
            f"{text}{case.beside(top.index)}",
            FORMULAS.get(act, "delta = a - y"),
        )


def _wrong_gradient(case: Examination, change: Change, text: str) -> None:
    """Accuse a step; those of the layers below follow from it."""
    if "wrong-gradient" in case.codes or ("uphill" in case.codes and change.cosine < OPPOSITE):
        return
    assert case.step is not None
    case.facts["off"] = change.cosine < FAR_OFF and not case.step.adaptive
    case.found(
        "wrong-gradient",
        Severity.ERROR,
        f"The step of {case.name_of(change.index)} is not along the slope of any loss that is known.",
        text + case.beside(change.index),
        "delta = (W_next.T @ delta_next) * f'(z); gradient = np.outer(delta, inputs)",
    )


def _hidden(case: Examination, explained: Explanation, top: Change, text: str) -> None:
    for change in explained.arrays:
        if change.bias or change is top or not change.moved:
            continue
        name = case.name_of(change.index)
        if change.formula is None:
            if abs(change.cosine) < ALONG:
                _wrong_gradient(case, change, text)
        elif change.formula == "updated":
            case.found(
                "updated-too-early",
                Severity.WARNING,
                f"The delta of the layer of {name} is computed with weights that the same step has changed already.",
                f"the step of {name} is that of the changed weights, to {_digits(change)} "
                f"digits{case.beside(change.index)}",
                "compute the gradients of all layers first, then update them",
            )
        elif change.formula != "right":
            severity = Severity.ERROR if change.cosine < 0.9 else Severity.WARNING
            case.found(
                "hidden-delta",
                severity,
                f"The delta of the hidden layer of {name} is wrong: {deltas.words(change.formula)}.",
                f"the step of {name} is that of this formula, to {_digits(change)} digits; "
                f"{text}{case.beside(change.index)}",
                "delta = (W_next.T @ delta_next) * f'(z)",
            )


def _inputs(case: Examination, explained: Explanation, text: str) -> None:
    for change in explained.arrays:
        if not change.bias and change.formula is not None and change.inputs != "right":
            case.found(
                "wrong-inputs",
                Severity.ERROR,
                f"The gradient of {case.name_of(change.index)} is made with the wrong vector: "
                f"{WRONG_INPUTS[change.inputs]}.",
                f"to {_digits(change)} digits; {text}{case.beside(change.index)}",
                "gradient = np.outer(delta, activations of the layer below)",
            )


def _by_differences(case: Examination, step: Step) -> None:
    cosines = step.cosines
    if not cosines:
        return
    text = f"cosines of each change with minus the slope of the {case.facts.get('loss')}, measured by differences: "
    text += ", ".join(f"{name} {value:+.3f}" for name, value in cosines.items())
    names = [block.name for block in case.subject.blocks]
    wrong = [name for name, value in cosines.items() if value < AGAINST]
    if wrong and len(wrong) >= max(1, len(cosines) - 1):
        case.facts["sign"] = -1
        case.found(
            "uphill",
            Severity.ERROR,
            "The step goes up the slope of the loss: its sign is wrong.",
            text + case.beside(names.index(wrong[-1])),
            "w = w - eta * gradient",
        )
        return
    if wrong:
        listed = " and ".join(wrong[:3])
        case.found(
            "uphill",
            Severity.ERROR,
            f"The step of {listed} goes up the slope of the loss: its sign is wrong.",
            text + case.beside(names.index(wrong[0])),
            f"{wrong[0]} = {wrong[0]} - eta * gradient",
        )
    bound = 0.8 if step.adaptive else LOOSE
    off = [name for name, value in cosines.items() if AGAINST <= value < bound]
    if off:
        listed = " and ".join(off[:3])
        near = min(cosines.values()) > NEAR  # as of an ensemble whose members have losses of their own
        case.found(
            "wrong-gradient",
            Severity.NOTE if near else Severity.ERROR,
            f"The step of {listed} is not along the slope of any loss that is known.",
            text + case.beside(names.index(off[0])),
            "gradient = the slope of the loss, layer by layer by the chain rule",
        )
