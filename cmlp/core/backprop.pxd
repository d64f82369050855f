from cmlp.core.structs cimport NetworkSpec, Part, Workspace, floating


cdef int stop_before(const NetworkSpec* network, const Workspace* work, int l, int n) noexcept nogil
cdef int go_backwards(
    const NetworkSpec* network, const floating* parameters, Workspace* work, const Part* part, floating* deltas,
    int stopped,
) noexcept nogil
cdef void backpropagate(
    const NetworkSpec* network, const floating* parameters, Workspace* work, const Part* part, floating* deltas,
) noexcept nogil
cdef void accumulate(
    const NetworkSpec* network, const Workspace* work, const floating* deltas, floating* nabla, int n, int index,
    int parts,
) noexcept nogil
