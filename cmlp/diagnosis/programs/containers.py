"""What holds images and labels: a tuple, a list, a dict, a named tuple, another object; labels stand first or last."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cmlp.diagnosis.programs.access import has_attribute
from cmlp.diagnosis.programs.axes import are_images_and_labels
from cmlp.diagnosis.programs.forms import plain_of
from cmlp.diagnosis.programs.leaves import attributes
from cmlp.diagnosis.programs.roles import role

SHOWN = 50  # pairs by which those with the label first are told
TAKEN_BY_ITEMS = ("__iter__", "__getitem__", "__next__")


@dataclass(frozen=True)
class Container:
    """Images and labels, and how others are put into its form.

    Attributes
    ----------
    images, labels : object
    put : callable
        Takes images and labels.
    plain : bool
        Whether it is a sequence of both, the images first.
    """

    images: Any
    labels: Any
    put: Callable[[Any, Any], Any]
    plain: bool = False


def container_of(given: Any) -> Container | None:
    """Return images and labels that stand side by side; None where samples stand in pairs, or where there are none."""
    if isinstance(given, dict):
        return _of_names(given, given, lambda made, name, value: made.__setitem__(name, value))
    if isinstance(given, (tuple, list)):
        return _of_sequence(given) if len(given) == 2 else None
    if any(has_attribute(type(given), name) for name in TAKEN_BY_ITEMS) or isinstance(given, type):
        return None
    return _of_names(given, attributes(given), setattr)


def _of_sequence(given: Any) -> Container | None:
    first, second = given
    again = again_like(given)
    if labels_first(first, second):
        return Container(second, first, lambda images, labels: again(labels, images))
    return Container(first, second, again, plain=True) if are_images_and_labels(first, second) else None


def again_like(given: Any) -> Callable[[Any, Any], Any]:
    """Return what makes a sequence of two things like one that was given: a list, a tuple or a named tuple."""
    kind = type(given)
    if has_attribute(kind, "_fields"):
        return kind
    return (lambda one, other: [one, other]) if isinstance(given, list) else (lambda one, other: (one, other))


def labels_first(first: Any, second: Any) -> bool:
    """Whether of two things the first is labels and the second images."""
    if not are_images_and_labels(second, first):
        return False
    return np.ndim(plain_of(first)) == 1 or (_one_hot(first) and not _one_hot(second))


def label_first(pairs: list[Any]) -> bool:
    """Whether of all pairs the first part is a label, and the second one an image."""
    sizes = [(_size(one), _size(other)) for one, other in pairs[:SHOWN]]
    if all(one == 1 < other for one, other in sizes):
        return True
    if not all(1 < one < other for one, other in sizes):
        return False
    return _one_hot([one for one, _ in pairs[:SHOWN]]) and not _one_hot([other for _, other in pairs[:SHOWN]])


def _size(part: Any) -> int:
    try:
        return int(np.size(plain_of(part)))
    except (ValueError, TypeError):
        return 0


def _one_hot(given: Any) -> bool:
    """Whether each row has one number that is not 0, and all of these are the same."""
    try:
        table = np.asarray(plain_of(given), dtype=float)
    except (ValueError, TypeError):
        return False
    rows = table.reshape(len(table), -1) if table.ndim >= 2 and len(table) else np.zeros((0, 0))
    return bool(rows.size and (np.count_nonzero(rows, axis=1) == 1).all() and np.unique(rows).size == 2)


def _of_names(given: Any, parts: dict[Any, Any], put: Callable[[Any, Any, Any], None]) -> Container | None:
    """Find images and labels among named parts: by their names, or else as the only two that fit."""
    fitting = [
        (one, other)
        for one in parts
        for other in parts
        if one != other and are_images_and_labels(parts[one], parts[other]) and role(str(one)) != "labels"
    ]
    named = [pair for pair in fitting if role(str(pair[1])) == "labels"] or fitting
    named = [pair for pair in named if role(str(pair[0])) == "images"] or named
    if not named:
        return None
    images, labels = named[0]

    def again(new_images: Any, new_labels: Any) -> Any:
        made = copy.copy(given)
        put(made, images, new_images)
        put(made, labels, new_labels)
        return made

    return Container(parts[images], parts[labels], again)
