"""The outputs for any number of images, in memory that holds a block of them."""

from libc.string cimport memcpy

from cmlp.core.batches cimport Samples, gather_inputs
from cmlp.core.feedforward cimport feedforward
from cmlp.core.model cimport Layer, Model, Workspace, floating


cdef void predict(
    const Model* model, const floating* parameters, const Samples* samples, Py_ssize_t n,
    Workspace* work, void* outputs,
) noexcept nogil:
    """Write the outputs (fan_out, n), with work for BLOCK images."""
    cdef const Layer* last = &model.layers[model.depth - 1]
    cdef floating* activations = <floating*> work.activations
    cdef Samples block = samples[0]
    cdef Py_ssize_t begin = 0
    cdef int m

    while begin < n:
        m = <int> min(n - begin, BLOCK)
        block.images = samples.images + begin * samples.image_stride
        gather_inputs(&block, NULL, m, model.fan_in, work, <floating*> work.images, <floating*> work.inputs.values)
        feedforward(model, parameters, &work.inputs, activations, m)
        memcpy(<floating*> outputs + begin * model.fan_out, activations + m * last.units,
               m * <Py_ssize_t> model.fan_out * sizeof(floating))
        begin += m
