"""Forms: how arrays are stored, and numbers in the same form once more."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs.access import has_attribute
from cmlp.diagnosis.programs.tensors import as_array, is_tensor


class Form:
    """How an array is stored: its type, dtype and shape.

    Parameters
    ----------
    given : object
        An array, a tensor, a list, a table, or a list of arrays.
    """

    def __init__(self, given: Any) -> None:
        self.tensor = is_tensor(given)
        self.listed = type(given) if isinstance(given, (list, tuple)) else None
        self.item = Form(given[0]) if self.listed and len(given) and as_array(given[0]) is not None else None
        self.frame = type(given) if has_attribute(given, "iloc") else None
        self.names = {"columns": list(given.columns)} if has_attribute(given, "columns") else {}
        if self.frame and not self.names:
            self.names = {"name": given.name}
        self.torch_dtype = given.dtype if self.tensor else None
        plain = np.asarray(plain_of(given))
        self.dtype, self.shape = plain.dtype, plain.shape
        self.scaled = True

    def set_highest(self, highest: float) -> None:
        """Say how large the numbers are: bytes from which 1 is the highest are never scaled to 0..1."""
        self.scaled = highest > 1
        if self.item is not None:
            self.item.set_highest(highest)

    def made(self, numbers: NDArray[Any]) -> Any:
        """Return numbers in this form, as an own copy."""
        if self.item is not None:
            assert self.listed is not None
            return self.listed(self.item.each(numbers))
        made = self._stored(numbers)
        if self.tensor:
            import torch

            return torch.tensor(made, dtype=self.torch_dtype if made.dtype == self.dtype else torch.float32)
        if self.frame is not None:
            return self.frame(made, **self.names)
        return made.tolist() if self.listed is list else _as_tuples(made) if self.listed else made

    def each(self, numbers: NDArray[Any]) -> list[Any]:
        """Return a list of arrays in this form, along the first axis of the numbers."""
        if self.tensor or self.frame or self.listed:
            return [self.made(part) for part in numbers]
        return list(self._stored(numbers))

    def _stored(self, numbers: NDArray[Any]) -> NDArray[Any]:
        """Return a copy in the own dtype, unless this would cut something off: bytes that were scaled stay floats."""
        made = np.array(numbers)
        if made.dtype.kind not in "fiub" or self.dtype.kind not in "fiub" or made.dtype == self.dtype:
            return made
        if self.dtype.kind == "u" and self.scaled and made.size and made.max() <= 1 and made.any():
            return made
        with np.errstate(invalid="ignore", over="ignore"):
            converted = made.astype(self.dtype)
        return converted if self.dtype.kind == "f" or np.array_equal(converted, made) else made


def own_copy(label: Any) -> Any:
    """Return a copy of what can be changed."""
    return label.clone() if is_tensor(label) else label.copy() if isinstance(label, (np.ndarray, list)) else label


def plain_of(value: Any) -> Any:
    """Return what NumPy makes an array of: tensors, also those in a list, as arrays."""
    array = as_array(value)
    if array is not None:
        return array
    if isinstance(value, (list, tuple)) and value and as_array(value[0]) is not None:
        return np.array([as_array(part) for part in value])
    return value


def _as_tuples(numbers: NDArray[Any]) -> Any:
    return tuple(_as_tuples(part) for part in numbers) if numbers.ndim else numbers.item()
