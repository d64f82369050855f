from cmlp.core.structs cimport LayerSpec, NetworkSpec, Part, Workspace, floating


cdef struct Columns:
    int begin
    int end


cdef void backpropagate(
    const NetworkSpec* network, const floating* parameters, Workspace* work, const Part* part, floating* deltas,
) noexcept nogil
cdef Columns columns_of(const LayerSpec* layer, int index, int parts) noexcept nogil
cdef void accumulate(
    const NetworkSpec* network, const Workspace* work, const floating* deltas, floating* nabla, int n, int index,
    int parts,
) noexcept nogil
