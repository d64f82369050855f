"""Read linear layers of PyTorch, whose weights are (fan_out, fan_in) as here, by the names in a state_dict."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.errors import ModelError
from cmlp.model.record import Model
from cmlp.storage.container import LENGTH, TYPES, read_tensors
from cmlp.storage.foreign.layers import RELU, Wanted, model_of
from cmlp.storage.foreign.named import Found, in_order
from cmlp.utils.text import escaped

AXES = {"weight": 2, "bias": 1}
FLOATS = ("f8", "f4", "f2")
HALVES = {"BF16": np.dtype("V2")}  # the upper halves of float32

Tensors = Mapping[str, NDArray[Any]]


def is_state_dict(content: bytes | bytearray) -> bool:
    """Return whether the header of a safetensors file has a name that ends like PyTorch's weights, unlike cmlp's."""
    end = LENGTH + int.from_bytes(content[:LENGTH], "little")
    return re.search(rb'weight"\s*:', content[LENGTH:end]) is not None


def read_safetensors(content: bytes | bytearray, wanted: Wanted) -> Model:
    """Read a network from the Linear layers of a state_dict in a safetensors file, whose names are sorted.

    Raises
    ------
    ModelError
        If it is not such a file, holds other layers, or the sizes of its layers do not match.
    """
    tensors = read_tensors(content, "it", TYPES | HALVES)
    halves = {
        name: (each.view("<u2").astype("u4") << 16).view("f4")
        for name, each in tensors.items()
        if each.dtype.kind == "V"
    }
    return model_of_state(tensors | halves, wanted, filed=False)


def model_of_state(tensors: Tensors, wanted: Wanted, *, filed: bool) -> Model:
    """Return the network of a state_dict; `filed` says whether its order is that of the module."""
    layers = in_order(layers_of(tensors), rows=True, filed=filed, names=wanted.layers, mixed=False)
    return model_of(layers, wanted, RELU)


def layers_of(tensors: Tensors) -> list[Found]:
    """Return weights and biases of every Linear layer of a state_dict, in its order."""
    for name, tensor in tensors.items():
        if (
            f"{tensor.dtype.kind}{tensor.itemsize}" not in FLOATS
            or tensor.ndim != AXES.get(_part(name))
            or not tensor.size
        ):
            code = f"{tensor.dtype.kind.upper()}{8 * tensor.itemsize}"
            found = f"{escaped(name, 200)}, {code} of shape {tensor.shape}"
            raise ModelError(
                f"all must be weights (fan_out, fan_in) or biases (fan_out,) of Linear layers, got {found}"
            )
    names = [name for name in tensors if _part(name) == "weight"]
    biases = {f"{name.removesuffix('weight')}bias": name for name in names}
    lonely = [name for name in tensors if _part(name) == "bias" and name not in biases]
    if lonely or not names:
        raise ModelError(f"each bias must have a weight, got {escaped(', '.join(lonely), 200) or 'neither'}")
    return [
        Found(name.removesuffix("weight").removesuffix("."), tensors[name], tensors.get(bias), name, bias)
        for bias, name in biases.items()
    ]


def _part(name: str) -> str:
    return name.rpartition(".")[2]
