cimport numpy as cnp

from cmlp.core.structs cimport NetworkSpec


cdef class NetworkParameters:
    cdef NetworkSpec network
    cdef readonly tuple sizes
    cdef readonly cnp.dtype dtype
    cdef readonly cnp.ndarray parameters  # every weight and bias, in one aligned vector
    cdef bint single_precision
    cdef tuple kind                       # the arguments before the type
