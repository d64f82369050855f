"""Samples that are objects of somebody's own class, with an image and a label among their attributes."""

import copy
from typing import Any

import numpy as np

from cmlp.diagnosis.programs.access import has_attribute
from cmlp.diagnosis.programs.leaves import attributes
from cmlp.diagnosis.programs.own_code import is_own
from cmlp.diagnosis.programs.roles import role
from cmlp.diagnosis.programs.tensors import as_array

FEWEST = 4  # numbers of an image
SEEN = 500  # samples by which an attribute is known for a label


class SampleObjects:
    """Takes samples apart into pairs of an image and a label, and makes others of the same class.

    Parameters
    ----------
    sample : object
        One of them.
    names : tuple of str
        Its attributes that hold the image and the label.
    """

    def __init__(self, sample: Any, names: tuple[str, str]) -> None:
        self._sample, self._names = sample, names

    def pair(self, sample: Any) -> tuple[Any, Any]:
        """Return the image and the label of a sample."""
        held = attributes(sample)
        return held[self._names[0]], held[self._names[1]]

    def made(self, image: Any, label: Any) -> Any:
        """Return a sample like the others."""
        sample = copy.copy(self._sample)
        for name, value in zip(self._names, (image, label), strict=True):
            object.__setattr__(sample, name, value)
        return sample


def sample_objects(items: list[Any]) -> SampleObjects | None:
    """Return how samples are taken apart, None where they are no objects with one image and one label each."""
    if not items or has_attribute(items[0], "__len__") or not is_own(items[0]):
        return None
    if any(type(item) is not type(items[0]) for item in items):
        return None
    held = attributes(items[0])
    sizes = {name: _size(value) for name, value in held.items()}
    images = [name for name, size in sizes.items() if size >= FEWEST and size == max(sizes.values())]
    labels = [name for name in held if name not in images and _is_label(held[name])]
    if len(labels) > 1:
        labels = [name for name in labels if _is_called_label(name)] or [n for n in labels if _repeats(items, n)]
    if len(images) != 1 or len(labels) != 1:
        return None
    return SampleObjects(items[0], (images[0], labels[0]))


def _is_called_label(name: str) -> bool:
    return role(name.rpartition("__")[2].strip("_")) == "labels"


def _repeats(items: list[Any], name: str) -> bool:
    """Whether an attribute differs among the samples, but is not of one alone, as its number is."""
    values = [str(attributes(item).get(name)) for item in items[:SEEN]]
    return 1 < len(set(values)) < len(values)


def _size(value: Any) -> int:
    array = as_array(value)
    array = np.asarray(value) if array is None and isinstance(value, list) else array
    return 0 if array is None or array.dtype.kind not in "fiub" else array.size


def _is_label(value: Any) -> bool:
    return isinstance(value, (int, str, np.integer)) or _size(value) > 1
