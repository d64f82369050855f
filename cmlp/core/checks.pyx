"""Whether what Python gives fits a network, its integers and its memory: the checks that `Engine` makes."""

from libc.limits cimport INT_MAX

cimport numpy as cnp

from cmlp.core.arrays cimport check_array
from cmlp.core.data_source cimport DataSource

cnp.import_array()


cdef int check_number(DataSource source, Py_ssize_t begin, Py_ssize_t end, int least) except -1:
    """Return the number of images from begin to end, which must be an integer of BLAS."""
    if not 0 <= begin <= end <= source.n:
        raise ValueError(f"begin and end must lie in 0..{source.n}, got {begin} and {end}")
    if not least <= end - begin <= INT_MAX:
        raise ValueError(f"there must be {least} to 2**31 - 1 images, got {end - begin}")
    return <int> (end - begin)


cdef cnp.ndarray check_order(cnp.ndarray order, Py_ssize_t begin, Py_ssize_t end, Py_ssize_t n):
    """Return a copy of order[begin:end] that nobody else can change; they must be numbers of n images."""
    cdef cnp.ndarray part

    check_array(order, "order", cnp.NPY_INTP, cnp.PyArray_SIZE(order))
    if not 0 <= begin <= end <= cnp.PyArray_SIZE(order):
        raise ValueError(f"begin and end must lie in 0..{cnp.PyArray_SIZE(order)}, got {begin} and {end}")
    part = order[begin:end].copy()
    if part.size and not 0 <= part.min() <= part.max() < n:
        raise ValueError(f"order must lie in 0..{n - 1}, got {part.min()}..{part.max()}")
    return part
