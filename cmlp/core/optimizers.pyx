"""From a gradient to new parameters: one pass over one vector."""

from cmlp.core.model cimport floating


cdef void sgd(floating eta, const floating* nabla, floating* parameters, Py_ssize_t n) noexcept nogil:
    """parameters -= eta * nabla, both (n,)"""
    cdef Py_ssize_t i

    for i in range(n):
        parameters[i] -= eta * nabla[i]
