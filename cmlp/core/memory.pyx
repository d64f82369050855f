"""Where kernels read and write: the caller's arrays, and the memory of a pass."""

from libc.stdint cimport int32_t, uint8_t

import numpy as np

cimport numpy as cnp

from cmlp.core.batches cimport DENSE, FLOAT32, FLOAT64, IN_PLACE, ROWS, SPARSE, UINT8, Samples, Way
from cmlp.core.model cimport MOST_PARTS, Model, Workspace
from cmlp.core.simd cimport TILE_ROWS, TILE_WIDTH

cnp.import_array()

cdef enum:
    ALIGNMENT = 64      # bytes: a cache line, and the widest vector register
    SPARE = 64          # what a vector can reach beyond the end of an array
    FEWEST_SPARSE = 16  # images; of fewer it is not worth counting the pixels
    LOOKED_AT = 256     # images whose pixels are counted
    WIDE = 512          # bytes of a column of the first layer's weights, from where on tiles are worth being copied

MOST_NONZERO = 0.5  # of the pixels; above, the products of BLAS with all of them are faster


def aligned_empty(size, dtype):
    """Return an uninitialised vector whose memory begins at a multiple of ALIGNMENT bytes, with SPARE behind it."""
    cdef cnp.ndarray memory = np.empty(ALIGNMENT + size * dtype.itemsize + SPARE, np.uint8)
    cdef size_t offset = -<size_t> cnp.PyArray_DATA(memory) % ALIGNMENT

    return memory[offset:offset + size * dtype.itemsize].view(dtype)


def is_sparse(images):
    """Return whether so many pixels are zero that it is faster to find the others."""
    return np.count_nonzero(images) <= MOST_NONZERO * images.size


cdef bint describe_one(Samples* samples, object image, int features, int type_number):
    """Describe one image (features,) to a network of the given type, if it is an array that kernels can read."""
    cdef int found

    if not cnp.PyArray_CheckExact(image):
        return False
    found = cnp.PyArray_TYPE(image)
    if (cnp.PyArray_NDIM(image) != 1 or cnp.PyArray_DIM(image, 0) != features or not cnp.PyArray_ISBEHAVED_RO(image)
            or cnp.PyArray_STRIDE(image, 0) != cnp.PyArray_ITEMSIZE(image)):
        return False
    if found == cnp.NPY_UINT8:
        samples.pixel = UINT8
        samples.way = SPARSE
    elif found == cnp.NPY_FLOAT32 or found == cnp.NPY_FLOAT64:
        samples.pixel = FLOAT32 if found == cnp.NPY_FLOAT32 else FLOAT64
        samples.way = IN_PLACE if found == type_number else DENSE
    else:
        return False
    samples.images = cnp.PyArray_BYTES(image)
    samples.image_stride = 0
    samples.pixel_stride = cnp.PyArray_ITEMSIZE(image)
    return True


cdef class Batch:
    """Images, and what is known of them, as the kernels see them.

    `images` is an array (n, features) of uint8, float32 or float64 with any strides, or a triple of a sparse
    matrix: its values, of the same types, and its columns and row pointers, both int32. `labels` (n,) of intp or
    `targets` (n, outputs) of float64 say what is wanted, `weights` (n,) of float64 how much; all contiguous.
    """

    def __cinit__(self, images, double scale, cnp.ndarray labels=None, cnp.ndarray targets=None,
                  cnp.ndarray weights=None, double smoothing=0):
        cdef Samples* samples = &self.samples
        cdef cnp.ndarray pixels = images[0] if isinstance(images, tuple) else images
        cdef int type_number = cnp.PyArray_TYPE(pixels)

        self.arrays = (images, labels, targets, weights)
        if type_number == cnp.NPY_UINT8:
            samples.pixel = UINT8
        elif type_number == cnp.NPY_FLOAT32:
            samples.pixel = FLOAT32
        else:
            samples.pixel = FLOAT64
        samples.images = cnp.PyArray_BYTES(pixels)
        if isinstance(images, tuple):
            samples.way = ROWS
            samples.columns = <int32_t*> cnp.PyArray_DATA(images[1])
            samples.begins = <int32_t*> cnp.PyArray_DATA(images[2])
            self.n = len(images[2]) - 1
        else:
            samples.way = DENSE
            samples.image_stride = cnp.PyArray_STRIDE(pixels, 0)
            samples.pixel_stride = cnp.PyArray_STRIDE(pixels, 1)
            self.n = len(pixels)
        samples.scale = scale
        samples.smoothing = smoothing
        samples.labels = NULL if labels is None else <Py_ssize_t*> cnp.PyArray_DATA(labels)
        samples.targets = NULL if targets is None else <double*> cnp.PyArray_DATA(targets)
        samples.weights = NULL if weights is None else <double*> cnp.PyArray_DATA(weights)

    cdef Way choose_way(self, cnp.dtype dtype, bint in_order):
        """Choose how the images come to the first layer of a network of this type, and whether in their order."""
        images = self.arrays[0]
        if self.samples.way != DENSE:
            return self.samples.way
        if self.n >= FEWEST_SPARSE and is_sparse(images[:LOOKED_AT]):
            self.samples.way = SPARSE
        elif in_order and images.dtype == dtype and images.flags.c_contiguous:
            self.samples.way = IN_PLACE
        return self.samples.way


cdef class Memory:
    """A Workspace, and the arrays that it points into."""

    cdef void* room(self, Py_ssize_t size, dtype):
        array = aligned_empty(size, np.dtype(dtype))
        self.arrays.append(array)
        return cnp.PyArray_DATA(array)


cdef void add_tiles(Memory memory, const Model* model, cnp.dtype dtype, Py_ssize_t n, bint training):
    """Add what products by tiles need."""
    cdef Workspace* work = &memory.work

    work.tiles = memory.room(MOST_PARTS * TILE_ROWS * TILE_WIDTH // dtype.itemsize, dtype)
    work.places = <Py_ssize_t*> memory.room(MOST_PARTS * max(n, model.fan_in), np.intp)
    if training:
        work.turned.begins = <Py_ssize_t*> memory.room(model.fan_in, np.intp)
        work.turned.ends = <Py_ssize_t*> memory.room(model.fan_in, np.intp)
        work.turned.pixels = <int32_t*> memory.room(n * model.fan_in, np.int32)
        work.turned.values = memory.room(n * model.fan_in, dtype)


cdef Memory memory_for(const Model* model, cnp.dtype dtype, Py_ssize_t n, Way way, bint training):
    """Return the memory for a pass of n images, forwards only or in training."""
    cdef Memory memory = Memory()
    cdef Workspace* work = &memory.work
    cdef Py_ssize_t units = n * model.units
    cdef bint keeps_z = False

    memory.arrays = []
    work.activations = memory.room(units, dtype)
    memory.activations = memory.arrays[0]
    if way == DENSE:
        work.images = memory.room(n * model.fan_in, dtype)
    elif way != IN_PLACE:
        work.flags = <uint8_t*> memory.room(MOST_PARTS * model.fan_in, np.uint8)
        work.found = <uint8_t*> memory.room(MOST_PARTS * (model.fan_in + 64), np.uint8)
        work.inputs.begins = <Py_ssize_t*> memory.room(n, np.intp)
        work.inputs.ends = <Py_ssize_t*> memory.room(n, np.intp)
        work.inputs.pixels = <int32_t*> memory.room(n * model.fan_in + 64 * MOST_PARTS, np.int32)
        work.inputs.values = memory.room(n * model.fan_in + 64 * MOST_PARTS, dtype)
        if model.layers[0].fan_out * dtype.itemsize >= WIDE:
            add_tiles(memory, model, dtype, n, training)
    if training:
        for l in range(model.depth):
            keeps_z |= model.layers[l].keeps_z
        work.zs = memory.room(units if keeps_z else 0, dtype)
        work.kept = memory.room(units if model.drops else 0, dtype)
        work.targets = memory.room(n * model.fan_out, dtype)
        work.weights = memory.room(n, dtype)
        work.deltas = memory.room(units, dtype)
        memory.nabla = aligned_empty(model.n_parameters, dtype)
        work.nabla = cnp.PyArray_DATA(memory.nabla)
    return memory
