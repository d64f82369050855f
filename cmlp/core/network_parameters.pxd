cimport numpy as cnp

from cmlp.core.structs cimport NetworkSpec


cdef class NetworkParameters:
    cdef NetworkSpec network
    cdef readonly tuple sizes
    cdef readonly cnp.dtype dtype
    cdef cnp.ndarray vector   # every weight and bias, aligned; only views leave this object
    cdef bint single_precision
    cdef tuple kind           # the arguments before the type
    cdef readonly tuple normalised  # of bool: which layers are

    cdef int _place_normalisation(self) except -1
