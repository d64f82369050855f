from cmlp.core.gather cimport DataPointers
from cmlp.core.structs cimport NetworkSpec, Workspace, floating
from cmlp.core.training cimport MAX_THREADS


cdef enum:
    BLOCK = 256  # images that pass through the network together: their activations stay in the cache


cdef struct PredictionJob:         # what the threads of a prediction have in common
    const NetworkSpec* network
    const void* parameters
    const DataPointers* data
    Py_ssize_t n                   # how many images there are
    Py_ssize_t block               # the next of their blocks that no thread has taken
    Py_ssize_t end                 # where the blocks end that are to be taken
    Workspace works[MAX_THREADS]   # room for BLOCK images, of each thread
    void* outputs                  # (fan_out, n)
    double* losses                 # of each block, or NULL
    double* weights                # of each block


cdef void predict_all(
    const NetworkSpec* network, const floating* parameters, const DataPointers* data, int n, Workspace* work,
) noexcept nogil
cdef void predict_in_float(void* job, int thread) noexcept nogil
cdef void predict_in_double(void* job, int thread) noexcept nogil
cdef int predict_one(
    const NetworkSpec* network, const floating* parameters, const DataPointers* image, floating* outputs,
) noexcept nogil
