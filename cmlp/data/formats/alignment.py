"""The same columns in the same places, in the training data and in what belongs to it."""

from collections.abc import Sequence
from math import isqrt

import numpy as np

from cmlp.data.dataset import Dataset
from cmlp.data.formats.names import are_numbered, places_among, some_names
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
    places = places_like(ours, theirs, part.names[0], first.names[0])
    if places is None:
        return part
    images = part.images if places == list(range(len(ours))) else np.asarray(part.images)[:, places]
    return part._replace(images=images, columns=theirs, feature_names=first.feature_names)


def places_like(ours: Sequence[str], theirs: Sequence[str], name: str, other: str) -> list[int] | None:
    """Return in which order columns are like those of other data, None where they are numbered and places count.

    Parameters
    ----------
    ours, theirs : sequence of str
        What the columns of both are called.
    name, other : str
        What error messages call both.

    Returns
    -------
    list of int or None

    Raises
    ------
    DataError
        If the names are others.
    """
    places = places_among(theirs, ours) if len(ours) == len(theirs) else None
    if places is not None or tuple(ours) == tuple(theirs) or (are_numbered(ours) and are_numbered(theirs)):
        return places
    lacking = [each for each in theirs if each not in set(ours)]
    others = [each for each in ours if each not in set(theirs)]
    found = [f"without {some_names(lacking)}"] * bool(lacking) + [f"with {some_names(others)}"] * bool(others)
    what = " and ".join(found) or "in another order, and some names twice"
    raise DataError(f"{name} must have the columns of {other}, got them {what}: name the columns alike")


def ordered_like(data: Dataset, features: Sequence[str] | None, name: str) -> Dataset:
    """Return data with its columns in the order in which a network was trained on them, if both know their names.

    Parameters
    ----------
    data : Dataset
    features : sequence of str or None
        What the network calls its inputs.
    name : str
        What error messages call the data.

    Returns
    -------
    Dataset

    Raises
    ------
    DataError
        If the names are others.
    """
    if data.feature_names is None or features is None:
        return data
    places = places_like(data.feature_names, features, name, "the training data")
    if places is None or places == list(range(len(places))):
        return data
    scale = data.scale if data.images.dtype == np.uint8 else 1.0
    return Dataset(
        data.images[:, places], data.labels, classes=data.classes, scale=scale, class_names=data.class_names,
        feature_names=features,
    )  # fmt: skip


def classes_of(part: Unchecked, known: Sequence[str]) -> Unchecked:
    """Give the classes of a part the numbers that a network gives them, which may know others beside them.

    Parameters
    ----------
    part : Unchecked
        With its words numbered, and called what they are.
    known : sequence of str
        What the network calls its classes.

    Returns
    -------
    Unchecked

    Raises
    ------
    DataError
        If it has a class that the network does not know.
    """
    labels, called = np.asarray(part.labels), part.class_names
    if called is None and labels.ndim == 1 and labels.dtype.kind in "iu" and _are_other_numbers(known):
        numbers, labels = np.unique(labels, return_inverse=True)
        called = tuple(map(str, numbers.tolist()))
    if called is None or called == tuple(known) or not 1 <= labels.ndim <= 2:
        return part
    places = places_among(called, known)
    if places is None:
        others = [name for name in called if places_among([name], known) is None] or called
        rule = f"{part.names[1]} must be classes that the network knows, which are {some_names(known)}"
        raise DataError(f"{rule}, got {some_names(others)}")
    if labels.ndim == 1:
        return part._replace(labels=np.array(places)[labels], class_names=tuple(known))
    rows = np.zeros((len(labels), len(known)), labels.dtype)
    rows[:, places] = labels
    return part._replace(labels=rows, class_names=tuple(known))


def _are_other_numbers(names: Sequence[str]) -> bool:
    """Say whether classes are called by numbers that are not their own."""
    numbers = all(name.removeprefix("-").isdecimal() and name.isascii() for name in names)
    return numbers and list(names) != [str(place) for place in range(len(names))]


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
