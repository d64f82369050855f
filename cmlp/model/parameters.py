"""The parameters of a network, layer by layer."""

from collections.abc import Sequence
from typing import Any, NoReturn

from numpy.typing import ArrayLike, NDArray

from cmlp.data.arrays import plain
from cmlp.errors import ModelError
from cmlp.utils.text import counted, shown


class LayerArrays(list[NDArray[Any]]):
    """One array per layer, each a view of the parameter vector: what is assigned is written into the views."""

    def __init__(self, name: str, views: Sequence[NDArray[Any]]) -> None:
        super().__init__(views)
        self._name = name

    def __setitem__(self, index: Any, values: Any) -> None:
        try:
            chosen = range(len(self))[index]
        except (IndexError, TypeError) as error:
            layers = f"0..{len(self) - 1}" if len(self) > 1 else "0"
            raise ModelError(
                f"the index of {self._name} must be that of a layer, {layers}, got {shown(index)}"
            ) from error
        if isinstance(chosen, int):
            self[chosen][...] = self._checked(chosen, values)
            return
        given = list(values) if hasattr(values, "__iter__") and not isinstance(values, str | dict) else [values]
        if len(given) != len(chosen):
            raise ModelError(f"{self._name} must be {counted(len(chosen), 'array')}, one per layer, got {len(given)}")
        checked = [self._checked(layer, array).copy() for layer, array in zip(chosen, given, strict=True)]
        for layer, array in zip(chosen, checked, strict=True):
            self[layer][...] = array

    def _checked(self, layer: int, values: ArrayLike) -> NDArray[Any]:
        """Return numbers of the shape of a layer; biases may be columns (fan_out, 1), as in Nielsen's book."""
        shape = self[layer].shape
        rule = f"{self._name}[{layer}] must be numbers of shape {shape}"
        array = plain(values, f"{self._name}[{layer}]", f"must be numbers of shape {shape}", error=ModelError)
        if array.dtype.kind not in "biuf":
            raise ModelError(f"{rule}, got dtype {array.dtype}")
        if array.shape == (*shape, 1) and len(shape) == 1:
            array = array[:, 0]
        if array.shape != shape:
            raise ModelError(f"{self._name}[{layer}] must have shape {shape}, got {array.shape}")
        return array

    def _refuse(self, *_: Any) -> NoReturn:
        raise ModelError(f"{self._name} has one array for each layer of the network, and no layer is added or removed")

    append = extend = insert = pop = remove = clear = sort = reverse = __delitem__ = __iadd__ = __imul__ = _refuse  # type: ignore[assignment]

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__init__(state["_views"])  # of version 0.1, which called this class Layers
        self._name = state["_name"]

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (list(self),)  # a copy of them is no view of any network


Layers = LayerArrays  # where pickles of version 0.1 look for it
