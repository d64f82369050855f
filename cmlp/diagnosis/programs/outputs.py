"""Where the outputs are in what somebody's network returns, or leaves among its attributes."""

import re
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs.blocks import numbers_of
from cmlp.diagnosis.programs.leaves import Walk, attributes
from cmlp.diagnosis.programs.own_code import is_own
from cmlp.diagnosis.programs.paths import Path, spelled, step_into
from cmlp.diagnosis.programs.tensors import as_array

if TYPE_CHECKING:
    from cmlp.diagnosis.programs.instances import Instance
    from cmlp.diagnosis.programs.subject import Subject

Array = NDArray[Any]

ENOUGH = 20  # values of a single output
WIDEST = 20  # outputs of a network for fewer classes
WRAPPED = ("data", "value", "values", "val", "array", "arr")  # attributes with the numbers of an object
NO_OUTPUT = re.compile(r"(.*[._\[])?'?_*(b|bias|w|weight|g|grad|d|delta|nabla|m|v|vel|momentum|theta)", re.IGNORECASE)


def outputs_in(subject: "Subject", instance: "Instance", result: Any, count: int) -> Array | None:
    """Find the outputs in what was returned, or, where nothing was, among the attributes."""
    if result is None:
        return _among_attributes(subject, instance, count)
    parts = [result]
    if isinstance(result, dict):
        parts = list(result.values())
    elif isinstance(result, tuple):
        parts = list(result)
    elif isinstance(result, list) and not _of_numbers(result):  # of the activations of all layers, or of the outputs
        parts = [*result, result] if _dimensions(result[-1] if result else 0) <= 1 else result
    for exact in (True, False):
        for part in parts[::-1]:
            made = _outputs(subject, part, count, exact=exact and len(parts) > 1)
            if made is not None:
                return made
    return None


def _dimensions(value: Any) -> int:
    try:
        return np.ndim(value)
    except ValueError:  # lists of several lengths, as what a forward pass keeps for the way back
        return 2


def _of_numbers(result: list[Any]) -> bool:
    return all(isinstance(item, (int, float, np.number)) for item in result)


def unwrapped(part: Any) -> Any:
    """Return the numbers that an object of somebody's own class wraps, as the values of an automatic derivative do."""
    if isinstance(part, list) and part and all(is_own(item) for item in part):
        inner = [unwrapped(item) for item in part]
        return (
            np.array(inner, dtype=float) if all(isinstance(item, (int, float, np.number)) for item in inner) else part
        )
    if not is_own(part) or callable(part):
        return part
    kept = attributes(part)
    return next((kept[name] for name in WRAPPED if isinstance(kept.get(name), (np.ndarray, np.number, float))), part)


def _outputs(subject: "Subject", part: Any, count: int, *, exact: bool) -> Array | None:
    samples = subject.samples
    array = as_array(unwrapped(part))
    if array is None:
        try:
            array = np.asarray(part)
        except (ValueError, TypeError):
            return None
    k = samples.classes
    if array.size == count and not (exact and array.dtype.kind == "f" and k != 2):
        if array.dtype.kind in "iubUSO" or (array.dtype.kind == "f" and k != 2):
            numbers = samples.numbers_of(array)
            return numbers if (numbers >= 0).all() else None
        if k == 2 and array.dtype.kind == "f":
            return _two_classes(subject, array.ravel().astype(float))
    if array.dtype.kind not in "fiu" or not array.size:
        return None
    if array.size == count * k:
        turned = array.ndim == 2 and array.shape == (k, count) and k != count
        return np.array(array.T if turned else array, dtype=float).reshape(count, k)
    if not exact and array.ndim == 2 and array.size % count == 0 and k < array.size // count <= max(WIDEST, 2 * k):
        turned = array.shape[1] == count and array.shape[0] != count
        made = np.array(array.T if turned else array, dtype=float)
        return made if made.shape[0] == count else None
    return None


def _two_classes(subject: "Subject", values: Array) -> Array:
    """Return outputs of both classes for a network with one output: a probability, or a number with a sign.

    Which of them it is, enough values tell once and for all: a few numbers with a sign may lie in 0..1, too.
    """
    middle = subject.middle
    if middle is None:
        middle = 0.5 if np.nanmin(values, initial=0.0) >= 0 and np.nanmax(values, initial=0.0) <= 1 else 0.0
        if len(values) >= ENOUGH or not middle:
            subject.middle = middle
    return np.column_stack([middle - values, values - middle])


def _among_attributes(subject: "Subject", instance: "Instance", count: int) -> Array | None:
    k = subject.samples.classes
    place = subject.output_place
    if place is None:
        place = subject.output_place = _output_place(instance, count * k)
    if place is None:
        return None
    found = np.asarray(numbers_of(step_into(instance.network, place)))
    if found.size != count * k:
        return None
    turned = found.ndim == 2 and found.shape == (k, count) and count != k
    return np.array(found.T if turned else found, dtype=float).reshape(count, k)


def _output_place(instance: "Instance", size: int) -> Path | None:
    """Return the path of the last array of this size that is named as no parameter or gradient."""
    found = None
    for path, value in Walk(instance.network).leaves:
        array = np.asarray(numbers_of(value))
        if (
            array.size == size
            and array.dtype.kind == "f"
            and not NO_OUTPUT.fullmatch(re.sub(r"[\[\]'\d]+$", "", spelled(path)))
        ):
            found = path
    return found
