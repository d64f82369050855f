from libc.stdint cimport int32_t, uint8_t

from cmlp.core.model cimport floating


cdef extern from "simd_prefetch.h":
    void prefetch(const char* begin, Py_ssize_t n) noexcept nogil


cdef extern from "simd_sizes.h":
    enum:
        TILE_WIDTH
        TILE_ROWS

    ctypedef struct Moments:
        double beta_1
        double new_1
        double beta_2
        double new_2
        double of_m
        double of_nabla
        double decay
        double correction
        double epsilon


cdef void sigmoid_array(floating* z, Py_ssize_t n) noexcept nogil
cdef void weigh_pixels(
    const int32_t* pixels, const floating* values, int n, const floating* W, Py_ssize_t fan_out, floating* z,
) noexcept nogil
cdef void weigh_vector(
    const floating* a, int n, const floating* W, Py_ssize_t fan_out, floating* z,
) noexcept nogil
cdef void accumulate_pixels(
    const int32_t* pixels, const floating* values, int n, const floating* delta, Py_ssize_t fan_out,
    floating* nabla_w,
) noexcept nogil
cdef void multiply_sparse(
    const floating* W, Py_ssize_t fan_out, int n, const int32_t* rows, const floating* values,
    const Py_ssize_t* begins, const Py_ssize_t* ends, int columns, bint add, floating* tile, Py_ssize_t* at,
    floating* z,
) noexcept nogil
cdef void move_by_moments(
    const Moments* moments, const floating* nabla, floating* m, floating* v, floating* parameters, Py_ssize_t n,
) noexcept nogil
cdef int find_pixels(const uint8_t* image, int n, int32_t* pixels, uint8_t* found) noexcept nogil
cdef void scale_bytes(const uint8_t* bytes, int n, floating scale, floating* scaled) noexcept nogil
