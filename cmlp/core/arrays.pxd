cimport numpy as cnp


cdef int check_array(cnp.ndarray array, name, int type_number, Py_ssize_t n, Py_ssize_t columns=*) except -1
cdef cnp.ndarray private_copy(cnp.ndarray array)
