from typing import Any

import numpy as np
from numpy.typing import NDArray

def aligned_empty(size: int, dtype: np.dtype[Any]) -> NDArray[Any]: ...
