from libc.stdint cimport uint64_t

from cmlp.core.structs cimport LayerSpec, NetworkSpec, Part, Workspace, floating


cdef inline Py_ssize_t offset_of(const LayerSpec* layer, const Part* part) noexcept nogil:
    """Where the part begins in an array like the activations: first all images of the earlier layers."""
    return part.n * layer.units + part.begin * <Py_ssize_t> layer.fan_out


cdef uint64_t dropout_key(const LayerSpec* layer, const Workspace* work, const Part* part) noexcept nogil
cdef int stop_after(const NetworkSpec* network, const Workspace* work, int l, int n) noexcept nogil
cdef int go_forwards(
    const NetworkSpec* network, const floating* parameters, Workspace* work, const Part* part, floating* activations,
    bint training, int stopped,
) noexcept nogil
cdef void feedforward(
    const NetworkSpec* network, const floating* parameters, Workspace* work, const Part* part, floating* activations,
    bint training,
) noexcept nogil
