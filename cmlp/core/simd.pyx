"""The vector kernels of ``simd.h``, for the instruction set that this machine turns out to have."""

from libc.stdint cimport int32_t, uint8_t
from libc.string cimport strcmp

from cmlp.core.model cimport floating


cdef extern from "simd.h":
    ctypedef struct Kernels:
        const char* name
        void (*sigmoid_float)(float*, Py_ssize_t) noexcept nogil
        void (*sigmoid_double)(double*, Py_ssize_t) noexcept nogil
        void (*weigh_pixels_float)(
            const int32_t*, const float*, int, const float*, Py_ssize_t, float*) noexcept nogil
        void (*weigh_pixels_double)(
            const int32_t*, const double*, int, const double*, Py_ssize_t, double*) noexcept nogil
        void (*weigh_vector_float)(const float*, int, const float*, Py_ssize_t, float*) noexcept nogil
        void (*weigh_vector_double)(const double*, int, const double*, Py_ssize_t, double*) noexcept nogil
        void (*accumulate_pixels_float)(
            const int32_t*, const float*, int, const float*, Py_ssize_t, float*) noexcept nogil
        void (*accumulate_pixels_double)(
            const int32_t*, const double*, int, const double*, Py_ssize_t, double*) noexcept nogil
        void (*multiply_sparse_float)(
            const float*, Py_ssize_t, int, const int32_t*, const float*, const Py_ssize_t*, const Py_ssize_t*, int,
            int, float*, Py_ssize_t*, float*) noexcept nogil
        void (*multiply_sparse_double)(
            const double*, Py_ssize_t, int, const int32_t*, const double*, const Py_ssize_t*, const Py_ssize_t*, int,
            int, double*, Py_ssize_t*, double*) noexcept nogil
        void (*move_by_moments_float)(
            const Moments*, const float*, float*, float*, float*, Py_ssize_t) noexcept nogil
        void (*move_by_moments_double)(
            const Moments*, const double*, double*, double*, double*, Py_ssize_t) noexcept nogil
        int (*find_pixels)(const uint8_t*, int, int32_t*, uint8_t*) noexcept nogil
        void (*scale_bytes_float)(const uint8_t*, int, float, float*) noexcept nogil
        void (*scale_bytes_double)(const uint8_t*, int, double, double*) noexcept nogil

    const Kernels** simd_paths()


cdef const Kernels** paths = simd_paths()
cdef const Kernels* path = paths[0]


cdef void sigmoid_array(floating* z, Py_ssize_t n) noexcept nogil:
    """z = sigmoid(z)   (n,)"""
    if floating is float:
        path.sigmoid_float(z, n)
    else:
        path.sigmoid_double(z, n)


cdef void weigh_pixels(
    const int32_t* pixels, const floating* values, int n, const floating* W, Py_ssize_t fan_out, floating* z,
) noexcept nogil:
    """z += W @ a   (fan_out,), for an image a that is zero but for n pixels"""
    if floating is float:
        path.weigh_pixels_float(pixels, values, n, W, fan_out, z)
    else:
        path.weigh_pixels_double(pixels, values, n, W, fan_out, z)


cdef void weigh_vector(
    const floating* a, int n, const floating* W, Py_ssize_t fan_out, floating* z,
) noexcept nogil:
    """z += W @ a   (fan_out,), with a of shape (n,)"""
    if floating is float:
        path.weigh_vector_float(a, n, W, fan_out, z)
    else:
        path.weigh_vector_double(a, n, W, fan_out, z)


cdef void accumulate_pixels(
    const int32_t* pixels, const floating* values, int n, const floating* delta, Py_ssize_t fan_out,
    floating* nabla_w,
) noexcept nogil:
    """nabla_w += outer(delta, a)   (fan_out, fan_in), for an image a that is zero but for n pixels"""
    if floating is float:
        path.accumulate_pixels_float(pixels, values, n, delta, fan_out, nabla_w)
    else:
        path.accumulate_pixels_double(pixels, values, n, delta, fan_out, nabla_w)


cdef void multiply_sparse(
    const floating* W, Py_ssize_t fan_out, int n, const int32_t* rows, const floating* values,
    const Py_ssize_t* begins, const Py_ssize_t* ends, int columns, bint add, floating* tile, Py_ssize_t* at,
    floating* z,
) noexcept nogil:
    """z = W @ S   (fan_out, columns), or z += W @ S, for a sparse matrix S with n rows

    Column c of S has the values[begins[c]:ends[c]] in these, ascending, rows.
    """
    if floating is float:
        path.multiply_sparse_float(W, fan_out, n, rows, values, begins, ends, columns, add, tile, at, z)
    else:
        path.multiply_sparse_double(W, fan_out, n, rows, values, begins, ends, columns, add, tile, at, z)


cdef void move_by_moments(
    const Moments* moments, const floating* nabla, floating* m, floating* v, floating* parameters, Py_ssize_t n,
) noexcept nogil:
    """Take the step that `Moments` describes   (n,)"""
    if floating is float:
        path.move_by_moments_float(moments, nabla, m, v, parameters, n)
    else:
        path.move_by_moments_double(moments, nabla, m, v, parameters, n)


cdef int find_pixels(const uint8_t* image, int n, int32_t* pixels, uint8_t* found) noexcept nogil:
    """Write which of n bytes are not zero, and these bytes, and return how many; there is room for n + 64."""
    return path.find_pixels(image, n, pixels, found)


cdef void scale_bytes(const uint8_t* bytes, int n, floating scale, floating* scaled) noexcept nogil:
    """scaled = scale * bytes   (n,)"""
    if floating is float:
        path.scale_bytes_float(bytes, n, scale, scaled)
    else:
        path.scale_bytes_double(bytes, n, scale, scaled)


def simd_path_names():
    """Return the names of the instruction sets that this machine has kernels for, the best first."""
    cdef int n = 1

    while strcmp(paths[n - 1].name, b"baseline") != 0:
        n += 1
    return [paths[i].name.decode() for i in range(n)]


def simd_path_name():
    """Return the name of the instruction set whose kernels are used."""
    return path.name.decode()


def choose_simd_path(name):
    """Compute with the kernels of this name from now on: for tests, and to compare their speed."""
    global path
    path = paths[simd_path_names().index(name)]
