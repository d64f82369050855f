"""Whether what Python gives fits a network, its integers and its memory: the checks that `Engine` makes."""

from libc.limits cimport INT_MAX

import numpy as np

cimport numpy as cnp

from cmlp.core.arrays cimport check_array
from cmlp.core.memory cimport Batch

from cmlp.core.losses import FUSED, NEED_FUSED

cnp.import_array()


cdef int check_network(tuple sizes, activations, loss, dropouts, cnp.dtype dtype) except -1:
    """Refuse what kernels could not compute."""
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(f"sizes must be at least two positive integers, got {sizes}")
    if sum((fan_in + 1) * fan_out for fan_in, fan_out in zip(sizes, sizes[1:])) > INT_MAX:
        raise ValueError(f"sizes must give fewer than 2**31 parameters, got {sizes}")
    if not len(activations) == len(dropouts) == len(sizes) - 1:
        found = f"{len(activations)} and {len(dropouts)}"
        raise ValueError(f"there must be {len(sizes) - 1} activations and dropouts, got {found}")
    if loss in NEED_FUSED and activations[len(activations) - 1] != FUSED[loss]:
        raise ValueError(f"the loss {loss} needs {FUSED[loss]} outputs, got {activations[len(activations) - 1]}")
    if dtype != np.float32 and dtype != np.float64:
        raise TypeError(f"dtype must be float32 or float64, got {dtype}")
    return 0


cdef int check_number(Batch batch, int least) except -1:
    """Return the number of images, which must be an integer of BLAS."""
    if not least <= batch.n <= INT_MAX:
        raise ValueError(f"there must be {least} to 2**31 - 1 images, got {batch.n}")
    return <int> batch.n


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
