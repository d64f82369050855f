"""Dropout (N. Srivastava et al., Dropout, JMLR 15, 2014), scaled in training, so that prediction needs nothing.

Whether a unit is left out is a hash of a key and of its place: whoever computes it, in whatever order, finds the
same, so that nothing has to be stored between the passes, and threads do not change the result.
"""

from libc.stdint cimport uint64_t

from cmlp.core.hashing cimport mix
from cmlp.core.structs cimport floating


cdef void drop(
    uint64_t key, double share, const floating* a, floating* kept, Py_ssize_t n,
) noexcept nogil:
    """Write a / (1 - share) or, for that share of the n values, 0; `kept` may be `a`."""
    cdef floating scale = <floating> (1 / (1 - share))
    cdef uint64_t limit = <uint64_t> (share * 9007199254740992.0)  # 2**53
    cdef Py_ssize_t i

    for i in range(n):
        kept[i] = a[i] * scale if (mix(key + <uint64_t> i) >> 11) >= limit else 0
