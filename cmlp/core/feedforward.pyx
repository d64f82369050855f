"""The network forwards: a matrix-vector product per layer for one image, a matrix-matrix product for more.

One image never calls BLAS: for what a small network takes, setting its number of threads would take longer.
"""

from libc.stdint cimport uint64_t
from libc.string cimport memcpy

from cmlp.core.activations cimport activate
from cmlp.core.blas cimport NO_TRANS, gemm
from cmlp.core.dropout cimport drop
from cmlp.core.structs cimport Inputs, LayerSpec, NetworkSpec, Part, Workspace, floating
from cmlp.core.tiles cimport multiply_by_tiles
from cmlp.core.simd cimport multiply_vector


cdef enum:
    WORTH_COPYING = 2  # how often a pixel must be there, on an average, before all weights are copied for it


cdef void multiply_weights(
    const LayerSpec* layer, const floating* parameters, const floating* a, floating* z, int n,
) noexcept nogil:
    """Add to z (fan_out, n) the layer's weights times the activations a (fan_in, n) before it."""
    cdef const floating* W = parameters + layer.weights

    if n == 1:
        # z += W @ a   (fan_out,)
        multiply_vector(NULL, a, layer.fan_in, W, layer.fan_out, z)
    else:
        # z += W @ a   (fan_out, n)
        gemm(NO_TRANS, NO_TRANS, layer.fan_out, n, layer.fan_in, <floating> 1, W, layer.fan_out,
             a, layer.fan_in, <floating> 1, z, layer.fan_out)


cdef void multiply_inputs(
    const LayerSpec* layer, const floating* parameters, const Workspace* work, const Part* part, floating* z,
) noexcept nogil:
    """The same for the first layer, whose activations before it are the images."""
    cdef const Inputs* inputs = &work.inputs
    cdef const floating* W = parameters + layer.weights
    cdef const floating* values = <const floating*> inputs.values
    cdef Py_ssize_t i, begin

    if inputs.images != NULL:
        multiply_weights(layer, parameters, <const floating*> inputs.images + part.begin * <Py_ssize_t> layer.fan_in, z,
                         part.end - part.begin)
        return
    if part.begin == part.end:
        return
    if (work.tiles != NULL
            and inputs.ends[part.end - 1] - inputs.begins[part.begin] >= WORTH_COPYING * <Py_ssize_t> layer.fan_in):
        multiply_by_tiles(layer, W, work, part, z)
        return
    for i in range(part.begin, part.end):
        begin = inputs.begins[i]
        # z[:, i] += W @ images[:, i]   (fan_out,)
        multiply_vector(inputs.pixels + begin, values + begin, <int> (inputs.ends[i] - begin), W, layer.fan_out,
                        z + (i - part.begin) * layer.fan_out)


cdef uint64_t dropout_key(const LayerSpec* layer, const Workspace* work, const Part* part) noexcept nogil:
    """The key of the layer's first unit for the first image: every layer has a sequence of cursors of its own."""
    cdef uint64_t position = <uint64_t> (part.first + part.begin) * <uint64_t> layer.fan_out

    return work.dropout_key + (<uint64_t> layer.units << 32) + position


cdef void feedforward(
    const NetworkSpec* network, const floating* parameters, Workspace* work, const Part* part, floating* activations,
    bint training,
) noexcept nogil:
    """Write the activations of every layer with weights, for the images of the part.

    `activations` are those of `work`, with their type. In training, z is kept where it is needed.
    """
    cdef int n = part.end - part.begin
    cdef const floating* a = NULL
    cdef const LayerSpec* layer
    cdef Py_ssize_t begin, size, i
    cdef floating* z
    cdef int l

    for l in range(network.depth):
        layer = &network.layers[l]
        begin = offset_of(layer, part)
        size = n * <Py_ssize_t> layer.fan_out
        z = activations + begin
        # z = b[:, None]   (fan_out, n)
        for i in range(n):
            memcpy(z + i * layer.fan_out, parameters + layer.biases, layer.fan_out * sizeof(floating))
        if l == 0:
            multiply_inputs(layer, parameters, work, part, z)
        else:
            multiply_weights(layer, parameters, a, z, n)
        if training and layer.keeps_z:
            memcpy(<floating*> work.zs + begin, z, size * sizeof(floating))
        activate(layer.activation, z, layer.fan_out, n)
        a = z
        if work.drops and layer.dropout > 0:
            drop(dropout_key(layer, work, part), layer.dropout, a, <floating*> work.kept + begin, size)
            a = <floating*> work.kept + begin
