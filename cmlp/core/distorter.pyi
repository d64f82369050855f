from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

SETTINGS: tuple[str, ...]

class Distorter:
    def __init__(
        self,
        height: int,
        width: int,
        channels: int,
        planar: bool,
        settings: Mapping[str, float],
        down_weights: NDArray[np.float32],
        across_weights: NDArray[np.float32],
    ) -> None: ...
    @property
    def features(self) -> int: ...
    def apply(self, images: NDArray[Any], key: int) -> NDArray[Any]: ...
