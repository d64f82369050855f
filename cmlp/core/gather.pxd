from libc.stdint cimport int32_t, uint8_t

from cmlp.core.structs cimport Part, Workspace, floating


cdef enum PixelType:
    UINT8
    FLOAT32
    FLOAT64


cdef enum InputLayout:           # how the images of a mini-batch come to the first layer:
    IN_PLACE                     # as they lie, contiguous and of the network's own type
    DENSE                        # copied and converted
    SPARSE                       # only what is not zero
    CSR                          # the same, from a matrix that holds nothing else


cdef struct DataPointers:        # n images, and what is known of them
    InputLayout layout
    PixelType pixel
    const char* images           # (?, features), the pixels of an image side by side; or the values of CSR
    Py_ssize_t image_stride      # bytes from one image to the next
    const int32_t* begins        # of CSR, (? + 1,): where a row begins among
    const int32_t* columns       # the columns of its values
    const Py_ssize_t* rows       # (n,), which of the images they are, or NULL: the first n
    double scale                 # of uint8 pixels; floating-point pixels are used as they are
    const Py_ssize_t* labels     # (n,), or NULL
    const double* targets        # (n, outputs), where there are no labels
    double smoothing             # how much of a label's 1 goes to all classes alike
    const double* weights        # (n,), or NULL


cdef const char* image_at(const DataPointers* data, const Py_ssize_t* order, Py_ssize_t i) noexcept nogil
cdef Py_ssize_t buffer_begin(const Part* part, int features) noexcept nogil
cdef void fetch_image(
    const DataPointers* data, const Py_ssize_t* order, Py_ssize_t i, int features, floating* converted,
) noexcept nogil
cdef int compress_image(
    const floating* image, int features, uint8_t* flags, uint8_t* nonzero, int32_t* pixels, floating* values,
) noexcept nogil
cdef DataPointers slice_from(const DataPointers* data, Py_ssize_t begin, int outputs) noexcept nogil
cdef void bind_inputs(const DataPointers* data, Workspace* work) noexcept nogil
cdef void gather_inputs(
    const DataPointers* data, const Py_ssize_t* order, const Part* part, int features, Workspace* work,
    floating* images, floating* values,
) noexcept nogil
cdef void gather_targets(
    const DataPointers* data, const Py_ssize_t* order, const Part* part, int outputs, floating* targets,
) noexcept nogil
cdef double gather_weights(
    const DataPointers* data, const Py_ssize_t* order, const Part* part, floating* weights,
) noexcept nogil
