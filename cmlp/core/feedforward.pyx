"""The network forwards: a matrix-vector product per layer for one image, a matrix-matrix product for more."""

from libc.string cimport memcpy

from cmlp.core.activations cimport activate
from cmlp.core.blas cimport NO_TRANS, gemm, gemv
from cmlp.core.model cimport Layer, Model, floating


cdef void weigh(
    const Layer* layer, const floating* parameters, const floating* a, floating* z, int n,
) noexcept nogil:
    """Write z (fan_out, n), the weighted inputs of a layer, from the activations a (fan_in, n) before it."""
    cdef const floating* W = parameters + layer.weights
    cdef const floating* b = parameters + layer.biases
    cdef Py_ssize_t i

    # z = b[:, None]   (fan_out, n)
    for i in range(n):
        memcpy(z + i * layer.fan_out, b, layer.fan_out * sizeof(floating))

    if n == 1:
        # z += W @ a   (fan_out,)
        gemv(NO_TRANS, layer.fan_out, layer.fan_in, <floating> 1, W, layer.fan_out, a, 1, <floating> 1, z, 1)
    else:
        # z += W @ a   (fan_out, n)
        gemm(NO_TRANS, NO_TRANS, layer.fan_out, n, layer.fan_in, <floating> 1, W, layer.fan_out,
             a, layer.fan_in, <floating> 1, z, layer.fan_out)


cdef void feedforward(
    const Model* model, const floating* parameters, const floating* images, floating* activations, int n,
) noexcept nogil:
    """Write the activations of every layer with weights: for each in turn (fan_out, n)."""
    cdef const floating* a = images
    cdef const Layer* layer
    cdef floating* z
    cdef int l

    for l in range(model.depth):
        layer = &model.layers[l]
        z = activations + n * layer.units
        weigh(layer, parameters, a, z, n)
        activate(layer.activation, z, n * <Py_ssize_t> layer.fan_out)
        a = z
