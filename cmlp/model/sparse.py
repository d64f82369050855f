"""Sparse matrices of scipy, which does not look at their indices before it follows them."""

from typing import Any

import numpy as np

from cmlp.errors import DataError


def check_sparse(matrix: Any) -> None:
    """Refuse a matrix with indices outside of it; the matrix itself is not touched.

    Raises
    ------
    DataError
        If scipy would follow an index out of the memory of the matrix.
    """
    from scipy import sparse

    kind, problem = getattr(matrix, "format", None), None
    try:
        if kind in ("csr", "csc"):
            # a copy of what the check may convert, by the method of scipy's own class
            own = sparse.csr_array if kind == "csr" else sparse.csc_array
            indices, begins = np.array(matrix.indices), np.array(matrix.indptr)
            shell = own(matrix.shape)
            shell.data, shell.indices, shell.indptr = matrix.data, indices, begins
            own.check_format(shell, full_check=True)
        elif kind == "coo":
            for axis, indices in enumerate((matrix.row, matrix.col)):
                if len(indices) and not 0 <= int(indices.min()) <= int(indices.max()) < matrix.shape[axis]:
                    problem = f"an index of axis {axis} is {indices.min()} or {indices.max()}"
    except ValueError as error:
        problem = str(error)
    if problem is not None:
        raise DataError(f"a sparse matrix must be well-formed, got one in which {problem}")


def own_csr(matrix: Any, features: int) -> Any:
    """Return a matrix (n, features) by rows, whose columns ascend and are there once; the given one is not touched.

    Raises
    ------
    DataError
        If it has another width, is not well-formed, has too many values, or none that are numbers.
    """
    from scipy import sparse

    if matrix.ndim != 2 or matrix.shape[1] != features:
        raise DataError(f"images must have {features:,} pixels each, got a sparse matrix of shape {matrix.shape}")
    check_sparse(matrix)
    csr = matrix.tocsr()
    if csr.shape != matrix.shape:
        raise DataError(f"a sparse matrix of shape {matrix.shape} must keep it by rows, got one of shape {csr.shape}")
    if csr.dtype.kind not in "biuf":
        raise DataError(f"images must be integers or real numbers, got dtype {csr.dtype}")
    if csr.nnz >= 2**31:
        raise DataError(f"a sparse matrix must have fewer than 2**31 values, got {csr.nnz:,}")
    if csr is not matrix:
        check_sparse(csr)
    own = sparse.csr_array((csr.data, csr.indices.copy(), csr.indptr.copy()), shape=csr.shape)
    if not own.has_canonical_format:  # columns in any order, or more than once: integers may then need more room
        wide = own.astype(np.int64) if own.dtype.kind in "iu" and own.dtype.itemsize < 8 else own.copy()
        wide.sum_duplicates()
        own = wide.astype(own.dtype) if _fits(wide, own.dtype) else wide
    return own


def _fits(matrix: Any, dtype: np.dtype[Any]) -> bool:
    """Return whether all values are values of a type, too."""
    if dtype.kind not in "iu":
        return True
    limits = np.iinfo(dtype)
    return bool(matrix.nnz == 0 or (limits.min <= matrix.data.min() and matrix.data.max() <= limits.max))
