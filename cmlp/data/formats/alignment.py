"""The same columns in the same places, in the training data and in what belongs to it."""

from collections.abc import Sequence
from math import isqrt

import numpy as np

from cmlp.data.formats.names import are_numbered, some_names
from cmlp.data.formats.sets import Parts, Unchecked
from cmlp.data.validation import PICTURE
from cmlp.errors import DataError
from cmlp.utils.text import listed
from cmlp.utils.warn import warn


def aligned(parts: Parts) -> Parts:
    """Put the columns of all parts in the order of the first, the training data, by their names or numbers.

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
    parts = _numbered(parts)
    first, *_ = parts.values()
    return {part: _classes_like(_like(each, first), first) for part, each in parts.items()}


def _numbered(parts: Parts) -> Parts:
    """Let the columns of files of LIBSVM begin with one feature and end with one, whichever occur in each file."""
    sparse = {part: each for part, each in parts.items() if each.grows}
    if not sparse:
        return parts
    first = _first_of(list(sparse.values()))
    kept = {part: each.images[:, first if each.first is None else each.first :] for part, each in sparse.items()}
    width = max(images.shape[1] for images in kept.values())
    padded = {part: np.pad(images, ((0, 0), (0, width - images.shape[1]))) for part, images in kept.items()}
    return {part: each._replace(images=padded.get(part, each.images), grows=False) for part, each in parts.items()}


def _first_of(parts: Sequence[Unchecked]) -> int:
    """Return with which feature the columns begin where a file does not tell, and say it where that is in doubt."""
    known = [each for each in parts if each.first is not None]
    open_ = [each for each in parts if each.first is None]
    if not open_:
        return 0
    names = listed([each.names[0] for each in open_])
    if known:
        first = known[0].first or 0
        warn(f"the features of the {names} were numbered from {first}, as those of the {known[0].names[0]}")
        return first
    lowest = min(int(each.images.any(axis=0).argmax()) for each in open_)
    width = max(each.images.shape[1] for each in open_)
    side = isqrt(width)
    if width >= PICTURE and side * side == width:
        warn(f"the features of the {names} were numbered from 0, as they make pictures of {side}x{side} pixels then")
        return 0
    if lowest > 1:
        warn(f"the features of the {names} were numbered from 1, as LIBSVM does, and {lowest} is the first that occurs")
    return 1


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
