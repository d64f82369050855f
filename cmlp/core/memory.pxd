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
    cdef Py_ssize_t features  # of a sparse matrix, the least that its columns need
    cdef Py_ssize_t outputs   # of targets; of labels, the least that they need
    cdef double nonzero       # the share of such pixels among the first images, or -1 where it is not known yet
    cdef object images
    cdef cnp.ndarray columns
    cdef cnp.ndarray begins
    cdef cnp.ndarray labels
    cdef tuple others

    cdef int describe_pixels(self, cnp.ndarray pixels) except -1
    cdef int describe_images(self, cnp.ndarray images) except -1
    cdef int describe_rows(self, cnp.ndarray values, cnp.ndarray columns, cnp.ndarray begins) except -1
    cdef int check_rows(self, Py_ssize_t n_values) except -1
    cdef int describe_labels(self, cnp.ndarray labels) except -1
    cdef int check_fits(self, const Model* model, bint answered) except -1
    cdef Samples samples_for(self, cnp.dtype dtype, bint in_order)
    cdef bint is_sparse(self)


cdef Memory memory_for(const Model* model, cnp.dtype dtype, Py_ssize_t n, Way way, bint training)
