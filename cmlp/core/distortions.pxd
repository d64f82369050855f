from libc.stdint cimport uint64_t

from cmlp.core.gather cimport DataPointers
from cmlp.core.structs cimport Distortion, Part, Workspace, floating


cdef Py_ssize_t rounded(Py_ssize_t bytes) noexcept nogil
cdef Py_ssize_t scratch_size(const Distortion* how, Py_ssize_t itemsize) noexcept nogil
cdef uint64_t seed_of(uint64_t key, Py_ssize_t image) noexcept nogil
cdef void distort(const Distortion* how, uint64_t seed, void* scratch, floating* distorted) noexcept nogil
cdef void gather_distorted(
    const DataPointers* data, const Py_ssize_t* order, const Part* part, int features, Workspace* work,
    floating* images, floating* values,
) noexcept nogil
