"""The parameters of a network, layer by layer."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cmlp.errors import ModelError


class Layers(Sequence[NDArray[Any]]):
    """One array per layer, each a view of the parameter vector; what is assigned is written through."""

    def __init__(self, name: str, views: Sequence[NDArray[Any]]) -> None:
        self._name, self._views = name, views

    def __len__(self) -> int:
        return len(self._views)

    def __getitem__(self, index: Any) -> Any:
        return self._views[index]

    def __setitem__(self, index: int, values: ArrayLike) -> None:
        view, array = self._views[index], np.asarray(values)
        if array.shape != view.shape:
            raise ModelError(f"{self._name}[{index}] must have shape {view.shape}, got {array.shape}")
        view[...] = array

    def __repr__(self) -> str:
        return repr(list(self._views))
