cimport numpy as cnp

from cmlp.core.gather cimport DataPointers
from cmlp.core.structs cimport NetworkSpec


cdef class DataSource:
    cdef DataPointers pointers
    cdef readonly Py_ssize_t n
    cdef Py_ssize_t features  # of a sparse matrix, the least that its columns need
    cdef Py_ssize_t outputs   # of targets; of labels, the least that they need
    cdef int sparse           # whether few enough pixels are not zero, or NOT_COUNTED
    cdef object images
    cdef cnp.ndarray columns
    cdef cnp.ndarray begins
    cdef cnp.ndarray rows
    cdef cnp.ndarray labels
    cdef tuple others
    cdef object kept          # by `Engine.train`, from one call to the next

    cdef int describe_pixels(self, cnp.ndarray pixels) except -1
    cdef int describe_images(self, cnp.ndarray images) except -1
    cdef int describe_rows(self, cnp.ndarray values, cnp.ndarray columns, cnp.ndarray begins) except -1
    cdef int check_rows(self, Py_ssize_t n_values) except -1
    cdef int describe_choice(self, cnp.ndarray rows) except -1
    cdef int describe_labels(self, cnp.ndarray labels) except -1
    cdef int check_fits(self, const NetworkSpec* network, bint answered) except -1
    cdef DataPointers pointers_for(self, cnp.dtype dtype, bint in_order)
