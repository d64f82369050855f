cimport numpy as cnp

from cmlp.core.data_source cimport DataSource


cdef int check_number(DataSource source, Py_ssize_t begin, Py_ssize_t end, int least) except -1
cdef cnp.ndarray check_order(cnp.ndarray order, Py_ssize_t begin, Py_ssize_t end, Py_ssize_t n)
