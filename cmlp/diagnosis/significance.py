"""Which differences of accuracies are more than luck."""

from math import log, sqrt

CERTAIN = 4.0  # deviations from which on a difference is no luck
DOUBTFUL = 3.0  # deviations from which on nothing is called sound


def deviations(one: float, n_one: float, other: float, n_other: float) -> float:
    """By how many standard deviations the first accuracy is above the second one.

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
    """
    if not n_one or not n_other:
        return 0.0
    right = (max(0.0, one) * n_one + max(0.0, other) * n_other) / 100
    share = (right + 1) / (n_one + n_other + 2)  # as if both were of one kind; and never 0 or 1
    return (one - other) / 100 / sqrt(share * (1 - share) * (1 / n_one + 1 / n_other))


def above(accuracy: float, n: float, constant: float) -> float:
    """By how many standard deviations an accuracy in percent is above that of a constant answer, which is known."""
    share = min(max(constant / 100, 1 / (n + 2)), 1 - 1 / (n + 2))
    return (accuracy - constant) / 100 / sqrt(share * (1 - share) / n) if n else 0.0


def among(number: int) -> float:
    """How many standard deviations are no luck for the best of a number of candidates."""
    return CERTAIN + sqrt(2 * log(max(1, number)))
