from cmlp.core.model cimport Loss, floating


cdef double differentiate(
    Loss loss, const floating* a, const floating* y, floating* derivative, Py_ssize_t n,
    floating share,
) noexcept nogil
