from libc.stdint cimport uint64_t

from cmlp.core.structs cimport floating


cdef void drop(
    uint64_t key, double share, const floating* a, floating* kept, Py_ssize_t n,
) noexcept nogil
