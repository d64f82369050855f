"""Activation functions over arrays: a new one is a name in the enumeration and a branch in each function here."""

from cmlp.core.model cimport SIGMOID, Activation, floating
from cmlp.core.simd cimport sigmoid_array


cdef void activate(Activation activation, floating* z, Py_ssize_t n) noexcept nogil:
    """Replace each z (n,) by its activation a."""
    if activation == SIGMOID:
        sigmoid_array(z, n)


cdef void multiply_by_prime(
    Activation activation, const floating* a, floating* delta, Py_ssize_t n,
) noexcept nogil:
    """Turn dC/da (n,) into delta = dC/dz (n,), given the activations a (n,)."""
    cdef Py_ssize_t i

    if activation == SIGMOID:
        for i in range(n):
            delta[i] *= sigmoid_prime(a[i])
