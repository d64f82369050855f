"""Which differences of accuracies are more than luck."""

from math import exp, lgamma, log, sqrt
from statistics import NormalDist

CERTAIN = 4.0  # deviations from which on a difference is no luck
FEW = 200  # rows, below which chances are counted
RAREST = 1e-300
DOUBTFUL = 3.0  # deviations from which on nothing is called sound
ODD = 2.0  # deviations from which on a great loss is not called sound, though luck has it in one of 40 pairs


def deviations(one: float, n_one: float, other: float, n_other: float) -> float:
    """By how many standard deviations the first accuracy is above the second one.

    Where there are few rows it is counted exactly how often luck deals out so few right answers.

    Parameters
    ----------
    one, other : float
        Accuracies in percent.
    n_one, n_other : float
        Of how many rows.

    Examples
    --------
    >>> round(deviations(95.0, 400, 90.0, 400), 1)
    2.7
    >>> round(deviations(95.0, 400, 60.0, 5), 1)
    2.0
    """
    if min(n_one, n_other) < 1:
        return 0.0
    one, other = (min(max(accuracy, 0.0), 100.0) for accuracy in (one, other))
    if one < other:
        return -deviations(other, n_other, one, n_one)
    if min(n_one, n_other) < FEW:
        return _exact(round(one * n_one / 100), round(n_one), round(other * n_other / 100), round(n_other))
    right = (one * n_one + other * n_other) / 100
    share = (right + 1) / (n_one + n_other + 2)  # as if both were of one kind; and never 0 or 1
    return (one - other) / 100 / sqrt(share * (1 - share) * (1 / n_one + 1 / n_other))


def _exact(right: int, n: int, fewer: int, m: int) -> float:
    """Return the deviations that are as rare as at most `fewer` right answers of m, if n + m have right + fewer."""
    total = right + fewer
    logs = [
        _binomial(m, k) + _binomial(n, total - k) - _binomial(n + m, total)
        for k in range(max(0, total - n), min(fewer, m) + 1)
    ]
    chance = min(0.5, sum(exp(term) for term in logs))
    return -NormalDist().inv_cdf(max(chance, RAREST))


def _binomial(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def above(accuracy: float, n: float, constant: float) -> float:
    """By how many standard deviations an accuracy in percent is above that of a constant answer, which is known."""
    share = min(max(constant / 100, 1 / (n + 2)), 1 - 1 / (n + 2))
    return (accuracy - constant) / 100 / sqrt(share * (1 - share) / n) if n else 0.0


def among(number: int) -> float:
    """How many standard deviations are no luck for the best of a number of candidates."""
    return CERTAIN + sqrt(2 * log(max(1, number)))
