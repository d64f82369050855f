"""Arrays of whatever is given: a value that is missing is refused, where NumPy would make a number of it."""

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
        array = np.asarray(values)
        nullable = not isinstance(getattr(values, "dtype", array.dtype), np.dtype)
        if hasattr(values, "isna") and (nullable or array.dtype == object):
            missing = np.asarray(values.isna())
            if missing.any():
                found = f"got {np.count_nonzero(missing):,}, the first in row {np.argwhere(missing)[0][0]:,}"
                raise error(f"{name} must have no missing values, {found}: fill them first, as fillna does")
            array = np.array(array.tolist()) if array.dtype == object else array
    except CmlpError:
        raise
    except ValueError as cause:
        raise error(f"{name} {rule}, got a ragged {type(values).__name__}{place}") from cause
    return array
