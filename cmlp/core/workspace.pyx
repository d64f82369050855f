"""The memory that kernels work in."""

from libc.stdint cimport int32_t, uint8_t

import numpy as np

cimport numpy as cnp

from cmlp.core.gather cimport DENSE, IN_PLACE, InputLayout
from cmlp.core.simd cimport TILE_ROWS, TILE_WIDTH
from cmlp.core.structs cimport MAX_PARTS, NetworkSpec, Workspace

from cmlp.core.arrays import aligned_empty

cnp.import_array()

cdef enum:
    MIN_TILED = 512  # bytes of a column of the first layer's weights, from where on tiles are worth being copied


cdef class Buffers:
    """A Workspace for `n` images, and the arrays that it points into."""

    cdef void* allocate(self, Py_ssize_t size, dtype) except NULL:
        array = aligned_empty(size, np.dtype(dtype))
        self.arrays.append(array)
        return cnp.PyArray_DATA(array)


cdef int allocate_tiles(
    Buffers buffers, const NetworkSpec* network, cnp.dtype dtype, Py_ssize_t n, bint training,
) except -1:
    """Add what products by tiles need."""
    cdef Workspace* work = &buffers.work

    work.tiles = buffers.allocate(MAX_PARTS * TILE_ROWS * TILE_WIDTH // dtype.itemsize, dtype)
    work.cursors = <Py_ssize_t*> buffers.allocate(MAX_PARTS * max(n, <Py_ssize_t> network.fan_in), np.intp)
    if training:
        work.transposed.begins = <Py_ssize_t*> buffers.allocate(network.fan_in, np.intp)
        work.transposed.ends = <Py_ssize_t*> buffers.allocate(network.fan_in, np.intp)
        work.transposed.pixels = <int32_t*> buffers.allocate(n * network.fan_in, np.int32)
        work.transposed.values = buffers.allocate(n * network.fan_in, dtype)
    return 0


cdef int allocate_sparse(
    Buffers buffers, const NetworkSpec* network, cnp.dtype dtype, Py_ssize_t n, bint training,
) except -1:
    """Add what is needed for images of which only the pixels that are not zero are used."""
    cdef Workspace* work = &buffers.work
    cdef Py_ssize_t fan_in = network.fan_in, size = n * fan_in + 64 * MAX_PARTS

    work.flags = <uint8_t*> buffers.allocate(MAX_PARTS * fan_in, np.uint8)
    work.nonzero = <uint8_t*> buffers.allocate(MAX_PARTS * (fan_in + 64), np.uint8)
    work.inputs.begins = <Py_ssize_t*> buffers.allocate(n, np.intp)
    work.inputs.ends = <Py_ssize_t*> buffers.allocate(n, np.intp)
    work.inputs.pixels = <int32_t*> buffers.allocate(size, np.int32)
    work.inputs.values = buffers.allocate(size, dtype)
    if network.layers[0].fan_out * <Py_ssize_t> dtype.itemsize >= MIN_TILED:
        allocate_tiles(buffers, network, dtype, n, training)
    return 0


cdef Buffers allocate_buffers(
    const NetworkSpec* network, cnp.dtype dtype, Py_ssize_t n, InputLayout layout, bint training,
):
    """Return the buffers for a pass of n images, forwards only or in training."""
    cdef Buffers buffers = Buffers()
    cdef Workspace* work = &buffers.work
    cdef Py_ssize_t units = n * network.units
    cdef bint keeps_z = False

    buffers.n, buffers.layout, buffers.arrays = n, layout, []
    work.activations = buffers.allocate(units, dtype)
    buffers.activations = buffers.arrays[0]
    if layout == DENSE:
        work.images = buffers.allocate(n * network.fan_in, dtype)
    elif layout != IN_PLACE:
        allocate_sparse(buffers, network, dtype, n, training)
    if training:
        for l in range(network.depth):
            keeps_z |= network.layers[l].keeps_z
        work.zs = buffers.allocate(units if keeps_z else 0, dtype)
        work.kept = buffers.allocate(units if network.drops else 0, dtype)
        work.targets = buffers.allocate(n * network.fan_out, dtype)
        work.weights = buffers.allocate(n, dtype)
        work.deltas = buffers.allocate(units, dtype)
        if network.normalises:
            work.normalised = buffers.allocate(units, dtype)
            work.moments = <double*> buffers.allocate(2 * MAX_PARTS * network.units, np.float64)
            work.slopes = <double*> buffers.allocate(2 * MAX_PARTS * network.units, np.float64)
            work.shared = buffers.allocate(4 * MAX_PARTS * network.units, dtype)
        buffers.nabla = aligned_empty(network.n_parameters, dtype)
        work.nabla = cnp.PyArray_DATA(buffers.nabla)
    return buffers
