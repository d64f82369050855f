from cmlp.core.batches cimport Samples
from cmlp.core.model cimport Model, Workspace, floating


cdef double mini_batch_gradient(
    const Model* model, const floating* parameters, const Samples* samples, const Py_ssize_t* order,
    int n, Workspace* work,
) noexcept nogil
cdef Py_ssize_t train_mini_batches(
    const Model* model, floating* parameters, const Samples* samples, const Py_ssize_t* order,
    Py_ssize_t begin, Py_ssize_t end, int mini_batch_size, double eta, Workspace* work, double* loss,
) noexcept nogil
