"""Build a graph of ONNX operators."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

BATCH = "n"  # the symbolic length of the axis of the images
Values: TypeAlias = dict[str, tuple[np.dtype[Any], tuple[int | str, ...]]]  # types and shapes by their names


class Graph:
    """A graph of ONNX operators under construction.

    Parameters
    ----------
    onnx : module
        The imported library.
    dtype : dtype
        The type of all arithmetic.
    """

    def __init__(self, onnx: Any, dtype: np.dtype[Any]) -> None:
        self.dtype = dtype
        self._onnx = onnx
        self._nodes: list[Any] = []
        self._constants: dict[str, NDArray[Any]] = {}

    def constant(self, name: str, value: ArrayLike, dtype: Any = None) -> str:
        """Add a constant, by default of the type of the arithmetic, and return its name."""
        self._constants[name] = np.asarray(value, dtype or self.dtype)
        return name

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add an operator with one output, and return the output's name."""
        name = f"{operator}.{len(self._nodes)}"
        self._nodes.append(self._onnx.helper.make_node(operator, inputs, [name], name, **attributes))
        return name

    def cast(self, value: str) -> str:
        """Add the conversion of a value to the type of the arithmetic."""
        return self.add("Cast", value, to=self._element(self.dtype))

    def rename_last(self, name: str) -> str:
        """Rename the output of the newest operator, which must not be in use yet."""
        self._nodes[-1].output[0] = name
        return name

    def proto(self, inputs: Values, outputs: Values) -> Any:
        """Return the graph as a GraphProto."""
        constants = [self._onnx.numpy_helper.from_array(array, name) for name, array in self._constants.items()]
        values = (self._value_infos(inputs), self._value_infos(outputs))
        return self._onnx.helper.make_graph(self._nodes, "network", *values, constants)

    def _value_infos(self, values: Values) -> list[Any]:
        make = self._onnx.helper.make_tensor_value_info
        return [make(name, self._element(dtype), shape) for name, (dtype, shape) in values.items()]

    def _element(self, dtype: np.dtype[Any]) -> int:
        element: int = self._onnx.helper.np_dtype_to_tensor_dtype(dtype)
        return element
