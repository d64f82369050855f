"""Data that come in mini-batches of arrays, from a loader of somebody's or of PyTorch."""

import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs.access import attribute, has_attribute
from cmlp.diagnosis.programs.tensors import as_array, is_tensor

Array = NDArray[Any]
CONTAINERS = (str, bytes, list, tuple, dict, set, frozenset, range)


def whole_of(items: list[Any]) -> tuple[Any, Any] | None:
    """Return all images and all labels of mini-batches (images, labels), or None where the items are none."""
    if not items or not all(isinstance(item, (tuple, list)) and len(item) == 2 for item in items):
        return None
    parts = [(as_array(images), as_array(labels)) for images, labels in items]
    if any(images is None or labels is None or not _is_batch(images, labels) for images, labels in parts):
        return None
    if max(len(images) for images, _ in parts if images is not None) == 1:  # pairs of one sample each
        return None
    images, labels = zip(*items, strict=True)
    return _joined(list(images)), _joined(list(labels))


def is_loader(value: Any) -> bool:
    """Whether a value gives mini-batches each time it is read, as the loaders of PyTorch and many of people's own."""
    if not has_attribute(value, "__iter__") or has_attribute(value, "__next__") or isinstance(value, type):
        return False
    if isinstance(value, CONTAINERS) or as_array(value) is not None or has_attribute(value, "parameters"):
        return False
    return any("batch" in name for name, _ in _settings(value))


def first_of(loader: Any) -> tuple[Any, Any] | None:
    """Return the first mini-batch of a loader, if it has images and labels."""
    try:
        batch = next(iter(loader), None)
    except Exception:
        return None
    return None if batch is None or whole_of([batch]) is None else (batch[0], batch[1])


def size_of(loader: Any) -> int:
    """Return how many samples a loader gives."""
    if has_attribute(attribute(loader, "dataset", None), "__len__"):
        return len(loader.dataset)
    return sum(len(labels) for _, labels in loader)


def _is_batch(images: Array, labels: Array) -> bool:
    """Whether the first axis of both counts samples; a picture with a one-hot vector is none."""
    if images.ndim < 2 or labels.ndim < 1 or len(images) != len(labels):
        return False
    one_hot = labels.ndim == 1 and set(np.unique(labels).tolist()) <= {0, 1} and labels.sum() == 1 and len(labels) > 1
    return labels.ndim > 1 or (labels.dtype.kind in "iu" and not one_hot)


def _joined(parts: list[Any]) -> Any:
    if is_tensor(parts[0]):
        import torch

        return torch.cat(parts)
    return np.concatenate(parts)


def loader_of(given: Any, images: Any, labels: Any, size: int = 0) -> Any:
    """Return a loader like the one that was given, of other samples; of a list a list of mini-batches.

    Its mini-batches have `size` samples, or as many as those of the one that was given.
    """
    names = [name for name, value in _settings(given) if "batch" in name and isinstance(value, int) and value > 1]
    own = size
    size = size or next((int(getattr(given, name)) for name in names), 0)
    if is_tensor(images) and type(given).__module__.startswith("torch."):
        from torch.utils.data import DataLoader, RandomSampler, TensorDataset

        shuffled = isinstance(attribute(given, "sampler", None), RandomSampler)
        return DataLoader(TensorDataset(images, labels), batch_size=size or 32, shuffle=shuffled)
    made = copy.copy(given)
    if _replaced(made, images, labels) and not (own and not names):
        for name in names[:1]:
            setattr(made, name, size)
        return made
    size = size or max((len(item[0]) for item in given), default=32)
    return [(images[k : k + size], labels[k : k + size]) for k in range(0, len(images), size)]


def _settings(given: Any) -> list[tuple[str, Any]]:
    return list(attribute(given, "__dict__", {}).items())


def _replaced(made: Any, images: Any, labels: Any) -> bool:
    """Put other images and labels into a copy, where its attributes hold them; return whether both were found."""
    found = set()
    for name, value in _settings(made):
        array = as_array(value)
        if array is None or not array.ndim:
            continue
        if array.ndim > 1 and array.shape[1:] == tuple(images.shape[1:]):
            setattr(made, name, images)
            found.add("images")
        elif array.shape[1:] == tuple(labels.shape[1:]) and array.dtype.kind in "iuf":
            setattr(made, name, labels)
            found.add("labels")
    return len(found) == 2
