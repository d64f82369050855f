"""The loop over the mini-batches of an epoch, by one thread or by several.

A mini-batch has two phases. In the first the images go through the network and back, in the second their gradient
moves the parameters. Where a layer is normalised over the mini-batch, threads meet within the first, too, on the way
forwards and on the way back. In all, the work is divided into the same parts however many threads there are, and
threads take turns in taking parts; what they add up, each adds up in the same order. So the bits are the same, too.
"""

from libc.math cimport isfinite
from libc.string cimport memset

from cmlp.core.backprop cimport accumulate, backpropagate, go_backwards, stop_before
from cmlp.core.distortions cimport gather_distorted
from cmlp.core.gather cimport DataPointers, bind_inputs, gather_inputs, gather_targets, gather_weights
from cmlp.core.feedforward cimport feedforward, go_forwards, offset_of, stop_after
from cmlp.core.losses cimport SQUARED, differentiate
from cmlp.core.structs cimport MAX_PARTS, LayerSpec, NetworkSpec, Part, Workspace, floating
from cmlp.core.optimizers cimport UpdateRule, advance
from cmlp.core.penalties cimport Penalties
from cmlp.core.updates cimport update_all, update_averages, update_part

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
    part.parts = parts
    part.first = 0
    part.index = index
    part.begin = <int> (n * <Py_ssize_t> index // parts)
    part.end = <int> (n * <Py_ssize_t> (index + 1) // parts)
    return part


cdef double gather_part(
    const NetworkSpec* network, const DataPointers* data, const Py_ssize_t* order, const Part* part, Workspace* work,
    floating* targets,
) noexcept nogil:
    """Copy images, answers and weights of a part, and return the weight of the whole mini-batch.

    `targets` are those of `work`, with their type.
    """
    if work.distortion != NULL:
        gather_distorted(data, order, part, network.fan_in, work, <floating*> work.images,
                         <floating*> work.inputs.values)
    else:
        gather_inputs(data, order, part, network.fan_in, work, <floating*> work.images, <floating*> work.inputs.values)
    gather_targets(data, order, part, network.fan_out, targets)
    return gather_weights(data, order, part, <floating*> work.weights)


cdef double differentiate_part(
    const NetworkSpec* network, const DataPointers* data, const Part* part, Workspace* work, floating* deltas,
    double weight,
) noexcept nogil:
    """Return the weighted loss of a part that has gone through, and write its mean derivative by the outputs.

    The weight, by which the mean is taken, is that of the whole mini-batch.
    """
    cdef const LayerSpec* last = &network.layers[network.depth - 1]
    cdef Py_ssize_t begin = offset_of(last, part)
    cdef floating* weights = <floating*> work.weights + part.begin if data.weights != NULL else NULL

    return differentiate(network, <floating*> work.zs + begin if last.keeps_z else NULL,
                         <floating*> work.activations + begin,
                         <floating*> work.targets + part.begin * <Py_ssize_t> network.fan_out, weights,
                         1 / weight if weight > 0 else 0, deltas + begin, part.end - part.begin)


cdef double whole_loss(
    const NetworkSpec* network, const floating* parameters, const DataPointers* data, const Part* whole,
    Workspace* work, floating* deltas, double* weight,
) noexcept nogil:
    """Return the weighted loss of a whole mini-batch, and write its weight and the mean derivative by the outputs."""
    weight[0] = gather_part(network, data, NULL, whole, work, <floating*> work.targets)
    feedforward(network, parameters, work, whole, <floating*> work.activations, True)
    return differentiate_part(network, data, whole, work, deltas, weight[0])


cdef double mini_batch_gradient(
    const NetworkSpec* network, const floating* parameters, const DataPointers* data, int n, Workspace* work,
    double* weight,
) noexcept nogil:
    """Return the weighted loss of n images and their weight; write the mean gradient if the loss is finite."""
    cdef floating* deltas = <floating*> work.deltas
    cdef floating* nabla = <floating*> work.nabla
    cdef Part whole = part_of(n, 0, 1)
    cdef double loss

    bind_inputs(data, work)
    loss = whole_loss(network, parameters, data, &whole, work, deltas, weight)
    if isfinite(loss):
        backpropagate(network, parameters, work, &whole, deltas)
        accumulate(network, work, deltas, nabla, n, 0, 1)
        memset(nabla + network.n_trained, 0, (network.n_parameters - network.n_trained) * sizeof(floating))
    return loss


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


cdef double go_through(
    TrainingJob* job, const floating* parameters, Py_ssize_t first, int n, int thread,
) noexcept nogil:
    """Let one thread's parts of the n images from `first` on go through the network; return their weight.

    Where a layer is normalised, threads meet. Parts whose loss is finite have begun to go back.
    """
    cdef const NetworkSpec* network = job.network
    cdef int threads = job.barrier.threads, parts = parts_of(network, n), stopped = -1, p
    cdef floating* deltas = <floating*> job.work.deltas
    cdef double weight = 0
    cdef Part part

    while stopped < network.depth:
        if stopped >= 0:
            barrier_wait(&job.barrier)
        p = thread
        while p < parts:
            part = part_of(n, p, parts)
            part.first = first
            if stopped < 0:
                weight = gather_part(network, job.data, job.order + (first - job.begin), &part, job.work,
                                     <floating*> job.work.targets)
            if go_forwards(network, parameters, job.work, &part, <floating*> job.work.activations, True,
                           stopped) == network.depth:
                job.losses[p] = differentiate_part(network, job.data, &part, job.work, deltas, weight)
                if isfinite(job.losses[p]):
                    go_backwards(network, parameters, job.work, &part, deltas, network.depth)
            p += threads
        stopped = stop_after(network, job.work, stopped, n)
    return weight


cdef void go_back(TrainingJob* job, const floating* parameters, Py_ssize_t first, int n, int thread) noexcept nogil:
    """Let one thread's parts go the rest of the way back; where a layer is normalised, threads meet."""
    cdef const NetworkSpec* network = job.network
    cdef int threads = job.barrier.threads, parts = parts_of(network, n), p
    cdef int stopped = stop_before(network, job.work, network.depth, n)
    cdef Part part

    while stopped >= 0:
        p = thread
        while p < parts:
            part = part_of(n, p, parts)
            part.first = first
            go_backwards(network, parameters, job.work, &part, <floating*> job.work.deltas, stopped)
            p += threads
        stopped = stop_before(network, job.work, stopped, n)
        barrier_wait(&job.barrier)


cdef void train_mini_batches(TrainingJob* job, floating* parameters, int thread) noexcept nogil:
    """Take one step for each mini-batch of the job's images, until one has a loss that is not finite."""
    cdef floating* deltas = <floating*> job.work.deltas
    cdef const NetworkSpec* network = job.network
    cdef const Plan* plan = job.plan
    cdef int threads = job.barrier.threads, n, parts, p
    cdef bint at_once = plan.penalties.clip_norm > 0 or plan.penalties.max_norm > 0
    cdef Py_ssize_t begin = job.begin
    cdef double loss, eta, weight, penalty = 0
    cdef UpdateRule before  # of thread 0 alone: only it changes the optimizer
    cdef Penalties penalties

    while begin < job.end:
        n = <int> min(job.end - begin, plan.mini_batch_size)
        parts = parts_of(network, n)
        eta = plan.etas[begin // plan.mini_batch_size]
        if thread == 0:
            before = job.rule[0]
            advance(job.rule)
        weight = go_through(job, parameters, begin, n, thread)
        barrier_wait(&job.barrier)
        loss = 0
        for p in range(parts):
            loss += job.losses[p]
        if not isfinite(loss):
            if thread == 0:
                job.rule[0] = before
            break
        go_back(job, parameters, begin, n, thread)
        penalties = plan.penalties
        if plan.shared_penalties and weight > 0:
            penalties.l1 /= weight
            penalties.l2 /= weight
        p = thread
        while p < parts:
            accumulate(network, job.work, deltas, <floating*> job.work.nabla, n, p, parts)
            if not at_once:
                job.penalties[p] = update_part(network, plan, &penalties, job.rule, eta, job.work, parameters, p, parts)
            update_averages(network, plan, job.work, parameters, n, p, parts)
            p += threads
        barrier_wait(&job.barrier)
        if thread == 0:
            if at_once:
                job.penalties[0] = update_all(network, plan, &penalties, job.rule, eta, job.work, parameters)
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
