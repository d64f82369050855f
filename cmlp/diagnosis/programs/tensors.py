"""Arrays of NumPy, PyTorch and Keras, seen as those of NumPy."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs.access import has_attribute


def is_tensor(value: Any) -> bool:
    """Whether a value is a tensor of PyTorch, which need not be installed."""
    return any(kind.__module__ == "torch" and kind.__name__ == "Tensor" for kind in type(value).__mro__)


def as_array(value: Any) -> NDArray[Any] | None:
    """Return an array or a tensor as a NumPy array that shares its memory where that is possible, or None."""
    if isinstance(value, np.ndarray):
        return value
    if is_tensor(value):
        return np.asarray(value.detach().cpu().numpy())
    if has_attribute(value, "__array__") and has_attribute(value, "shape") and not isinstance(value, type):
        try:
            return np.asarray(value)
        except Exception:
            return None
    return None
