from cmlp.core.optimizers cimport Optimizer


cdef class OptimizerState:
    cdef Optimizer optimizer
    cdef readonly str name
    cdef readonly dict vectors
