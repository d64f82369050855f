"""Hidden layers whose delta is made with a matrix that a part of the step has changed already."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs.deltas import Layer, hidden_right
from cmlp.diagnosis.programs.fits import Fit

Array = NDArray[Any]
SHARES = (0.02, 3.0)  # of what a step changes of the matrix, that may have come before


def partly_updated(change: Array, layer: Layer, above: Array, updated: Array) -> tuple[Array, Fit] | None:
    """Explain a change by a matrix above of which some share of the step was taken first.

    Parameters
    ----------
    change : ndarray of shape (inputs, units)
    layer : Layer
    above : ndarray of shape (m, units of the next layer)
        The delta of the next layer.
    updated : ndarray
        The matrix of the next layer after the step.

    Returns
    -------
    tuple or None
        The delta, and the fit; None where no share explains anything.
    """
    old, moved = (
        hidden_right(layer.act, layer.z, layer.a, above, matrix) for matrix in (layer.matrix, updated - layer.matrix)
    )
    parts = np.stack([(layer.below.T @ delta).ravel() for delta in (old, moved)])
    flat, norm = change.ravel(), float(np.linalg.norm(change))
    if not norm or not np.isfinite(parts).all() or not np.isfinite(norm):
        return None
    shares = np.linalg.lstsq(parts.T, flat, rcond=None)[0]
    if not shares[0] or not SHARES[0] < shares[1] / shares[0] < SHARES[1]:
        return None
    rest = float(np.linalg.norm(flat - shares @ parts)) / norm
    return old + shares[1] / shares[0] * moved, Fit(np.full(len(above), shares[0]), rest)
