cimport numpy as cnp

from cmlp.core.memory cimport Batch


cdef int check_network(tuple sizes, activations, loss, dropouts, cnp.dtype dtype) except -1
cdef int check_number(Batch batch, int least) except -1
cdef cnp.ndarray check_order(cnp.ndarray order, Py_ssize_t begin, Py_ssize_t end, Py_ssize_t n)
