"""The arrays of images, and of what is known of them, as kernels see them."""

from cpython.pyport cimport PY_SSIZE_T_MAX
from libc.stdint cimport int32_t

cimport numpy as cnp

from cmlp.core.arrays cimport check_array, private_copy
from cmlp.core.gather cimport CSR, DENSE, FLOAT32, FLOAT64, UINT8, DataPointers
from cmlp.core.layouts cimport choose_layout, is_sparse
from cmlp.core.structs cimport NetworkSpec

from cmlp.core.layouts import COUNTED_IMAGES

cnp.import_array()

cdef enum:
    NOT_COUNTED = -1


cdef class DataSource:
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
    rows : ndarray (n,) of intp, optional
        Which of the images are meant; by default all of them, in their order.

    Raises
    ------
    TypeError, ValueError
        If an array is not as said above.
    """

    def __cinit__(self, images not None, double scale, cnp.ndarray labels=None, cnp.ndarray targets=None,
                  cnp.ndarray weights=None, double smoothing=0, cnp.ndarray rows=None):
        self.pointers.scale, self.pointers.smoothing, self.sparse = scale, smoothing, NOT_COUNTED
        if labels is not None and targets is not None:
            raise ValueError("there must be labels or targets, got both")
        if isinstance(images, tuple):
            values, columns, begins = images
            self.describe_rows(values, columns, begins)
        else:
            self.describe_images(images)
        if rows is not None:
            self.describe_choice(rows)
        if labels is not None:
            self.describe_labels(labels)
        if targets is not None:
            self.outputs = 1 if cnp.PyArray_NDIM(targets) != 2 else cnp.PyArray_DIM(targets, 1)
            check_array(targets, "targets", cnp.NPY_FLOAT64, self.n, self.outputs)
            self.pointers.targets = <double*> cnp.PyArray_DATA(targets)
        if weights is not None:
            check_array(weights, "weights", cnp.NPY_FLOAT64, self.n)
            self.pointers.weights = <double*> cnp.PyArray_DATA(weights)
        self.others = targets, weights

    cdef int describe_pixels(self, cnp.ndarray pixels) except -1:
        cdef int type_number = cnp.PyArray_TYPE(pixels)

        if type_number == cnp.NPY_UINT8:
            self.pointers.pixel = UINT8
        elif type_number == cnp.NPY_FLOAT32:
            self.pointers.pixel = FLOAT32
        elif type_number == cnp.NPY_FLOAT64:
            self.pointers.pixel = FLOAT64
        else:
            raise TypeError(f"images must be of type uint8, float32 or float64, got {pixels.dtype}")
        if not cnp.PyArray_ISBEHAVED_RO(pixels):
            raise ValueError("images must be aligned and in native byte order")
        self.pointers.images = cnp.PyArray_BYTES(pixels)
        return 0

    cdef int describe_images(self, cnp.ndarray images) except -1:
        self.describe_pixels(images)
        if cnp.PyArray_NDIM(images) != 2:
            raise ValueError(f"images must have shape (n, features), got {(<object> images).shape}")
        self.n, self.features = cnp.PyArray_DIM(images, 0), cnp.PyArray_DIM(images, 1)
        if self.n > 0 and self.features > 1 and cnp.PyArray_STRIDE(images, 1) != cnp.PyArray_ITEMSIZE(images):
            raise ValueError(f"the pixels of an image must lie side by side, got strides {(<object> images).strides}")
        self.pointers.layout = DENSE
        self.pointers.image_stride = cnp.PyArray_STRIDE(images, 0)
        self.images = images.view()  # whose type and shape nobody else can change
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
        self.pointers.layout = CSR
        self.pointers.columns = <int32_t*> cnp.PyArray_DATA(self.columns)
        self.pointers.begins = <int32_t*> cnp.PyArray_DATA(self.begins)
        self.check_rows(min(cnp.PyArray_SIZE(values), cnp.PyArray_SIZE(columns)))
        return 0

    cdef int check_rows(self, Py_ssize_t n_values) except -1:
        """Refuse rows that are not among the values, or not in ascending order; find out the features they need."""
        cdef const int32_t* begins = self.pointers.begins
        cdef const int32_t* columns = self.pointers.columns
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

    cdef int describe_choice(self, cnp.ndarray rows) except -1:
        check_array(rows, "rows", cnp.NPY_INTP, cnp.PyArray_SIZE(rows))
        self.rows = private_copy(rows)
        if self.rows.size and not 0 <= self.rows.min() <= self.rows.max() < self.n:
            raise ValueError(f"rows must lie in 0..{self.n - 1}, got {self.rows.min()}..{self.rows.max()}")
        self.pointers.rows = <Py_ssize_t*> cnp.PyArray_DATA(self.rows)
        self.n = cnp.PyArray_SIZE(self.rows)
        return 0

    cdef int describe_labels(self, cnp.ndarray labels) except -1:
        cdef const Py_ssize_t* values
        cdef Py_ssize_t i

        check_array(labels, "labels", cnp.NPY_INTP, self.n)
        self.labels = private_copy(labels)
        self.pointers.labels = values = <const Py_ssize_t*> cnp.PyArray_DATA(self.labels)
        for i in range(self.n):
            if values[i] < 0:
                raise ValueError(f"labels must not be negative, got {values[i]} at index {i}")
            self.outputs = max(self.outputs, min(values[i], PY_SSIZE_T_MAX - 1) + 1)
        return 0

    cdef int check_fits(self, const NetworkSpec* network, bint answered) except -1:
        """Refuse images, and labels or targets, that are not made for this network."""
        if self.features != network.fan_in and (self.begins is None or self.features > network.fan_in):
            raise ValueError(f"images must have {network.fan_in} features, got {self.features}")
        if answered and self.labels is None and self.pointers.targets == NULL:
            raise ValueError("there must be labels or targets, got neither")
        if self.pointers.targets != NULL and self.outputs != network.fan_out:
            raise ValueError(f"targets must have {network.fan_out} columns, got {self.outputs}")
        if self.labels is not None and self.outputs > network.fan_out:
            raise ValueError(f"labels must lie in 0..{network.fan_out - 1}, got {self.outputs - 1}")
        return 0

    cdef DataPointers pointers_for(self, cnp.dtype dtype, bint in_order):
        """Return what kernels of a network of this type get, which may take the images in another order."""
        cdef DataPointers pointers = self.pointers

        if pointers.layout == DENSE and self.sparse == NOT_COUNTED:
            rows = slice(COUNTED_IMAGES) if self.rows is None else self.rows[:COUNTED_IMAGES]
            self.sparse = is_sparse(self.images[rows])
        pointers.layout = choose_layout(&pointers, self.images, self.sparse, dtype, in_order)
        return pointers
