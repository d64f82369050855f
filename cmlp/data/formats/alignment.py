"""Columns of the same names in the same places, in the training data and in what belongs to it."""

import numpy as np

from cmlp.data.formats.names import are_numbered, some_names
from cmlp.data.formats.sets import Parts, Unchecked
from cmlp.errors import DataError


def aligned(parts: Parts) -> Parts:
    """Put the columns of all parts in the order of the first, the training data, by their names.

    Parameters
    ----------
    parts : dict
        The parts of a source; those that have no names of columns are as they are.

    Returns
    -------
    dict

    Raises
    ------
    DataError
        If the names are others, unless these are numbers.
    """
    first, *_ = parts.values()
    return {part: _classes_like(_like(each, first), first) for part, each in parts.items()}


def _like(part: Unchecked, first: Unchecked) -> Unchecked:
    ours, theirs = part.columns, first.columns
    if ours is None or theirs is None or ours == theirs:
        return part
    if set(ours) == set(theirs) and len(set(ours)) == len(ours) == len(theirs):
        places = {name: place for place, name in enumerate(ours)}
        images = np.asarray(part.images)[:, [places[name] for name in theirs]]
        return part._replace(images=images, columns=theirs, feature_names=first.feature_names)
    if are_numbered(ours) and are_numbered(theirs):
        return part
    lacking = [name for name in theirs if name not in set(ours)]
    others = [name for name in ours if name not in set(theirs)]
    found = [f"without {some_names(lacking)}"] * bool(lacking) + [f"with {some_names(others)}"] * bool(others)
    what = " and ".join(found) or "in another order, and some names twice"
    rule = f"{part.names[0]} must have the columns of {first.names[0]}"
    raise DataError(f"{rule}, got them {what}: name the columns alike")


def _classes_like(part: Unchecked, first: Unchecked) -> Unchecked:
    """Put one-hot columns in the order of those of the training data."""
    if part.class_names == first.class_names or np.ndim(part.labels) != 2 or np.ndim(first.labels) != 2:
        return part
    ours, theirs = (each.class_names or tuple(map(str, range(np.shape(each.labels)[1]))) for each in (part, first))
    if sorted(ours) != sorted(theirs):
        found = f"{some_names(ours)} in place of {some_names(theirs)}"
        raise DataError(f"{part.names[1]} must have the one-hot columns of {first.names[1]}, got {found}")
    labels = np.asarray(part.labels)[:, [ours.index(name) for name in theirs]]
    return part._replace(labels=labels, class_names=first.class_names)
