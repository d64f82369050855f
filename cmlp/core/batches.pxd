from cmlp.core.model cimport floating


cdef enum Pixel:
    UINT8
    FLOAT32
    FLOAT64


cdef struct Samples:
    Pixel pixel
    const char* images           # (n, features), with these strides in bytes
    Py_ssize_t image_stride
    Py_ssize_t pixel_stride
    double scale                 # what a uint8 pixel is multiplied by; floating-point pixels are used as they are
    const Py_ssize_t* labels     # (n,), or NULL


cdef void gather_images(
    const Samples* samples, const Py_ssize_t* order, int n, int features, floating* images,
) noexcept nogil
cdef void gather_targets(
    const Samples* samples, const Py_ssize_t* order, int n, int classes, floating* targets,
) noexcept nogil
