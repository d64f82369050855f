"""The loop over the mini-batches of an epoch."""

from libc.math cimport isfinite

from cmlp.core.backprop cimport backprop
from cmlp.core.batches cimport Samples, gather_inputs, gather_targets
from cmlp.core.feedforward cimport feedforward
from cmlp.core.losses cimport differentiate
from cmlp.core.model cimport Layer, Model, Workspace, floating
from cmlp.core.optimizers cimport sgd


cdef double mini_batch_gradient(
    const Model* model, const floating* parameters, const Samples* samples, const Py_ssize_t* order,
    int n, Workspace* work,
) noexcept nogil:
    """Return the summed loss over n images, and write the mean gradient where that loss is finite."""
    cdef const Layer* last = &model.layers[model.depth - 1]
    cdef floating* targets = <floating*> work.targets
    cdef floating* activations = <floating*> work.activations
    cdef floating* deltas = <floating*> work.deltas
    cdef double loss

    gather_inputs(samples, order, n, model.fan_in, work, <floating*> work.images, <floating*> work.inputs.values)
    gather_targets(samples, order, n, model.fan_out, targets)
    feedforward(model, parameters, &work.inputs, activations, n)
    loss = differentiate(model.loss, activations + n * last.units, targets, deltas + n * last.units,
                         n * <Py_ssize_t> model.fan_out, <floating> 1 / n)
    if isfinite(loss):
        backprop(model, parameters, &work.inputs, activations, deltas, <floating*> work.nabla, n)
    return loss


cdef Py_ssize_t train_mini_batches(
    const Model* model, floating* parameters, const Samples* samples, const Py_ssize_t* order,
    Py_ssize_t begin, Py_ssize_t end, int mini_batch_size, double eta, Workspace* work, double* loss,
) noexcept nogil:
    """Take one step for each mini-batch of the images order[begin:end], and add up their losses.

    Return where it stopped: `end`, or the beginning of the first mini-batch whose loss is not finite, for
    which no step was taken.
    """
    cdef double batch_loss
    cdef int n

    while begin < end:
        n = <int> min(end - begin, mini_batch_size)
        batch_loss = mini_batch_gradient(model, parameters, samples, order + begin, n, work)
        if not isfinite(batch_loss):
            break
        loss[0] += batch_loss
        sgd(<floating> eta, <const floating*> work.nabla, parameters, model.n_parameters)
        begin += n
    return begin
