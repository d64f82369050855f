from typing import Any

import numpy as np
from numpy.typing import NDArray

class DataSource:
    def __init__(
        self,
        images: NDArray[Any] | tuple[NDArray[Any], NDArray[np.int32], NDArray[np.int32]],
        scale: float,
        labels: NDArray[np.intp] | None = None,
        targets: NDArray[np.float64] | None = None,
        weights: NDArray[np.float64] | None = None,
        smoothing: float = 0,
        rows: NDArray[np.intp] | None = None,
    ) -> None: ...
    @property
    def n(self) -> int: ...
