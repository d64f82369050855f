"""Arrays of whatever is given: a value that is missing is refused, where NumPy would make a number of it."""

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.errors import CmlpError, DataError


def check_unmasked(values: Any, name: str, error: type[CmlpError] = DataError) -> None:
    """Refuse masked arrays, alone or in a list, in which a value is masked: NumPy would use what is under the mask.

    Parameters
    ----------
    values : object
        The values.
    name : str
        What the error message calls them.
    error : type of CmlpError
        What is raised.
    """
    parts = values if isinstance(values, list | tuple) else [values]
    masked = sum(np.ma.getmaskarray(part).sum() for part in parts if isinstance(part, np.ma.MaskedArray))
    if masked:
        raise error(f"{name} must have no masked values, got {masked:,}: fill them first, as values.filled(0) does")


def plain(
    values: Any, name: str, rule: str = "must hold rows of equal length", place: str = "",
    error: type[CmlpError] = DataError,
) -> NDArray[Any]:  # fmt: skip
    """Return an array of any type; numbers of nullable columns of pandas are numbers, and no objects.

    Parameters
    ----------
    values : array_like
        The values.
    name : str
        What error messages call them.
    rule : str
        What ragged values break.
    place : str
        Where the values are among others.
    error : type of CmlpError
        What is raised if a value is masked or missing, or the values are ragged.
    """
    check_unmasked(values, name, error)
    try:
        nullable = _nullable_type(values)
        array = np.asarray(values) if nullable is None else None
        if hasattr(values, "isna") and (array is None or array.dtype == object):
            missing = np.asarray(values.isna())
            if missing.any():
                found = f"got {np.count_nonzero(missing):,}, the first in row {np.argwhere(missing)[0][0]:,}"
                raise error(f"{name} must have no missing values, {found}: fill them first, as fillna does")
            array = values.to_numpy(dtype=nullable) if array is None else np.array(array.tolist())
    except CmlpError:
        raise
    except ValueError as cause:
        raise error(f"{name} {rule}, got a ragged {type(values).__name__}{place}") from cause
    assert array is not None
    is_given = getattr(values, "dtype", None) is array.dtype  # a list with a very large integer becomes objects, too
    if array.dtype == object and is_given and array.size and all(isinstance(each, Real) for each in array.flat):
        found = f"got one of objects{place}: give what its .astype(float) returns"
        raise error(f"{name} must be an array of numbers, {found}")
    return array


def _nullable_type(values: Any) -> np.dtype[Any] | None:
    """Return NumPy's type for all columns of pandas, if some are nullable and all are numbers."""
    if not hasattr(values, "isna"):
        return None
    dtypes = list(values.dtypes) if values.ndim == 2 else [values.dtype]
    found = [getattr(dtype, "numpy_dtype", dtype) for dtype in dtypes]
    if not all(isinstance(dtype, np.dtype) and dtype.kind in "biuf" for dtype in found) or found == dtypes:
        return None
    return np.result_type(*found)
