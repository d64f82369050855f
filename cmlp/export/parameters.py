"""The parameters of a model, checked for an export."""

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
    """The parameters of a model, finite and in the type of the export.

    Attributes
    ----------
    weights : sequence of ndarray (fan_out, fan_in), one per layer
    biases : sequence of ndarray (fan_out,), one per layer
    scale : ndarray (1,)
        The factor for uint8 pixels.
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
        """The number of weights and biases."""
        return sum(array.size for array in (*self.weights, *self.biases))


def parameters_of(model: Model, dtype: DTypeLike | None) -> Parameters:
    """Return the parameters of a model for an export.

    Parameters
    ----------
    model : Model
        The network.
    dtype : {"float64", "float32"} or None
        The type of the export; None takes that of the model.

    Returns
    -------
    parameters : Parameters

    Raises
    ------
    ModelError
        If one is not finite in this type: the exported network would not report that.
    """
    kept = model.architecture.dtype if dtype is None else check_dtype(dtype)
    with np.errstate(over="ignore"):  # an infinity is found here
        weights = [_finite(f"weights[{layer}]", w.astype(kept)) for layer, w in enumerate(model.weights)]
        biases = [_finite(f"biases[{layer}]", b.astype(kept)) for layer, b in enumerate(model.biases)]
        scale = _finite("scale", np.array([model.scale], kept))
    return Parameters(weights, biases, scale)


def decides(architecture: Architecture) -> bool:
    """Return whether the network predicts labels, or yes or no for each output, and not numbers."""
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
