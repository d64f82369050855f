"""What is wrong with a step: each fault is named by a formula that gives the observed change to several digits."""

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs import deltas
from cmlp.diagnosis.programs.examination import Examination, Step
from cmlp.diagnosis.programs.explanation import Change, Explanation
from cmlp.diagnosis.programs.lines import downhill
from cmlp.diagnosis.programs.targets import recovered_targets
from cmlp.diagnosis.report import Severity

Array = NDArray[np.floating]
ALONG, AGAINST = 0.999, -0.9  # cosines with minus the slope
LOOSE = 0.97  # the same, measured at a few entries by differences
NEAR = 0.8  # above which it moves along the slope well enough to learn
FAR_OFF = 0.7  # cosine below which no loss that is not known can be the reason
SIZES = (0.55, 1.8)  # of the steps of arrays, as multiples of the median
FORMULAS = {
    "sigmoid": "delta = (a - y) * a * (1 - a), or a - y with the cross-entropy",
    "tanh": "delta = (a - y) * (1 - a * a)",
    "softmax": "delta = a - y, with the cross-entropy",
}
WRONG_INPUTS = {
    "z": "delta is multiplied by the sums z of the layer below, and not by its activations",
    "own": "delta is multiplied by the layer's own activations, and not by those of the layer below",
}
WRONG_BIAS = {
    "total": "one sum over all units is given to every bias",
    "activation": "it gets the activation, and not delta",
    "error": "it gets the error without the derivative of the activation",
}


def examine_step_faults(case: Examination, step: Step) -> None:
    """Find what is wrong with a step."""
    if step.noisy:
        if not _wrong_targets(case, step, ""):
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
    if top.moved and (top.formula is None or top.cosine < 0) and _wrong_targets(case, step, text):
        return
    _uphill(case, moved, text)
    _samples(case, top)
    _output(case, explained, top, text)
    _hidden(case, explained, top, text)
    _inputs(case, explained, text)
    _biases(case, explained, step, text)
    if not step.adaptive and not case.codes & {"hidden-delta", "output-delta", "wrong-gradient", "samples-unequal"}:
        _sizes(case, explained)
    _decay(case, explained, step)


def _where(case: Examination, index: int) -> str:
    line = case.line_of(index) or case.place_of("step")
    return f" ({line})" if line else ""


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
    case.found("uphill", Severity.ERROR, verdict, text + _where(case, wrong[-1].index), repair)


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
        "shares of the samples in the step: " + ", ".join(f"{v:.2f}" for v in part) + _where(case, top.index),
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
            f"{text}{_where(case, top.index)}",
            FORMULAS.get(act, "delta = a - y"),
        )


def _wrong_gradient(case: Examination, change: Change, text: str) -> None:
    """Accuse a step; those of the layers below follow from it."""
    if "wrong-gradient" in case.codes:
        return
    assert case.step is not None
    case.facts["off"] = change.cosine < FAR_OFF and not case.step.adaptive
    case.found(
        "wrong-gradient",
        Severity.ERROR,
        f"The step of {case.name_of(change.index)} is not along the slope of any loss that is known.",
        text + _where(case, change.index),
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
                f"digits{_where(case, change.index)}",
                "compute the gradients of all layers first, then update them",
            )
        elif change.formula != "right":
            severity = Severity.ERROR if change.cosine < 0.9 else Severity.WARNING
            case.found(
                "hidden-delta",
                severity,
                f"The delta of the hidden layer of {name} is wrong: {deltas.words(change.formula)}.",
                f"the step of {name} is that of this formula, to {_digits(change)} digits; "
                f"{text}{_where(case, change.index)}",
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
                f"to {_digits(change)} digits; {text}{_where(case, change.index)}",
                "gradient = np.outer(delta, activations of the layer below)",
            )


def _biases(case: Examination, explained: Explanation, step: Step, text: str) -> None:
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
            f"{text}{_where(case, change.index)}",
            "the bias gets delta, summed over the samples only",
        )


def _cancels(explained: Explanation, step: Step, change: Change) -> bool:
    """Whether a bias is changed by rounding errors only, and by the same one for all units."""
    bias = explained.replica.biases[change.layer]
    if bias is None or explained.replica.acts[change.layer] != "softmax" or bias.size != step.changes[bias.index].size:
        return False
    moved = step.changes[bias.index]
    return bool(moved.any() and np.ptp(moved) <= 0.1 * np.abs(moved).max())


def _sizes(case: Examination, explained: Explanation) -> None:
    """Compare the steps of the layers, as multiples of the slope."""
    clean = [change for change in explained.arrays if change.moved and abs(change.cosine) > ALONG]
    if len(clean) < 2:
        return
    ratios = np.array([abs(change.ratio) for change in clean])
    middle = float(np.median(ratios))
    odd = [change for change, ratio in zip(clean, ratios, strict=True) if not SIZES[0] < ratio / middle < SIZES[1]]
    if not odd or _by_a_fixed_number(case, ratios, len(explained.eye)):
        return
    names = " and ".join(case.name_of(change.index) for change in odd)
    sizes = ", ".join(f"{case.name_of(change.index)} {abs(change.ratio) / middle:.3g}" for change in clean)
    far = max(max(abs(c.ratio) / middle, middle / max(abs(c.ratio), 1e-300)) for c in odd)
    case.found(
        "unequal-steps",
        Severity.ERROR if far > 10 else Severity.WARNING,
        f"The steps of {names} have another size than the others.",
        f"sizes of the steps, as multiples of the slope: {sizes}{_where(case, odd[0].index)}",
        "divide all gradients by the number of samples, once",
    )


def _by_a_fixed_number(case: Examination, ratios: Array, samples: int) -> bool:
    """Whether some gradients are divided by a number that the program names, and others by that of the samples.

    They are equal in mini-batches of its own size, and the step was one of fewer samples.
    """
    whole = samples * float(ratios.max()) / max(float(ratios.min()), 1e-300)
    if not whole < 1e6 or abs(whole - round(whole)) > 1e-3 * whole or round(whole) <= samples:
        return False
    if round(whole) in case.subject.settings.values():
        return True
    return bool(case.line_like(rf"(?<![\w.]){round(whole)}(\.0*)?(?![\w.])"))


def _decay(case: Examination, explained: Explanation, step: Step) -> None:
    """Look at the share of the weights themselves in a step: a penalty shrinks them, and must not let them grow."""
    own = [change.fit.own for change in explained.arrays if not change.bias and change.fit.own]
    if not own:
        return
    if step.adaptive:
        _adaptive_decay(case, own, len(explained.eye))
        return
    case.facts["decay"] = min(own, key=lambda share: -abs(share)) / step.eta
    if max(own) > 0 and max(own) / step.eta > 1e-3:
        name = next(case.name_of(c.index) for c in explained.arrays if c.fit.own == max(own))
        case.found(
            "weight-decay-too-large",
            Severity.ERROR,
            "The weight decay has the wrong sign: each step lets the weights grow.",
            f"a step adds {max(own) / step.eta:.3g} times eta times the weights themselves to {name}",
            "gradient = gradient + lmbda * W",
        )


def _adaptive_decay(case: Examination, own: list[float], samples: int) -> None:
    """Look at the penalty within the gradient of a step that has its signs only, as the first one of Adam."""
    largest = max(own, key=abs)
    case.facts["decay in signs"] = -largest / samples
    if largest > 0:
        case.found(
            "weight-decay-too-large",
            Severity.ERROR,
            "The weight decay has the wrong sign: each step lets the weights grow.",
            f"the signs of a step are those of the slope of the loss minus about {largest / samples:.2g} times the "
            "weights",
            "gradient = gradient + lmbda * W",
        )


# Targets


def _wrong_targets(case: Examination, step: Step, text: str) -> bool:
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


# Without a replica


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
            text + _where(case, names.index(wrong[-1])),
            "w = w - eta * gradient",
        )
        return
    bound = 0.8 if step.adaptive else LOOSE
    off = [name for name, value in cosines.items() if value < bound]
    if off:
        listed = " and ".join(off[:3])
        near = min(cosines.values()) > NEAR  # as of an ensemble whose members have losses of their own
        case.found(
            "wrong-gradient",
            Severity.NOTE if near else Severity.ERROR,
            f"The step of {listed} is not along the slope of any loss that is known.",
            text + _where(case, names.index(off[0])),
            "gradient = the slope of the loss, layer by layer by the chain rule",
        )
