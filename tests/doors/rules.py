"""What the doors of a network promise about arrays, in plain NumPy: which they refuse, and what the others mean."""

import numpy as np

REAL = "biuf"


class Refused(Exception):
    """What is given breaks a rule of the door."""


class Unsaid(Exception):
    """What is given may be refused or not, and has no result worth comparing."""


def require(condition, rule):
    if not condition:
        raise Refused(rule)


def as_floats(array, scales):
    """Return numbers as a network sees them: `scales` are what bytes and other integers are multiplied by."""
    factor = scales[0] if array.dtype == np.uint8 else scales[1] if array.dtype.kind in "iu" else 1.0
    with np.errstate(all="ignore"):
        return np.multiply(array, factor, dtype=np.float64, casting="unsafe")


def images_of(given, features, scales):
    """Return images (n, features), and whether it was one, for the doors that only compute outputs."""
    array = given.meaning
    require(array.dtype.kind in REAL, "numbers")
    floats = as_floats(array, scales)
    if given.is_sparse:
        require(array.ndim == 2 and array.shape[1] == features, "features")
        return floats, False
    if array.ndim > 1 and np.prod(array.shape[1:]) == features:
        return floats.reshape(len(array), features), False
    require(array.size == features, "features")
    return floats.reshape(1, features), True


def checked_images(given, features, scales):
    """Return images (n, features) for the doors that learn from them, or compare with answers."""
    array = given.meaning
    require(array.dtype.kind in REAL, "numbers")
    require(array.ndim in (2, 3) or (array.ndim == 4 and array.shape[3] == 1), "axes")
    if given.is_sparse:
        require(array.shape[1] == features, "features")
    require(array.size and np.prod(array.shape[1:]) == features, "features")
    floats = as_floats(array, scales).reshape(len(array), features)
    require(np.isfinite(floats).all(), "finite")
    return floats


def labels_of(given, classes, n):
    """Return labels (n,)."""
    array = _without_axes_of_one(given)
    require(array.dtype.kind in REAL, "numbers")
    if array.ndim == 2:
        hot = np.asarray(array, float) == 1
        require(array.shape == (n, classes), "shape")
        require(((np.count_nonzero(array, axis=1) == 1) & (hot.sum(axis=1) == 1)).all(), "one-hot")
        return hot.argmax(axis=1)
    require(array.ndim == 1 and array.dtype.kind != "b", "shape")
    floats = np.asarray(array, np.longdouble)
    require(np.isfinite(floats).all() and (floats == np.rint(floats)).all(), "whole")
    require(((floats >= 0) & (floats < classes)).all() and len(array) == n, "range")
    return floats.astype(int)


def targets_of(given, outputs, n, lowest=-np.inf, highest=np.inf):
    """Return targets (n, outputs)."""
    array = given.meaning
    require(not given.is_sparse and array.dtype.kind in REAL and array.size, "numbers")
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim == 1 and outputs == 1:
        array = array[:, None]
    require(array.shape == (n, outputs), "shape")
    with np.errstate(all="ignore"):
        floats = array.astype(np.float64)
    require((np.isfinite(floats) & (floats >= lowest) & (floats <= highest)).all(), "range")
    return floats


def weights_of(given, n, dtype):
    """Return weights (n,)."""
    array = given.meaning
    require(not given.is_sparse and array.dtype.kind in REAL and array.shape == (n,), "shape")
    with np.errstate(all="ignore"):
        floats = array.astype(np.float64)
        require(np.isfinite(floats).all() and (floats >= 0).all(), "range")
        require(np.finfo(dtype).tiny <= floats.max() <= np.finfo(dtype).max and np.isfinite(floats.sum()), "sum")
    return floats


def _without_axes_of_one(given):
    array = given.meaning
    require(not given.is_sparse and array.ndim and len(array), "empty")
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    return array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
