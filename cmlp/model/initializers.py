"""How the weights begin; biases begin at zero, but for orthogonal weights.

glorot: X. Glorot, Y. Bengio, AISTATS 2010, equations 12 and 16. he: K. He et al., ICCV 2015, equation 10. lecun:
Y. LeCun et al., Efficient BackProp, 1998, section 4.6.
"""

from collections.abc import Mapping, Sequence, Set
from math import sqrt
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cmlp.errors import ModelError
from cmlp.model.orthogonal import draw_orthogonal
from cmlp.model.parameters import LayerArrays
from cmlp.utils.checks import check_name
from cmlp.utils.text import shown

# The variance is this over fan_in plus this over fan_out, as (of fan_in, of both together).
VARIANCES = {"glorot": (0, 2), "he": (2, 0), "lecun": (1, 0)}
InitializerName: TypeAlias = Literal[
    "glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "lecun_normal", "lecun_uniform", "orthogonal", "zeros"
]
INITIALIZERS = [
    *(f"{name}_{shape}" for name in VARIANCES for shape in ("normal", "uniform")), "orthogonal", "zeros"
]  # fmt: skip
RECTIFIED = {"relu", "leaky_relu", "elu", "gelu", "silu"}  # which drop half of what they get
POSITIVE = {"softplus", "exponential"}  # whose mean adds up in the next layer, and saturates it


def initialize(
    weights: Sequence[NDArray[Any]],
    biases: Sequence[NDArray[Any]],
    activations: Sequence[str],
    initializer: str | Sequence[ArrayLike] | None,
    rng: np.random.Generator,
) -> None:
    """Write the first weights (fan_out, fan_in) of every layer, and biases that do not begin at zero.

    `initializer` is a name of INITIALIZERS, or an array for each layer, or None for what fits the activations.
    """
    if initializer is None:
        initializer = fitting_initializer(activations)
    if not isinstance(initializer, str):
        _copy(weights, initializer)
        return
    check_name("initializer", initializer, INITIALIZERS)
    if initializer == "orthogonal":
        draw_orthogonal(weights, biases, activations, rng)
        return
    for w in weights:
        w[...] = 0 if initializer == "zeros" else _draw(initializer, w.shape, rng)


def fitting_initializer(activations: Sequence[str]) -> InitializerName:
    """Return how the weights of a network with these activations, one per layer, are best drawn.

    Examples
    --------
    >>> [fitting_initializer([name, "softmax"]) for name in ("sigmoid", "tanh", "relu", "softplus")]
    ['glorot_normal', 'glorot_normal', 'he_normal', 'orthogonal']
    """
    hidden = set(activations[:-1])
    if hidden & POSITIVE:
        return "orthogonal"
    return "he_normal" if hidden & RECTIFIED else "glorot_normal"


def _draw(initializer: str, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
    name, _, distribution = initializer.partition("_")
    fan_out, fan_in = shape
    of_fan_in, of_both = VARIANCES[name]
    variance = of_fan_in / fan_in + of_both / (fan_in + fan_out)
    if distribution == "normal":
        return rng.standard_normal(shape) * sqrt(variance)
    limit = sqrt(3 * variance)
    return rng.uniform(-limit, limit, shape)


def _copy(weights: Sequence[NDArray[Any]], given: Any) -> None:
    """Write given arrays into the weights, if all are finite numbers of the network's type."""
    if not hasattr(given, "__iter__") or isinstance(given, Mapping | Set):
        raise ModelError(f"initializer must be a name, or an array for each layer, got {shown(given)}")
    copies = LayerArrays("initializer", [np.empty_like(w) for w in weights])
    with np.errstate(over="ignore"):
        copies[:] = given
    for layer, (w, copy) in enumerate(zip(weights, copies, strict=True)):
        if not np.isfinite(copy).all():
            raise ModelError(f"initializer[{layer}] must be finite in {w.dtype}, got {copy[~np.isfinite(copy)][0]}")
    for w, copy in zip(weights, copies, strict=True):
        w[...] = copy
