"""What is given to a network, in whatever shape, as the arrays that the core computes with."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import inf, prod
from numbers import Integral, Real
from typing import Any, NamedTuple, Protocol, Self, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from cmlp.core.data_source import DataSource
from cmlp.data.arrays import check_unmasked, plain
from cmlp.data.pixels import infer_scale
from cmlp.data.validation import (
    are_integer_pixels,
    as_array,
    check_images,
    check_labels,
    check_scale,
    check_targets,
    check_weights,
)
from cmlp.errors import DataError
from cmlp.model.sparse import own_csr
from cmlp.utils.text import counted

CORE_TYPES = (np.dtype(np.uint8), np.dtype(np.float32), np.dtype(np.float64))


@runtime_checkable
class ImagesAndLabels(Protocol):
    """What a `Dataset` is to a network: images (n, features) of a type in CORE_TYPES, n labels, all checked."""

    @property
    def images(self) -> NDArray[Any]: ...  # noqa: D102
    @property
    def labels(self) -> NDArray[np.intp]: ...  # noqa: D102
    @property
    def scale(self) -> float: ...  # noqa: D102


Data: TypeAlias = ImagesAndLabels | tuple[ArrayLike, ArrayLike] | Iterable[tuple[ArrayLike, ArrayLike]]
SparseRows: TypeAlias = tuple[NDArray[Any], NDArray[np.int32], NDArray[np.int32]]


@dataclass(frozen=True)
class Form:
    """What a network expects of its data."""

    features: int
    outputs: int
    regression: bool  # whether targets are numbers, not labels
    lowest: float = -inf  # of those numbers
    highest: float = inf


class PixelScale(NamedTuple):
    """What integers are multiplied by: bytes, and those of other types; floats are used as they are."""

    bytes: float
    integers: float


AS_THEY_ARE = PixelScale(1.0, 1.0)


@dataclass(frozen=True)
class Samples:
    """Checked images, and labels (n,) or targets (n, outputs).

    `images` is an array (n, features) of uint8, float32 or float64, or the values, columns and row pointers of a
    sparse matrix; where there are `rows` (n,), these say which of the images are meant. `scale` brings uint8 pixels to
    0..1.
    """

    images: NDArray[Any] | SparseRows
    labels: NDArray[np.intp] | None
    targets: NDArray[np.float64] | None
    scale: float
    weights: NDArray[np.float64] | None = None
    rows: NDArray[np.intp] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.images, tuple):
            object.__setattr__(self, "images", image_by_image(self.images))
        if self.labels is not None and (self.labels.flags.writeable or not self.labels.flags.owndata):
            object.__setattr__(self, "labels", frozen(self.labels))

    def __len__(self) -> int:
        given = self.targets if self.labels is None else self.labels
        assert given is not None
        return len(given)

    @property
    def pixel_scale(self) -> float | None:
        """The scale, or None where the images were in 0..1 from the beginning and say nothing about pixels."""
        return None if self.scale == 1 and self.pixels.dtype != np.uint8 else self.scale

    @property
    def pixels(self) -> NDArray[Any]:
        """All values of the images."""
        return self.images[0] if isinstance(self.images, tuple) else self.images

    @property
    def largest(self) -> float:
        """The largest absolute value that the network gets."""
        if not self.pixels.size:
            return 0.0
        scale = self.scale if self.pixels.dtype == np.uint8 else 1.0
        return max(abs(float(self.pixels.min())), abs(float(self.pixels.max()))) * scale

    def weighted(self, sample_weight: object, class_weight: object, classes: int, dtype: np.dtype[Any]) -> Self:
        """Return the same samples with weights: of each, and of its class; `dtype` is that of the computation."""
        weights = None if sample_weight is None else check_weights(sample_weight, len(self), "sample_weight")
        if class_weight is not None:
            by_class = self._weights_by_class(class_weight, classes)
            weights = by_class if weights is None else weights * by_class
        if weights is not None:
            check_together(weights, dtype, "sample_weight and class_weight")
        return replace(self, weights=weights)

    def _weights_by_class(self, class_weight: Any, classes: int) -> NDArray[np.float64]:
        if self.labels is None:
            raise DataError("class_weight needs labels, and these samples have targets")
        counts = np.bincount(self.labels)
        if isinstance(class_weight, str) and class_weight == "balanced":
            present = np.count_nonzero(counts)
            return len(self) / (present * counts[self.labels].astype(np.float64))
        if not isinstance(class_weight, Mapping):
            raise DataError(f'class_weight must be a dict of label and weight, or "balanced", got {class_weight!r}')
        weights = np.ones(classes)
        for label, weight in class_weight.items():
            if not isinstance(label, Integral) or isinstance(label, bool) or not 0 <= int(label) < classes:
                raise DataError(f"class_weight must have labels of 0..{classes - 1} for keys, got {label!r}")
            if not isinstance(weight, Real) or isinstance(weight, bool) or not 0 <= float(weight) < inf:
                raise DataError(f"class_weight must be non-negative numbers, got {weight!r} for label {label}")
            weights[int(label)] = weight
        return weights[self.labels]

    def take(self, rows: NDArray[np.intp]) -> Self:
        """Return the samples of some rows, with images of their own."""
        chosen = self.subset(rows)
        found = chosen.rows
        assert found is not None
        images = _take_rows(self.images, found) if isinstance(self.images, tuple) else self.images[found]
        return replace(chosen, images=images, rows=None)

    def subset(self, rows: NDArray[np.intp]) -> Self:
        """Return the samples of some rows; their images stay where they are."""
        return replace(
            self,
            rows=frozen(np.arange(len(self))[rows] if self.rows is None else self.rows[rows]),
            labels=None if self.labels is None else self.labels[rows],
            targets=None if self.targets is None else self.targets[rows],
            weights=None if self.weights is None else self.weights[rows],
        )

    def source(self, smoothing: float = 0.0) -> DataSource:
        """Return the samples as the core knows them; `smoothing` is how much of a label's 1 all classes share."""
        if smoothing and self.labels is None:
            raise DataError("label_smoothing needs labels, and these samples have targets")
        return DataSource(self.images, self.scale, self.labels, self.targets, self.weights, smoothing, self.rows)


def check_together(weights: NDArray[np.float64], dtype: DTypeLike, name: str) -> None:
    """Refuse weights that all vanish in the type of the computation, or are too large for it."""
    limits = np.finfo(dtype)
    with np.errstate(over="ignore"):
        total = weights.sum()
    if not (limits.tiny <= weights.max() <= limits.max and total < inf):
        found = f"{weights.min():g} to {weights.max():g}"
        raise DataError(f"{name} must not all be 0, and have a finite sum, in {limits.dtype}, got {found}")


def as_images(images: Any, features: int, scale: PixelScale) -> tuple[NDArray[Any] | SparseRows, bool]:
    """Bring one image or a batch of them to shape (n, features), and say whether it was one.

    Parameters
    ----------
    images : array_like or scipy.sparse matrix
        One image of shape (features,), (features, 1) or (height, width), or n of them along a first axis.
    features : int
        How many pixels an image has.
    scale : PixelScale
        What integers are multiplied by, but for bytes, which still wait for it. Other integers are returned as bytes
        where they can.

    Returns
    -------
    images : ndarray of uint8, float32 or float64, or the parts of a sparse matrix
        A view where that is possible.
    single : bool
        Whether there was no axis of n images.
    """
    if hasattr(images, "tocsr"):
        return as_rows(images, features, scale), False
    if hasattr(images, "labels") and isinstance(images, ImagesAndLabels):
        raise DataError(f"images must come without labels here, got a {type(images).__name__}: give its `images`")
    array = plain(images, "images", f"must have {features:,} pixels each and come without labels")
    if array.dtype.kind not in "biuf":
        raise DataError(f"images must be integers or real numbers, got dtype {array.dtype}")
    if array.dtype not in CORE_TYPES:
        array = _converted(array, scale)
    if array.ndim > 1 and prod(array.shape[1:]) == features:
        return image_by_image(array.reshape(len(array), features)), False
    if array.size == features:
        return image_by_image(array.reshape(1, features)), True
    found = f"an array of shape {array.shape}{_label_among(array.shape, features)}"
    raise DataError(f"images must have {features:,} pixels each, got {found}")


def _label_among(shape: tuple[int, ...], features: int) -> str:
    """Return a hint where the images have a column too many."""
    return ": one column too many, which may be the labels" if shape[1:] == (features + 1,) else ""


def _converted(numbers: NDArray[Any], scale: PixelScale) -> NDArray[Any]:
    """Return numbers of another type as one of CORE_TYPES."""
    if numbers.dtype.kind in "iu":
        if scale.integers == scale.bytes and numbers.size and numbers.min() >= 0 and numbers.max() <= 255:
            return numbers.astype(np.uint8)
        product: NDArray[Any] = np.multiply(numbers, scale.integers, dtype=np.float64)
        return product
    with np.errstate(over="ignore"):  # of a long double
        return numbers.astype(np.float32 if numbers.dtype.kind == "f" and numbers.dtype.itemsize <= 4 else np.float64)


def image_by_image(images: NDArray[Any]) -> NDArray[Any]:
    """Return images (n, features) with the pixels of each side by side in memory: a copy where they are not.

    Kernels fetch images in random order. If the pixels lay `n` numbers apart, as in the transposed array of a table by
    columns, each mini-batch would fetch nearly all of the memory.
    """
    together = images.size == 0 or images.shape[1] == 1 or images.strides[1] == images.itemsize
    return images if together and images.flags.aligned else np.array(images, order="C")


def as_rows(matrix: Any, features: int, scale: PixelScale) -> SparseRows:
    """Return the values, the columns and the row pointers of a scipy.sparse matrix (n, features).

    Integers other than bytes are bytes where they can, and otherwise multiplied by `scale`.
    """
    csr = own_csr(matrix, features)
    values = csr.data if csr.dtype in CORE_TYPES else _converted(csr.data, scale)
    return np.require(values, None, ["C", "A", "E"]), frozen(csr.indices, np.int32), frozen(csr.indptr, np.int32)


def frozen(indices: NDArray[Any], dtype: DTypeLike = np.intp) -> NDArray[Any]:
    """Return a read-only copy: kernels find memory by such numbers, and nobody may change them meanwhile."""
    copy = np.array(indices, dtype, order="C")
    copy.setflags(write=False)
    return copy


def _take_rows(images: SparseRows, rows: NDArray[np.intp]) -> SparseRows:
    values, columns, begins = images
    lengths = begins[rows + 1] - begins[rows]
    chosen = np.concatenate([np.arange(begins[row], begins[row + 1]) for row in rows] or [np.empty(0, np.intp)])
    new_begins = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return values[chosen], columns[chosen], new_begins


def as_samples(data: Data, form: Form, scale: PixelScale | None, name: str) -> Samples:
    """Check a Dataset, two arrays (images, labels), or pairs (image, label).

    `scale` is that of integers where the data do not bring one; None infers it from the largest. `name` is what
    complaints call the data.
    """
    if isinstance(data, ImagesAndLabels):
        samples = _checked_before(data, form, name)
    else:
        images, answers = data if _is_two_arrays(data) else split_pairs(data, name)
        samples = stack(images, answers, form, scale, name)
    if isinstance(samples.images, np.ndarray) and samples.images.shape[1] != form.features:
        found = f"{samples.images.shape[1]:,}{_label_among(samples.images.shape, form.features)}"
        raise DataError(f"images of {name} must have the network's {counted(form.features, 'pixel')}, got {found}")
    return samples


def _checked_before(data: ImagesAndLabels, form: Form, name: str) -> Samples:
    """Look at what a Dataset has checked, and another class may not have: kernels trust it."""
    images: Any = data.images
    if not isinstance(images, np.ndarray) or images.ndim != 2 or images.dtype not in CORE_TYPES:
        found = f"{images.dtype} of shape {images.shape}" if isinstance(images, np.ndarray) else type(images).__name__
        raise DataError(f"images of {name} must be an array (n, pixels) of uint8, float32 or float64, got {found}")
    check_unmasked(images, f"images of {name}")
    scale = check_scale(data.scale, images.dtype, 255.0 if images.dtype == np.uint8 else 1.0, f"scale of {name}")
    labels, targets = check_answers(data.labels, form, name)
    samples = Samples(images, labels, targets, scale)
    _check_as_many(len(images), samples, name)
    return samples


def _is_two_arrays(data: Any) -> bool:
    """Return whether these are images and labels, one of them a list perhaps; pairs are no arrays."""
    if not isinstance(data, tuple) or len(data) != 2:
        return False
    arrays = [hasattr(part, "tocsr") or (hasattr(part, "__array__") and np.ndim(part) > 0) for part in data]
    return any(arrays) and all(is_array or isinstance(part, list) for is_array, part in zip(arrays, data, strict=True))


def _are_swapped(images: Any, answers: Any, features: int) -> bool:
    """Return whether there is one number for each image, and a row of pixels for each answer."""
    one_each = getattr(images, "ndim", None) == 1 or (isinstance(images, list) and isinstance(images[0], Real))
    shape = getattr(answers, "shape", ())
    return one_each and len(shape) > 1 and prod(shape[1:]) == features


def split_pairs(pairs: Any, name: str) -> tuple[list[Any], list[Any]]:
    """Return the images and the labels of pairs (image, label)."""
    rule = f"{name} must be a Dataset, two arrays or pairs (image, label)"
    if not isinstance(pairs, Iterable) or hasattr(pairs, "__array__"):
        hint = ": give its labels apart" if hasattr(pairs, "__array__") else ""
        raise DataError(f"{rule}, got {type(pairs).__name__}{hint}")
    images, labels = [], []
    for i, pair in enumerate(pairs):
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            hint = ": make arrays of both lists" if isinstance(pair, list) and isinstance(pairs, tuple) else ""
            hint = ": give one of them" if isinstance(pair, ImagesAndLabels) else hint
            raise DataError(f"{rule}, got {type(pair).__name__} at index {i}{hint}")
        images.append(pair[0])
        labels.append(pair[1])
    if not images:
        raise DataError(f"{name} must not be empty; a zip or generator yields its pairs only once")
    return images, labels


def stack(images: Any, answers: Any, form: Form, scale: PixelScale | None, name: str) -> Samples:
    """Check images and labels, or targets, that were given apart."""
    if _are_swapped(images, answers, form.features):
        found = "one number per image, and rows where the labels belong"
        raise DataError(f"{name} must be images and labels in this order, got {found}: exchange them")
    labels, targets = check_answers(answers, form, name)
    if hasattr(images, "tocsr"):
        rows, factor = _checked_rows(images, form.features, scale, name)
        samples, n = Samples(rows, labels, targets, factor), len(rows[2]) - 1
    else:
        array = as_array(images, f"images of {name}")
        checked, factor = check_images(array, _factor(array.dtype, scale), f"images of {name}")
        samples, n = Samples(checked, labels, targets, factor), len(checked)
    _check_as_many(n, samples, name)
    return samples


def _factor(dtype: np.dtype[Any], scale: PixelScale | None) -> float | None:
    """Return what numbers of a type are multiplied by; None is to be inferred from the largest."""
    if dtype.kind not in "iu":
        return 1.0
    return None if scale is None else scale.bytes if dtype == np.uint8 else scale.integers


def _checked_rows(matrix: Any, features: int, scale: PixelScale | None, name: str) -> tuple[SparseRows, float]:
    """Return the rows of a sparse matrix, and the scale of their bytes."""
    csr = own_csr(matrix, features)
    if csr.dtype == bool:
        csr = csr.astype(np.uint8)
        scale = AS_THEY_ARE
    factor = _factor(csr.dtype, scale)
    if factor is None:
        low, high = int(csr.data.min(initial=0)), int(csr.data.max(initial=0))
        factor = infer_scale(low, high, integers=True) if are_integer_pixels(csr.dtype, high) else 1.0
    rows = as_rows(csr, features, PixelScale(factor, factor))
    _check_finite_rows(rows, name)
    return rows, factor


def _check_as_many(n: int, samples: Samples, name: str) -> None:
    if n != len(samples):
        answers = "targets" if samples.labels is None else "labels"
        raise DataError(f"images and {answers} of {name} must have the same length, got {n:,} and {len(samples):,}")


def _check_finite_rows(rows: SparseRows, name: str) -> None:
    values, columns, begins = rows
    finite = np.isfinite(values)
    if not finite.all():
        place = int(finite.argmin())
        image = int(np.searchsorted(begins, place, side="right")) - 1
        found = f"{values[place]} in image {image}, pixel {columns[place]}"
        raise DataError(f"images of {name} must be finite, got {found}")


def check_answers(answers: Any, form: Form, name: str) -> tuple[NDArray[np.intp] | None, NDArray[np.float64] | None]:
    """Return labels (n,) and no targets, or no labels and targets (n, outputs)."""
    if form.regression:
        targets = check_targets(answers, form.outputs, f"targets of {name}")
        wrong = (targets < form.lowest) | (targets > form.highest)
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            rule = f"at least {form.lowest:g}" if form.highest == inf else f"{form.lowest:g}..{form.highest:g}"
            found = f"{targets[row, column]:g} at index {row}, output {column}"
            raise DataError(f"targets of {name} must be {rule}, got {found}")
        return None, targets
    labels, _ = check_labels(answers, form.outputs, f"labels of {name}")
    return frozen(labels), None
