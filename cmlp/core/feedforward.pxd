from libc.stdint cimport uint64_t

from cmlp.core.model cimport Layer, Model, Part, Workspace, floating


cdef inline Py_ssize_t place_of(const Layer* layer, const Part* part) noexcept nogil:
    """Where the part begins in an array like the activations: first all images of the earlier layers."""
    return part.n * layer.units + part.begin * <Py_ssize_t> layer.fan_out


cdef uint64_t dropout_key(const Layer* layer, const Workspace* work, const Part* part) noexcept nogil
cdef void feedforward(
    const Model* model, const floating* parameters, Workspace* work, const Part* part, floating* activations,
    bint training,
) noexcept nogil
