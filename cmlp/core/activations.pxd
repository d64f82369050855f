from libc.math cimport exp, expf, fabs, fabsf

from cmlp.core.structs cimport floating


cdef inline floating sigmoid(floating z) noexcept nogil:
    """1 / (1 + exp(-z)), with an exponential that only ever gets a negative argument: it cannot overflow."""
    cdef floating e

    if floating is float:
        e = expf(-fabsf(z))
    else:
        e = exp(-fabs(z))
    return 1 / (1 + e) if z >= 0 else e / (1 + e)


cdef inline floating sigmoid_prime(floating a) noexcept nogil:
    """The derivative of sigmoid at z, from a = sigmoid(z): finite wherever a is."""
    return a * (1 - a)


cdef void activate(int activation, floating* z, int fan_out, int n) noexcept nogil
cdef void multiply_by_prime(
    int activation, const floating* z, const floating* a, floating* delta, int fan_out, int n,
) noexcept nogil
