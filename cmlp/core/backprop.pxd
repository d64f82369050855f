from cmlp.core.model cimport Inputs, Model, floating


cdef void backprop(
    const Model* model, const floating* parameters, const Inputs* inputs, const floating* activations,
    floating* deltas, floating* nabla, int n,
) noexcept nogil
