"""Images of any pixel type, taken in any order, as the inputs, targets and weights of a mini-batch."""

from libc.stdint cimport int32_t, uint8_t

from cmlp.core.structs cimport Inputs, Part, Workspace, floating
from cmlp.core.simd cimport find_nonzero, prefetch, scale_bytes

cdef enum:
    AHEAD = 4  # images in random order come from memory; asked for early, they are there when they are needed

ctypedef const unsigned char const_uchar
ctypedef const float const_float
ctypedef const double const_double

ctypedef fused pixel:
    const_uchar
    const_float
    const_double


cdef Py_ssize_t size_of(PixelType type) noexcept nogil:
    """Return how many bytes a pixel has."""
    return 1 if type == UINT8 else 4 if type == FLOAT32 else 8


cdef Py_ssize_t row_of(const DataPointers* data, const Py_ssize_t* order, Py_ssize_t i) noexcept nogil:
    """Return which of the images the i-th of the order is."""
    cdef Py_ssize_t j = i if order == NULL else order[i]

    return j if data.rows == NULL else data.rows[j]


cdef const char* image_at(const DataPointers* data, const Py_ssize_t* order, Py_ssize_t i) noexcept nogil:
    return data.images + row_of(data, order, i) * data.image_stride


cdef DataPointers slice_from(const DataPointers* data, Py_ssize_t begin, int outputs) noexcept nogil:
    """Return the data without the first `begin` images."""
    cdef DataPointers rest = data[0]

    if rest.rows != NULL:
        rest.rows += begin
    elif rest.begins != NULL:
        rest.begins += begin
    else:
        rest.images += begin * rest.image_stride
    if rest.labels != NULL:
        rest.labels += begin
    if rest.targets != NULL:
        rest.targets += begin * outputs
    if rest.weights != NULL:
        rest.weights += begin
    return rest


cdef void convert(pixel* image, floating scale, floating* converted, int features) noexcept nogil:
    """Write the pixels of one image as `floating`."""
    cdef Py_ssize_t j

    for j in range(features):
        converted[j] = image[j] * scale


cdef void fetch_image(
    const DataPointers* data, const Py_ssize_t* order, Py_ssize_t i, int features, floating* converted,
) noexcept nogil:
    """Write the pixels of the i-th image of the order as the network gets them."""
    cdef const char* image = image_at(data, order, i)

    if data.pixel == UINT8:
        convert(<const_uchar*> image, <floating> data.scale, converted, features)
    elif data.pixel == FLOAT32:
        convert(<const_float*> image, <floating> 1, converted, features)
    else:
        convert(<const_double*> image, <floating> 1, converted, features)


cdef void gather_images(
    const DataPointers* data, const Py_ssize_t* order, const Part* part, int features, floating* images,
) noexcept nogil:
    """Write the images (features, n) of the part."""
    cdef Py_ssize_t i

    for i in range(part.begin, part.end):
        fetch_image(data, order, i, features, images + i * features)


cdef Py_ssize_t buffer_begin(const Part* part, int features) noexcept nogil:
    """Where the pixels of the part begin: all of its pixels have room, and 64 more, which may be written too."""
    return part.begin * <Py_ssize_t> features + 64 * part.index


cdef int compress_pixels(
    pixel* image, floating scale, int features, uint8_t* flags, uint8_t* nonzero, int32_t* pixels, floating* values,
) noexcept nogil:
    """Write which pixels of one image are not zero, and their values, and return how many."""
    cdef int n, j

    if pixel is const_uchar:
        n = find_nonzero(image, features, pixels, nonzero)
        scale_bytes(nonzero, n, scale, values)
    else:
        for j in range(features):
            flags[j] = image[j] != 0
        n = find_nonzero(flags, features, pixels, nonzero)
        for j in range(n):
            values[j] = image[pixels[j]] * scale
    return n


cdef int compress_image(
    const floating* image, int features, uint8_t* flags, uint8_t* nonzero, int32_t* pixels, floating* values,
) noexcept nogil:
    """The same of an image that is as the network gets it."""
    if floating is float:
        return compress_pixels(<const_float*> image, <floating> 1, features, flags, nonzero, pixels, values)
    else:
        return compress_pixels(<const_double*> image, <floating> 1, features, flags, nonzero, pixels, values)


cdef void gather_pixels(
    const DataPointers* data, const Py_ssize_t* order, const Part* part, int features, Workspace* work,
    floating* values,
) noexcept nogil:
    """Write those pixels of the images of the part that are not zero."""
    cdef Py_ssize_t at = buffer_begin(part, features), bytes = features * size_of(data.pixel), i
    cdef uint8_t* flags = work.flags + part.index * <Py_ssize_t> features
    cdef uint8_t* nonzero = work.nonzero + part.index * (features + <Py_ssize_t> 64)
    cdef int32_t* pixels
    cdef const char* image
    cdef floating* compressed

    for i in range(part.begin, part.end):
        image = image_at(data, order, i)
        if i + AHEAD < part.end:
            prefetch(image_at(data, order, i + AHEAD), bytes)
        work.inputs.begins[i] = at
        pixels = work.inputs.pixels + at
        compressed = values + at
        if data.pixel == UINT8:
            at += compress_pixels(<const_uchar*> image, <floating> data.scale, features, flags, nonzero, pixels,
                                  compressed)
        elif data.pixel == FLOAT32:
            at += compress_pixels(<const_float*> image, <floating> 1, features, flags, nonzero, pixels, compressed)
        else:
            at += compress_pixels(<const_double*> image, <floating> 1, features, flags, nonzero, pixels, compressed)
        work.inputs.ends[i] = at


cdef int copy_row(
    pixel* all_values, const DataPointers* data, Py_ssize_t row, floating scale, int32_t* pixels, floating* values,
) noexcept nogil:
    """Write the columns and the values of one row, and return how many there are."""
    cdef int32_t begin = data.begins[row], n = data.begins[row + 1] - begin, k

    for k in range(n):
        pixels[k] = data.columns[begin + k]
        values[k] = all_values[begin + k] * scale
    return n


cdef void gather_rows(
    const DataPointers* data, const Py_ssize_t* order, const Part* part, int features, Inputs* inputs,
    floating* values,
) noexcept nogil:
    """Write the rows of a matrix that holds only what is not zero."""
    cdef Py_ssize_t at = buffer_begin(part, features), i, row

    for i in range(part.begin, part.end):
        row = row_of(data, order, i)
        inputs.begins[i] = at
        if data.pixel == UINT8:
            at += copy_row(<const_uchar*> data.images, data, row, <floating> data.scale, inputs.pixels + at,
                           values + at)
        elif data.pixel == FLOAT32:
            at += copy_row(<const_float*> data.images, data, row, <floating> 1, inputs.pixels + at, values + at)
        else:
            at += copy_row(<const_double*> data.images, data, row, <floating> 1, inputs.pixels + at, values + at)
        inputs.ends[i] = at


cdef void bind_inputs(const DataPointers* data, Workspace* work) noexcept nogil:
    """Say where the images of the mini-batches will be."""
    if data.layout == IN_PLACE:
        work.inputs.images = data.images
    else:
        work.inputs.images = work.images if data.layout == DENSE else NULL


cdef void gather_inputs(
    const DataPointers* data, const Py_ssize_t* order, const Part* part, int features, Workspace* work,
    floating* images, floating* values,
) noexcept nogil:
    """Write those of the images named by `order`, or of the first n where it is NULL, that are in the part.

    `images` and `values` are those of `work`, with their type.
    """
    if data.layout == DENSE:
        gather_images(data, order, part, features, images)
    elif data.layout == CSR:
        gather_rows(data, order, part, features, &work.inputs, values)
    elif data.layout == SPARSE:
        gather_pixels(data, order, part, features, work, values)


cdef void gather_targets(
    const DataPointers* data, const Py_ssize_t* order, const Part* part, int outputs, floating* targets,
) noexcept nogil:
    """Write the targets (outputs, n) of the part: those given, or one-hot ones of the labels, smoothed [1].

    [1] C. Szegedy et al., Rethinking the Inception architecture for computer vision, CVPR 2016, section 7.
    """
    cdef floating low = <floating> (data.smoothing / outputs)
    cdef floating high = <floating> (1 - data.smoothing) + low
    cdef Py_ssize_t i, o, row

    for i in range(part.begin, part.end):
        row = i if order == NULL else order[i]
        for o in range(outputs):
            targets[i * outputs + o] = low if data.targets == NULL else <floating> data.targets[row * outputs + o]
        if data.targets == NULL:
            targets[i * outputs + data.labels[row]] = high


cdef double gather_weights(
    const DataPointers* data, const Py_ssize_t* order, const Part* part, floating* weights,
) noexcept nogil:
    """Write the weights (n,) of the images of the part, and return the sum of those of the whole mini-batch."""
    cdef double total = 0
    cdef floating weight
    cdef Py_ssize_t i

    if data.weights == NULL:
        return part.n
    for i in range(part.n):
        weight = <floating> data.weights[i if order == NULL else order[i]]
        total += weight
        if part.begin <= i < part.end:
            weights[i] = weight
    return total
