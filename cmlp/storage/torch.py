"""Read linear layers of PyTorch: a ``state_dict`` in a safetensors file, with weights (fan_out, fan_in) as here."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cmlp.errors import ModelError
from cmlp.model.architecture import make_architecture
from cmlp.model.record import Model
from cmlp.storage.container import LENGTH, read_file

TYPES: dict[str, np.dtype[Any]] = {"F64": np.dtype("<f8"), "F32": np.dtype("<f4")}
AXES = {"weight": 2, "bias": 1}

Tensors: TypeAlias = Mapping[str, NDArray[Any]]


def read_torch(path: Path, activation: str | Sequence[str], loss: str) -> Model:
    """Read a network from the Linear layers of a state_dict, in the order of their names.

    Parameters
    ----------
    path : Path
        The safetensors file.
    activation : str or sequence of str
        As for `Network`; the file does not say.
    loss : str
        As for `Network`; the file does not say.

    Returns
    -------
    Model

    Raises
    ------
    ModelError
        If it is not such a file, holds other layers, or the sizes of its layers do not match.
    OSError
        If it cannot be read.
    """
    try:
        layers = _layers(_read_tensors(read_file(path)))
    except ModelError as error:
        raise ModelError(f"{path} does not hold Linear layers of PyTorch: {error}") from error
    weights, biases = zip(*layers, strict=True)
    sizes = [weights[0].shape[1], *map(len, weights)]
    return Model(make_architecture(sizes, activation, loss, 0.0, weights[0].dtype), weights, biases)


def is_state_dict(content: bytes | bytearray) -> bool:
    """Return whether the header of a safetensors file has a name that ends like PyTorch's weights, unlike cmlp's."""
    end = LENGTH + int.from_bytes(content[:LENGTH], "little")
    return re.search(rb'weight"\s*:', content[LENGTH:end]) is not None


def refusal(name: str) -> ModelError:
    """Return the error for a file that `is_state_dict`, where activation and loss are not given."""
    reading = 'Network.from_torch(path, activation="relu", loss="cross_entropy") reads it'
    return ModelError(f"{name} holds weights of PyTorch, and neither activation nor loss: {reading}")


def _read_tensors(content: bytes | bytearray) -> Tensors:
    """Return weights and biases by name, all finite and of the same type."""
    from safetensors import deserialize

    try:
        entries: Any = deserialize(bytes(content))  # type: ignore[no-untyped-call]
    except Exception as error:  # the library documents none
        raise ModelError(f"it is not a safetensors file, or is damaged: {str(error)[:200]}") from error
    tensors = {}
    for name, entry in entries:
        kind, shape = entry["dtype"], tuple(entry["shape"])
        if kind not in TYPES or len(shape) != AXES.get(name.rpartition(".")[2]) or 0 in shape:
            found = f"{name[:200]}, {kind} of shape {shape}"
            raise ModelError(f"all must be weights (fan_out, fan_in) or biases (fan_out,) in F64 or F32, got {found}")
        tensors[name] = np.frombuffer(entry["data"], TYPES[kind]).reshape(shape)
        if not np.isfinite(tensors[name]).all():
            raise ModelError(f"all numbers must be finite, got NaN or infinity in {name[:200]}")
    if len({tensor.dtype for tensor in tensors.values()}) > 1:
        raise ModelError("all numbers must have the same type, got F64 and F32")
    return tensors


def _layers(tensors: Tensors) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """Return weights and biases of every layer, in the order of the layers' names."""
    names = sorted((name for name in tensors if AXES[name.rpartition(".")[2]] == 2), key=_natural)
    biases = {f"{name.removesuffix('weight')}bias": name for name in names}
    if not names or not biases.keys() >= {name for name in tensors if name not in names}:
        lonely = sorted(tensors.keys() - biases.keys() - set(names))
        raise ModelError(f"each bias must have a weight, got {', '.join(lonely)[:200] or 'neither'}")
    for before, after in pairwise(names):
        if tensors[before].shape[0] != tensors[after].shape[1]:
            found = f"{before} {tensors[before].shape} and then {after} {tensors[after].shape}"
            raise ModelError(f"each layer must have as many inputs as the one before it has outputs, got {found}")
    layers = []
    for bias, name in biases.items():
        w = tensors[name]
        b = tensors.get(bias, np.zeros(len(w), w.dtype))
        if b.shape != w.shape[:1]:
            raise ModelError(f"a layer must have as many biases as outputs, got {name} {w.shape} and {bias} {b.shape}")
        layers.append((w, b))
    return layers


def _natural(name: str) -> list[Any]:
    """Return a key that sorts names by the numbers in them: fc2 before fc10."""
    parts = re.split(r"([0-9]+)", name)  # texts and numbers in turn
    return [(len(part.lstrip("0")), part.lstrip("0")) if i % 2 else part for i, part in enumerate(parts)]
