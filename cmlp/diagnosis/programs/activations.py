"""The activations that a network is looked for among, and their derivatives."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def sigmoid(z: Array) -> Array:
    """Return the logistic function, without overflow."""
    small = np.exp(-np.abs(z))
    return np.asarray(np.where(z >= 0, 1, small) / (1 + small))


def softmax(z: Array) -> Array:
    """Return the softmax of each row, without overflow."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


def _phi(z: Array) -> Array:
    from scipy.special import ndtr

    return np.asarray(ndtr(z))


def _gelu_tanh(z: Array) -> Array:
    return np.asarray(0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))))


Pair = tuple[Callable[[Array], Array], Callable[[Array, Array], Array]]


def _leaky(slope: float) -> Pair:
    return lambda z: np.where(z > 0, z, slope * z), lambda z, a: np.where(z > 0, 1.0, slope)


# name: the function of z, and its derivative as a function of z and a = f(z)
FUNCTIONS: dict[str, Pair] = {
    "sigmoid": (sigmoid, lambda z, a: a * (1 - a)),
    "tanh": (np.tanh, lambda z, a: 1 - a * a),
    "relu": (lambda z: np.maximum(z, 0), lambda z, a: (z > 0).astype(float)),
    "identity": (lambda z: z, lambda z, a: np.ones_like(z)),
    "leaky relu": _leaky(0.01),
    "leaky relu (0.1)": _leaky(0.1),
    "leaky relu (0.2)": _leaky(0.2),
    "leaky relu (0.3)": _leaky(0.3),
    "leaky relu (0.05)": _leaky(0.05),
    "leaky relu (0.001)": _leaky(0.001),
    "elu": (lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))), lambda z, a: np.where(z > 0, 1.0, a + 1)),
    "silu": (lambda z: z * sigmoid(z), lambda z, a: sigmoid(z) * (1 + z * (1 - sigmoid(z)))),
    "softplus": (lambda z: np.logaddexp(0, z), lambda z, a: sigmoid(z)),
    "gelu": (lambda z: z * _phi(z), lambda z, a: _phi(z) + z * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)),
    "gelu (tanh)": (_gelu_tanh, lambda z, a: (_gelu_tanh(z + 1e-6) - _gelu_tanh(z - 1e-6)) / 2e-6),
    "scaled tanh": (lambda z: 1.7159 * np.tanh(2 * z / 3), lambda z, a: 1.7159 * 2 / 3 * (1 - (a / 1.7159) ** 2)),
    "softsign": (lambda z: z / (1 + np.abs(z)), lambda z, a: 1 / (1 + np.abs(z)) ** 2),
    "softmax": (softmax, lambda z, a: a * (1 - a)),
    "log_softmax": (lambda z: np.log(softmax(z)), lambda z, a: 1 - np.exp(a)),
}
HIDDEN = tuple(name for name in FUNCTIONS if name not in ("softmax", "log_softmax"))
OUTPUT = ("sigmoid", "softmax", "identity", "tanh", "relu", "log_softmax", "leaky relu", "scaled tanh", "softplus")
COMMON = ("sigmoid", "relu", "tanh", "leaky relu", "identity")
