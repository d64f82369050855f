"""The loop over the mini-batches of an epoch, by one thread or by several.

A mini-batch has two phases. In the first the images go through the network and back, in the second their gradient
moves the parameters. In both, the work is divided into the same parts however many threads there are, and threads
take turns in taking parts; what they add up, each adds up in the same order. So the bits are the same, too.
"""

from libc.math cimport isfinite

from cmlp.core.backprop cimport Columns, accumulate, backpropagate, columns_of
from cmlp.core.batches cimport Samples, attach, gather_inputs, gather_targets, gather_weights
from cmlp.core.feedforward cimport feedforward, place_of
from cmlp.core.losses cimport differentiate
from cmlp.core.model cimport MOST_PARTS, Layer, Model, Part, Workspace, floating
from cmlp.core.optimizers cimport Optimizer, advance, take_step
from cmlp.core.penalties cimport Penalties, clip_norm, clip_values, penalise, shorten_weights

cdef extern from "subnormals.h":
    unsigned flush_subnormals() noexcept nogil
    void restore_subnormals(unsigned mode) noexcept nogil


cdef enum:
    SMALL = 65_536        # parameters whose products BLAS packs in no time
    IMAGES_IF_SMALL = 32  # that a part should have at least
    IMAGES = 64


cdef int parts_of(const Model* model, int n) noexcept nogil:
    """Return into how many parts a mini-batch of n images is divided: a power of two."""
    cdef int images = IMAGES_IF_SMALL if model.n_parameters <= SMALL else IMAGES
    cdef int parts = 1

    while parts < MOST_PARTS and n >= 2 * parts * images:
        parts *= 2
    return parts


cdef Part part_of(int n, int index, int parts) noexcept nogil:
    """Return one of the parts of n images."""
    cdef Part part

    part.n = n
    part.first = 0
    part.index = index
    part.begin = <int> (n * <Py_ssize_t> index // parts)
    part.end = <int> (n * <Py_ssize_t> (index + 1) // parts)
    return part


cdef double part_loss(
    const Model* model, const floating* parameters, const Samples* samples, const Py_ssize_t* order,
    const Part* part, Workspace* work, floating* activations, floating* deltas, double* weight,
) noexcept nogil:
    """Return the weighted loss of a part, and write its mean derivative by the outputs.

    The weight written, and the mean, are those of the whole mini-batch.
    """
    cdef const Layer* last = &model.layers[model.depth - 1]
    cdef Py_ssize_t begin = place_of(last, part), first = part.begin * <Py_ssize_t> model.fan_out
    cdef floating* targets = <floating*> work.targets
    cdef floating* weights = <floating*> work.weights

    gather_inputs(samples, order, part, model.fan_in, work, <floating*> work.images, <floating*> work.inputs.values)
    gather_targets(samples, order, part, model.fan_out, targets)
    weight[0] = gather_weights(samples, order, part, weights)
    feedforward(model, parameters, work, part, activations, True)
    return differentiate(model, <floating*> work.zs + begin if last.keeps_z else NULL, activations + begin,
                         targets + first, weights + part.begin if samples.weights != NULL else NULL,
                         1 / weight[0] if weight[0] > 0 else 0, deltas + begin, part.end - part.begin)


cdef double mini_batch_gradient(
    const Model* model, const floating* parameters, const Samples* samples, int n, Workspace* work, double* weight,
) noexcept nogil:
    """Return the weighted loss of n images and their weight; write the mean gradient if the loss is finite."""
    cdef floating* deltas = <floating*> work.deltas
    cdef Part whole = part_of(n, 0, 1)
    cdef double loss

    attach(samples, work)
    loss = part_loss(model, parameters, samples, NULL, &whole, work, <floating*> work.activations, deltas, weight)
    if isfinite(loss):
        backpropagate(model, parameters, work, &whole, deltas)
        accumulate(model, work, deltas, <floating*> work.nabla, n, 0, 1)
    return loss


cdef void average_parameters(const Plan* plan, const floating* parameters, Py_ssize_t begin, int n) noexcept nogil:
    """average = averaging * average + (1 - averaging) * parameters, for n of them from begin on"""
    cdef floating* average = <floating*> plan.average + begin
    cdef floating old = <floating> plan.averaging
    cdef Py_ssize_t i

    for i in range(n):
        average[i] = old * average[i] + (1 - old) * parameters[i]


cdef double move(
    const Crew* crew, const Penalties* penalties, double eta, floating* parameters, Py_ssize_t begin, int n,
    bint are_weights,
) noexcept nogil:
    """Move n parameters from begin on against their gradient, and return the penalty on them."""
    cdef floating* nabla = <floating*> crew.work.nabla + begin
    cdef double penalty = 0

    if are_weights:
        penalty = penalise(penalties, parameters + begin, nabla, n)
    if penalties.clip_value > 0:
        clip_values(penalties.clip_value, nabla, n)
    take_step(crew.optimizer, eta, nabla, parameters + begin, begin, n)
    if crew.plan.averaging > 0:
        average_parameters(crew.plan, parameters + begin, begin, n)
    return penalty


cdef double move_part(
    const Crew* crew, const Penalties* penalties, double eta, floating* parameters, int index, int parts,
) noexcept nogil:
    """Move the parameters of one part, and return the penalty on them."""
    cdef const Model* model = crew.model
    cdef const Layer* layer
    cdef Columns columns
    cdef double penalty = 0
    cdef int l

    for l in range(model.depth):
        layer = &model.layers[l]
        columns = columns_of(layer, index, parts)
        penalty += move(crew, penalties, eta, parameters, layer.weights + columns.begin * <Py_ssize_t> layer.fan_out,
                        <int> ((columns.end - columns.begin) * <Py_ssize_t> layer.fan_out), True)
        if l % parts == index:
            move(crew, penalties, eta, parameters, layer.biases, layer.fan_out, False)
    return penalty


cdef double move_all(
    const Crew* crew, const Penalties* penalties, double eta, floating* parameters,
) noexcept nogil:
    """The same for all at once, where norms are limited."""
    cdef Penalties later = penalties[0]
    cdef floating* nabla = <floating*> crew.work.nabla
    cdef const Layer* layer
    cdef double penalty = 0
    cdef int l

    for l in range(crew.model.depth):
        layer = &crew.model.layers[l]
        penalty += penalise(penalties, parameters + layer.weights, nabla + layer.weights,
                            layer.biases - layer.weights)
    if penalties.clip_norm > 0:
        clip_norm(penalties.clip_norm, nabla, crew.model.n_parameters)
    later.l1 = later.l2 = 0
    move(crew, &later, eta, parameters, 0, crew.model.n_parameters, False)
    if penalties.max_norm > 0:
        shorten_weights(crew.model, penalties.max_norm, parameters)
    return penalty


cdef void train_mini_batches(Crew* crew, floating* parameters, int thread) noexcept nogil:
    """Take one step for each mini-batch of the crew's images, until one has a loss that is not finite."""
    cdef floating* deltas = <floating*> crew.work.deltas
    cdef floating* activations = <floating*> crew.work.activations
    cdef const Model* model = crew.model
    cdef const Plan* plan = crew.plan
    cdef int threads = crew.barrier.threads, n, parts, p
    cdef bint at_once = plan.penalties.clip_norm > 0 or plan.penalties.max_norm > 0
    cdef Py_ssize_t begin = crew.begin
    cdef double loss, eta, weight = 0, penalty = 0
    cdef Optimizer before  # of thread 0 alone: only it changes the optimiser
    cdef Penalties penalties
    cdef Part part

    while begin < crew.end:
        n = <int> min(crew.end - begin, plan.mini_batch_size)
        parts = parts_of(model, n)
        eta = plan.etas[begin // plan.mini_batch_size]
        if thread == 0:
            before = crew.optimizer[0]
            advance(crew.optimizer)
        p = thread
        while p < parts:
            part = part_of(n, p, parts)
            part.first = begin
            crew.losses[p] = part_loss(model, parameters, crew.samples, crew.order + (begin - crew.begin), &part,
                                       crew.work, activations, deltas, &weight)
            if isfinite(crew.losses[p]):
                backpropagate(model, parameters, crew.work, &part, deltas)
            p += threads
        meet(&crew.barrier)
        loss = 0
        for p in range(parts):
            loss += crew.losses[p]
        if not isfinite(loss):
            if thread == 0:
                crew.optimizer[0] = before
            break
        penalties = plan.penalties
        if plan.shared_penalties and weight > 0:
            penalties.l1 /= weight
            penalties.l2 /= weight
        p = thread
        while p < parts:
            accumulate(model, crew.work, deltas, <floating*> crew.work.nabla, n, p, parts)
            if not at_once:
                crew.penalties[p] = move_part(crew, &penalties, eta, parameters, p, parts)
            p += threads
        meet(&crew.barrier)
        if thread == 0:
            if at_once:
                crew.penalties[0] = move_all(crew, &penalties, eta, parameters)
            penalty = 0
            for p in range(1 if at_once else parts):
                penalty += crew.penalties[p]
            crew.loss += loss + weight * penalty
            crew.weight += weight
        if at_once:
            meet(&crew.barrier)
        begin += n
    if thread == 0:
        crew.stopped = begin


cdef void train_in_float(void* crew, int thread) noexcept nogil:
    cdef unsigned mode = flush_subnormals()

    train_mini_batches(<Crew*> crew, <float*> (<Crew*> crew).parameters, thread)
    restore_subnormals(mode)


cdef void train_in_double(void* crew, int thread) noexcept nogil:
    cdef unsigned mode = flush_subnormals()

    train_mini_batches(<Crew*> crew, <double*> (<Crew*> crew).parameters, thread)
    restore_subnormals(mode)
