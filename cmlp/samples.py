"""What is given to a network, in whatever shape, as the arrays that the core computes with."""

from collections.abc import Iterable
from math import prod
from typing import Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cmlp.errors import DataError
from cmlp.validation import check_images, check_labels, infer_scale

CORE_TYPES = (np.dtype(np.uint8), np.dtype(np.float32), np.dtype(np.float64))


@runtime_checkable
class ImagesAndLabels(Protocol):
    """What a `Dataset` is to a network: images (n, features) of a type in CORE_TYPES, and n labels, all checked."""

    @property
    def images(self) -> NDArray[Any]: ...  # noqa: D102
    @property
    def labels(self) -> NDArray[np.intp]: ...  # noqa: D102
    @property
    def scale(self) -> float: ...  # noqa: D102


Data: TypeAlias = ImagesAndLabels | Iterable[tuple[ArrayLike, ArrayLike]]


class Samples(NamedTuple):
    """Checked images and labels."""

    images: NDArray[Any]  # (n, features), uint8, float32 or float64
    labels: NDArray[np.intp]  # (n,), contiguous
    scale: float  # what brings uint8 pixels to 0..1

    @property
    def pixel_scale(self) -> float | None:
        """The scale, or None where the images were in 0..1 from the beginning and so say nothing about pixels."""
        return None if self.images.dtype != np.uint8 and self.scale == 1 else self.scale


def as_images(images: ArrayLike, features: int) -> tuple[NDArray[Any], bool]:
    """Bring one image or a batch of them to shape (n, features), and say whether it was one.

    Parameters
    ----------
    images : array_like
        One image of shape (features,), (features, 1) or (height, width), or n of them along a first axis.
    features : int
        How many pixels an image has.

    Returns
    -------
    images : ndarray of uint8, float32 or float64
        A view where that is possible; integers other than uint8 become float64.
    single : bool
        Whether there was no axis of n images.
    """
    try:
        array = np.asarray(images)
    except ValueError as error:
        raise DataError(f"images must have {features:,} pixels each, got a ragged list") from error
    if array.dtype.kind not in "biuf":
        raise DataError(f"images must be integers or real numbers, got dtype {array.dtype}")
    if array.dtype not in CORE_TYPES:
        array = array.astype(np.float32 if array.dtype == np.float16 else np.float64)
    if array.ndim > 1 and prod(array.shape[1:]) == features:
        return array.reshape(len(array), features), False
    if array.size == features:
        return array.reshape(1, features), True
    raise DataError(f"images must have {features:,} pixels each, got an array of shape {array.shape}")


def as_samples(data: Data, features: int, classes: int, scale: float | None, name: str) -> Samples:
    """Check a Dataset, or the pairs (image, label), against a network of so many features and classes.

    `scale` is that of uint8 pixels in pairs; None infers it from the largest. `name` is what complaints
    call the data.
    """
    if isinstance(data, ImagesAndLabels):
        samples = Samples(data.images, np.ascontiguousarray(data.labels, np.intp), data.scale)
        check_labels(samples.labels, classes, f"labels of {name}")
    else:
        samples = stack(*split_pairs(data, name), classes, scale, name)
    if samples.images.shape[1] != features:
        found = f"{samples.images.shape[1]:,}"
        raise DataError(f"images of {name} must have the network's {features:,} pixels, got {found}")
    return samples


def split_pairs(pairs: Iterable[Any], name: str) -> tuple[list[Any], list[Any]]:
    """Return the images and the labels of pairs (image, label)."""
    if not isinstance(pairs, Iterable):
        raise DataError(f"{name} must be a Dataset or pairs (image, label), got {type(pairs).__name__}")
    images, labels = [], []
    for i, pair in enumerate(pairs):
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            found = f"{type(pair).__name__} at index {i}"
            raise DataError(f"{name} must be a Dataset or pairs (image, label), got {found}")
        images.append(pair[0])
        labels.append(pair[1])
    if not images:
        raise DataError(f"{name} must not be empty; a zip or generator yields its pairs only once")
    return images, labels


def stack(
    images: ArrayLike | list[Any], labels: ArrayLike | list[Any], classes: int, scale: float | None, name: str
) -> Samples:
    """Check images and labels that were given apart."""
    first = np.asarray(images[0] if isinstance(images, list) else images)
    pixels = first.dtype == np.uint8
    checked, _ = check_images(images, 1.0, f"images of {name}")
    targets, _ = check_labels(labels, classes, f"labels of {name}")
    if len(checked) != len(targets):
        found = f"{len(checked):,} and {len(targets):,}"
        raise DataError(f"images and labels of {name} must be equally many, got {found}")
    if not pixels:
        scale = 1.0
    elif scale is None:
        scale = infer_scale(0, checked.max().item(), integers=True)
    return Samples(checked, np.ascontiguousarray(targets), scale)
