from cmlp.core.model cimport Layer, Model, floating


cdef void average_gradient(
    const Layer* layer, const floating* delta, const floating* a, floating* nabla, int n,
) noexcept nogil
cdef void backprop(
    const Model* model, const floating* parameters, const floating* images, const floating* activations,
    floating* deltas, floating* nabla, int n,
) noexcept nogil
