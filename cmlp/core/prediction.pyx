"""The outputs for any number of images, by one thread or by several, each in memory that holds a block of them.

Threads take one block after the other, and blocks are the same however many threads there are: so are the bits.
"""

from libc.stdint cimport int32_t, uint8_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

from cmlp.core.feedforward cimport feedforward
from cmlp.core.gather cimport DataPointers, bind_inputs, gather_inputs, slice_from
from cmlp.core.structs cimport LayerSpec, NetworkSpec, Part, Workspace, floating
from cmlp.core.training cimport next_index, part_of, whole_loss


cdef void predict_all(
    const NetworkSpec* network, const floating* parameters, const DataPointers* data, int n, Workspace* work,
) noexcept nogil:
    """Write the activations of every layer with weights for n images, in work that holds them all."""
    cdef Part part = part_of(n, 0, 1)

    bind_inputs(data, work)
    gather_inputs(data, NULL, &part, network.fan_in, work, <floating*> work.images, <floating*> work.inputs.values)
    feedforward(network, parameters, work, &part, <floating*> work.activations, False)


cdef void predict_block(
    const PredictionJob* job, const floating* parameters, Py_ssize_t index, Workspace* work,
) noexcept nogil:
    """Write the outputs of one block, and its loss and weight where they are wanted."""
    cdef const NetworkSpec* network = job.network
    cdef const LayerSpec* last = &network.layers[network.depth - 1]
    cdef floating* activations = <floating*> work.activations
    cdef Py_ssize_t begin = index * BLOCK
    cdef int m = <int> min(job.n - begin, BLOCK)
    cdef DataPointers block = slice_from(job.data, begin, network.fan_out)
    cdef Part part = part_of(m, 0, 1)

    if job.losses != NULL:
        bind_inputs(&block, work)
        job.losses[index] = whole_loss(network, parameters, &block, &part, work, <floating*> work.deltas,
                                       &job.weights[index])
    else:
        predict_all(network, parameters, &block, m, work)
    memcpy(<floating*> job.outputs + begin * network.fan_out, activations + m * last.units,
           m * <Py_ssize_t> network.fan_out * sizeof(floating))


cdef void predict_blocks(PredictionJob* job, const floating* parameters, int thread) noexcept nogil:
    """Predict one block after the other, as long as there are any that no thread has taken."""
    cdef Py_ssize_t index = next_index(&job.block)

    while index < job.end:
        predict_block(job, parameters, index, &job.works[thread])
        index = next_index(&job.block)


cdef void predict_in_float(void* job, int thread) noexcept nogil:
    predict_blocks(<PredictionJob*> job, <const float*> (<PredictionJob*> job).parameters, thread)


cdef void predict_in_double(void* job, int thread) noexcept nogil:
    predict_blocks(<PredictionJob*> job, <const double*> (<PredictionJob*> job).parameters, thread)


cdef int predict_one(
    const NetworkSpec* network, const floating* parameters, const DataPointers* image, floating* outputs,
) noexcept nogil:
    """Write the outputs (fan_out,) of one image, without BLAS; return -1 where there is no memory for it."""
    cdef const LayerSpec* last = &network.layers[network.depth - 1]
    cdef Py_ssize_t fan_in = network.fan_in, size = 64 + fan_in * (4 + sizeof(floating)) + 64 * 4 + 2 * fan_in + 64
    cdef Py_ssize_t begin, end
    cdef Part part = part_of(1, 0, 1)
    cdef Workspace work
    cdef char* memory = <char*> malloc(network.units * sizeof(floating) + size)
    cdef floating* activations = <floating*> memory

    if memory == NULL:
        return -1
    memset(&work, 0, sizeof(Workspace))
    work.images = activations + network.units
    work.inputs.values = work.images
    work.inputs.begins = &begin
    work.inputs.ends = &end
    work.inputs.pixels = <int32_t*> (<floating*> work.images + fan_in)
    work.flags = <uint8_t*> (work.inputs.pixels + fan_in + 64)
    work.nonzero = work.flags + fan_in
    bind_inputs(image, &work)
    gather_inputs(image, NULL, &part, network.fan_in, &work, <floating*> work.images, <floating*> work.images)
    feedforward(network, parameters, &work, &part, activations, False)
    memcpy(outputs, activations + last.units, network.fan_out * sizeof(floating))
    free(memory)
    return 0
