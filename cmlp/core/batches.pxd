from libc.stdint cimport int32_t

from cmlp.core.model cimport Part, Workspace, floating


cdef enum Pixel:
    UINT8
    FLOAT32
    FLOAT64


cdef enum Way:        # how the images of a mini-batch come to the first layer:
    IN_PLACE          # as they lie, contiguous and of the network's own type
    DENSE             # copied and converted
    SPARSE            # only what is not zero
    ROWS              # the same, from a matrix that holds nothing else


cdef struct Samples:
    Way way
    Pixel pixel
    const char* images           # (n, features), the pixels of an image side by side; or the values of ROWS
    Py_ssize_t image_stride      # bytes from one image to the next
    const int32_t* begins        # of ROWS, (n + 1,): where a row begins among
    const int32_t* columns       # the places of its values
    double scale                 # of uint8 pixels; floating-point pixels are used as they are
    const Py_ssize_t* labels     # (n,), or NULL
    const double* targets        # (n, outputs), where there are no labels
    double smoothing             # how much of a label's 1 goes to all classes alike
    const double* weights        # (n,), or NULL


cdef void attach(const Samples* samples, Workspace* work) noexcept nogil
cdef void gather_inputs(
    const Samples* samples, const Py_ssize_t* order, const Part* part, int features, Workspace* work,
    floating* images, floating* values,
) noexcept nogil
cdef void gather_targets(
    const Samples* samples, const Py_ssize_t* order, const Part* part, int outputs, floating* targets,
) noexcept nogil
cdef double gather_weights(
    const Samples* samples, const Py_ssize_t* order, const Part* part, floating* weights,
) noexcept nogil
