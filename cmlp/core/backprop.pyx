"""The gradient backwards through the network: BP1 to BP4 in chapter 2 of Nielsen's book."""

from libc.string cimport memset

from cmlp.core.activations cimport multiply_by_prime
from cmlp.core.blas cimport NO_TRANS, TRANS, gemm, gemv, ger
from cmlp.core.dropout cimport drop
from cmlp.core.feedforward cimport dropout_key
from cmlp.core.model cimport Inputs, Layer, Model, Workspace, floating
from cmlp.core.simd cimport accumulate_pixels


cdef void add_biases(const Layer* layer, const floating* delta, floating* nabla_b, int n) noexcept nogil:
    """Write nabla_b (fan_out,) from delta (fan_out, n)."""
    cdef Py_ssize_t i, o

    # nabla_b = delta.sum(axis=1)   (fan_out,)
    memset(nabla_b, 0, layer.fan_out * sizeof(floating))
    for i in range(n):
        for o in range(layer.fan_out):
            nabla_b[o] += delta[i * layer.fan_out + o]


cdef void add_outer_products(
    const Layer* layer, const floating* delta, const floating* a, floating* nabla_w, int n,
) noexcept nogil:
    """Write nabla_w (fan_out, fan_in) from delta (fan_out, n) and the activations a (fan_in, n) before the layer."""
    if n == 1:
        # nabla_w = outer(delta, a)   (fan_out, fan_in)
        memset(nabla_w, 0, <size_t> layer.fan_out * layer.fan_in * sizeof(floating))
        ger(layer.fan_out, layer.fan_in, <floating> 1, delta, 1, a, 1, nabla_w, layer.fan_out)
    else:
        # nabla_w = delta @ a.T   (fan_out, fan_in): the sum of n outer products
        gemm(NO_TRANS, TRANS, layer.fan_out, layer.fan_in, n, <floating> 1, delta, layer.fan_out,
             a, layer.fan_in, <floating> 0, nabla_w, layer.fan_out)


cdef void add_outer_products_of_inputs(
    const Layer* layer, const floating* delta, const Inputs* inputs, floating* nabla_w, int n,
) noexcept nogil:
    """The same for the first layer, whose activations before it are the images."""
    cdef const floating* values = <const floating*> inputs.values
    cdef Py_ssize_t i, begin

    if inputs.images != NULL:
        add_outer_products(layer, delta, <const floating*> inputs.images, nabla_w, n)
        return
    memset(nabla_w, 0, <size_t> layer.fan_out * layer.fan_in * sizeof(floating))
    for i in range(n):
        begin = inputs.begins[i]
        # nabla_w += outer(delta[:, i], images[:, i])   (fan_out, fan_in)
        accumulate_pixels(inputs.pixels + begin, values + begin, <int> (inputs.begins[i + 1] - begin),
                          delta + i * layer.fan_out, layer.fan_out, nabla_w)


cdef void propagate(
    const Layer* layer, const floating* parameters, const floating* delta, floating* derivative, int n,
) noexcept nogil:
    """Write dC/da (fan_in, n) of the activations that entered the layer."""
    cdef const floating* W = parameters + layer.weights

    if n == 1:
        # derivative = W.T @ delta   (fan_in,)
        gemv(TRANS, layer.fan_out, layer.fan_in, <floating> 1, W, layer.fan_out, delta, 1,
             <floating> 0, derivative, 1)
    else:
        # derivative = W.T @ delta   (fan_in, n)
        gemm(TRANS, NO_TRANS, layer.fan_in, n, layer.fan_out, <floating> 1, W, layer.fan_out,
             delta, layer.fan_out, <floating> 0, derivative, layer.fan_in)


cdef void backprop(
    const Model* model, const floating* parameters, Workspace* work, floating* deltas, floating* nabla, int n,
) noexcept nogil:
    """Write nabla (n_parameters,), the gradient summed over the n images that have just gone through.

    `deltas` and `nabla` are those of `work`, with their type. On entry the last layer of the deltas holds dC/da of
    the outputs, or dC/dz if the loss is fused with their activation.
    """
    cdef const floating* zs = <const floating*> work.zs
    cdef const floating* activations = <const floating*> work.activations
    cdef const floating* kept
    cdef const Layer* layer
    cdef const Layer* before
    cdef floating* delta
    cdef int l

    for l in range(model.depth - 1, -1, -1):
        layer = &model.layers[l]
        delta = deltas + n * layer.units
        if work.drops and layer.dropout > 0:
            # what `drop` did to the activations, it does to their derivatives
            drop(dropout_key(layer, work), layer.dropout, delta, delta, n * <Py_ssize_t> layer.fan_out)
        if l < model.depth - 1 or not model.fused:
            multiply_by_prime(layer.activation, zs + n * layer.units if layer.keeps_z else NULL,
                              activations + n * layer.units, delta, layer.fan_out, n)
        add_biases(layer, delta, nabla + layer.biases, n)
        if l == 0:
            add_outer_products_of_inputs(layer, delta, &work.inputs, nabla + layer.weights, n)
        else:
            before = &model.layers[l - 1]
            kept = <const floating*> (work.kept if work.drops and before.dropout > 0 else work.activations)
            add_outer_products(layer, delta, kept + n * before.units, nabla + layer.weights, n)
            propagate(layer, parameters, delta, deltas + n * before.units, n)
