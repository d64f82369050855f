from cmlp.core.model cimport Model, floating


cdef void feedforward(
    const Model* model, const floating* parameters, const floating* images, floating* activations, int n,
) noexcept nogil
