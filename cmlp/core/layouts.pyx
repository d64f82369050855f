"""How images come to the first layer: as they lie, converted, or only what is not zero in them."""

import numpy as np

cimport numpy as cnp

from cmlp.core.gather cimport DENSE, FLOAT32, FLOAT64, IN_PLACE, SPARSE, UINT8, DataPointers, InputLayout

cnp.import_array()

MIN_IMAGES = 16      # of fewer it is not worth counting the pixels
COUNTED_IMAGES = 256
MAX_NONZERO = 0.5    # of the pixels; above, the products of BLAS with all of them are faster


cdef bint is_sparse(object images) except -1:
    """Return whether so many pixels of the images (n, features) are zero that it is faster to find the others."""
    return len(images) >= MIN_IMAGES and np.count_nonzero(images) <= MAX_NONZERO * images.size


cdef InputLayout choose_layout(
    const DataPointers* data, cnp.ndarray images, bint sparse, cnp.dtype dtype, bint in_order,
):
    """Return the layout for a network of this type; `in_order` says whether it gets the images as they are ordered."""
    if data.layout != DENSE:
        return data.layout
    if sparse:
        return SPARSE
    if in_order and data.rows == NULL and images.dtype == dtype and images.flags.c_contiguous:
        return IN_PLACE
    return DENSE


cdef bint describe_image(DataPointers* data, object image, int features, int type_number):
    """Describe one image (features,) to a network of the given type, if it is an array that kernels can read."""
    cdef int found

    if not cnp.PyArray_CheckExact(image):
        return False
    found = cnp.PyArray_TYPE(image)
    if (cnp.PyArray_NDIM(image) != 1 or cnp.PyArray_DIM(image, 0) != features or not cnp.PyArray_ISBEHAVED_RO(image)
            or cnp.PyArray_STRIDE(image, 0) != cnp.PyArray_ITEMSIZE(image)):
        return False
    if found == cnp.NPY_UINT8:
        data.pixel = UINT8
        data.layout = SPARSE
    elif found == cnp.NPY_FLOAT32 or found == cnp.NPY_FLOAT64:
        data.pixel = FLOAT32 if found == cnp.NPY_FLOAT32 else FLOAT64
        data.layout = IN_PLACE if found == type_number else DENSE
    else:
        return False
    data.images = cnp.PyArray_BYTES(image)
    data.image_stride = 0
    data.rows = NULL
    return True
