cimport numpy as cnp

from cmlp.core.gather cimport DataPointers, InputLayout


cdef bint is_sparse(object images) except -1
cdef InputLayout choose_layout(
    const DataPointers* data, cnp.ndarray images, bint sparse, cnp.dtype dtype, bint in_order,
)
cdef bint describe_image(DataPointers* data, object image, int features, int type_number)
