from cmlp.core.batches cimport Samples
from cmlp.core.model cimport MOST_PARTS, Model, Part, Workspace, floating
from cmlp.core.optimizers cimport Optimizer
from cmlp.core.penalties cimport Penalties


cdef extern from "threads.h":
    enum:
        MOST_THREADS

    ctypedef struct Barrier:
        int threads
        int arrived
        int phase

    Py_ssize_t take(Py_ssize_t* next) noexcept nogil
    void meet(Barrier* barrier) noexcept nogil
    int run_threads(void (*work)(void*, int) noexcept nogil, void* crew, int threads) noexcept nogil


cdef struct Plan:             # how an epoch is trained
    int mini_batch_size
    const double* etas        # of each mini-batch
    Penalties penalties
    bint shared_penalties     # whether an image's share of the penalties is one over the mini-batch, or they are whole
    double averaging          # how much of the averaged parameters a step leaves, or 0
    void* average             # the averaged parameters (n_parameters,)


cdef struct Crew:             # what the threads of an epoch have in common
    const Model* model
    void* parameters
    const Samples* samples
    const Py_ssize_t* order   # of the images from begin to end of the epoch
    Py_ssize_t begin
    Py_ssize_t end
    const Plan* plan
    Optimizer* optimizer
    Workspace* work
    Barrier barrier
    double losses[MOST_PARTS]
    double penalties[MOST_PARTS]
    double loss               # summed over what was trained, as is
    double weight
    Py_ssize_t stopped        # where the training stopped


cdef int parts_of(const Model* model, int n) noexcept nogil
cdef Part part_of(int n, int index, int parts) noexcept nogil
cdef double part_loss(
    const Model* model, const floating* parameters, const Samples* samples, const Py_ssize_t* order,
    const Part* part, Workspace* work, floating* activations, floating* deltas, double* weight,
) noexcept nogil
cdef double mini_batch_gradient(
    const Model* model, const floating* parameters, const Samples* samples, int n, Workspace* work, double* weight,
) noexcept nogil
cdef void train_in_float(void* crew, int thread) noexcept nogil
cdef void train_in_double(void* crew, int thread) noexcept nogil
