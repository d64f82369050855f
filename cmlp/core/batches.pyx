"""Images of any pixel type, taken in any order, as the inputs, targets and weights of a mini-batch."""

from libc.stdint cimport int32_t, uint8_t

from cmlp.core.model cimport Inputs, Part, Workspace, floating
from cmlp.core.simd cimport find_pixels, prefetch, scale_bytes

cdef enum:
    AHEAD = 4  # images in random order come from memory; asked for early, they are there when they are needed

ctypedef const unsigned char const_uchar
ctypedef const float const_float
ctypedef const double const_double

ctypedef fused pixel:
    const_uchar
    const_float
    const_double


cdef Py_ssize_t size_of(Pixel type) noexcept nogil:
    """Return how many bytes a pixel has."""
    return 1 if type == UINT8 else 4 if type == FLOAT32 else 8


cdef const char* image_at(const Samples* samples, const Py_ssize_t* order, Py_ssize_t i) noexcept nogil:
    return samples.images + (i if order == NULL else order[i]) * samples.image_stride


cdef void convert(pixel* image, floating scale, floating* converted, int features) noexcept nogil:
    """Write the pixels of one image as `floating`."""
    cdef Py_ssize_t j

    for j in range(features):
        converted[j] = image[j] * scale


cdef void gather_images(
    const Samples* samples, const Py_ssize_t* order, const Part* part, int features, floating* images,
) noexcept nogil:
    """Write the images (features, n) of the part."""
    cdef const char* image
    cdef floating* converted
    cdef Py_ssize_t i

    for i in range(part.begin, part.end):
        image = image_at(samples, order, i)
        converted = images + i * features
        if samples.pixel == UINT8:
            convert(<const_uchar*> image, <floating> samples.scale, converted, features)
        elif samples.pixel == FLOAT32:
            convert(<const_float*> image, <floating> 1, converted, features)
        else:
            convert(<const_double*> image, <floating> 1, converted, features)


cdef Py_ssize_t room_of(const Part* part, int features) noexcept nogil:
    """Where the pixels of the part begin: every part can fill its room, and write up to 64 too many."""
    return part.begin * <Py_ssize_t> features + 64 * part.index


cdef int pick(
    pixel* image, floating scale, int features, uint8_t* flags, uint8_t* found, int32_t* pixels, floating* values,
) noexcept nogil:
    """Write which pixels of one image are not zero, and their values, and return how many."""
    cdef int n, j

    if pixel is const_uchar:
        n = find_pixels(image, features, pixels, found)
        scale_bytes(found, n, scale, values)
    else:
        for j in range(features):
            flags[j] = image[j] != 0
        n = find_pixels(flags, features, pixels, found)
        for j in range(n):
            values[j] = image[pixels[j]] * scale
    return n


cdef void gather_pixels(
    const Samples* samples, const Py_ssize_t* order, const Part* part, int features, Workspace* work, floating* values,
) noexcept nogil:
    """Write those pixels of the images of the part that are not zero."""
    cdef Py_ssize_t at = room_of(part, features), bytes = features * size_of(samples.pixel), i
    cdef uint8_t* flags = work.flags + part.index * <Py_ssize_t> features
    cdef uint8_t* found = work.found + part.index * (features + <Py_ssize_t> 64)
    cdef int32_t* pixels
    cdef const char* image
    cdef floating* picked

    for i in range(part.begin, part.end):
        image = image_at(samples, order, i)
        if i + AHEAD < part.end:
            prefetch(image_at(samples, order, i + AHEAD), bytes)
        work.inputs.begins[i] = at
        pixels = work.inputs.pixels + at
        picked = values + at
        if samples.pixel == UINT8:
            at += pick(<const_uchar*> image, <floating> samples.scale, features, flags, found, pixels, picked)
        elif samples.pixel == FLOAT32:
            at += pick(<const_float*> image, <floating> 1, features, flags, found, pixels, picked)
        else:
            at += pick(<const_double*> image, <floating> 1, features, flags, found, pixels, picked)
        work.inputs.ends[i] = at


cdef int copy_row(
    pixel* all_values, const Samples* samples, Py_ssize_t row, floating scale, int32_t* pixels, floating* values,
) noexcept nogil:
    """Write the columns and the values of one row, and return how many there are."""
    cdef int32_t begin = samples.begins[row], n = samples.begins[row + 1] - begin, k

    for k in range(n):
        pixels[k] = samples.columns[begin + k]
        values[k] = all_values[begin + k] * scale
    return n


cdef void gather_rows(
    const Samples* samples, const Py_ssize_t* order, const Part* part, int features, Inputs* inputs, floating* values,
) noexcept nogil:
    """Write the rows of a matrix that holds only what is not zero."""
    cdef Py_ssize_t at = room_of(part, features), i, row

    for i in range(part.begin, part.end):
        row = i if order == NULL else order[i]
        inputs.begins[i] = at
        if samples.pixel == UINT8:
            at += copy_row(<const_uchar*> samples.images, samples, row, <floating> samples.scale, inputs.pixels + at,
                           values + at)
        elif samples.pixel == FLOAT32:
            at += copy_row(<const_float*> samples.images, samples, row, <floating> 1, inputs.pixels + at, values + at)
        else:
            at += copy_row(<const_double*> samples.images, samples, row, <floating> 1, inputs.pixels + at, values + at)
        inputs.ends[i] = at


cdef void attach(const Samples* samples, Workspace* work) noexcept nogil:
    """Say where the images of the mini-batches will be."""
    if samples.way == IN_PLACE:
        work.inputs.images = samples.images
    else:
        work.inputs.images = work.images if samples.way == DENSE else NULL


cdef void gather_inputs(
    const Samples* samples, const Py_ssize_t* order, const Part* part, int features, Workspace* work,
    floating* images, floating* values,
) noexcept nogil:
    """Write those of the images named by `order`, or of the first n where it is NULL, that are in the part.

    `images` and `values` are those of `work`, with their type.
    """
    if samples.way == DENSE:
        gather_images(samples, order, part, features, images)
    elif samples.way == ROWS:
        gather_rows(samples, order, part, features, &work.inputs, values)
    elif samples.way == SPARSE:
        gather_pixels(samples, order, part, features, work, values)


cdef void gather_targets(
    const Samples* samples, const Py_ssize_t* order, const Part* part, int outputs, floating* targets,
) noexcept nogil:
    """Write the targets (outputs, n) of the part: those given, or one-hot ones of the labels, smoothed [1].

    [1] C. Szegedy et al., Rethinking the Inception architecture for computer vision, CVPR 2016, section 7.
    """
    cdef floating low = <floating> (samples.smoothing / outputs)
    cdef floating high = <floating> (1 - samples.smoothing) + low
    cdef Py_ssize_t i, o, row

    for i in range(part.begin, part.end):
        row = i if order == NULL else order[i]
        for o in range(outputs):
            targets[i * outputs + o] = low if samples.targets == NULL else <floating> samples.targets[row * outputs + o]
        if samples.targets == NULL:
            targets[i * outputs + samples.labels[row]] = high


cdef double gather_weights(
    const Samples* samples, const Py_ssize_t* order, const Part* part, floating* weights,
) noexcept nogil:
    """Write the weights (n,) of the images of the part, and return the sum of those of the whole mini-batch."""
    cdef double total = 0
    cdef floating weight
    cdef Py_ssize_t i

    if samples.weights == NULL:
        return part.n
    for i in range(part.n):
        weight = <floating> samples.weights[i if order == NULL else order[i]]
        total += weight
        if part.begin <= i < part.end:
            weights[i] = weight
    return total
