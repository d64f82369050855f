from libc.stdint cimport uint64_t

from cmlp.core.batches cimport Samples
from cmlp.core.model cimport Model, Workspace, floating
from cmlp.core.optimizers cimport Optimizer
from cmlp.core.penalties cimport Penalties


cdef struct Plan:             # how an epoch is trained
    int mini_batch_size
    const double* etas        # of each mini-batch
    Penalties penalties
    bint shared_penalties     # whether an image's share of the penalties is one over the mini-batch, or they are whole
    double averaging          # how much of the averaged parameters a step leaves, or 0
    void* average             # the averaged parameters (n_parameters,)
    uint64_t dropout_key


cdef double mini_batch_loss(
    const Model* model, const floating* parameters, const Samples* samples, const Py_ssize_t* order,
    int n, Workspace* work, floating* activations, floating* deltas, double* weight,
) noexcept nogil
cdef double mini_batch_gradient(
    const Model* model, const floating* parameters, const Samples* samples, const Py_ssize_t* order,
    int n, Workspace* work, double* weight,
) noexcept nogil
cdef Py_ssize_t train_mini_batches(
    const Model* model, floating* parameters, const Samples* samples, const Py_ssize_t* order,
    Py_ssize_t begin, Py_ssize_t end, const Plan* plan, Optimizer* optimizer, Workspace* work,
    double* loss, double* weight,
) noexcept nogil
