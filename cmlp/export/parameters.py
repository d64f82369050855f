"""What every export needs to know of a model."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from cmlp.errors import ModelError
from cmlp.model.architecture import MULTILABEL, Architecture, check_dtype
from cmlp.model.record import Model

PRODUCER = "cmlp"


@dataclass(frozen=True)
class Parameters:
    """Weights (fan_out, fan_in) and biases (fan_out,) of every layer, and the scale of uint8 pixels, as an array (1,).

    All are finite, and of the type of the export.
    """

    weights: Sequence[NDArray[Any]]
    biases: Sequence[NDArray[Any]]
    scale: NDArray[Any]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the export."""
        return self.scale.dtype

    @property
    def count(self) -> int:
        """How many numbers that is."""
        return sum(array.size for array in (*self.weights, *self.biases))


def parameters_of(model: Model, dtype: DTypeLike | None) -> Parameters:
    """Return the parameters of a model, in its own type where none is given.

    Raises
    ------
    ModelError
        If one is not a finite number of the type: what computes with it elsewhere would not say so.
    """
    kept = model.architecture.dtype if dtype is None else check_dtype(dtype)
    with np.errstate(over="ignore"):  # an infinity is found here
        weights = [_finite(f"weights[{layer}]", w.astype(kept)) for layer, w in enumerate(model.weights)]
        biases = [_finite(f"biases[{layer}]", b.astype(kept)) for layer, b in enumerate(model.biases)]
        scale = _finite("scale", np.array([model.scale], kept))
    return Parameters(weights, biases, scale)


def decides(architecture: Architecture) -> bool:
    """Whether the outputs stand for labels, or for yes and no, and not for numbers."""
    return architecture.classifies or architecture.loss == MULTILABEL


def producer_version() -> str:
    """Return the version of cmlp that writes the export."""
    return version(PRODUCER)


def _finite(name: str, array: NDArray[Any]) -> NDArray[Any]:
    finite = np.isfinite(array)
    if not finite.all():
        place = tuple(map(int, np.argwhere(~finite)[0]))
        raise ModelError(f"{name} must be finite in {array.dtype} to be exported, got {array[place]} at {place}")
    return array
