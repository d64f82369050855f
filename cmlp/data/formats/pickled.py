"""Tell images from labels among the values of a pickle or an archive."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

import numpy as np

from cmlp.data.formats.names import TRAIN, pairs_of, role_of, some_names
from cmlp.data.formats.places import ORDERS, are_arrays, by_class, pairs_by_place, without_names
from cmlp.data.formats.sets import Parts, Unchecked, unchecked
from cmlp.data.pickles import FIRST_OPCODES
from cmlp.errors import DataError
from cmlp.utils.text import escaped


def is_pickle(start: bytes) -> bool:
    """Return whether a file with this start may be a pickle."""
    return start[:1] != b"" and start[0] in FIRST_OPCODES


def parts_of(value: object, source: object) -> Parts | None:
    """Tell images from labels.

    Parameters
    ----------
    value : object
        A dict of arrays, or of one dict or pair for each part; a pair of images and labels; a list of (image,
        label); two such sets (training and test) or three (training, validation and test).
    source : object
        What error messages call the value.

    Returns
    -------
    dict or None
        The parts, or None if the value is one array, or one list, of images or of labels.

    Raises
    ------
    DataError
        If the keys of a dict name no images and labels.
    """
    if isinstance(value, Mapping):
        return _parts_of_names(value, source)
    if not _is_sequence(value):
        return None
    sets = [_pair_of(item) for item in value] if len(value) in (2, 3) else [None]
    if None not in sets:
        order = ORDERS[len(value)]
        return {part: unchecked(*pair, source, part) for part, pair in zip(order, sets, strict=True) if pair}
    if are_arrays(value):
        return {part: unchecked(*pair, source, part) for part, pair in pairs_by_place(value, source).items()}
    pair = _pair_of(value) or _two_arrays(value)
    return {TRAIN: unchecked(*pair, source)} if pair else None


def _parts_of_names(values: Mapping[Any, Any], source: object) -> Parts | None:
    keys = {key.decode("latin-1") if isinstance(key, bytes) else str(key): key for key in values}
    if pairs := pairs_of(keys, source):
        return {part: _named(values, keys, pair, source) for part, pair in pairs.items()}
    if without_names(list(keys)):
        arrays = [values[keys[f"arr_{place}"]] for place in range(len(keys))]
        return {part: unchecked(*pair, source, part) for part, pair in pairs_by_place(arrays, source).items()}
    if found_by_class := by_class({name: values[key] for name, key in keys.items() if _of_class(name)}):
        return {part: unchecked(*pair, source, part) for part, pair in found_by_class.items()}
    nested = {role.part: key for key in keys if (role := role_of(key)).part and not role.kind and not role.rest}
    if nested:
        return {part: _only(values[keys[key]], f"{escaped(key)} in {source}") for part, key in nested.items() if part}
    if len(values) == 1:
        (inner,) = values.values()
        return _parts_of_names(inner, source) if isinstance(inner, Mapping) else None
    found = some_names(keys)
    raise DataError(f"{source} must hold images and labels by name, such as x_train and y_train, got {found}")


def _of_class(name: str) -> bool:
    return name[-1:].isdigit() and role_of(name.rstrip("0123456789_")).part is not None


def _named(values: Mapping[Any, Any], keys: Mapping[str, Any], pair: tuple[str, str], source: object) -> Unchecked:
    images, labels = pair
    return Unchecked(
        values[keys[images]], values[keys[labels]], (f"{escaped(images)} in {source}", f"{escaped(labels)} in {source}")
    )


def _only(value: object, source: str) -> Unchecked:
    parts = parts_of(value, source)
    if parts is None or len(parts) != 1:
        raise DataError(f"{source} must be images with labels, got a {type(value).__name__}")
    return next(iter(parts.values()))


def _pair_of(value: object) -> tuple[Any, Any] | None:
    """Return images and labels of a pair of both, of the same length, or of a list of (image, label)."""
    if not _is_sequence(value):
        return None
    if len(value) == 2 and _count(value[0]) == _count(value[1]) is not None:
        return value[0], value[1]
    if value and all(_is_example(item) for item in value):
        return [image for image, _ in value], [label for _, label in value]
    return None


def _is_example(value: object) -> bool:
    return _is_sequence(value) and len(value) == 2 and _count(value[0]) not in (None, _count(value[1]))


def _two_arrays(value: Sequence[Any]) -> tuple[Any, Any] | None:
    """Return images and labels that differ in number, for the error that follows."""
    if len(value) == 2 and isinstance(value[0], np.ndarray) and value[0].ndim > 1:
        return value[0], value[1]
    return None


def _is_sequence(value: object) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, list | tuple)


def _count(value: object) -> int | None:
    if isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.ndim):
        return len(value)
    return None
