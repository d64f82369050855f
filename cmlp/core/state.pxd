cimport numpy as cnp

from cmlp.core.optimizers cimport UpdateRule


cdef class OptimizerState:
    cdef UpdateRule rule
    cdef readonly str name
    cdef cnp.ndarray m
    cdef cnp.ndarray v

    cdef int check_fits(self, Py_ssize_t n_parameters, cnp.dtype dtype) except -1


cdef class RunningLoss:
    cdef public Py_ssize_t done
    cdef public double loss
    cdef public double weight
