"""The outputs for any number of images, in memory that holds a block of them."""

from libc.string cimport memcpy

from cmlp.core.batches cimport Samples, gather_images
from cmlp.core.feedforward cimport feedforward
from cmlp.core.model cimport Layer, Model, Workspace, floating


cdef void predict(
    const Model* model, const floating* parameters, const Samples* samples, Py_ssize_t n, bint in_place,
    Workspace* work, void* outputs,
) noexcept nogil:
    """Write the outputs (fan_out, n), with work for BLOCK images.

    `in_place` says that the images can be used as they lie: contiguous, and of the network's own type.
    """
    cdef const Layer* last = &model.layers[model.depth - 1]
    cdef Samples block = samples[0]
    cdef const floating* images = <const floating*> work.images
    cdef const floating* activations = <const floating*> work.activations
    cdef Py_ssize_t begin = 0
    cdef int m

    while begin < n:
        m = <int> min(n - begin, BLOCK)
        block.images = samples.images + begin * samples.image_stride
        if in_place:
            images = <const floating*> block.images
        else:
            gather_images(&block, NULL, m, model.fan_in, <floating*> work.images)
        feedforward(model, parameters, images, <floating*> work.activations, m)
        memcpy(<floating*> outputs + begin * model.fan_out, activations + m * last.units,
               m * <Py_ssize_t> model.fan_out * sizeof(floating))
        begin += m
