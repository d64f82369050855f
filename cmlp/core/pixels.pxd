from libc.stdint cimport int32_t

from cmlp.core.model cimport Inputs, Layer, Part, Workspace, floating


cdef Py_ssize_t first_from(const int32_t* pixels, Py_ssize_t begin, Py_ssize_t end, int pixel) noexcept nogil
cdef void weigh_by_tiles(
    const Layer* layer, const floating* W, const Workspace* work, const Part* part, floating* z,
) noexcept nogil
cdef void add_by_tiles(
    const Layer* layer, const floating* delta, const Workspace* work, floating* columns, int begin, int end, int n,
    int index,
) noexcept nogil
