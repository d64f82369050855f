cimport numpy as cnp

from cmlp.core.gather cimport InputLayout
from cmlp.core.structs cimport NetworkSpec, Workspace


cdef class Buffers:
    cdef Workspace work
    cdef Py_ssize_t n
    cdef InputLayout layout
    cdef list arrays
    cdef readonly cnp.ndarray nabla
    cdef readonly cnp.ndarray activations

    cdef void* allocate(self, Py_ssize_t size, dtype) except NULL


cdef Buffers allocate_buffers(
    const NetworkSpec* network, cnp.dtype dtype, Py_ssize_t n, InputLayout layout, bint training,
)
