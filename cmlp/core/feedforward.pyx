"""The network forwards: a matrix-vector product per layer for one image, a matrix-matrix product for more.

One image never calls BLAS: for what a small network takes, setting its number of threads would take longer.
"""

from libc.stdint cimport uint64_t
from libc.string cimport memcpy, memset

from cmlp.core.activations cimport activate
from cmlp.core.blas cimport NO_TRANS, gemm
from cmlp.core.dropout cimport drop
from cmlp.core.normalization cimport add_moments, needs_moments, normalise, normalise_by_averages
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


cdef void multiply(
    const NetworkSpec* network, const floating* parameters, Workspace* work, const Part* part, floating* activations,
    int l,
) noexcept nogil:
    """Write z of layer l, for the images of the part; of a normalised layer, without the bias."""
    cdef const LayerSpec* layer = &network.layers[l]
    cdef const LayerSpec* before
    cdef int n = part.end - part.begin
    cdef floating* z = activations + offset_of(layer, part)
    cdef const floating* a
    cdef Py_ssize_t i

    if layer.normalised:
        memset(z, 0, n * <size_t> layer.fan_out * sizeof(floating))
    else:
        # z = b[:, None]   (fan_out, n)
        for i in range(n):
            memcpy(z + i * layer.fan_out, parameters + layer.biases, layer.fan_out * sizeof(floating))
    if l == 0:
        multiply_inputs(layer, parameters, work, part, z)
        return
    before = &network.layers[l - 1]
    a = <floating*> work.kept if work.drops and before.dropout > 0 else activations
    multiply_weights(layer, parameters, a + offset_of(before, part), z, n)


cdef void finish(
    const LayerSpec* layer, Workspace* work, const Part* part, floating* activations, bint training,
) noexcept nogil:
    """Turn z of a layer into its activations, keep it where it is needed, and leave units out."""
    cdef Py_ssize_t begin = offset_of(layer, part), size = (part.end - part.begin) * <Py_ssize_t> layer.fan_out
    cdef floating* z = activations + begin

    if training and layer.keeps_z:
        memcpy(<floating*> work.zs + begin, z, size * sizeof(floating))
    activate(layer.activation, z, layer.fan_out, part.end - part.begin)
    if work.drops and layer.dropout > 0:
        drop(dropout_key(layer, work, part), layer.dropout, z, <floating*> work.kept + begin, size)


cdef int stop_after(const NetworkSpec* network, const Workspace* work, int l, int n) noexcept nogil:
    """Return the first layer after l that is normalised over a mini-batch of n images, or how many layers there are."""
    l += 1
    while l < network.depth and not needs_moments(&network.layers[l], work, n):
        l += 1
    return l


cdef int go_forwards(
    const NetworkSpec* network, const floating* parameters, Workspace* work, const Part* part, floating* activations,
    bint training, int stopped,
) noexcept nogil:
    """Go forwards to the next layer that is normalised over the mini-batch, and return it, or the number of layers.

    At first, `stopped` is -1. Of the layer where it stops, the moments of the part are there, and all parts must have
    come so far before any goes on.
    """
    cdef floating* normalised = <floating*> work.normalised
    cdef const LayerSpec* layer
    cdef Py_ssize_t begin
    cdef int l, n = part.end - part.begin

    if stopped >= 0:
        layer = &network.layers[stopped]
        begin = offset_of(layer, part)
        normalise(layer, parameters, work, part, activations + begin, normalised + begin)
        finish(layer, work, part, activations, training)
    for l in range(stopped + 1, network.depth):
        layer = &network.layers[l]
        begin = offset_of(layer, part)
        multiply(network, parameters, work, part, activations, l)
        if training and needs_moments(layer, work, part.n):
            add_moments(layer, work, part, activations + begin)
            return l
        if layer.normalised:
            normalise_by_averages(layer, parameters, n, activations + begin, normalised + begin if training else NULL)
        finish(layer, work, part, activations, training)
    return network.depth


cdef void feedforward(
    const NetworkSpec* network, const floating* parameters, Workspace* work, const Part* part, floating* activations,
    bint training,
) noexcept nogil:
    """Write the activations of every layer with weights, for the images of the part, which is a whole mini-batch.

    `activations` are those of `work`, with their type. In training, z is kept where it is needed.
    """
    cdef int l = -1

    while l < network.depth:
        l = go_forwards(network, parameters, work, part, activations, training, l)
