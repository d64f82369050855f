from cmlp.core.model cimport floating


cdef void sgd(floating eta, const floating* nabla, floating* parameters, int n) noexcept nogil
