"""The vector kernels of ``simd.h``, for the instruction set that this machine turns out to have."""

from libc.stdint cimport int32_t, uint8_t

from cmlp.core.structs cimport Field, Line, floating


cdef extern from "simd_prefetch.h":
    void prefetch(const char* begin, Py_ssize_t n) noexcept nogil


cdef extern from "simd_list.h":
    enum:
        TILE_WIDTH
        TILE_ROWS

    ctypedef struct Moments:
        double beta_1
        double new_1
        double beta_2
        double new_2
        double m_factor
        double nabla_factor
        double decay
        double correction
        double epsilon

    ctypedef struct Kernels:  # their parameters are in the header, where the C compiler finds them
        const char* name
        int (*find_nonzero)(...) noexcept nogil
        void (*place_row)(...) noexcept nogil
        void (*sigmoid_float)(...) noexcept nogil
        void (*sigmoid_double)(...) noexcept nogil
        void (*scale_bytes_float)(...) noexcept nogil
        void (*scale_bytes_double)(...) noexcept nogil
        void (*multiply_vector_float)(...) noexcept nogil
        void (*multiply_vector_double)(...) noexcept nogil
        void (*accumulate_outer_float)(...) noexcept nogil
        void (*accumulate_outer_double)(...) noexcept nogil
        void (*multiply_sparse_float)(...) noexcept nogil
        void (*multiply_sparse_double)(...) noexcept nogil
        void (*step_with_moments_float)(...) noexcept nogil
        void (*step_with_moments_double)(...) noexcept nogil
        void (*sum_distances_float)(...) noexcept nogil
        void (*sum_distances_double)(...) noexcept nogil
        void (*normalise_by_float)(...) noexcept nogil
        void (*normalise_by_double)(...) noexcept nogil
        void (*sum_slopes_float)(...) noexcept nogil
        void (*sum_slopes_double)(...) noexcept nogil
        void (*denormalise_by_float)(...) noexcept nogil
        void (*denormalise_by_double)(...) noexcept nogil


cdef const Kernels* kernels  # of the instruction set chosen


cdef inline int find_nonzero(const uint8_t* bytes, int n, int32_t* positions, uint8_t* nonzero) noexcept nogil:
    """Write which of n bytes are not zero, and these bytes, and return how many; there is room for n + 64."""
    return kernels.find_nonzero(bytes, n, positions, nonzero)


cdef inline void place_row(
    const Field* field, int y, const float* nodes, const Line* line, float* moved, float* right, float* down,
    int32_t* corners,
) noexcept nogil:
    """Write where the pixels of row y of a distorted picture lie: which pixel is above and left, and how far from it.

    `nodes` (field.down, field.moved) says how far each is moved to the right and, behind all of its row, down; what is
    written, `moved` (field.moved,) and the others (field.row,), begins at multiples of vectors.
    """
    kernels.place_row(field, y, nodes, line, moved, right, down, corners)


cdef inline void sigmoid_array(floating* z, Py_ssize_t n) noexcept nogil:
    """z = sigmoid(z)   (n,)"""
    if floating is float:
        kernels.sigmoid_float(z, n)
    else:
        kernels.sigmoid_double(z, n)


cdef inline void scale_bytes(const uint8_t* bytes, int n, floating scale, floating* scaled) noexcept nogil:
    """scaled = scale * bytes   (n,)"""
    if floating is float:
        kernels.scale_bytes_float(bytes, n, scale, scaled)
    else:
        kernels.scale_bytes_double(bytes, n, scale, scaled)


cdef inline void multiply_vector(
    const int32_t* pixels, const floating* values, int n, const floating* W, Py_ssize_t fan_out, floating* z,
) noexcept nogil:
    """z += W @ a   (fan_out,), for a vector a that is zero but for the n values at these pixels

    Where `pixels` is NULL, the values are the whole vector.
    """
    if floating is float:
        kernels.multiply_vector_float(pixels, values, n, W, fan_out, z)
    else:
        kernels.multiply_vector_double(pixels, values, n, W, fan_out, z)


cdef inline void accumulate_outer(
    const int32_t* pixels, const floating* values, int n, const floating* delta, Py_ssize_t fan_out,
    floating* nabla_w,
) noexcept nogil:
    """nabla_w += outer(delta, a)   (fan_out, fan_in), for a vector a that is zero but for n pixels"""
    if floating is float:
        kernels.accumulate_outer_float(pixels, values, n, delta, fan_out, nabla_w)
    else:
        kernels.accumulate_outer_double(pixels, values, n, delta, fan_out, nabla_w)


cdef inline void multiply_sparse(
    const floating* W, Py_ssize_t fan_out, int n, const int32_t* rows, const floating* values,
    const Py_ssize_t* begins, const Py_ssize_t* ends, int columns, bint add, floating* tile, Py_ssize_t* cursors,
    floating* z,
) noexcept nogil:
    """z = W @ S   (fan_out, columns), or z += W @ S, for a sparse matrix S with n rows

    Column c of S has the values[begins[c]:ends[c]] in these, ascending, rows.
    """
    if floating is float:
        kernels.multiply_sparse_float(W, fan_out, n, rows, values, begins, ends, columns, add, tile, cursors, z)
    else:
        kernels.multiply_sparse_double(W, fan_out, n, rows, values, begins, ends, columns, add, tile, cursors, z)


cdef inline void step_with_moments(
    const Moments* moments, const floating* nabla, floating* m, floating* v, floating* parameters, Py_ssize_t n,
) noexcept nogil:
    """Take the step that `Moments` describes   (n,)"""
    if floating is float:
        kernels.step_with_moments_float(moments, nabla, m, v, parameters, n)
    else:
        kernels.step_with_moments_double(moments, nabla, m, v, parameters, n)


cdef inline void sum_distances(
    const floating* z, Py_ssize_t fan_out, int n, double* sums, double* squares,
) noexcept nogil:
    """Write the sums over n images of z (fan_out, n) less that of the first image, and of its squares (fan_out,)."""
    if floating is float:
        kernels.sum_distances_float(z, fan_out, n, sums, squares)
    else:
        kernels.sum_distances_double(z, fan_out, n, sums, squares)


cdef inline void normalise_by(
    const floating* mean, const floating* inverse, const floating* gamma, const floating* beta, Py_ssize_t fan_out,
    int n, floating* z, floating* normalised,
) noexcept nogil:
    """normalised = (z - mean) * inverse, and z = gamma * normalised + beta   (fan_out, n)"""
    if floating is float:
        kernels.normalise_by_float(mean, inverse, gamma, beta, fan_out, n, z, normalised)
    else:
        kernels.normalise_by_double(mean, inverse, gamma, beta, fan_out, n, z, normalised)


cdef inline void sum_slopes(
    const floating* delta, const floating* normalised, Py_ssize_t fan_out, int n, double* by_beta, double* by_gamma,
) noexcept nogil:
    """Write the sums over n images of delta (fan_out, n), and of delta times what was normalised (fan_out,)."""
    if floating is float:
        kernels.sum_slopes_float(delta, normalised, fan_out, n, by_beta, by_gamma)
    else:
        kernels.sum_slopes_double(delta, normalised, fan_out, n, by_beta, by_gamma)


cdef inline void denormalise_by(
    const floating* factor, const floating* by_beta, const floating* by_gamma, const floating* normalised,
    Py_ssize_t fan_out, int n, floating* delta,
) noexcept nogil:
    """delta = factor * (delta - by_beta - normalised * by_gamma)   (fan_out, n)"""
    if floating is float:
        kernels.denormalise_by_float(factor, by_beta, by_gamma, normalised, fan_out, n, delta)
    else:
        kernels.denormalise_by_double(factor, by_beta, by_gamma, normalised, fan_out, n, delta)
