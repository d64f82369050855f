"""The sizes of the steps of the arrays, and the share of the weights themselves in them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs.examination import Examination, Step
from cmlp.diagnosis.programs.explanation import ALONG, Explanation
from cmlp.diagnosis.report import Severity

Array = NDArray[Any]

SIZES = (0.55, 1.8)  # of the steps of arrays, as multiples of the median


def examine_sizes(case: Examination, explained: Explanation) -> None:
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
        f"sizes of the steps, as multiples of the slope: {sizes}{case.beside(odd[0].index)}",
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


def examine_decay(case: Examination, explained: Explanation, step: Step) -> None:
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
