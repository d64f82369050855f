from cmlp.core.batches cimport Samples
from cmlp.core.model cimport Model, Workspace, floating
from cmlp.core.training cimport MOST_THREADS


cdef enum:
    BLOCK = 256  # images that pass through the network together: their activations stay in the cache


cdef struct Prediction:            # what the threads of a prediction have in common
    const Model* model
    const void* parameters
    const Samples* samples
    Py_ssize_t n                   # how many images there are
    Py_ssize_t block               # the next of their blocks that no thread has taken
    Py_ssize_t end                 # where the blocks end that are to be taken
    Workspace works[MOST_THREADS]  # room for BLOCK images, of each thread
    void* outputs                  # (fan_out, n)
    double* losses                 # of each block, or NULL
    double* weights                # of each block


cdef void predict_all(
    const Model* model, const floating* parameters, const Samples* samples, int n, Workspace* work,
) noexcept nogil
cdef void predict_in_float(void* prediction, int thread) noexcept nogil
cdef void predict_in_double(void* prediction, int thread) noexcept nogil
cdef int predict_one(
    const Model* model, const floating* parameters, const Samples* image, floating* outputs,
) noexcept nogil
