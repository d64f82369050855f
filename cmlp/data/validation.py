"""Validate images, labels, targets and weights: each function takes anything and returns a checked array.

Each error is one sentence: where, which rule, what was found, at which index.
"""

import numbers
from collections.abc import Iterator, Mapping, Sequence, Set
from math import isqrt
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cmlp.data.arrays import plain
from cmlp.data.likeness import are_pictures
from cmlp.data.pixels import FULL_SCALES, ROUNDING, infer_scale
from cmlp.errors import DataError
from cmlp.utils.text import shown

Pixels: TypeAlias = NDArray[np.uint8 | np.float32 | np.float64]

LARGEST_LABEL = 2**53  # up to where a float holds every integer
PICTURE = 64  # pixels from which on rows may be pictures without a shape
WATCHED = 500  # rows that are looked at


def check_images(images: object, scale: float | None, name: str) -> tuple[Pixels, float]:
    """Convert images to one row of pixels each.

    Parameters
    ----------
    images : array_like
        Of shape (n, pixels), (n, pixels, 1), (n, height, width) or (n, height, width, 1); integers, bools or
        floats of any width and byte order.
    scale : float or None
        Factor that scales the pixels to [0, 1]; None infers it from the largest value of what look like pixels.
    name : str
        What error messages call the images.

    Returns
    -------
    pixels : ndarray of shape (n, pixels)
        uint8 and unscaled where the given values are integers in 0..255, otherwise float32 or float64 and
        scaled. A view of the given array where possible.
    scale : float
        The given or inferred factor.

    Raises
    ------
    DataError
        If the images are not numbers, empty, ragged, not finite or of another shape.
    """
    given = as_array(images, name)
    pixels = _one_row_each(given, name)
    if not pixels.flags.aligned:
        pixels = pixels.copy()
    integers, dtype = pixels.dtype.kind in "biu", pixels.dtype
    if not integers:
        with np.errstate(over="ignore"):  # a long double too large for float64 is then found to be inf
            pixels = pixels.astype(np.float32 if pixels.dtype.itemsize <= 4 else np.float64, copy=False)
    low, high = _value_range(pixels, name)
    whole = integers and low >= 0 and high <= 255
    if scale is not None:
        factor = check_scale(scale, np.dtype(np.uint8) if whole else pixels.dtype, max(abs(low), abs(high)))
    elif _are_pixels(pixels, dtype, high, shape=given.shape[1:]):
        factor = infer_scale(low, high, integers=integers)
    else:
        factor = 1.0
    if whole:
        one_byte = pixels.dtype.itemsize == 1
        return (pixels.view(np.uint8) if one_byte else pixels.astype(np.uint8, "C")), factor
    if integers:
        return np.multiply(pixels, factor, order="C", dtype=np.float64), factor
    return (pixels if factor == 1 else np.multiply(pixels, factor, order="C")), factor


def are_integer_pixels(dtype: np.dtype[Any], high: float) -> bool:
    """Return whether numbers are pixels by their type, or by being integers up to a full scale of 8 or 16 bits."""
    narrow = dtype.itemsize == 1 or (dtype.kind == "u" and dtype.itemsize == 2)
    return narrow or (dtype.kind in "iu" and high in FULL_SCALES[2:])


def _are_pixels(rows: NDArray[Any], dtype: np.dtype[Any], high: float, shape: tuple[int, ...]) -> bool:
    """Say whether values are pixels: bytes and 16 bits are; other whole numbers if they look like it.

    Two tables of one kind have different maxima, and must not get different scales. So the largest value must be 255
    or 65535, or the rows pictures, with a shape or with neighbours that are alike.
    """
    if are_integer_pixels(dtype, high) or high <= ROUNDING:
        return True
    some = rows[:: -(-len(rows) // WATCHED)]
    if not np.array_equal(some, np.rint(some)):
        return False
    height, width = (*shape, 1, 1)[:2]
    side = isqrt(rows.shape[1])
    if high in FULL_SCALES[2:] or (height > 1 and width > 1):
        return True
    return rows.shape[1] >= PICTURE and side * side == rows.shape[1] and are_pictures(some, (side, side))


def check_labels(labels: object, classes: int | None, name: str) -> tuple[NDArray[np.intp], int]:
    """Convert labels to one integer each.

    Parameters
    ----------
    labels : array_like
        Integers of shape (n,) or (n, 1), or one-hot rows (n, classes) or columns (n, classes, 1) of any
        numeric type.
    classes : int or None
        Number of classes; None takes the width of one-hot labels, otherwise the largest label plus one.
    name : str
        What error messages call the labels.

    Returns
    -------
    labels : ndarray of intp, shape (n,)
        Values in 0..classes - 1.
    classes : int
        The given or inferred number.

    Raises
    ------
    DataError
        If the labels are not integers or one-hot, empty, of another shape or out of range.
    """
    wanted = None if classes is None else _check_classes(classes)
    array = as_array(labels, name)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 2:
        return _from_one_hot(array, wanted, name)
    if array.ndim != 1:
        raise DataError(f"{name} must have shape (n,), (n, 1) or one-hot (n, classes), got {array.shape}")
    if array.dtype.kind not in "iuf":
        raise DataError(f"{name} must be integers or one-hot rows, got dtype {array.dtype}")
    if not _are_whole(array).all():
        index = int(np.argmin(_are_whole(array)))
        raise DataError(f"{name} must be whole numbers or one-hot rows, got {array[index]} at index {index}")
    checked = _check_range(array, wanted, name)
    return array.astype(np.intp, copy=False), checked


def _are_whole(array: NDArray[Any]) -> NDArray[np.bool_]:
    """Say which numbers are integers that a float can hold."""
    if array.dtype.kind in "iu":
        return np.ones(array.shape, bool)
    floats = _as_floats(array)
    whole: NDArray[np.bool_] = np.isfinite(floats) & (floats == np.rint(floats)) & (abs(floats) < LARGEST_LABEL)
    return whole


def check_class_names(names: Any, classes: int | None = None) -> tuple[str, ...]:
    """Check class names: one string per class, all different and printable.

    Parameters
    ----------
    names : sequence of str
        The names.
    classes : int, optional
        Number of classes; by default that of the names.

    Returns
    -------
    tuple of str

    Raises
    ------
    DataError
        If the names are not that.
    """
    count = "" if classes is None else f"{classes:,} "
    rule = f"class_names must be {count}different strings, one per class in the order of the labels"
    if isinstance(names, Set | Mapping | Iterator) or not hasattr(names, "__len__"):
        raise DataError(f"{rule}, got {type(names).__name__}: give a list")
    if isinstance(names, str) or not all(isinstance(name, str) and name.strip() for name in names):
        raise DataError(f"{rule}, got {shown(names)}")
    hidden = next((name for name in names if not str(name).isprintable()), None)
    if hidden is not None:
        raise DataError(f"class_names must be printable, got {str(hidden)[:200]!r}")
    if not len(names) == len(set(names)) == (classes or len(names)) > 0:
        raise DataError(f"{rule}, got {len(names):,}, {len(set(names)):,} of them different")
    return tuple(map(str, names))


def check_feature_names(names: Any, features: int) -> tuple[str, ...]:
    """Check the names of features: one printable string for each.

    Parameters
    ----------
    names : sequence of str
        The names.
    features : int
        Number of features.

    Returns
    -------
    tuple of str

    Raises
    ------
    DataError
        If the names are not that.
    """
    rule = f"feature_names must be {features:,} strings, one per pixel or feature in their order"
    if isinstance(names, str | Set | Mapping | Iterator) or not hasattr(names, "__len__"):
        raise DataError(f"{rule}, got {type(names).__name__}: give a list")
    if not all(isinstance(name, str) and name.isprintable() for name in names):
        raise DataError(f"{rule}, and printable, got {shown(names)}")
    if len(names) != features:
        raise DataError(f"{rule}, got {len(names):,}")
    return tuple(map(str, names))


def check_targets(targets: object, outputs: int, name: str) -> NDArray[np.float64]:
    """Convert the targets of a regression to shape (n, outputs).

    Parameters
    ----------
    targets : array_like
        Real numbers of shape (n,) where there is one output, (n, outputs) or (n, outputs, 1).
    outputs : int
        Number of outputs of the network.
    name : str
        What error messages call the targets.

    Returns
    -------
    ndarray of float64, shape (n, outputs), contiguous

    Raises
    ------
    DataError
        If the targets are not numbers, empty, not finite or of another shape.
    """
    array = as_array(targets, name, one_type=False)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim == 1 and outputs == 1:
        array = array[:, np.newaxis]
    if array.ndim != 2 or array.shape[1] != outputs:
        raise DataError(f"{name} must have shape (n, {outputs}), got {array.shape}")
    checked = _as_floats(array)
    if not np.isfinite(checked).all():
        row, column = np.argwhere(~np.isfinite(checked))[0]
        raise DataError(f"{name} must be finite, got {checked[row, column]} at index {row}, output {column}")
    return checked


def check_weights(weights: object, n: int, name: str) -> NDArray[np.float64]:
    """Convert the weights of samples to shape (n,).

    Parameters
    ----------
    weights : array_like
        Non-negative numbers of shape (n,), not all 0.
    n : int
        Number of samples.
    name : str
        What error messages call the weights.

    Returns
    -------
    ndarray of float64, shape (n,), contiguous

    Raises
    ------
    DataError
        If the weights are not that.
    """
    array = as_array(weights, name, one_type=False)
    if array.shape != (n,):
        raise DataError(f"{name} must have shape ({n:,},), got {array.shape}")
    checked = _as_floats(array)
    wrong = ~(np.isfinite(checked) & (checked >= 0))
    if wrong.any():
        index = int(wrong.argmax())
        raise DataError(f"{name} must be non-negative numbers, got {checked[index]} at index {index}")
    if not checked.any():
        raise DataError(f"{name} must not all be 0")
    return checked


def as_array(values: object, name: str, *, one_type: bool = True) -> NDArray[Any]:
    """Array of numbers, at least one along the first axis, from an array or a list or tuple of rows.

    `one_type` says whether the numbers of a list must be of one type, as labels are, and not 1 and 0.5.
    """
    if isinstance(values, list | tuple) and _are_alike(values):
        array = np.asarray(values)
    elif isinstance(values, list | tuple):
        # Row by row, because a whole list with one bad row would only say that it is "inhomogeneous".
        rows = [_as_numbers(row, name, f" at index {i}") for i, row in enumerate(values)]
        _check_alike(rows, name, one_type)
        _check_no_bytes_among_floats(values, name)
        array = np.stack(rows) if rows else np.empty(0)
    else:
        array = _as_numbers(values, name)
    if array.ndim and not len(array):
        raise DataError(f"{name} must not be empty, got shape {array.shape}")
    return array


def _are_alike(values: Sequence[Any]) -> bool:
    """Whether these are NumPy's numbers, or arrays of them, of one type and shape: then nothing can go wrong."""
    if set(map(type, values)) == {np.ndarray}:
        found: set[Any] = {(row.dtype, row.shape) for row in values}
    else:
        found = {(row.dtype, ()) if isinstance(row, np.generic) else None for row in values}
    kind = found.pop() if len(found) == 1 else None
    return kind is not None and kind[0].kind in "biuf"


def _as_floats(array: NDArray[Any]) -> NDArray[np.float64]:
    """Return numbers as the core takes them; a long double that is too large becomes an infinity."""
    with np.errstate(over="ignore"):
        return np.require(array, np.float64, ["C", "A", "E"])


def _as_numbers(value: object, name: str, place: str = "") -> NDArray[Any]:
    array = plain(value, name, place=place)
    if array.dtype.kind not in "biuf":
        found = f"dtype {array.dtype}" if array.ndim else type(value).__name__
        raise DataError(f"{name} must be numbers, got {found}{place}")
    return array


def _check_alike(rows: list[NDArray[Any]], name: str, one_type: bool) -> None:
    """Refuse rows of several shapes, and single values of several types such as True among integers."""
    for i, row in enumerate(rows):
        if row.shape != rows[0].shape:
            found = f"{row.shape} at index {i} after {rows[0].shape} at index 0"
            raise DataError(f"{name} must all have the same shape, got {found}")
        if one_type and row.ndim == 0 and _family(row) != _family(rows[0]):
            found = f"{row.dtype} at index {i} after {rows[0].dtype} at index 0"
            raise DataError(f"{name} must all have the same type, got {found}")


def _check_no_bytes_among_floats(rows: Sequence[object], name: str) -> None:
    """Refuse arrays of bytes, which wait for their scale, in a list with others that do not."""
    dtypes = [row.dtype for row in rows if isinstance(row, np.ndarray) and row.ndim]
    if np.uint8 in dtypes and any(dtype.kind == "f" for dtype in dtypes):
        index = next(i for i, dtype in enumerate(dtypes) if (dtype == np.uint8) != (dtypes[0] == np.uint8))
        found = f"{dtypes[index]} at index {index} after {dtypes[0]} at index 0"
        raise DataError(f"{name} must all be bytes, or all be floats, got {found}")


def _family(array: NDArray[Any]) -> str:
    return array.dtype.kind.replace("u", "i")


def _one_row_each(array: NDArray[Any], name: str) -> NDArray[Any]:
    shape = array.shape
    if array.ndim not in (2, 3) and not (array.ndim == 4 and shape[3] == 1):
        rule = "must have shape (n, pixels), (n, height, width) or (n, height, width, 1)"
        hint = ", the shape of labels" if array.ndim == 1 else ""
        raise DataError(f"{name} {rule}, got {shape}{hint}")
    if array.size == 0:
        raise DataError(f"{name} must have at least one pixel each, got shape {shape}")
    return array.reshape(len(array), -1)


def _value_range(pixels: NDArray[Any], name: str) -> tuple[float, float]:
    """Smallest and largest value, both finite; two reductions need no copy, unlike `np.isfinite`."""
    low, high = pixels.min(), pixels.max()  # NaN if there is one
    if np.isfinite(low) and np.isfinite(high):
        return low.item(), high.item()
    image = next(i for i, row in enumerate(pixels) if not np.isfinite(row).all())
    pixel = int(np.argmin(np.isfinite(pixels[image])))
    raise DataError(f"{name} must be finite, got {pixels[image, pixel]} in image {image}, pixel {pixel}")


def check_scale(scale: Any, dtype: np.dtype[Any], largest: float = 255.0, name: str = "scale") -> float:
    """Check the factor of pixels, which has to leave them finite; bytes become float32 later, or float64.

    Parameters
    ----------
    scale : object
        The factor.
    dtype : dtype
        Type of the pixels: uint8, another of integers, or of floats.
    largest : float
        Their largest absolute value.
    name : str
        What error messages call the factor.

    Returns
    -------
    float

    Raises
    ------
    DataError
        If the factor is no positive number, or a product with it is infinite.
    """
    number: Any = scale if isinstance(scale, numbers.Real) and not isinstance(scale, bool) else 0
    if not 0 < number < float("inf"):
        raise DataError(f"{name} must be a positive number, got {shown(scale)}")
    limits = np.finfo(np.float32) if dtype in (np.uint8, np.float32) else np.finfo(np.float64)
    if not float(limits.tiny) <= number <= float(limits.max) / max(largest, 1.0):
        found = f"got {shown(scale)} for pixels up to {largest:g}"
        raise DataError(f"{name} must keep the pixels finite and above 0 in {limits.dtype}, {found}")
    return float(number)


def _check_classes(classes: int) -> int:
    number = isinstance(classes, numbers.Integral) and not isinstance(classes, bool)
    if not (number and classes >= 1):
        raise DataError(f"classes must be a positive integer or None, got {classes!r}")
    return int(classes)


def _check_range(labels: NDArray[Any], classes: int | None, name: str) -> int:
    """Refuse labels outside 0..classes - 1 and return the number of classes."""
    low, high = int(labels.min()), int(labels.max())
    if classes is None and low > 0:
        todo = "subtract 1, or say" if low == 1 else "say"
        raise DataError(f"{name} must start at 0, got {low}..{high}: {todo} classes={high + 1} if they are right")
    limit = high + 1 if classes is None else classes
    if low == 1 and high == limit:
        raise DataError(f"{name} must be in 0..{limit - 1}, got 1..{limit}: they seem to start at 1")
    if low < 0 or high >= limit:
        index = int(np.argmax((labels < 0) | (labels >= limit)))
        rule = "must not be negative" if classes is None else f"must be in 0..{limit - 1}"
        todo = ': for yes and no, two outputs or loss="binary_cross_entropy" are needed' if limit == 1 else ""
        raise DataError(f"{name} {rule}, got {labels[index]} at index {index}{todo}")
    return limit


def _from_one_hot(rows: NDArray[Any], classes: int | None, name: str) -> tuple[NDArray[np.intp], int]:
    """Position of the 1 in each row (n, classes), after checking that it is the only value but 0."""
    hot = (np.count_nonzero(rows, axis=1) == 1) & (rows.max(axis=1, initial=0) == 1)
    if not hot.all():
        index = int(np.argmin(hot))
        values = rows[index][rows[index] != 0]
        found = f"the value {values[0]}" if len(values) == 1 else f"{len(values)} values other than 0"
        rule = f"of shape {rows.shape} must be one-hot rows, a single 1 among 0s"
        raise DataError(f"{name} {rule}, got {found} at index {index}")
    if classes not in (None, rows.shape[1]):
        raise DataError(f"{name} must have {classes} one-hot columns, got {rows.shape[1]}")
    return rows.argmax(axis=1), rows.shape[1]
