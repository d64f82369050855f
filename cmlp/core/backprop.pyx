"""The gradient backwards through the network (Nielsen, Neural Networks and Deep Learning, chapter 2, BP1 to BP4)."""

from libc.string cimport memset

from cmlp.core.activations cimport multiply_by_prime
from cmlp.core.blas cimport NO_TRANS, TRANS, axpy, gemm, gemv, ger
from cmlp.core.model cimport Layer, Model, floating


cdef void average_gradient(
    const Layer* layer, const floating* delta, const floating* a, floating* nabla, int n,
) noexcept nogil:
    """Write the layer's part of nabla: the mean over the images of the outer products of delta and a."""
    cdef floating* nabla_w = nabla + layer.weights
    cdef floating* nabla_b = nabla + layer.biases
    cdef floating share = <floating> 1 / n
    cdef Py_ssize_t i

    # nabla_b = delta.mean(axis=1)   (fan_out,)
    memset(nabla_b, 0, layer.fan_out * sizeof(floating))
    for i in range(n):
        axpy(layer.fan_out, share, delta + i * layer.fan_out, 1, nabla_b, 1)

    if n == 1:
        # nabla_w = outer(delta, a)   (fan_out, fan_in)
        memset(nabla_w, 0, <size_t> layer.fan_out * layer.fan_in * sizeof(floating))
        ger(layer.fan_out, layer.fan_in, share, delta, 1, a, 1, nabla_w, layer.fan_out)
    else:
        # nabla_w = delta @ a.T / n   (fan_out, fan_in): the sum of n outer products
        gemm(NO_TRANS, TRANS, layer.fan_out, layer.fan_in, n, share, delta, layer.fan_out,
             a, layer.fan_in, <floating> 0, nabla_w, layer.fan_out)


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
    const Model* model, const floating* parameters, const floating* images, const floating* activations,
    floating* deltas, floating* nabla, int n,
) noexcept nogil:
    """Write nabla (n_parameters,), the mean gradient over n images.

    `deltas` has the layout of `activations`; on entry its last layer holds dC/da of the outputs.
    """
    cdef const Layer* layer
    cdef const floating* a
    cdef floating* delta
    cdef int l

    for l in range(model.depth - 1, -1, -1):
        layer = &model.layers[l]
        delta = deltas + n * layer.units
        multiply_by_prime(layer.activation, activations + n * layer.units, delta, n * <Py_ssize_t> layer.fan_out)
        a = images if l == 0 else activations + n * model.layers[l - 1].units
        average_gradient(layer, delta, a, nabla, n)
        if l > 0:
            propagate(layer, parameters, delta, deltas + n * model.layers[l - 1].units, n)
