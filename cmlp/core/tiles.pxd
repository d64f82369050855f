from libc.stdint cimport int32_t

from cmlp.core.structs cimport Inputs, LayerSpec, Part, Workspace, floating


cdef Py_ssize_t lower_bound(const int32_t* pixels, Py_ssize_t begin, Py_ssize_t end, int pixel) noexcept nogil
cdef void multiply_by_tiles(
    const LayerSpec* layer, const floating* W, const Workspace* work, const Part* part, floating* z,
) noexcept nogil
cdef void accumulate_by_tiles(
    const LayerSpec* layer, const floating* delta, const Workspace* work, floating* columns, int begin, int end, int n,
    int index,
) noexcept nogil
