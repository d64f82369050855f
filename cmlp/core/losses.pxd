from cmlp.core.structs cimport NetworkSpec, floating

cdef enum:
    SQUARED
    ABSOLUTE
    HUBER
    CROSS_ENTROPY
    BINARY_CROSS_ENTROPY
    POISSON


cdef double differentiate(
    const NetworkSpec* network, const floating* z, const floating* a, const floating* y, const floating* weights,
    double share, floating* derivative, int n,
) noexcept nogil
