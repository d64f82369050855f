from cmlp.core.gather cimport DataPointers
from cmlp.core.structs cimport MAX_PARTS, NetworkSpec, Part, Workspace, floating
from cmlp.core.optimizers cimport UpdateRule
from cmlp.core.updates cimport Plan


cdef extern from "threads.h":
    enum:
        MAX_THREADS

    ctypedef struct Barrier:
        int threads
        int arrived
        int phase

    Py_ssize_t next_index(Py_ssize_t* next) noexcept nogil
    void barrier_wait(Barrier* barrier) noexcept nogil
    int run_threads(void (*work)(void*, int) noexcept nogil, void* job, int threads) noexcept nogil


cdef struct TrainingJob:      # what the threads of an epoch have in common
    const NetworkSpec* network
    void* parameters
    const DataPointers* data
    const Py_ssize_t* order   # of the images from begin to end of the epoch
    Py_ssize_t begin
    Py_ssize_t end
    const Plan* plan
    UpdateRule* rule
    Workspace* work
    Barrier barrier
    double losses[MAX_PARTS]
    double penalties[MAX_PARTS]
    double loss               # summed over what was trained, as is
    double weight
    double epoch_loss         # the same since the epoch began: one addition for each step, however it is divided
    double epoch_weight
    Py_ssize_t stopped        # where the training stopped


cdef int parts_of(const NetworkSpec* network, int n) noexcept nogil
cdef Part part_of(int n, int index, int parts) noexcept nogil
cdef double whole_loss(
    const NetworkSpec* network, const floating* parameters, const DataPointers* data, const Part* whole,
    Workspace* work, floating* deltas, double* weight,
) noexcept nogil
cdef double mini_batch_gradient(
    const NetworkSpec* network, const floating* parameters, const DataPointers* data, int n, Workspace* work,
    double* weight,
) noexcept nogil
cdef void train_in_float(void* job, int thread) noexcept nogil
cdef void train_in_double(void* job, int thread) noexcept nogil
