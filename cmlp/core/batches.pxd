from libc.stdint cimport uint8_t

from cmlp.core.model cimport Workspace, floating


cdef enum Pixel:
    UINT8
    FLOAT32
    FLOAT64


cdef enum Way:        # how the images of a mini-batch come to the first layer:
    IN_PLACE          # as they lie, contiguous and of the network's own type
    DENSE             # copied and converted
    SPARSE            # only what is not zero


cdef struct Samples:
    Way way
    Pixel pixel
    const char* images           # (n, features), with these strides in bytes
    Py_ssize_t image_stride
    Py_ssize_t pixel_stride
    double scale                 # of uint8 pixels; floating-point pixels are used as they are
    const Py_ssize_t* labels     # (n,), or NULL


cdef void gather_inputs(
    const Samples* samples, const Py_ssize_t* order, int n, int features, Workspace* work, floating* images,
    floating* values,
) noexcept nogil
cdef void gather_targets(
    const Samples* samples, const Py_ssize_t* order, int n, int classes, floating* targets,
) noexcept nogil
