from libc.stdint cimport uint64_t

from cmlp.core.model cimport Layer, Model, Workspace, floating


cdef uint64_t dropout_key(const Layer* layer, const Workspace* work) noexcept nogil
cdef void feedforward(
    const Model* model, const floating* parameters, Workspace* work, floating* activations, int n, bint training,
) noexcept nogil
