from cmlp.core.structs cimport LayerSpec, Part, Workspace, floating


cdef inline bint needs_moments(const LayerSpec* layer, const Workspace* work, int n) noexcept nogil:
    """Whether a layer is normalised over the mini-batch: one image has no variance, and takes the running averages."""
    return layer.normalised and n > 1 and not work.by_averages


cdef void add_moments(const LayerSpec* layer, const Workspace* work, const Part* part, const floating* z) noexcept nogil
cdef void normalise(
    const LayerSpec* layer, const floating* parameters, const Workspace* work, const Part* part, floating* z,
    floating* normalised,
) noexcept nogil
cdef void normalise_by_averages(
    const LayerSpec* layer, const floating* parameters, int n, floating* z, floating* normalised,
) noexcept nogil
cdef void add_slopes(
    const LayerSpec* layer, const Workspace* work, const Part* part, const floating* normalised, const floating* delta,
) noexcept nogil
cdef void propagate_through(
    const LayerSpec* layer, const floating* parameters, const Workspace* work, const Part* part,
    const floating* normalised, floating* delta,
) noexcept nogil
cdef void propagate_through_averages(
    const LayerSpec* layer, const floating* parameters, int n, floating* delta,
) noexcept nogil
cdef void write_slopes(const LayerSpec* layer, const Workspace* work, int parts, floating* nabla) noexcept nogil
cdef void average_moments(
    const LayerSpec* layer, const Workspace* work, int n, int parts, floating* parameters,
) noexcept nogil
