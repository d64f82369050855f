"""Finds out at which targets a step aimed, from what it changed."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs.activations import FUNCTIONS, sigmoid, softmax
from cmlp.diagnosis.programs.replica import Replica

Array = NDArray[Any]


def recovered_targets(
    replica: Replica, values: list[Array], changes: list[Array], x: Array, eta: float
) -> Array | None:
    """Return the targets at which a step aimed, of shape (samples, classes), from the change of the last matrix.

    That change is -c * inputs^T @ delta, so delta follows if there are no more samples than inputs, and y = a - delta,
    or a - delta / f'. c is chosen such that the targets come nearest to whole numbers.
    """
    m = len(x)
    zs, outs = replica.run(values, x)
    change, below = replica.layers(changes)[-1][0], outs[-2]
    if not np.isfinite(change).all() or np.linalg.matrix_rank(below, tol=1e-8 * np.linalg.norm(below)) < m:
        return None
    delta = -np.linalg.pinv(below.T) @ change
    a, act = outs[-1], replica.acts[-1]
    bases = {"softmax": [a], "identity": [a, softmax(a), sigmoid(a)], "log_softmax": [np.exp(a)]}.get(act, [a])
    slopes = [np.ones_like(a)] + ([FUNCTIONS[act][1](zs[-1], a)] if act in ("sigmoid", "tanh") else [])
    factors = eta * np.array([1, 2, 1 / m, 2 / m, 0.5, 0.1, 0.2, 0.1 / m, 0.2 / m])
    best: tuple[float, Array] | None = None
    with np.errstate(all="ignore"):
        for slope in slopes:
            for base in bases:
                for scale in (*factors, *-factors):
                    y = base - delta / slope / scale
                    rest = float(np.abs(y - np.round(y)).max()) if np.isfinite(y).all() else np.inf
                    if best is None or rest < best[0]:
                        best = rest, y
    return best[1] if best is not None and best[0] < 0.1 else None
