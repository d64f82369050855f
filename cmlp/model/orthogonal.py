"""Orthogonal weights, which carry what a layer knows through the next one, however deep the network is.

A. Saxe, J. McClelland, S. Ganguli, ICLR 2014. The weighted sums of every layer begin with the same mean and deviation,
where the activation is nearly straight; so nothing is lost on the way, and gradients neither vanish nor explode.
"""

from collections.abc import Sequence
from functools import cache
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr

from cmlp.core.blas_threads import single_blas_thread
from cmlp.core.data_source import DataSource
from cmlp.core.engine import Engine

# Mean and deviation of the weighted sums at first: where a unit passes on most of what it gets.
STARTS = dict.fromkeys(("relu", "leaky_relu", "gelu", "silu"), (1.0, 0.5)) | {"exponential": (0.0, 0.03)}
START, OUTPUTS = (0.0, 0.5), (0.0, 1.0)
PIXELS = 0.0, 0.5  # mean that the biases allow for, and deviation, of values between 0 and 1
NODES = 200  # of the integral over a normal distribution


def draw_orthogonal(
    weights: Sequence[NDArray[Any]],
    biases: Sequence[NDArray[Any]],
    activations: Sequence[str],
    rng: np.random.Generator,
) -> None:
    """Write the first weights (fan_out, fan_in) and biases (fan_out,) of every layer.

    `activations` is a name for each layer; the last one does not matter.
    """
    mean, deviation = PIXELS
    starts = [*(STARTS.get(name, START) for name in activations[:-1]), OUTPUTS]
    for w, b, name, (middle, spread) in zip(weights, biases, activations, starts, strict=True):
        w[...] = spread / deviation * _rows_of_length_1(w.shape, rng)
        b[...] = middle - mean * w.sum(axis=1)
        if w is not weights[-1]:
            mean, deviation = moments(name, middle, spread)


def _rows_of_length_1(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a matrix with orthogonal rows, or columns if there are more rows; rows have a mean square length of 1."""
    fan_out, fan_in = shape
    with single_blas_thread():
        q, r = qr(rng.standard_normal((max(shape), min(shape))), mode="economic", overwrite_a=True)
    q *= np.where(np.diag(r) < 0, -1, 1)  # so that all directions are equally probable
    matrix: NDArray[np.float64] = q if fan_out >= fan_in else q.T
    return matrix * sqrt(max(1, fan_out / fan_in))


@cache
def moments(activation: str, mean: float, deviation: float) -> tuple[float, float]:
    """Return mean and deviation of an activation whose weighted sums are normally distributed.

    Examples
    --------
    >>> [round(moment, 9) for moment in moments("identity", 1.0, 0.5)]
    [1.0, 0.5]
    """
    nodes, shares = np.polynomial.hermite_e.hermegauss(NODES)
    shares = shares / shares.sum()
    engine = Engine((1, 1, 1), (activation, "identity"), "mean_squared_error", (0.0, 0.0), np.dtype(np.float64))
    weights, _ = engine.views(engine.parameters)
    weights[0][...] = 1
    values = engine.activations(DataSource((mean + deviation * nodes)[:, np.newaxis], 1.0))[0][:, 0]
    middle = float(shares @ values)
    return middle, sqrt(float(shares @ (values - middle) ** 2))
