from cmlp.core.model cimport Layer, Model, Part, Workspace, floating


cdef struct Columns:
    int begin
    int end


cdef void backpropagate(
    const Model* model, const floating* parameters, Workspace* work, const Part* part, floating* deltas,
) noexcept nogil
cdef Columns columns_of(const Layer* layer, int index, int parts) noexcept nogil
cdef void accumulate(
    const Model* model, const Workspace* work, const floating* deltas, floating* nabla, int n, int index, int parts,
) noexcept nogil
