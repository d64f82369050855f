"""The one door to SciPy's BLAS: float and double from one source, matrices stored by columns.

BLAS takes every argument by address and promises not to write to its inputs, but its signatures do not say
``const``: hence the local copies and the casts. `blas_int` is the integer of the BLAS found at build time.
"""

from scipy.linalg.cython_blas cimport daxpy, dgemm, dgemv, dger, saxpy, sgemm, sgemv, sger

include "blas_int.pxi"


cdef void axpy(
    int n, floating alpha, const floating* x, int incx, floating* y, int incy,
) noexcept nogil:
    """y += alpha * x"""
    cdef blas_int n_ = n, incx_ = incx, incy_ = incy

    if floating is float:
        saxpy(&n_, &alpha, <float*> x, &incx_, y, &incy_)
    else:
        daxpy(&n_, &alpha, <double*> x, &incx_, y, &incy_)


cdef void gemv(
    Trans trans, int m, int n, floating alpha, const floating* a, int lda,
    const floating* x, int incx, floating beta, floating* y, int incy,
) noexcept nogil:
    """y = alpha * op(A) @ x + beta * y, with A of shape (m, n)"""
    cdef char trans_ = <char> trans
    cdef blas_int m_ = m, n_ = n, lda_ = lda, incx_ = incx, incy_ = incy

    if floating is float:
        sgemv(&trans_, &m_, &n_, &alpha, <float*> a, &lda_, <float*> x, &incx_, &beta, y, &incy_)
    else:
        dgemv(&trans_, &m_, &n_, &alpha, <double*> a, &lda_, <double*> x, &incx_, &beta, y, &incy_)


cdef void ger(
    int m, int n, floating alpha, const floating* x, int incx,
    const floating* y, int incy, floating* a, int lda,
) noexcept nogil:
    """A += alpha * outer(x, y), with A of shape (m, n)"""
    cdef blas_int m_ = m, n_ = n, incx_ = incx, incy_ = incy, lda_ = lda

    if floating is float:
        sger(&m_, &n_, &alpha, <float*> x, &incx_, <float*> y, &incy_, a, &lda_)
    else:
        dger(&m_, &n_, &alpha, <double*> x, &incx_, <double*> y, &incy_, a, &lda_)


cdef void gemm(
    Trans trans_a, Trans trans_b, int m, int n, int k, floating alpha, const floating* a, int lda,
    const floating* b, int ldb, floating beta, floating* c, int ldc,
) noexcept nogil:
    """C = alpha * op(A) @ op(B) + beta * C, with C of shape (m, n) and op(A) of shape (m, k)"""
    cdef char trans_a_ = <char> trans_a, trans_b_ = <char> trans_b
    cdef blas_int m_ = m, n_ = n, k_ = k, lda_ = lda, ldb_ = ldb, ldc_ = ldc

    if floating is float:
        sgemm(&trans_a_, &trans_b_, &m_, &n_, &k_, &alpha, <float*> a, &lda_, <float*> b, &ldb_,
              &beta, c, &ldc_)
    else:
        dgemm(&trans_a_, &trans_b_, &m_, &n_, &k_, &alpha, <double*> a, &lda_, <double*> b, &ldb_,
              &beta, c, &ldc_)
