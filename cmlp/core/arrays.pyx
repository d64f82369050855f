"""Arrays as kernels need them: aligned, checked, and, where they index memory, changed by nobody else."""

import numpy as np

cimport numpy as cnp

cnp.import_array()

cdef enum:
    ALIGNMENT = 64  # bytes: a cache line, and the widest vector register
    SPARE = 64      # what a vector can read beyond the end of an array


cdef class Owner:
    """Memory that no array owns, so that none can be resized while kernels point into it."""

    cdef cnp.ndarray memory


def aligned_empty(size, dtype):
    """Return an uninitialised vector whose memory begins at a multiple of ALIGNMENT bytes, with SPARE behind it."""
    cdef Owner owner = Owner()
    cdef cnp.npy_intp n = size * dtype.itemsize
    cdef char* begin
    cdef cnp.ndarray vector

    owner.memory = np.empty(ALIGNMENT + n + SPARE, np.uint8)
    begin = cnp.PyArray_BYTES(owner.memory)
    begin += -<size_t> begin % ALIGNMENT
    vector = cnp.PyArray_SimpleNewFromData(1, &n, cnp.NPY_UINT8, begin)
    cnp.set_array_base(vector, owner)
    return vector.view(dtype)


cdef int check_array(cnp.ndarray array, name, int type_number, Py_ssize_t n, Py_ssize_t columns=-1) except -1:
    """Refuse an array that kernels cannot read as contiguous numbers of this type and shape, (n,) or (n, columns)."""
    shape = (n, columns)[:1 if columns < 0 else 2]

    if array is None:
        raise TypeError(f"{name} must be an array, got None")
    if not cnp.PyArray_EquivTypenums(cnp.PyArray_TYPE(array), type_number):
        wanted = cnp.PyArray_DescrFromType(type_number)
        raise TypeError(f"{name} must be of type {wanted}, got {array.dtype}")
    if (<object> array).shape != shape:
        raise ValueError(f"{name} must have shape {shape}, got {(<object> array).shape}")
    if not cnp.PyArray_ISCARRAY_RO(array):
        raise ValueError(f"{name} must be contiguous, aligned and in native byte order")
    return 0


cdef cnp.ndarray private_copy(cnp.ndarray array):
    """Return a read-only copy, or the array itself where it is one: nobody else can change what it holds."""
    cdef cnp.ndarray copy

    if not cnp.PyArray_ISWRITEABLE(array) and cnp.PyArray_CHKFLAGS(array, cnp.NPY_ARRAY_OWNDATA):
        return array
    copy = np.array(array, order="C")
    copy.setflags(write=False)
    return copy
