"""Losses, summed over the images of a mini-batch."""

from cmlp.core.model cimport QUADRATIC, Loss, floating


cdef double differentiate(
    Loss loss, const floating* a, const floating* y, floating* derivative, Py_ssize_t n,
    floating share,
) noexcept nogil:
    """Return the loss C of the outputs a (n,) against the targets y (n,), and write share * dC/da (n,)."""
    cdef double total = 0
    cdef floating error
    cdef Py_ssize_t i

    if loss == QUADRATIC:  # C = sum((a - y)**2)
        for i in range(n):
            error = a[i] - y[i]
            total += error * error
            derivative[i] = 2 * share * error
    return total
