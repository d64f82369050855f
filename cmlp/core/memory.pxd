cimport numpy as cnp

from cmlp.core.batches cimport Samples, Way
from cmlp.core.model cimport Model, Workspace


cdef bint describe_one(Samples* samples, object image, int features, int type_number)


cdef class Memory:
    cdef Workspace work
    cdef list arrays
    cdef readonly cnp.ndarray nabla
    cdef readonly cnp.ndarray activations

    cdef void* room(self, Py_ssize_t size, dtype)


cdef class Batch:
    cdef Samples samples
    cdef readonly Py_ssize_t n
    cdef tuple arrays

    cdef Way choose_way(self, cnp.dtype dtype, bint in_order)


cdef Memory memory_for(const Model* model, cnp.dtype dtype, Py_ssize_t n, Way way, bint training)
