"""The gradient backwards through the network: BP1 to BP4 in chapter 2 of Nielsen's book.

First the deltas of every layer, which belong to images, then the gradient, which belongs to parameters: each can
be divided among threads, and every number is computed in the same layout however many there are.
"""

from libc.string cimport memset

from cmlp.core.activations cimport multiply_by_prime
from cmlp.core.blas cimport NO_TRANS, TRANS, gemm, gemv, ger
from cmlp.core.dropout cimport drop
from cmlp.core.feedforward cimport dropout_key, offset_of
from cmlp.core.normalization cimport (
    add_slopes,
    needs_moments,
    propagate_through,
    propagate_through_averages,
    write_slopes,
)
from cmlp.core.structs cimport Inputs, LayerSpec, NetworkSpec, Part, Workspace, floating
from cmlp.core.tiles cimport accumulate_by_tiles, lower_bound
from cmlp.core.simd cimport accumulate_outer
from cmlp.core.updates cimport Columns, columns_of


cdef void propagate(
    const NetworkSpec* network, const floating* parameters, const Part* part, floating* deltas, int l,
) noexcept nogil:
    """Write, from the deltas of layer l, dC/da (fan_in, n) of what entered it, unless that was the images."""
    cdef const LayerSpec* layer = &network.layers[l]
    cdef const floating* W = parameters + layer.weights
    cdef const floating* delta = deltas + offset_of(layer, part)
    cdef int n = part.end - part.begin
    cdef floating* derivative

    if l == 0:
        return
    derivative = deltas + offset_of(&network.layers[l - 1], part)
    if n == 1:
        # derivative = W.T @ delta   (fan_in,)
        gemv(TRANS, layer.fan_out, layer.fan_in, <floating> 1, W, layer.fan_out, delta, 1,
             <floating> 0, derivative, 1)
    else:
        # derivative = W.T @ delta   (fan_in, n)
        gemm(TRANS, NO_TRANS, layer.fan_in, n, layer.fan_out, <floating> 1, W, layer.fan_out,
             delta, layer.fan_out, <floating> 0, derivative, layer.fan_in)


cdef void differentiate_layer(
    const NetworkSpec* network, Workspace* work, const Part* part, floating* delta, int l,
) noexcept nogil:
    """Turn dC/da of a layer into dC by what its activation gets: z, or of a normalised layer what that becomes."""
    cdef const LayerSpec* layer = &network.layers[l]
    cdef Py_ssize_t begin = offset_of(layer, part)
    cdef int n = part.end - part.begin

    if work.drops and layer.dropout > 0:
        # what `drop` did to the activations, it does to their derivatives
        drop(dropout_key(layer, work, part), layer.dropout, delta, delta, n * <Py_ssize_t> layer.fan_out)
    if l < network.depth - 1 or not network.fused:
        multiply_by_prime(layer.activation, <floating*> work.zs + begin if layer.keeps_z else NULL,
                          <floating*> work.activations + begin, delta, layer.fan_out, n)


cdef int stop_before(const NetworkSpec* network, const Workspace* work, int l, int n) noexcept nogil:
    """Return the last layer before l that is normalised over a mini-batch of n images, or -1."""
    l -= 1
    while l >= 0 and not needs_moments(&network.layers[l], work, n):
        l -= 1
    return l


cdef int go_backwards(
    const NetworkSpec* network, const floating* parameters, Workspace* work, const Part* part, floating* deltas,
    int stopped,
) noexcept nogil:
    """Go backwards to the next layer that is normalised over the mini-batch, and return it, or -1.

    At first, `stopped` is the number of layers. Of the layer where it stops, the slopes of the part are there, and all
    parts must have come so far before any goes on.
    """
    cdef const floating* normalised = <floating*> work.normalised
    cdef int l, n = part.end - part.begin
    cdef const LayerSpec* layer
    cdef Py_ssize_t begin

    if stopped < network.depth:
        begin = offset_of(&network.layers[stopped], part)
        propagate_through(&network.layers[stopped], parameters, work, part, normalised + begin, deltas + begin)
        propagate(network, parameters, part, deltas, stopped)
    for l in range(stopped - 1, -1, -1):
        layer = &network.layers[l]
        begin = offset_of(layer, part)
        differentiate_layer(network, work, part, deltas + begin, l)
        if layer.normalised:
            add_slopes(layer, work, part, normalised + begin, deltas + begin)
            if needs_moments(layer, work, part.n):
                return l
            propagate_through_averages(layer, parameters, n, deltas + begin)
        propagate(network, parameters, part, deltas, l)
    return -1


cdef void backpropagate(
    const NetworkSpec* network, const floating* parameters, Workspace* work, const Part* part, floating* deltas,
) noexcept nogil:
    """Write the deltas of every layer, for the images of the part, a whole mini-batch, that have just gone through.

    `deltas` are those of `work`, with their type. On entry their last layer holds dC/da of the outputs, or dC/dz if
    the loss is fused with their activation.
    """
    cdef int l = network.depth

    while l >= 0:
        l = go_backwards(network, parameters, work, part, deltas, l)


cdef void add_biases(const LayerSpec* layer, const floating* delta, floating* nabla_b, int n) noexcept nogil:
    """Write nabla_b (fan_out,) from delta (fan_out, n)."""
    cdef Py_ssize_t i, o

    # nabla_b = delta.sum(axis=1)   (fan_out,)
    memset(nabla_b, 0, layer.fan_out * sizeof(floating))
    for i in range(n):
        for o in range(layer.fan_out):
            nabla_b[o] += delta[i * layer.fan_out + o]


cdef void add_outer_products(
    const LayerSpec* layer, const floating* delta, const floating* a, floating* nabla_w, int begin, int end, int n,
) noexcept nogil:
    """Write the columns begin to end of nabla_w from delta (fan_out, n) and the activations a (fan_in, n) before."""
    cdef floating* columns = nabla_w + begin * <Py_ssize_t> layer.fan_out

    if n == 1:
        # nabla_w = outer(delta, a)   (fan_out, fan_in)
        memset(columns, 0, (end - begin) * <size_t> layer.fan_out * sizeof(floating))
        ger(layer.fan_out, end - begin, <floating> 1, delta, 1, a + begin, 1, columns, layer.fan_out)
    else:
        # nabla_w = delta @ a.T   (fan_out, fan_in): the sum of n outer products
        gemm(NO_TRANS, TRANS, layer.fan_out, end - begin, n, <floating> 1, delta, layer.fan_out,
             a + begin, layer.fan_in, <floating> 0, columns, layer.fan_out)


cdef void add_sparse_outer_products(
    const LayerSpec* layer, const floating* delta, const Inputs* inputs, floating* nabla_w, int begin, int end, int n,
) noexcept nogil:
    """The same for the first layer, where only what is not zero in the images is known."""
    cdef const floating* values = <const floating*> inputs.values
    cdef Py_ssize_t i, first, last

    memset(nabla_w + begin * <Py_ssize_t> layer.fan_out, 0,
           (end - begin) * <size_t> layer.fan_out * sizeof(floating))
    for i in range(n):
        first, last = inputs.begins[i], inputs.ends[i]
        if begin > 0:
            first = lower_bound(inputs.pixels, first, last, begin)
        if end < layer.fan_in:
            last = lower_bound(inputs.pixels, first, last, end)
        # nabla_w += outer(delta[:, i], images[:, i])   (fan_out, fan_in)
        accumulate_outer(inputs.pixels + first, values + first, <int> (last - first), delta + i * layer.fan_out,
                         layer.fan_out, nabla_w)


cdef void accumulate(
    const NetworkSpec* network, const Workspace* work, const floating* deltas, floating* nabla, int n, int index,
    int parts,
) noexcept nogil:
    """Write a part of nabla (n_parameters,), the gradient summed over the n images of a mini-batch.

    The part has the columns of every layer's weights that `columns_of` says, and every parts-th layer's biases
    and, where it is normalised, gammas.
    """
    cdef const floating* before
    cdef const floating* delta
    cdef const LayerSpec* layer
    cdef Columns columns
    cdef int l

    for l in range(network.depth):
        layer = &network.layers[l]
        delta = deltas + n * layer.units
        if l % parts == index and layer.normalised:
            write_slopes(layer, work, parts, nabla)
        elif l % parts == index:
            add_biases(layer, delta, nabla + layer.biases, n)
        columns = columns_of(layer, index, parts)
        if columns.begin == columns.end:
            continue
        if l == 0 and work.inputs.images == NULL and work.tiles != NULL:
            accumulate_by_tiles(layer, delta, work, nabla + layer.weights + columns.begin * <Py_ssize_t> layer.fan_out,
                                columns.begin, columns.end, n, index)
            continue
        if l == 0 and work.inputs.images == NULL:
            add_sparse_outer_products(layer, delta, &work.inputs, nabla + layer.weights, columns.begin,
                                      columns.end, n)
            continue
        if l == 0:
            before = <const floating*> work.inputs.images
        else:
            before = <const floating*> (work.kept if work.drops and network.layers[l - 1].dropout > 0
                                        else work.activations) + n * network.layers[l - 1].units
        add_outer_products(layer, delta, before, nabla + layer.weights, columns.begin, columns.end, n)
