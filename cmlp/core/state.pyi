from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

class OptimizerState:
    progress: tuple[int, float]
    def __init__(self, name: str, settings: Mapping[str, Any], n_parameters: int, dtype: np.dtype[Any]) -> None: ...
    @property
    def name(self) -> str: ...
    @property
    def vectors(self) -> dict[str, NDArray[Any]]: ...

class RunningLoss:
    done: int
    loss: float
    weight: float
    def __init__(self, done: int = 0, loss: float = 0.0, weight: float = 0.0) -> None: ...
