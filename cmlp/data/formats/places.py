"""Images and labels that only order and shapes tell: arrays without names, and several pickles in one file."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cmlp.data.formats.names import TEST, TRAIN, VALIDATION, Part
from cmlp.errors import DataError
from cmlp.utils.text import counted

# Two sets are training and test data, three also have validation data, as in the file of Nielsen's book.
ORDERS: dict[int, tuple[Part, ...]] = {1: (TRAIN,), 2: (TRAIN, TEST), 3: (TRAIN, VALIDATION, TEST)}


def without_names(names: Sequence[str]) -> bool:
    """Return whether arrays are called arr_0, arr_1, ..., as ``numpy.savez`` calls those without names."""
    return len(names) > 1 and sorted(names) == sorted(f"arr_{place}" for place in range(len(names)))


def pairs_by_place(values: Sequence[Any], source: object) -> dict[Part, tuple[Any, Any]]:
    """Pair arrays in their order: images are rows or pictures, labels are single numbers or one-hot rows.

    Both ``X_train, y_train, X_test, y_test`` and ``X_train, X_test, y_train, y_test`` are pairs, as the first labels
    belong to the first images.

    Parameters
    ----------
    values : sequence of arrays or lists
        Two, four or six of them.
    source : object
        What error messages call them.

    Returns
    -------
    dict
        Images and labels of each part.

    Raises
    ------
    DataError
        If the shapes do not tell images from labels.
    """
    shapes = [np.shape(value) if isinstance(value, np.ndarray) else (_length(value),) for value in values]
    are_labels = [_are_labels(value) for value in values]
    images = [value for value, labels in zip(values, are_labels, strict=True) if not labels]
    labels = [value for value, labels in zip(values, are_labels, strict=True) if labels]
    if len(images) != len(labels) or len(images) not in ORDERS:
        found = ", ".join(str(shape) for shape in shapes[:8])
        raise DataError(f"{source} must hold images and labels in pairs, or name them, got arrays of shapes {found}")
    for place, (picture, label) in enumerate(zip(images, labels, strict=True)):
        if len(label) not in (len(picture), np.shape(picture)[-1] if isinstance(picture, np.ndarray) else None):
            found = f"{counted(len(picture), 'image')} and {counted(len(label), 'label')} in pair {place}"
            raise DataError(f"{source} must hold as many labels as images in each pair, got {found}")
    return dict(zip(ORDERS[len(images)], zip(images, labels, strict=True), strict=True))


def are_arrays(values: Sequence[Any]) -> bool:
    """Return whether values are arrays or long lists, of which four or six may be two or three sets."""
    return len(values) in (4, 6) and all(
        (isinstance(value, np.ndarray) and value.ndim) or isinstance(value, list) for value in values
    )


def by_class(arrays: Mapping[str, Any]) -> dict[Part, tuple[Any, Any]]:
    """Join the arrays of each class, such as train0 to train9 in a well-known file of MNIST; {} if it is none."""
    found: dict[Part, tuple[Any, Any]] = {}
    names: tuple[Part, Part] = (TRAIN, TEST)
    for part in names:
        known = {int(name[len(part) :].lstrip("_")): name for name in arrays if _of_class(name, part)}
        classes = sorted(known)
        pictures = [np.asarray(arrays[known[label]]) for label in classes]
        if len(classes) < 2 or len({array.shape[1:] for array in pictures}) > 1 or pictures[0].ndim < 2:
            continue
        labels = np.repeat(np.array(classes, np.int32), [len(array) for array in pictures])
        found[part] = np.concatenate(pictures), labels
    return found


def _of_class(name: str, part: str) -> bool:
    rest = name.lower().removeprefix(part)
    return name.lower().startswith(part) and rest.lstrip("_").isdecimal() and len(rest) < 5


def _are_labels(value: Any) -> bool:
    """Whether values are single numbers or words, a column of them, or one-hot rows."""
    array = value if isinstance(value, np.ndarray) else None
    if array is None:
        return not value or not isinstance(value[0], list | tuple | np.ndarray)
    if array.ndim == 1 or (array.ndim == 2 and array.shape[1] == 1):
        return True
    if array.ndim != 2 or array.dtype.kind not in "biuf":
        return False
    return bool(((array == 0) | (array == 1)).all() and (array.sum(axis=1) == 1).all())


def _length(value: Any) -> int:
    return len(value) if hasattr(value, "__len__") else 0
