"""From a gradient to new parameters: one pass over one vector."""

from cmlp.core.blas cimport axpy
from cmlp.core.model cimport floating


cdef void sgd(floating eta, const floating* nabla, floating* parameters, int n) noexcept nogil:
    """Take a step of stochastic gradient descent."""
    # parameters -= eta * nabla   (n,)
    axpy(n, -eta, nabla, 1, parameters, 1)
