"""What a network is: sizes, activations, loss, the share of units dropout leaves out, which layers are normalised."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf
from numbers import Integral
from typing import Any, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from cmlp.core.activations import ACTIVATIONS, OUTPUT_ONLY
from cmlp.core.losses import FUSED, LOSSES
from cmlp.errors import ModelError
from cmlp.utils.checks import LARGEST, check_name, check_range
from cmlp.utils.text import shown

ActivationName: TypeAlias = Literal[
    "identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "silu", "softplus", "exponential", "softmax"
]
LossName: TypeAlias = Literal[
    "quadratic", "cross_entropy", "binary_cross_entropy", "mean_squared_error", "half_squared_error",
    "mean_absolute_error", "huber", "poisson", "summed_poisson",
]  # fmt: skip
NormalizationName: TypeAlias = Literal["batch", "none"]
NORMALIZATIONS = ("batch", "none")
CLASSIFYING = {"quadratic", "cross_entropy"}  # losses whose targets are labels
MULTILABEL = "binary_cross_entropy"
# The lowest and the highest target that the loss can take.
TARGETS = {MULTILABEL: (0, 1), "poisson": (0, inf), "summed_poisson": (0, inf)}
# The activation of the outputs where only one for the hidden layers is given.
OUTPUTS = (
    {"quadratic": "sigmoid"}
    | FUSED
    | dict.fromkeys(("mean_squared_error", "half_squared_error", "mean_absolute_error", "huber"), "identity")
)


@dataclass(frozen=True)
class Architecture:
    """Checked: every name is known, and there is one activation and one dropout for each layer with weights.

    `normalizations` has one name or None for each of them, too, or is empty where training normalises none.
    """

    sizes: tuple[int, ...]
    activations: tuple[ActivationName, ...]
    loss: LossName
    dropouts: tuple[float, ...]
    dtype: np.dtype[Any]
    normalizations: tuple[str | None, ...] = ()

    @property
    def plain(self) -> Self:
        """The same without normalisation: what files, exports and predictions know."""
        return replace(self, normalizations=())

    @property
    def classifies(self) -> bool:
        """Whether the network tells labels apart, each image having one."""
        return self.loss in CLASSIFYING

    @property
    def has_accuracy(self) -> bool:
        """Whether outputs are right or wrong, and not only near to numbers."""
        return self.classifies or self.loss == MULTILABEL

    @property
    def target_range(self) -> tuple[float, float]:
        """The lowest and the highest number that may be a target."""
        return TARGETS.get(self.loss, (-inf, inf))

    def describe_normalization(self) -> dict[str, Any]:
        """Return, as a setting, which hidden layers are normalised: one name or a list of them, if any is."""
        names = [name or "none" for name in self.normalizations[:-1]]
        return {"normalization": names if len(set(names)) > 1 else names[0]} if names else {}

    def __str__(self) -> str:
        distinct = dict.fromkeys(self.activations)
        activations = "-".join(self.activations if len(distinct) > 1 else distinct)
        drops = f", dropout {'-'.join(f'{share:g}' for share in self.dropouts[:-1])}" if any(self.dropouts) else ""
        loss = self.loss.replace("_", " ")
        names = self.describe_normalization().get("normalization", [])
        normal = f", normalization {names if isinstance(names, str) else '-'.join(names)}" if names else ""
        return f"{'-'.join(map(str, self.sizes))}, {activations}, {loss} loss{normal}{drops}, {self.dtype}"


def make_architecture(
    sizes: Any, activation: Any, loss: Any, dropout: Any, dtype: DTypeLike, normalization: Any = None
) -> Architecture:
    """Check what a user says of a network, and complete it."""
    checked = check_sizes(sizes)
    check_name("loss", loss, LOSSES)
    depth = len(checked) - 1
    activations = _check_activations(activation, loss, depth)
    dropouts, normalizations = _check_dropout(dropout, depth), _check_normalization(normalization, depth)
    return Architecture(checked, activations, loss, dropouts, check_dtype(dtype), normalizations)


def check_sizes(sizes: Any) -> tuple[int, ...]:
    """Return at least two positive integers."""
    rule = "sizes must be at least two positive integers"
    numbers = list(map(int, re.findall(r"(?<!\d)\d{1,9}(?!\d)", sizes, re.ASCII))) if isinstance(sizes, str) else []
    if len(numbers) > 1:
        raise ModelError(f"{rule} in a list, as in Network({numbers}), got {shown(sizes)}")
    if isinstance(sizes, str) or not isinstance(sizes, Sequence | np.ndarray) or len(sizes) < 2:
        raise ModelError(f"{rule}, got {sizes!r}")
    for size in sizes:
        if not isinstance(size, Integral) or isinstance(size, bool) or not 0 < int(size) <= LARGEST:
            raise ModelError(f"{rule} below 2**31, got {size!r}")
    checked = tuple(map(int, sizes))
    if sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(checked)) > LARGEST:
        raise ModelError(f"sizes must give fewer than 2**31 parameters, got {checked}")
    return checked


def check_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    """Return float64 or float32."""
    try:
        checked = np.dtype(dtype)
    except TypeError:
        checked = None
    if checked not in (np.float32, np.float64):
        raise ModelError(f"dtype must be float64 or float32, got {dtype!r}")
    return checked


def _check_activations(activation: Any, loss: str, depth: int) -> tuple[Any, ...]:
    if isinstance(activation, str):
        check_name("activation", activation, [name for name in ACTIVATIONS if name not in OUTPUT_ONLY])
        activations = (activation,) * (depth - 1) + (OUTPUTS.get(loss, activation),)
    else:
        if not isinstance(activation, Sequence) or len(activation) != depth:
            raise ModelError(f"activation must be a name, or {depth} of them, one per layer, got {activation!r}")
        activations = tuple(activation)
        for name in activations:
            check_name("activation", name, ACTIVATIONS)
    for name in activations[:-1]:
        if name in OUTPUT_ONLY:
            raise ModelError(f'activation "{name}" is for the last layer only, got {list(activations)}')
    needed = FUSED[loss] if loss in ("cross_entropy", MULTILABEL) else activations[-1]
    if activations[-1] != needed:
        raise ModelError(f'loss "{loss}" needs the activation "{needed}" in the last layer, got "{activations[-1]}"')
    return activations


def _check_dropout(dropout: Any, depth: int) -> tuple[float, ...]:
    """One share per layer with weights; the outputs are never left out."""
    if isinstance(dropout, Sequence) and not isinstance(dropout, str):
        if len(dropout) != depth - 1:
            raise ModelError(f"dropout must be a number, or {depth - 1} of them, one per hidden layer, got {dropout!r}")
        shares = [check_range("dropout", share, 0, 1) for share in dropout]
    else:
        shares = [check_range("dropout", dropout, 0, 1)] * (depth - 1)
    return (*shares, 0.0)


def _check_normalization(normalization: Any, depth: int) -> tuple[str | None, ...]:
    """One name or None per layer with weights, or an empty tuple; the outputs are never normalised."""
    if isinstance(normalization, Sequence) and not isinstance(normalization, str):
        given = names = list(normalization)
        if len(names) != depth - 1:
            rule = f"normalization must be a name, or {depth - 1} of them, one per hidden layer"
            raise ModelError(f"{rule}, got {shown(normalization)}")
    else:
        given, names = [normalization], [normalization] * (depth - 1)
    for name in given:
        if name is not None:
            check_name("normalization", name, NORMALIZATIONS)
    if not set(names) - {None, "none"}:
        return ()
    return (*(None if name == "none" else name for name in names), None)
