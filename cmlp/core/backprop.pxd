from cmlp.core.model cimport Model, Workspace, floating


cdef void backprop(
    const Model* model, const floating* parameters, Workspace* work, floating* deltas, floating* nabla, int n,
) noexcept nogil
