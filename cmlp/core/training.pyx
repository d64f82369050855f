"""The loop over the mini-batches of an epoch."""

from libc.math cimport isfinite

from cmlp.core.backprop cimport backprop
from cmlp.core.batches cimport Samples, gather_inputs, gather_targets, gather_weights
from cmlp.core.feedforward cimport feedforward
from cmlp.core.losses cimport differentiate
from cmlp.core.model cimport Layer, Model, Workspace, floating
from cmlp.core.optimizers cimport Optimizer, take_step
from cmlp.core.penalties cimport Penalties, clip, penalise, shorten_weights


cdef double mini_batch_loss(
    const Model* model, const floating* parameters, const Samples* samples, const Py_ssize_t* order,
    int n, Workspace* work, floating* activations, floating* deltas, double* weight,
) noexcept nogil:
    """Return the weighted loss of n images and add up their weights; write its mean derivative by the outputs."""
    cdef const Layer* last = &model.layers[model.depth - 1]
    cdef Py_ssize_t begin = n * last.units
    cdef floating* targets = <floating*> work.targets
    cdef floating* weights = <floating*> work.weights
    cdef double total

    gather_inputs(samples, order, n, model.fan_in, work, <floating*> work.images, <floating*> work.inputs.values)
    gather_targets(samples, order, n, model.fan_out, targets)
    total = gather_weights(samples, order, n, weights)
    weight[0] += total
    feedforward(model, parameters, work, activations, n, True)
    return differentiate(model, <floating*> work.zs + begin if last.keeps_z else NULL, activations + begin, targets,
                         weights if samples.weights != NULL else NULL, 1 / total if total > 0 else 0,
                         deltas + begin, n)


cdef double mini_batch_gradient(
    const Model* model, const floating* parameters, const Samples* samples, const Py_ssize_t* order,
    int n, Workspace* work, double* weight,
) noexcept nogil:
    """Return the weighted loss of n images and add up their weights; write the mean gradient if the loss is finite."""
    cdef floating* deltas = <floating*> work.deltas
    cdef double loss = mini_batch_loss(model, parameters, samples, order, n, work, <floating*> work.activations,
                                       deltas, weight)

    if isfinite(loss):
        backprop(model, parameters, work, deltas, <floating*> work.nabla, n)
    return loss


cdef void average_parameters(const Plan* plan, const floating* parameters, int n) noexcept nogil:
    """average = averaging * average + (1 - averaging) * parameters   (n,)"""
    cdef floating* average = <floating*> plan.average
    cdef floating old = <floating> plan.averaging
    cdef Py_ssize_t i

    for i in range(n):
        average[i] = old * average[i] + (1 - old) * parameters[i]


cdef Py_ssize_t train_mini_batches(
    const Model* model, floating* parameters, const Samples* samples, const Py_ssize_t* order,
    Py_ssize_t begin, Py_ssize_t end, const Plan* plan, Optimizer* optimizer, Workspace* work,
    double* loss, double* weight,
) noexcept nogil:
    """Take one step for each mini-batch of the images order[begin:end], and add up their losses and weights.

    Return where it stopped: `end`, or the beginning of the first mini-batch whose loss is not finite, for
    which no step was taken.
    """
    cdef floating* nabla = <floating*> work.nabla
    cdef double batch_loss, batch_weight
    cdef Penalties penalties
    cdef int n

    work.drops = model.drops
    work.dropout_key = plan.dropout_key
    while begin < end:
        n = <int> min(end - begin, plan.mini_batch_size)
        work.first = begin
        batch_weight = 0
        batch_loss = mini_batch_gradient(model, parameters, samples, order + begin, n, work, &batch_weight)
        if not isfinite(batch_loss):
            break
        penalties = plan.penalties
        if plan.shared_penalties and batch_weight > 0:
            penalties.l1 /= batch_weight
            penalties.l2 /= batch_weight
        batch_loss += batch_weight * penalise(model, &penalties, parameters, nabla)
        clip(model, &penalties, nabla)
        take_step(optimizer, plan.etas[begin // plan.mini_batch_size], nabla, parameters, model.n_parameters)
        shorten_weights(model, penalties.max_norm, parameters)
        if plan.averaging > 0:
            average_parameters(plan, parameters, model.n_parameters)
        loss[0] += batch_loss
        weight[0] += batch_weight
        begin += n
    return begin
