from cmlp.core.model cimport floating


cdef void sgd(floating eta, const floating* nabla, floating* parameters, Py_ssize_t n) noexcept nogil
