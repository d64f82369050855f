# cython: language_level=3
"""The kernels that have no face of their own in Python, opened to the tests by another package's `cimport`."""

from libc.stdint cimport int32_t

from cmlp.core.activations cimport sigmoid, sigmoid_prime
from cmlp.core.blas cimport NO_TRANS, TRANS, axpy, gemm, gemv, ger
from cmlp.core.structs cimport floating
from cmlp.core.simd cimport (
    TILE_ROWS,
    TILE_WIDTH,
    Moments,
    accumulate_outer,
    find_nonzero,
    step_with_moments,
    multiply_sparse,
    scale_bytes,
    sigmoid_array,
    multiply_vector,
)


def call_axpy(double alpha, const floating[::1] x, int incx, floating[::1] y, int incy):
    axpy(<int> ((x.shape[0] + incx - 1) // incx), <floating> alpha, &x[0], incx, &y[0], incy)


def call_gemv(bint trans, double alpha, const floating[::1, :] a, const floating[::1] x, double beta,
              floating[::1] y):
    gemv(TRANS if trans else NO_TRANS, <int> a.shape[0], <int> a.shape[1], <floating> alpha, &a[0, 0], <int> a.shape[0],
         &x[0], 1, <floating> beta, &y[0], 1)


def call_ger(double alpha, const floating[::1] x, const floating[::1] y, floating[::1, :] a):
    ger(<int> a.shape[0], <int> a.shape[1], <floating> alpha, &x[0], 1, &y[0], 1, &a[0, 0], <int> a.shape[0])


def call_gemm(bint trans_a, bint trans_b, double alpha, const floating[::1, :] a, const floating[::1, :] b,
              double beta, floating[::1, :] c):
    gemm(TRANS if trans_a else NO_TRANS, TRANS if trans_b else NO_TRANS, <int> c.shape[0], <int> c.shape[1],
         <int> (a.shape[0] if trans_a else a.shape[1]), <floating> alpha, &a[0, 0], <int> a.shape[0],
         &b[0, 0], <int> b.shape[0], <floating> beta, &c[0, 0], <int> c.shape[0])


def map_sigmoid(const floating[::1] z, floating[::1] a, floating[::1] prime):
    cdef Py_ssize_t i

    for i in range(z.shape[0]):
        a[i] = sigmoid(z[i])
        prime[i] = sigmoid_prime(a[i])


def map_sigmoid_array(floating[::1] z):
    sigmoid_array(&z[0], z.shape[0])


def call_find_nonzero(const unsigned char[::1] image, int32_t[::1] pixels, unsigned char[::1] found):
    return find_nonzero(&image[0], <int> image.shape[0], &pixels[0], &found[0])


def call_scale_bytes(const unsigned char[::1] image, double scale, floating[::1] scaled):
    scale_bytes(&image[0], <int> image.shape[0], <floating> scale, &scaled[0])


def call_multiply_vector(const int32_t[::1] pixels, const floating[::1] values, const floating[::1, :] W,
                         floating[::1] z):
    multiply_vector(&pixels[0], &values[0], <int> values.shape[0], &W[0, 0], W.shape[0], &z[0])


def call_accumulate_outer(const int32_t[::1] pixels, const floating[::1] values,
                          const floating[::1] delta, floating[::1, :] nabla_w):
    accumulate_outer(&pixels[0], &values[0], <int> values.shape[0], &delta[0], delta.shape[0], &nabla_w[0, 0])


def tile_rows():
    return TILE_ROWS


def call_multiply_sparse(const floating[::1, :] W, const int32_t[::1] rows, const floating[::1] values,
                         const Py_ssize_t[::1] begins, bint add, floating[::1] tile, floating[::1, :] z):
    cdef Py_ssize_t[::1] at = begins[1:].copy()

    assert tile.shape[0] == TILE_ROWS * (TILE_WIDTH // <int> sizeof(floating))
    multiply_sparse(&W[0, 0], W.shape[0], <int> W.shape[1], &rows[0], &values[0], &begins[0], &begins[1],
                    <int> z.shape[1], add, &tile[0], &at[0], &z[0, 0])


def call_step_with_moments(settings, const floating[::1] nabla, floating[::1] m, floating[::1] v,
                           floating[::1] parameters):
    cdef Moments moments = settings

    step_with_moments(&moments, &nabla[0], &m[0], &v[0], &parameters[0], nabla.shape[0])
