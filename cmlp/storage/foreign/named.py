"""The layers among arrays that have names: of dicts, lists, archives and modules."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cmlp.errors import ModelError
from cmlp.storage.foreign.layers import number_type
from cmlp.storage.foreign.order import Layer, fits, is_by_number, ordered
from cmlp.utils.text import escaped

WEIGHTS = {"w", "weight", "weights", "kernel", "kernels", "theta", "coef", "coefs"}
BIASES = {"b", "bias", "biases", "intercept", "intercepts"}
TOKEN = re.compile(r"[A-Za-z]+|[0-9]+")
LONGEST = 200  # characters of names in a message
EXAMPLE = "W1, b1, W2, b2, ..."
COPY = "make the network in Python: Network(sizes, initializer=[W1, W2, ...]), and assign its biases"

Arrays = Mapping[str, NDArray[Any]]


class Found(NamedTuple):
    """Weights and biases of a layer as a file has them; `biases` is None where it has none."""

    name: str
    weights: NDArray[Any]
    biases: NDArray[Any] | None
    source: str
    bias_source: str = ""


def role_of(name: str) -> tuple[str | None, str]:
    """Return whether a name is that of "weights", of "biases" or of neither, and its rest, the name of a layer."""
    tokens = TOKEN.findall(re.sub(r":[0-9]+$", "", name))
    for place in reversed(range(len(tokens))):
        for role, words in (("weights", WEIGHTS), ("biases", BIASES)):
            if tokens[place].lower() in words:
                return role, ".".join(tokens[:place] + tokens[place + 1 :])
    return None, ".".join(tokens)


def found_in(arrays: Arrays) -> list[Found]:
    """Return weights and biases layer by layer.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        The arrays in the order of the file.

    Raises
    ------
    ModelError
        If there are arrays that are neither, or biases without weights.
    """
    if not arrays:
        raise ModelError(f"it holds no arrays, such as {EXAMPLE}")
    roles = {name: role_of(name) for name in arrays}
    if any(role for role, _ in roles.values()):
        roles = {name: role for name, role in roles.items() if role[0] or not _is_setting(arrays[name])}
    if not any(role for role, _ in roles.values()):
        return _without_roles(arrays)
    matrices = {rest: name for name, (role, rest) in roles.items() if role == "weights"}
    vectors = {rest: name for name, (role, rest) in roles.items() if role == "biases"}
    strange = [
        name for name, (role, _) in roles.items() if role is None or arrays[name].ndim > 2 or not arrays[name].size
    ]
    strange += [name for name in matrices.values() if arrays[name].ndim != 2]
    if strange:
        raise ModelError(f"all arrays must be weights or biases, such as {EXAMPLE}, got {_shapes(arrays, strange)}")
    if len(matrices) + len(vectors) != len(roles):
        raise ModelError(f"each layer must have one array of weights and one of biases, got {_names(arrays)}")
    lonely = [name for rest, name in vectors.items() if rest not in matrices]
    if lonely or not matrices:
        raise ModelError(f"each bias must have a weight, got {', '.join(map(escaped, lonely))[:LONGEST] or 'neither'}")
    return [
        Found(
            rest or name, arrays[name], arrays[vectors[rest]] if rest in vectors else None, name, vectors.get(rest, "")
        )
        for rest, name in matrices.items()
    ]


def _is_setting(array: NDArray[Any]) -> bool:
    """Return whether an array may be the sizes of the layers, or one number."""
    return array.size == 1 or (array.ndim == 1 and array.dtype.kind in "iu")


def _without_roles(arrays: Arrays) -> list[Found]:
    """Return layers of arrays such as arr_0, arr_1, ..., or wih and who."""
    names = sorted(arrays, key=_numbers) if all(re.search("[0-9]", name) for name in arrays) else list(arrays)
    values = [arrays[name] for name in names]
    half = len(names) // 2
    if any(value.dtype.kind != "f" for value in values) or _is_data(values):
        raise ModelError(
            f"its arrays must be weights and biases by name, such as {EXAMPLE}, got {_shapes(arrays, names)}"
        )
    for weights, biases in ((names[0::2], names[1::2]), (names[:half], names[half:])):
        if len(names) % 2 == 0 and all(_may_pair(arrays[w], arrays[b]) for w, b in zip(weights, biases, strict=True)):
            return [Found(w, arrays[w], arrays[b], w, b) for w, b in zip(weights, biases, strict=True)]
    if all(value.ndim == 2 for value in values):
        return [Found(name, arrays[name], None, name) for name in names]
    raise ModelError(
        f"its arrays must be weights and biases by name, such as {EXAMPLE}, or in turn, got {_shapes(arrays, names)}"
    )


def _is_data(values: Sequence[NDArray[Any]]) -> bool:
    """Return whether these may be images (n, features) and labels (n,), and not one layer."""
    return len(values) == 2 and values[1].ndim == 1 and values[0].shape[:1] == values[1].shape


def _shapes(arrays: Arrays, names: Iterable[str]) -> str:
    return ", ".join(f"{escaped(name)} {arrays[name].shape}" for name in names)[:LONGEST]


def _numbers(name: str) -> list[int]:
    return [int(number[:18]) for number in re.findall("[0-9]+", name)]


def _may_pair(weights: NDArray[Any], biases: NDArray[Any]) -> bool:
    is_vector = biases.ndim == 1 or (biases.ndim == 2 and 1 in biases.shape)
    return weights.ndim == 2 and is_vector and biases.size in weights.shape and biases.size > 0


def in_order(
    found: Sequence[Found], *, rows: bool | None, filed: bool, names: Sequence[str] | None = None, mixed: bool = True
) -> list[Layer]:
    """Return checked layers in their order, with weights (fan_out, fan_in).

    Parameters
    ----------
    found : sequence of Found
        One or more.
    rows : bool or None
        Whether rows of the weights belong to outputs; None finds it out.
    filed : bool
        Whether the order is that of the file.
    names : sequence of str, optional
        The names of the layers in their order.
    mixed : bool, default True
        Whether float32 and float64 may meet.

    Raises
    ------
    ModelError
        If they do not fit together, or in several ways.
    """
    arrays = [(each.source, each.weights) for each in found]
    arrays += [(each.bias_source, each.biases) for each in found if each.biases is not None]
    dtype = number_type(arrays, mixed=mixed)
    if rows is None and names is None and (theta := _with_bias_columns(found, dtype)):
        return theta
    attempts: list[list[Layer]] = []
    errors: list[ModelError] = []
    for by_row in (True, False) if rows is None else (rows,):
        try:
            layers = [_layer(each, dtype, by_row) for each in found]
            attempts.append(ordered(layers, filed=filed, names=names))
        except ModelError as error:
            errors.append(error)
    if len(attempts) == 1:
        return attempts[0]
    if not attempts:
        raise errors[0]
    return _likelier(attempts, found, filed)


def _likelier(attempts: list[list[Layer]], found: Sequence[Found], filed: bool) -> list[Layer]:
    """Return the reading of weights by rows or by columns for which something speaks, where both fit."""
    shapes = {each.biases.shape for each in found if each.biases is not None and each.biases.ndim == 2}
    if shapes and all(shape[1] == 1 < shape[0] for shape in shapes):
        return attempts[0]
    if shapes and all(shape[0] == 1 < shape[1] for shape in shapes):
        return attempts[1]
    names = [each.name for each in found]
    natural = [is_by_number(layers) and (not filed or [layer.name for layer in layers] == names) for layers in attempts]
    if natural[0] != natural[1]:
        return attempts[natural.index(True)]
    shown = ", ".join(f"{escaped(each.source)} {each.weights.shape}" for each in found)[:LONGEST]
    raise ModelError(
        f"nothing says whether the rows or the columns of its weights belong to outputs, got {shown}: {COPY}"
    )


def _layer(each: Found, dtype: np.dtype[Any], by_row: bool) -> Layer:
    weights = np.ascontiguousarray(each.weights if by_row else each.weights.T, dtype)
    biases = np.zeros(len(weights), dtype) if each.biases is None else each.biases.astype(dtype).ravel()
    if biases.shape != weights.shape[:1]:
        assert each.biases is not None
        found = f"{escaped(each.source)} {each.weights.shape} and {escaped(each.bias_source)} {each.biases.shape}"
        raise ModelError(f"a layer must have as many biases as outputs, got {found}")
    return Layer(each.name, weights, biases, each.source)


def _with_bias_columns(found: Sequence[Found], dtype: np.dtype[Any]) -> list[Layer] | None:
    """Return layers of Theta1, Theta2, ..., whose first columns are the biases, as in the well-known course."""
    if any(each.biases is not None for each in found):
        return None
    found = sorted(found, key=lambda each: _numbers(each.source))
    split = [
        Layer(each.name, each.weights[:, 1:].astype(dtype), each.weights[:, 0].astype(dtype), each.source)
        for each in found
    ]
    if not all(layer.weights.size for layer in split) or not fits(split):
        return None
    if all("theta" in each.source.lower() for each in found):
        return split
    whole = [Layer(each.name, each.weights, each.weights[:, 0], each.source) for each in found]
    turned = [Layer(each.name, each.weights.T, each.weights[0], each.source) for each in found]
    if len(found) > 1 and not fits(whole) and not fits(turned):
        sources = [each.source for each in found]
        raise ModelError(
            f"its weights have a column more than the layer before has outputs, got {_names(sources)}: name them "
            "Theta1, Theta2, ... if the first column holds the biases"
        )
    return None


def _names(names: Any) -> str:
    return ", ".join(map(escaped, names))[:LONGEST]
