"""Where kernels read and write: the caller's arrays, and the memory of a pass."""

from libc.stdint cimport int32_t, uint8_t

import numpy as np

cimport numpy as cnp

from cmlp.core.arrays cimport check_array, private_copy
from cmlp.core.batches cimport DENSE, FLOAT32, FLOAT64, IN_PLACE, ROWS, SPARSE, UINT8, Samples, Way
from cmlp.core.model cimport MOST_PARTS, Model, Workspace
from cmlp.core.simd cimport TILE_ROWS, TILE_WIDTH

from cmlp.core.arrays import aligned_empty

cnp.import_array()

cdef enum:
    FEWEST_SPARSE = 16  # images; of fewer it is not worth counting the pixels
    LOOKED_AT = 256     # images whose pixels are counted
    WIDE = 512          # bytes of a column of the first layer's weights, from where on tiles are worth being copied

MOST_NONZERO = 0.5  # of the pixels; above, the products of BLAS with all of them are faster


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
    return True


cdef class Batch:
    """Images, and what is known of them, as the kernels see them.

    Here is the last line of defence: whatever kernels index memory with is checked, and copied where anybody else
    could change it.

    Parameters
    ----------
    images : ndarray (n, features) of uint8, float32 or float64; or (values, columns, begins) of a sparse matrix
        The pixels of an image lie side by side; the images may be any distance apart. Of a sparse matrix, the values
        have one of the same types, and row i has those from begins[i] to begins[i + 1], at these columns in
        ascending order; both are int32.
    scale : float
        Of uint8 pixels.
    labels : ndarray (n,) of intp, optional
    targets : ndarray (n, outputs) of float64, optional
    weights : ndarray (n,) of float64, optional
    smoothing : float
        How much of a label's 1 all classes share.

    Raises
    ------
    TypeError, ValueError
        If an array is not as said above.
    """

    def __cinit__(self, images not None, double scale, cnp.ndarray labels=None, cnp.ndarray targets=None,
                  cnp.ndarray weights=None, double smoothing=0):
        self.samples.scale, self.samples.smoothing, self.nonzero = scale, smoothing, -1
        if labels is not None and targets is not None:
            raise ValueError("there must be labels or targets, got both")
        if isinstance(images, tuple):
            values, columns, begins = images
            self.describe_rows(values, columns, begins)
        else:
            self.describe_images(images)
        if labels is not None:
            self.describe_labels(labels)
        if targets is not None:
            self.outputs = 1 if cnp.PyArray_NDIM(targets) != 2 else cnp.PyArray_DIM(targets, 1)
            check_array(targets, "targets", cnp.NPY_FLOAT64, self.n, self.outputs)
            self.samples.targets = <double*> cnp.PyArray_DATA(targets)
        if weights is not None:
            check_array(weights, "weights", cnp.NPY_FLOAT64, self.n)
            self.samples.weights = <double*> cnp.PyArray_DATA(weights)
        self.others = targets, weights

    cdef int describe_pixels(self, cnp.ndarray pixels) except -1:
        cdef int type_number = cnp.PyArray_TYPE(pixels)

        if type_number == cnp.NPY_UINT8:
            self.samples.pixel = UINT8
        elif type_number == cnp.NPY_FLOAT32:
            self.samples.pixel = FLOAT32
        elif type_number == cnp.NPY_FLOAT64:
            self.samples.pixel = FLOAT64
        else:
            raise TypeError(f"images must be of type uint8, float32 or float64, got {pixels.dtype}")
        if not cnp.PyArray_ISBEHAVED_RO(pixels):
            raise ValueError("images must be aligned and in native byte order")
        self.samples.images = cnp.PyArray_BYTES(pixels)
        return 0

    cdef int describe_images(self, cnp.ndarray images) except -1:
        self.describe_pixels(images)
        if cnp.PyArray_NDIM(images) != 2:
            raise ValueError(f"images must have shape (n, features), got {(<object> images).shape}")
        self.n, self.features = cnp.PyArray_DIM(images, 0), cnp.PyArray_DIM(images, 1)
        if self.n > 0 and self.features > 1 and cnp.PyArray_STRIDE(images, 1) != cnp.PyArray_ITEMSIZE(images):
            raise ValueError(f"the pixels of an image must lie side by side, got strides {(<object> images).strides}")
        self.samples.way = DENSE
        self.samples.image_stride = cnp.PyArray_STRIDE(images, 0)
        self.images = images
        return 0

    cdef int describe_rows(self, cnp.ndarray values, cnp.ndarray columns, cnp.ndarray begins) except -1:
        if values is None or columns is None or begins is None:
            raise TypeError("a sparse matrix must be three arrays, got None")
        self.describe_pixels(values)
        check_array(values, "values", cnp.PyArray_TYPE(values), cnp.PyArray_SIZE(values))
        check_array(columns, "columns", cnp.NPY_INT32, cnp.PyArray_SIZE(columns))
        check_array(begins, "begins", cnp.NPY_INT32, cnp.PyArray_SIZE(begins))
        if cnp.PyArray_SIZE(begins) == 0:
            raise ValueError("begins must have one element more than there are rows, got none")
        self.n = cnp.PyArray_SIZE(begins) - 1
        self.images, self.columns, self.begins = values, private_copy(columns), private_copy(begins)
        self.samples.way = ROWS
        self.samples.columns = <int32_t*> cnp.PyArray_DATA(self.columns)
        self.samples.begins = <int32_t*> cnp.PyArray_DATA(self.begins)
        self.check_rows(min(cnp.PyArray_SIZE(values), cnp.PyArray_SIZE(columns)))
        return 0

    cdef int check_rows(self, Py_ssize_t n_values) except -1:
        """Refuse rows that are not among the values, or not in ascending order; find out the features they need."""
        cdef const int32_t* begins = self.samples.begins
        cdef const int32_t* columns = self.samples.columns
        cdef Py_ssize_t i, k

        if begins[0] < 0 or begins[self.n] > n_values:
            raise ValueError(f"begins must lie in 0..{n_values}, got {begins[0]}..{begins[self.n]}")
        for i in range(self.n):
            if begins[i + 1] < begins[i]:
                raise ValueError(f"begins must not descend, got {begins[i]} before {begins[i + 1]} in row {i}")
        for i in range(self.n):
            self.features = max(self.features, begins[i + 1] - begins[i])
            for k in range(begins[i], begins[i + 1]):
                if columns[k] < (0 if k == begins[i] else columns[k - 1]):
                    raise ValueError(f"the columns of a row must ascend from 0, got {columns[k]} in row {i}")
            if begins[i + 1] > begins[i]:
                self.features = max(self.features, <Py_ssize_t> columns[begins[i + 1] - 1] + 1)
        return 0

    cdef int describe_labels(self, cnp.ndarray labels) except -1:
        cdef const Py_ssize_t* values
        cdef Py_ssize_t i

        check_array(labels, "labels", cnp.NPY_INTP, self.n)
        self.labels = private_copy(labels)
        self.samples.labels = values = <const Py_ssize_t*> cnp.PyArray_DATA(self.labels)
        for i in range(self.n):
            if values[i] < 0:
                raise ValueError(f"labels must not be negative, got {values[i]} at index {i}")
            self.outputs = max(self.outputs, values[i] + 1)
        return 0

    cdef int check_fits(self, const Model* model, bint answered) except -1:
        """Refuse images, and labels or targets, that are not made for this network."""
        if self.features != model.fan_in and (self.begins is None or self.features > model.fan_in):
            raise ValueError(f"images must have {model.fan_in} features, got {self.features}")
        if answered and self.labels is None and self.samples.targets == NULL:
            raise ValueError("there must be labels or targets, got neither")
        if self.samples.targets != NULL and self.outputs != model.fan_out:
            raise ValueError(f"targets must have {model.fan_out} columns, got {self.outputs}")
        if self.labels is not None and self.outputs > model.fan_out:
            raise ValueError(f"labels must lie in 0..{model.fan_out - 1}, got {self.outputs - 1}")
        return 0

    cdef Samples samples_for(self, cnp.dtype dtype, bint in_order):
        """Return the samples with the way that their images come to the first layer of a network of this type.

        `in_order` says whether that will be in the order in which they lie.
        """
        cdef Samples samples = self.samples

        if samples.way == DENSE and self.is_sparse():
            samples.way = SPARSE
        elif samples.way == DENSE and in_order and self.images.dtype == dtype and self.images.flags.c_contiguous:
            samples.way = IN_PLACE
        return samples

    cdef bint is_sparse(self):
        """Return whether so many pixels are zero that it is faster to find the others."""
        if self.n < FEWEST_SPARSE:
            return False
        if self.nonzero < 0:
            first = self.images[:LOOKED_AT]
            self.nonzero = np.count_nonzero(first) / first.size
        return self.nonzero <= MOST_NONZERO


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
    work.places = <Py_ssize_t*> memory.room(MOST_PARTS * max(n, <Py_ssize_t> model.fan_in), np.intp)
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
        work.flags = <uint8_t*> memory.room(MOST_PARTS * <Py_ssize_t> model.fan_in, np.uint8)
        work.found = <uint8_t*> memory.room(MOST_PARTS * (<Py_ssize_t> model.fan_in + 64), np.uint8)
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
