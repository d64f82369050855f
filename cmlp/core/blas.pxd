from cmlp.core.structs cimport floating


cdef enum Trans:
    NO_TRANS = 78  # 'N'
    TRANS = 84     # 'T'


cdef void axpy(
    int n, floating alpha, const floating* x, int incx, floating* y, int incy,
) noexcept nogil

cdef void gemv(
    Trans trans, int m, int n, floating alpha, const floating* a, int lda,
    const floating* x, int incx, floating beta, floating* y, int incy,
) noexcept nogil

cdef void ger(
    int m, int n, floating alpha, const floating* x, int incx,
    const floating* y, int incy, floating* a, int lda,
) noexcept nogil

cdef void gemm(
    Trans trans_a, Trans trans_b, int m, int n, int k, floating alpha, const floating* a, int lda,
    const floating* b, int ldb, floating beta, floating* c, int ldc,
) noexcept nogil
