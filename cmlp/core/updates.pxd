from cmlp.core.optimizers cimport UpdateRule
from cmlp.core.penalties cimport Penalties
from cmlp.core.structs cimport LayerSpec, NetworkSpec, Workspace, floating


cdef struct Columns:
    int begin
    int end


cdef struct Plan:             # how an epoch is trained
    int mini_batch_size
    const double* etas        # of each mini-batch
    Penalties penalties
    bint shared_penalties     # whether each mini-batch has all penalties, and counts by its images in the loss
    double averaging          # how much of the averaged parameters a step leaves, or 0
    void* average             # the averaged parameters (n_parameters,)


cdef Columns columns_of(const LayerSpec* layer, int index, int parts) noexcept nogil
cdef double update_part(
    const NetworkSpec* network, const Plan* plan, const Penalties* penalties, const UpdateRule* rule, double eta,
    Workspace* work, floating* parameters, int index, int parts,
) noexcept nogil
cdef void update_averages(
    const NetworkSpec* network, const Plan* plan, const Workspace* work, floating* parameters, int n, int index,
    int parts,
) noexcept nogil
cdef double update_all(
    const NetworkSpec* network, const Plan* plan, const Penalties* penalties, const UpdateRule* rule, double eta,
    Workspace* work, floating* parameters,
) noexcept nogil
