"""The products of a wide first layer with images that are mostly zero, tile by tile.

One image after the other would fetch the weights of its pixels from far away, and their gradient twice. A tile serves
all images, and the gradient is made pixel by pixel, of images that were transposed for that.
"""

from libc.stdint cimport int32_t

from cmlp.core.structs cimport Inputs, LayerSpec, Part, Workspace, floating
from cmlp.core.simd cimport TILE_ROWS, TILE_WIDTH, multiply_sparse


cdef Py_ssize_t lower_bound(const int32_t* pixels, Py_ssize_t begin, Py_ssize_t end, int pixel) noexcept nogil:
    """Return where among the ascending pixels[begin:end] the first is that is not before `pixel`."""
    cdef Py_ssize_t middle

    while begin < end:
        middle = (begin + end) // 2
        if pixels[middle] < pixel:
            begin = middle + 1
        else:
            end = middle
    return begin


cdef void multiply_tiled(
    const LayerSpec* layer, const floating* W, int rows, const Inputs* S, int begin, int end, bint add,
    const Workspace* work, int n, int index, floating* z,
) noexcept nogil:
    """z = W @ S   (fan_out, end - begin), or z += W @ S, for the columns begin to end of a sparse matrix S."""
    cdef floating* tile = <floating*> work.tiles + index * (TILE_ROWS * TILE_WIDTH // <int> sizeof(floating))
    cdef Py_ssize_t* cursors = work.cursors + index * <Py_ssize_t> max(n, layer.fan_in)

    multiply_sparse(W, layer.fan_out, rows, S.pixels, <const floating*> S.values, S.begins + begin, S.ends + begin,
                    end - begin, add, tile, cursors, z)


cdef void multiply_by_tiles(
    const LayerSpec* layer, const floating* W, const Workspace* work, const Part* part, floating* z,
) noexcept nogil:
    """Add to z (fan_out, n) the layer's weights times the images of the part."""
    # z += W @ images   (fan_out, n)
    multiply_tiled(layer, W, layer.fan_in, &work.inputs, part.begin, part.end, True, work, part.n, part.index, z)


cdef void count_entries(const Inputs* inputs, const Inputs* transposed, int begin, int end, int n) noexcept nogil:
    """Count in how many of n images each of the pixels begin to end is not zero, and say where these will be."""
    cdef Py_ssize_t position = begin * <Py_ssize_t> n, last, k
    cdef int i, pixel

    for pixel in range(begin, end):
        transposed.ends[pixel] = 0
    for i in range(n):
        last = lower_bound(inputs.pixels, inputs.begins[i], inputs.ends[i], end)
        for k in range(lower_bound(inputs.pixels, inputs.begins[i], last, begin), last):
            transposed.ends[inputs.pixels[k]] += 1
    for pixel in range(begin, end):
        transposed.begins[pixel] = position
        position += transposed.ends[pixel]
        transposed.ends[pixel] = transposed.begins[pixel]


cdef void scatter_entries(
    const Inputs* inputs, const floating* values, const Inputs* transposed, floating* transposed_values, int begin,
    int end, int n,
) noexcept nogil:
    """Write, for the pixels begin to end, the images in which each is not zero, and its values there."""
    cdef Py_ssize_t position, last, k
    cdef int i

    for i in range(n):
        last = lower_bound(inputs.pixels, inputs.begins[i], inputs.ends[i], end)
        for k in range(lower_bound(inputs.pixels, inputs.begins[i], last, begin), last):
            position = transposed.ends[inputs.pixels[k]]
            transposed.pixels[position] = i
            transposed_values[position] = values[k]
            transposed.ends[inputs.pixels[k]] = position + 1


cdef void accumulate_by_tiles(
    const LayerSpec* layer, const floating* delta, const Workspace* work, floating* columns, int begin, int end, int n,
    int index,
) noexcept nogil:
    """Write the columns begin to end of nabla_w from delta (fan_out, n) and the images."""
    cdef const Inputs* transposed = &work.transposed

    count_entries(&work.inputs, transposed, begin, end, n)
    scatter_entries(&work.inputs, <const floating*> work.inputs.values, transposed, <floating*> transposed.values,
                    begin, end, n)
    # nabla_w = delta @ images.T   (fan_out, fan_in)
    multiply_tiled(layer, delta, n, transposed, begin, end, False, work, n, index, columns)
