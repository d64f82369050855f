"""How pictures are distorted, checked, as kernels read it."""

from libc.limits cimport INT_MAX
from libc.stdint cimport uint64_t
from libc.string cimport memcpy

import numpy as np

cimport numpy as cnp

from cmlp.core.arrays cimport check_array, private_copy
from cmlp.core.distortions cimport distort, rounded, scratch_size, seed_of
from cmlp.core.gather cimport CSR, DataPointers
from cmlp.core.structs cimport MAX_PARTS, Field, Workspace
from cmlp.core.workspace cimport Buffers

from cmlp.core.arrays import aligned_empty

cnp.import_array()

SETTINGS = ("rotation", "scale", "shear", "shift", "elastic", "thickness", "noise")


cdef class Distorter:
    """Distortions of pictures of one shape.

    Parameters
    ----------
    height, width, channels : int
        At least 2, 2 and 1.
    planar : bool
        Whether a picture has its channels one after the other, and not the channels of each pixel side by side.
    settings : mapping
        A number for each of `SETTINGS`: of radians, shares, pixels and brightness.
    down_weights : ndarray (height, nodes) of float32
        How much each row of the picture follows each row of nodes of the elastic field.
    across_weights : ndarray (nodes, width) of float32
        The same for columns.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as said above.
    """

    def __cinit__(self, Py_ssize_t height, Py_ssize_t width, Py_ssize_t channels, bint planar, settings,
                  cnp.ndarray down_weights not None, cnp.ndarray across_weights not None):
        if height < 2 or width < 2 or channels < 1 or (height + 1) * width > INT_MAX // (16 * channels):
            raise ValueError(f"pictures must have 2 x 2 pixels or more and a channel, got {(height, width, channels)}")
        numbers = [float(settings[name]) for name in SETTINGS]
        if not all(0 <= number < 1e6 for number in numbers) or numbers[1] >= 1:
            raise ValueError(f"settings must be at least 0 and below 1e6, and scale below 1, got {settings}")
        check_array(down_weights, "down_weights", cnp.NPY_FLOAT32, height, cnp.PyArray_SIZE(down_weights) // height)
        check_array(across_weights, "across_weights", cnp.NPY_FLOAT32, cnp.PyArray_SIZE(across_weights) // width, width)
        self.down_weights, self.across_weights = private_copy(down_weights), private_copy(across_weights)
        self.how.channels, self.how.planar = <int> channels, planar
        (self.how.rotation, self.how.scale, self.how.shear, self.how.shift, self.how.elastic, self.how.thickness,
         self.how.noise) = numbers
        self.describe_field(<int> height, <int> width)

    cdef int describe_field(self, int height, int width) except -1:
        """Arrange the weights of the nodes as kernels read them."""
        cdef Field* field = &self.how.field
        cdef cnp.ndarray columns, padded

        field.height, field.width = height, width
        field.down = field.across = 0
        if self.how.elastic > 0:
            field.down = <int> cnp.PyArray_DIM(self.down_weights, 1)
            field.across = <int> cnp.PyArray_DIM(self.across_weights, 0)
        field.row = rounded(width * <Py_ssize_t> sizeof(float)) // <Py_ssize_t> sizeof(float)
        field.moved = rounded(2 * field.across * <Py_ssize_t> sizeof(float)) // <Py_ssize_t> sizeof(float)
        columns = aligned_empty(field.row, np.dtype(np.float32))
        columns[:] = np.arange(field.row)
        padded = aligned_empty(field.across * field.row, np.dtype(np.float32))
        (<object> padded).fill(0)
        if field.across:
            (<object> padded).reshape(field.across, field.row)[:, :width] = self.across_weights
        self.columns, self.across_weights = columns, padded
        field.columns = <const float*> cnp.PyArray_DATA(columns)
        field.down_weights = <const float*> cnp.PyArray_DATA(self.down_weights)
        field.across_weights = <const float*> cnp.PyArray_DATA(padded)
        return 0

    cdef int prepare(self, Workspace* work, Buffers buffers, Py_ssize_t features, const DataPointers* data,
                     Py_ssize_t itemsize) except -1:
        """Let kernels distort the images of these features, and give them what they need for it."""
        cdef Py_ssize_t size = scratch_size(&self.how, itemsize) + rounded(features * itemsize)

        if data.layout == CSR:
            raise ValueError("rows of a sparse matrix are no pictures")
        if self.features != features:
            raise ValueError(f"pictures must have {features} numbers, got {self.features}")
        if work.scratch_size != size:
            work.scratch = <char*> buffers.allocate(MAX_PARTS * size, np.uint8)
            work.scratch_size = size
        work.distortion = &self.how
        return 0

    @property
    def features(self):
        """How many numbers a picture has."""
        return self.how.field.height * <Py_ssize_t> self.how.field.width * self.how.channels

    def apply(self, cnp.ndarray images not None, uint64_t key):
        """Return what becomes of the images (n, features) of float32 or float64, numbered from 0."""
        cdef cnp.ndarray distorted, scratch
        cdef bint single = cnp.PyArray_TYPE(images) == cnp.NPY_FLOAT32
        cdef Py_ssize_t n = 0 if cnp.PyArray_NDIM(images) == 0 else cnp.PyArray_DIM(images, 0), i
        cdef Py_ssize_t size = self.features * (4 if single else 8)
        cdef void* memory
        cdef char* to

        check_array(images, "images", cnp.NPY_FLOAT32 if single else cnp.NPY_FLOAT64, n, self.features)
        distorted = np.empty_like(images)
        scratch = aligned_empty(scratch_size(&self.how, 4 if single else 8), np.dtype(np.uint8))
        memory = cnp.PyArray_DATA(scratch)
        with nogil:
            for i in range(n):
                memcpy(memory, cnp.PyArray_BYTES(images) + i * size, size)
                to = cnp.PyArray_BYTES(distorted) + i * size
                if single:
                    distort(&self.how, seed_of(key, i), memory, <float*> to)
                else:
                    distort(&self.how, seed_of(key, i), memory, <double*> to)
        return distorted
