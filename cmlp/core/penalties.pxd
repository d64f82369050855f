from cmlp.core.structs cimport NetworkSpec, floating


cdef struct Penalties:
    double l1          # times the sum of the absolute weights
    double l2          # times half the sum of the squared weights
    double clip_norm   # the longest gradient, or 0
    double clip_value  # the largest element of a gradient, or 0
    double max_norm    # the longest vector of weights into one unit, or 0


cdef double penalise(
    const Penalties* penalties, const floating* weights, floating* nabla_w, Py_ssize_t n,
) noexcept nogil
cdef void clip_norm(double limit, floating* nabla, Py_ssize_t n) noexcept nogil
cdef void clip_values(double limit, floating* nabla, Py_ssize_t n) noexcept nogil
cdef void limit_norms(const NetworkSpec* network, double max_norm, floating* parameters) noexcept nogil
