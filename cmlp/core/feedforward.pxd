from cmlp.core.model cimport Inputs, Model, floating


cdef void feedforward(
    const Model* model, const floating* parameters, const Inputs* inputs, floating* activations, int n,
) noexcept nogil
