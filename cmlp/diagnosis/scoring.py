"""An accuracy that was counted by other code: if it is wrong, which mistake gives exactly this number."""

from collections.abc import Iterator
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from cmlp.data.dataset import Dataset
from cmlp.diagnosis.probe import HIDDEN
from cmlp.diagnosis.report import Finding, Severity
from cmlp.diagnosis.transforms import scaled
from cmlp.network import Network
from cmlp.utils.text import listed

UNEXPLAINED = 10.0  # points below a small network, from where on a claim is remarkable
MOST_NAMED = 3  # classes
SCORE = "100 * np.mean(network.predict(test_images) == test_labels)"
MISTAKES = {
    "labels-through-argmax": "Integer labels were put through argmax, which makes a 0 of each of them.",
    "outputs-through-wrong-axis": "The outputs were put through argmax along the wrong axis, and each became a 0.",
    "fraction-for-percent": "The accuracy is right, but a fraction and no percentage.",
    "unscaled-while-testing": "The network was asked about bytes as numbers in 0..{high:g}, without scaling.",
    "inverted-while-testing": "The network was asked about images with black and white swapped.",
}


def examine_scoring(network: Network, test: Dataset, claimed: float) -> list[Finding]:
    """Find the mistake that explains an accuracy which the network does not have.

    Parameters
    ----------
    network : Network
    test : Dataset
    claimed : float
        The accuracy in percent that was counted by other code. Its decimals say how exact it is: 9.86 is
        compared with two decimals, 10 with none.

    Returns
    -------
    list of Finding
        Empty if the claim is what the network reaches; otherwise one finding, of the mistake that gives the
        claimed number, or that none of those known does.
    """
    actual = network.test(test)
    tolerance = _tolerance(claimed)
    if abs(claimed - actual) <= tolerance:
        return []
    measured = f"claimed are {claimed:g} %, and network.test has {actual:.2f} % on {len(test):,} images"
    fitting = [mistake for mistake in _mistakes(network, test, actual) if abs(claimed - mistake[1]) <= tolerance]
    if fitting:
        code, _, _ = fitting[0]
        verdict = MISTAKES[code].format(high=1 / test.scale)
        measured += "".join(f"; {text}: {value:.2f} %" for _, value, text in fitting)
        return [Finding(code, Severity.ERROR, "scoring", verdict, measured, SCORE, claimed, actual)]
    verdict = "The claimed accuracy is not the one that the network has on these data."
    return [Finding("other-accuracy", Severity.ERROR, "scoring", verdict, measured, SCORE, claimed, actual)]


def examine_claim(
    claimed: float, reached: float | None, repaired: float | None, test: Dataset, *, faulty: bool
) -> tuple[list[Finding], list[str]]:
    """Compare the accuracy of a network that is not given with what a small one reaches on the same data.

    Parameters
    ----------
    claimed, reached, repaired : float or None
        Accuracies in percent: that of the other code, and those of the small network on the data as they are, and with
        all repairs.
    test : Dataset
    faulty : bool
        Whether the data have errors, which explain a low accuracy.

    Returns
    -------
    findings : list of Finding
        One, if the claim is low and the data are no reason for that.
    notes : list of str
        What else can be said.
    """
    if reached is None:
        return [], ["Without a network, and without data that a small one learns, claimed_accuracy says nothing."]
    share = _share_of_one_class(claimed, test)
    small, best = f"A small network reaches {reached:.1f} %", reached if repaired is None else repaired
    advice = "look at the code, with cmlp.check(train, test, network)"
    if claimed <= 1 < reached and 100 * claimed > reached - UNEXPLAINED:
        return [], [f"{small} on these data; you claim {claimed:g} %, which may be a fraction: {100 * claimed:g} %."]
    if faulty and claimed <= best - UNEXPLAINED:
        mended = "" if repaired is None else f", and {repaired:.1f} % with the repairs"
        claim = f"you claim {claimed:g} %, which the data may explain: repair them first, and then {advice}"
        return [], [f"{small} on these data as they are{mended}; {claim}."]
    if claimed <= reached - UNEXPLAINED:
        verdict = f"{small} on these data; you claim {claimed:g} %: {advice}."
        measured = f"{reached:.1f} % of {len(test):,} test images, by a network with {HIDDEN} hidden units{share}"
        return [Finding("claim-unexplained", Severity.ERROR, "network", verdict, measured, None, claimed)], []
    return [], [f"{small} on these data; you claim {claimed:g} %, which needs no explanation."]


def _share_of_one_class(claimed: float, test: Dataset) -> str:
    """Say whose share of the test data a claim is, if it is one."""
    shares = 100 * np.bincount(test.labels, minlength=test.classes) / len(test)
    names = test.class_names or tuple(map(str, range(test.classes)))
    fitting = [names[label] for label in np.flatnonzero(abs(shares - claimed) <= _tolerance(claimed))]
    if not fitting:
        return ""
    if len(fitting) > MOST_NAMED:
        return f"; {claimed:g} % is about what a network has that always gives the same answer"
    named = listed([f"{name!r}" for name in fitting], "or")
    return f"; {claimed:g} % is the share of class {named}, and what a network has that always answers that"


def _tolerance(claimed: float) -> float:
    """Return half a unit of the last decimal that the number is written with, and a little for rounding."""
    exponent = Decimal(f"{claimed:.10g}").as_tuple().exponent
    return 0.5 * 10.0 ** min(0, int(exponent)) + 1e-9


def _mistakes(network: Network, test: Dataset, actual: float) -> Iterator[tuple[str, float, str]]:
    """Return for each mistake its code, the accuracy in percent that it gives, and what that is."""
    values, labels = scaled(test), test.labels
    predicted = network.predict(values)
    yield "labels-through-argmax", _percent(predicted == 0), "the share of images predicted as 0"
    yield "outputs-through-wrong-axis", _percent(labels == 0), "the share of images labelled 0"
    yield "fraction-for-percent", actual / 100, "the accuracy as a fraction"
    unscaled = network.predict(values / test.scale)
    yield "unscaled-while-testing", _percent(unscaled == labels), "the accuracy on images that are not scaled"
    inverted = network.predict(values.max() + values.min() - values)
    yield "inverted-while-testing", _percent(inverted == labels), "the accuracy on inverted images"


def _percent(right: NDArray[np.bool_]) -> float:
    return 100 * float(np.mean(right))
