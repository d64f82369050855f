"""Weights in lists, tuples and dicts, as people pickle them, as arrays with names."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.errors import ModelError
from cmlp.model.record import Model
from cmlp.storage.foreign.layers import RELU, SIGMOID, Convention, Wanted, model_of
from cmlp.storage.foreign.named import Found, found_in, in_order, role_of
from cmlp.storage.foreign.variants import left_out, without_variants
from cmlp.utils.text import escaped

DEEPEST = 8  # levels of dicts and lists
MOST = 10_000  # arrays
MOST_NAMED = 6  # attributes in a message
READ = "lists (weights, biases), a dict with weights and biases, or one with W1, b1, W2, b2, ..."


def model_of_values(value: Any, wanted: Wanted, convention: Convention | None = None) -> Model:
    """Return the network whose weights are in lists, tuples, dicts or arrays.

    Parameters
    ----------
    value : object
        As the file has it, without records.
    wanted : Wanted
        What the caller says.
    convention : Convention, optional
        What is taken for what nobody says; by default that of programs that have the weights in such a form.

    Raises
    ------
    ModelError
        If it holds no weights and biases, others than those of one network, or in an order that is not known.
    """
    arrays, copies = without_variants(arrays_in(value))
    names = list(arrays)
    rows = None
    if all(name.endswith(("kernel", "kernel:0", "bias", "bias:0")) for name in names):
        rows = False
    elif all(name.endswith((".weight", ".bias")) for name in names) and any(name.count(".") for name in names):
        rows = True if all("." in name for name in names) and not isinstance(value, list | tuple) else None
    found = found_in(arrays)
    layers = in_order(found, rows=rows, filed=True, names=wanted.layers)
    model = model_of(layers, wanted, convention or (SIGMOID if _is_of_the_book(found) else RELU))
    return (
        replace(model, notes=[*model.notes, left_out(copies, [layer.source for layer in layers][:6])])
        if copies
        else model
    )


def arrays_in(value: Any) -> dict[str, NDArray[Any]]:
    """Return arrays by name: those of dicts by their keys, and pairs of weights and biases as such."""
    arrays: dict[str, NDArray[Any]] = {}
    for name, array in _named(value, "", 0):
        if len(arrays) == MOST:
            raise ModelError(f"it must hold at most {MOST:,} arrays, got more")
        arrays[name] = array
    if not arrays:
        raise ModelError(f"it must hold {READ}, got no arrays")
    return arrays


def _named(value: Any, path: str, depth: int) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield arrays with their names; numbers, texts and empty values beside them are settings and left out."""
    array = _array(value)
    if array is not None:
        yield path, array
        return
    if depth == DEEPEST:
        raise ModelError(f"its dicts and lists must be at most {DEEPEST} levels deep, got more")
    for key, part in _members(value):
        yield from _named(part, f"{path}.{key}".lstrip("."), depth + 1)


def _members(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return [(key.decode("latin-1") if isinstance(key, bytes) else str(key), part) for key, part in value.items()]
    if not isinstance(value, list | tuple):
        return []
    if len(value) == 2 and all(isinstance(part, list | tuple) for part in value) and _are_layers(*value):
        return [("weights", list(value[0])), ("biases", list(value[1]))]
    if value and all(isinstance(part, list | tuple) and len(part) == 2 and _are_layers(*zip(part)) for part in value):
        return [(f"{i}.{role}", pair[k]) for i, pair in enumerate(value) for k, role in enumerate(("weight", "bias"))]
    return [(str(i), part) for i, part in enumerate(value)]


def _are_layers(weights: Any, biases: Any) -> bool:
    """Return whether these are as many matrices and vectors of biases for them."""
    if len(weights) != len(biases) or not weights:
        return False
    for w, b in zip(map(_array, weights), map(_array, biases), strict=True):
        if w is None or b is None or w.ndim != 2 or b.size not in w.shape or (b.ndim > 1 and 1 not in b.shape):
            return False
    return True


def _array(value: Any) -> NDArray[Any] | None:
    """Return an array, or a list of numbers or of equally long lists of numbers as one."""
    if isinstance(value, np.ndarray):
        return value if value.ndim and value.dtype.kind in "fiu" else None
    if not isinstance(value, list | tuple) or not value:
        return None
    rows = value if all(isinstance(row, list | tuple) for row in value) else [value]
    width = len(rows[0])
    if not width or not all(len(row) == width and all(type(x) in (int, float) for x in row) for row in rows):
        return None
    array = np.array(value)
    if array.dtype.kind not in "fi":
        raise ModelError("all numbers must be finite, got an integer of more than 64 bits")
    return array


def _is_of_the_book(found: Sequence[Found]) -> bool:
    """Return whether the layers have the form in which programs with sigmoid units keep them."""
    names = [each.source for each in found]
    is_bare = all(role_of(each.source)[0] is None and each.biases is None for each in found)
    return (
        is_bare or all("theta" in name.lower() for name in names) or all(name.startswith("weights.") for name in names)
    )


class ObjectError(ModelError):
    """A pickle holds an object of a class that is not in the file."""


def refused_object(name: str, attributes: Iterable[str] = ()) -> str:
    """Return what to do about an object of a class that is not in the file, by its name and the names it holds."""
    module, _, kind = name.rpartition(".")
    if module.startswith("sklearn."):
        if kind.startswith("MLP"):
            return f"an {kind} of scikit-learn: cmlp.{kind}.from_sklearn(joblib.load(path)) takes it over in Python"
        return f"a {kind} of scikit-learn, which is no multilayer perceptron"
    if module.split(".")[0] == "pandas":
        return f"a {kind} of pandas: save its numbers, to_numpy(), with numpy.savez"
    if module.startswith(("keras.", "tensorflow.")):
        return f"a {kind} of Keras: model.save('model.keras') writes a file that is read"
    shown = escaped(name.removeprefix("__main__."))
    held = [attribute for attribute in attributes if role_of(attribute)[0]][:MOST_NAMED]
    parts = ", ".join(f'"{attribute}": net.{attribute}' for attribute in held if attribute.isidentifier())
    remedy = f"pickle {{{escaped(parts, 200)}}} of it in that program" if parts else f"pickle {READ} in that program"
    return f"an object of the class {shown}, whose class is in a program and not in the file: {remedy}"
