cimport numpy as cnp

from cmlp.core.gather cimport DataPointers
from cmlp.core.structs cimport Distortion, Workspace
from cmlp.core.workspace cimport Buffers


cdef class Distorter:
    cdef Distortion how
    cdef cnp.ndarray down_weights
    cdef cnp.ndarray across_weights
    cdef cnp.ndarray columns

    cdef int describe_field(self, int height, int width) except -1
    cdef int prepare(self, Workspace* work, Buffers buffers, Py_ssize_t features, const DataPointers* data,
                     Py_ssize_t itemsize) except -1
