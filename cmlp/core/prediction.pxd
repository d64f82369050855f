from cmlp.core.batches cimport Samples
from cmlp.core.model cimport Model, Workspace, floating


cdef enum:
    BLOCK = 256  # images that pass through the network together: their activations stay in the cache


cdef void predict(
    const Model* model, const floating* parameters, const Samples* samples, Py_ssize_t n,
    Workspace* work, void* outputs, double* loss, double* weight,
) noexcept nogil
cdef int predict_one(
    const Model* model, const floating* parameters, const Samples* image, floating* outputs,
) noexcept nogil
