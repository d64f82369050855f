"""The outputs for any number of images, by one thread or by several, each in memory that holds a block of them.

Threads take one block after the other, and blocks are the same however many threads there are: so are the bits.
"""

from libc.stdint cimport int32_t, uint8_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

from cmlp.core.batches cimport Samples, attach, gather_inputs
from cmlp.core.feedforward cimport feedforward
from cmlp.core.model cimport Layer, Model, Part, Workspace, floating
from cmlp.core.training cimport part_loss, part_of, take


cdef Samples skip(const Samples* samples, Py_ssize_t n, int outputs) noexcept nogil:
    """Return the samples from the n-th on."""
    cdef Samples rest = samples[0]

    if rest.begins != NULL:
        rest.begins += n
    else:
        rest.images += n * rest.image_stride
    if rest.labels != NULL:
        rest.labels += n
    if rest.targets != NULL:
        rest.targets += n * outputs
    if rest.weights != NULL:
        rest.weights += n
    return rest


cdef void predict_all(
    const Model* model, const floating* parameters, const Samples* samples, int n, Workspace* work,
) noexcept nogil:
    """Write the activations of every layer with weights for n images, in work that holds them all."""
    cdef Part part = part_of(n, 0, 1)

    attach(samples, work)
    gather_inputs(samples, NULL, &part, model.fan_in, work, <floating*> work.images, <floating*> work.inputs.values)
    feedforward(model, parameters, work, &part, <floating*> work.activations, False)


cdef void predict_block(
    const Prediction* prediction, const floating* parameters, Py_ssize_t index, Workspace* work,
) noexcept nogil:
    """Write the outputs of one block, and its loss and weight where they are wanted."""
    cdef const Model* model = prediction.model
    cdef const Layer* last = &model.layers[model.depth - 1]
    cdef floating* activations = <floating*> work.activations
    cdef Py_ssize_t begin = index * BLOCK
    cdef int m = <int> min(prediction.n - begin, BLOCK)
    cdef Samples block = skip(prediction.samples, begin, model.fan_out)
    cdef Part part = part_of(m, 0, 1)

    if prediction.losses != NULL:
        attach(&block, work)
        prediction.losses[index] = part_loss(model, parameters, &block, NULL, &part, work, activations,
                                             <floating*> work.deltas, &prediction.weights[index])
    else:
        predict_all(model, parameters, &block, m, work)
    memcpy(<floating*> prediction.outputs + begin * model.fan_out, activations + m * last.units,
           m * <Py_ssize_t> model.fan_out * sizeof(floating))


cdef void predict_blocks(Prediction* prediction, const floating* parameters, int thread) noexcept nogil:
    """Predict one block after the other, as long as there are any that no thread has taken."""
    cdef Py_ssize_t index = take(&prediction.block)

    while index < prediction.end:
        predict_block(prediction, parameters, index, &prediction.works[thread])
        index = take(&prediction.block)


cdef void predict_in_float(void* prediction, int thread) noexcept nogil:
    predict_blocks(<Prediction*> prediction, <const float*> (<Prediction*> prediction).parameters, thread)


cdef void predict_in_double(void* prediction, int thread) noexcept nogil:
    predict_blocks(<Prediction*> prediction, <const double*> (<Prediction*> prediction).parameters, thread)


cdef int predict_one(
    const Model* model, const floating* parameters, const Samples* image, floating* outputs,
) noexcept nogil:
    """Write the outputs (fan_out,) of one image, without BLAS; return -1 where there is no memory for it."""
    cdef const Layer* last = &model.layers[model.depth - 1]
    cdef Py_ssize_t fan_in = model.fan_in, room = 64 + fan_in * (4 + sizeof(floating)) + 64 * 4 + 2 * fan_in + 64
    cdef Py_ssize_t begin, end
    cdef Part part = part_of(1, 0, 1)
    cdef Workspace work
    cdef char* memory = <char*> malloc(model.units * sizeof(floating) + room)
    cdef floating* activations = <floating*> memory

    if memory == NULL:
        return -1
    memset(&work, 0, sizeof(Workspace))
    work.images = activations + model.units
    work.inputs.values = work.images
    work.inputs.begins = &begin
    work.inputs.ends = &end
    work.inputs.pixels = <int32_t*> (<floating*> work.images + fan_in)
    work.flags = <uint8_t*> (work.inputs.pixels + fan_in + 64)
    work.found = work.flags + fan_in
    attach(image, &work)
    gather_inputs(image, NULL, &part, model.fan_in, &work, <floating*> work.images, <floating*> work.images)
    feedforward(model, parameters, &work, &part, activations, False)
    memcpy(outputs, activations + last.units, model.fan_out * sizeof(floating))
    free(memory)
    return 0
