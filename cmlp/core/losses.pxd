from cmlp.core.model cimport Model, floating


cdef double differentiate(
    const Model* model, const floating* z, const floating* a, const floating* y, const floating* weights,
    double share, floating* derivative, int n,
) noexcept nogil
