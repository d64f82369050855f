"""The loop over the mini-batches of an epoch, by one thread or by several.

A mini-batch has two phases. In the first the images go through the network and back, in the second their gradient
moves the parameters. In both, the work is divided into the same parts however many threads there are, and threads
take turns in taking parts; what they add up, each adds up in the same order. So the bits are the same, too.
"""

from libc.math cimport isfinite

from cmlp.core.backprop cimport Columns, accumulate, backpropagate, columns_of
from cmlp.core.gather cimport DataPointers, bind_inputs, gather_inputs, gather_targets, gather_weights
from cmlp.core.feedforward cimport feedforward, offset_of
from cmlp.core.losses cimport SQUARED, differentiate
from cmlp.core.structs cimport MAX_PARTS, LayerSpec, NetworkSpec, Part, Workspace, floating
from cmlp.core.optimizers cimport UpdateRule, advance, take_step
from cmlp.core.penalties cimport Penalties, clip_norm, clip_values, penalise, limit_norms

cdef extern from "subnormals.h":
    unsigned flush_subnormals() noexcept nogil
    void restore_subnormals(unsigned mode) noexcept nogil


cdef enum:
    SMALL = 65_536        # parameters whose products BLAS packs in no time
    IMAGES_IF_SMALL = 32  # that a part should have at least
    IMAGES = 64


cdef int parts_of(const NetworkSpec* network, int n) noexcept nogil:
    """Return into how many parts a mini-batch of n images is divided: a power of two."""
    cdef int images = IMAGES_IF_SMALL if network.n_parameters <= SMALL else IMAGES
    cdef int parts = 1

    while parts < MAX_PARTS and n >= 2 * parts * images:
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
    const NetworkSpec* network, const floating* parameters, const DataPointers* data, const Py_ssize_t* order,
    const Part* part, Workspace* work, floating* activations, floating* deltas, double* weight,
) noexcept nogil:
    """Return the weighted loss of a part, and write its mean derivative by the outputs.

    The weight written, and the mean, are those of the whole mini-batch.
    """
    cdef const LayerSpec* last = &network.layers[network.depth - 1]
    cdef Py_ssize_t begin = offset_of(last, part), first = part.begin * <Py_ssize_t> network.fan_out
    cdef floating* targets = <floating*> work.targets
    cdef floating* weights = <floating*> work.weights

    gather_inputs(data, order, part, network.fan_in, work, <floating*> work.images, <floating*> work.inputs.values)
    gather_targets(data, order, part, network.fan_out, targets)
    weight[0] = gather_weights(data, order, part, weights)
    feedforward(network, parameters, work, part, activations, True)
    return differentiate(network, <floating*> work.zs + begin if last.keeps_z else NULL, activations + begin,
                         targets + first, weights + part.begin if data.weights != NULL else NULL,
                         1 / weight[0] if weight[0] > 0 else 0, deltas + begin, part.end - part.begin)


cdef double mini_batch_gradient(
    const NetworkSpec* network, const floating* parameters, const DataPointers* data, int n, Workspace* work,
    double* weight,
) noexcept nogil:
    """Return the weighted loss of n images and their weight; write the mean gradient if the loss is finite."""
    cdef floating* deltas = <floating*> work.deltas
    cdef Part whole = part_of(n, 0, 1)
    cdef double loss

    bind_inputs(data, work)
    loss = part_loss(network, parameters, data, NULL, &whole, work, <floating*> work.activations, deltas, weight)
    if isfinite(loss):
        backpropagate(network, parameters, work, &whole, deltas)
        accumulate(network, work, deltas, <floating*> work.nabla, n, 0, 1)
    return loss


cdef void average_parameters(const Plan* plan, const floating* parameters, Py_ssize_t begin, int n) noexcept nogil:
    """average = averaging * average + (1 - averaging) * parameters, for n of them from begin on"""
    cdef floating* average = <floating*> plan.average + begin
    cdef floating old = <floating> plan.averaging
    cdef Py_ssize_t i

    for i in range(n):
        average[i] = old * average[i] + (1 - old) * parameters[i]


cdef double update(
    const TrainingJob* job, const Penalties* penalties, double eta, floating* parameters, Py_ssize_t begin, int n,
    bint are_weights,
) noexcept nogil:
    """Move n parameters from begin on against their gradient, and return the penalty on them."""
    cdef floating* nabla = <floating*> job.work.nabla + begin
    cdef double penalty = 0

    if are_weights:
        penalty = penalise(penalties, parameters + begin, nabla, n)
    if penalties.clip_value > 0:
        clip_values(penalties.clip_value, nabla, n)
    take_step(job.rule, eta, nabla, parameters + begin, begin, n)
    if job.plan.averaging > 0:
        average_parameters(job.plan, parameters + begin, begin, n)
    return penalty


cdef double update_part(
    const TrainingJob* job, const Penalties* penalties, double eta, floating* parameters, int index, int parts,
) noexcept nogil:
    """Move the parameters of one part, and return the penalty on them."""
    cdef const NetworkSpec* network = job.network
    cdef const LayerSpec* layer
    cdef Columns columns
    cdef double penalty = 0
    cdef int l

    for l in range(network.depth):
        layer = &network.layers[l]
        columns = columns_of(layer, index, parts)
        penalty += update(job, penalties, eta, parameters, layer.weights + columns.begin * <Py_ssize_t> layer.fan_out,
                          <int> ((columns.end - columns.begin) * <Py_ssize_t> layer.fan_out), True)
        if l % parts == index:
            update(job, penalties, eta, parameters, layer.biases, layer.fan_out, False)
    return penalty


cdef double update_all(
    const TrainingJob* job, const Penalties* penalties, double eta, floating* parameters,
) noexcept nogil:
    """The same for all at once, where norms are limited."""
    cdef Penalties later = penalties[0]
    cdef floating* nabla = <floating*> job.work.nabla
    cdef const LayerSpec* layer
    cdef double penalty = 0
    cdef int l

    for l in range(job.network.depth):
        layer = &job.network.layers[l]
        penalty += penalise(penalties, parameters + layer.weights, nabla + layer.weights,
                            layer.biases - layer.weights)
    if penalties.clip_norm > 0:
        clip_norm(penalties.clip_norm, nabla, job.network.n_parameters)
    later.l1 = later.l2 = 0
    update(job, &later, eta, parameters, 0, job.network.n_parameters, False)
    if penalties.max_norm > 0:
        limit_norms(job.network, penalties.max_norm, parameters)
    return penalty


cdef void add_loss(TrainingJob* job, double loss, double weight, double penalty, int n) noexcept nogil:
    """Add the loss of a mini-batch of n images to that of the epoch; of an estimator, as scikit-learn counts it."""
    if not job.plan.shared_penalties:
        loss += weight * penalty
    else:
        if weight > 0:
            loss /= weight
        if job.network.loss == SQUARED:  # for scikit-learn a mean over the outputs, though its steps follow their sum
            loss /= job.network.fan_out
        loss, weight = n * (loss + penalty), n
    job.loss += loss
    job.weight += weight
    job.epoch_loss += loss
    job.epoch_weight += weight


cdef void train_mini_batches(TrainingJob* job, floating* parameters, int thread) noexcept nogil:
    """Take one step for each mini-batch of the job's images, until one has a loss that is not finite."""
    cdef floating* deltas = <floating*> job.work.deltas
    cdef floating* activations = <floating*> job.work.activations
    cdef const NetworkSpec* network = job.network
    cdef const Plan* plan = job.plan
    cdef int threads = job.barrier.threads, n, parts, p
    cdef bint at_once = plan.penalties.clip_norm > 0 or plan.penalties.max_norm > 0
    cdef Py_ssize_t begin = job.begin
    cdef double loss, eta, weight = 0, penalty = 0
    cdef UpdateRule before  # of thread 0 alone: only it changes the optimizer
    cdef Penalties penalties
    cdef Part part

    while begin < job.end:
        n = <int> min(job.end - begin, plan.mini_batch_size)
        parts = parts_of(network, n)
        eta = plan.etas[begin // plan.mini_batch_size]
        if thread == 0:
            before = job.rule[0]
            advance(job.rule)
        p = thread
        while p < parts:
            part = part_of(n, p, parts)
            part.first = begin
            job.losses[p] = part_loss(network, parameters, job.data, job.order + (begin - job.begin), &part,
                                      job.work, activations, deltas, &weight)
            if isfinite(job.losses[p]):
                backpropagate(network, parameters, job.work, &part, deltas)
            p += threads
        barrier_wait(&job.barrier)
        loss = 0
        for p in range(parts):
            loss += job.losses[p]
        if not isfinite(loss):
            if thread == 0:
                job.rule[0] = before
            break
        penalties = plan.penalties
        if plan.shared_penalties and weight > 0:
            penalties.l1 /= weight
            penalties.l2 /= weight
        p = thread
        while p < parts:
            accumulate(network, job.work, deltas, <floating*> job.work.nabla, n, p, parts)
            if not at_once:
                job.penalties[p] = update_part(job, &penalties, eta, parameters, p, parts)
            p += threads
        barrier_wait(&job.barrier)
        if thread == 0:
            if at_once:
                job.penalties[0] = update_all(job, &penalties, eta, parameters)
            penalty = 0
            for p in range(1 if at_once else parts):
                penalty += job.penalties[p]
            add_loss(job, loss, weight, penalty, n)
        if at_once:
            barrier_wait(&job.barrier)
        begin += n
    if thread == 0:
        job.stopped = begin


cdef void train_in_float(void* job, int thread) noexcept nogil:
    cdef unsigned mode = flush_subnormals()

    train_mini_batches(<TrainingJob*> job, <float*> (<TrainingJob*> job).parameters, thread)
    restore_subnormals(mode)


cdef void train_in_double(void* job, int thread) noexcept nogil:
    cdef unsigned mode = flush_subnormals()

    train_mini_batches(<TrainingJob*> job, <double*> (<TrainingJob*> job).parameters, thread)
    restore_subnormals(mode)
