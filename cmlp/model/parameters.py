"""The parameters of a network, layer by layer."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cmlp.errors import ModelError


class LayerArrays(Sequence[NDArray[Any]]):
    """One array per layer, each a view of the parameter vector; what is assigned is written into the views."""

    def __init__(self, name: str, views: Sequence[NDArray[Any]]) -> None:
        self._name, self._views = name, list(views)

    def __len__(self) -> int:
        return len(self._views)

    def __getitem__(self, index: Any) -> Any:
        return self._views[index]

    def __setitem__(self, index: Any, values: Any) -> None:
        chosen = range(len(self))[index]
        if isinstance(chosen, int):
            self._views[chosen][...] = self._checked(chosen, values)
            return
        given = [values] if isinstance(values, str) or not hasattr(values, "__len__") else list(values)
        if len(given) != len(chosen):
            raise ModelError(f"{self._name} must be {len(chosen)} arrays, one per layer, got {len(given)}")
        checked = [np.array(self._checked(layer, array)) for layer, array in zip(chosen, given, strict=True)]
        for layer, array in zip(chosen, checked, strict=True):
            self._views[layer][...] = array

    def _checked(self, layer: int, values: ArrayLike) -> NDArray[Any]:
        """Return numbers of the shape of a layer; biases may be columns (fan_out, 1), as in Nielsen's book."""
        shape, rule = self._views[layer].shape, f"{self._name}[{layer}] must be numbers of shape"
        try:
            array = np.asarray(values)
        except ValueError as error:
            raise ModelError(f"{rule} {shape}, got a ragged {type(values).__name__}") from error
        if array.dtype.kind not in "biuf":
            raise ModelError(f"{rule} {shape}, got dtype {array.dtype}")
        if array.shape == (*shape, 1) and len(shape) == 1:
            array = array[:, 0]
        if array.shape != shape:
            raise ModelError(f"{rule} {shape}, got shape {array.shape}")
        return array

    def __repr__(self) -> str:
        return repr(self._views)
