"""Images of any pixel type, taken in any order, as the inputs and targets of a mini-batch."""

from libc.stdint cimport uint8_t, uint16_t
from libc.string cimport memset

from cmlp.core.model cimport Inputs, Workspace, floating
from cmlp.core.simd cimport find_pixels, scale_bytes

ctypedef const unsigned char const_uchar
ctypedef const float const_float
ctypedef const double const_double

ctypedef fused pixel:
    const_uchar
    const_float
    const_double


cdef const char* image_at(const Samples* samples, const Py_ssize_t* order, Py_ssize_t i) noexcept nogil:
    return samples.images + (i if order == NULL else order[i]) * samples.image_stride


cdef void convert(
    pixel* typed, const char* image, Py_ssize_t stride, floating scale, floating* converted, int features,
) noexcept nogil:
    """Write the pixels of one image as `floating`; `typed` only says of which type they are."""
    cdef Py_ssize_t j

    if stride == sizeof(pixel):  # contiguous: said in so many words, the loop is vectorised
        typed = <pixel*> image
        for j in range(features):
            converted[j] = typed[j] * scale
    else:
        for j in range(features):
            converted[j] = (<pixel*> (image + j * stride))[0] * scale


cdef void gather_images(
    const Samples* samples, const Py_ssize_t* order, int n, int features, floating* images,
) noexcept nogil:
    """Write the images (features, n)."""
    cdef const char* image
    cdef floating* converted
    cdef Py_ssize_t i

    for i in range(n):
        image = image_at(samples, order, i)
        converted = images + i * features
        if samples.pixel == UINT8:
            convert(<const_uchar*> NULL, image, samples.pixel_stride, <floating> samples.scale,
                    converted, features)
        elif samples.pixel == FLOAT32:
            convert(<const_float*> NULL, image, samples.pixel_stride, <floating> 1, converted, features)
        else:
            convert(<const_double*> NULL, image, samples.pixel_stride, <floating> 1, converted, features)


cdef int pick(
    pixel* typed, const char* image, Py_ssize_t stride, floating scale, int features, Workspace* work,
    uint16_t* pixels, floating* values,
) noexcept nogil:
    """Write which pixels of one image are not zero, and their values, and return how many."""
    cdef int n, j

    if pixel is const_uchar and stride == 1:
        n = find_pixels(<const uint8_t*> image, features, pixels, work.found)
        scale_bytes(work.found, n, scale, values)
        return n
    for j in range(features):
        work.flags[j] = (<pixel*> (image + j * stride))[0] != 0
    n = find_pixels(work.flags, features, pixels, work.found)
    for j in range(n):
        values[j] = (<pixel*> (image + pixels[j] * stride))[0] * scale
    return n


cdef void gather_pixels(
    const Samples* samples, const Py_ssize_t* order, int n, int features, Workspace* work, floating* values,
) noexcept nogil:
    """Write those pixels of the images that are not zero."""
    cdef Inputs* inputs = &work.inputs
    cdef Py_ssize_t stride = samples.pixel_stride, found = 0
    cdef const char* image
    cdef uint16_t* pixels
    cdef floating* picked
    cdef Py_ssize_t i

    for i in range(n):
        image = image_at(samples, order, i)
        inputs.begins[i] = found
        pixels = inputs.pixels + found
        picked = values + found
        if samples.pixel == UINT8:
            found += pick(<const_uchar*> NULL, image, stride, <floating> samples.scale, features, work, pixels, picked)
        elif samples.pixel == FLOAT32:
            found += pick(<const_float*> NULL, image, stride, <floating> 1, features, work, pixels, picked)
        else:
            found += pick(<const_double*> NULL, image, stride, <floating> 1, features, work, pixels, picked)
    inputs.begins[n] = found


cdef void gather_inputs(
    const Samples* samples, const Py_ssize_t* order, int n, int features, Workspace* work, floating* images,
    floating* values,
) noexcept nogil:
    """Write the n images named by `order`, or the first n where it is NULL, to work.inputs.

    `images` and `values` are those of `work`, with their type.
    """
    work.inputs.images = images
    if samples.way == IN_PLACE:
        work.inputs.images = samples.images
    elif samples.way == DENSE:
        gather_images(samples, order, n, features, images)
    else:
        work.inputs.images = NULL
        gather_pixels(samples, order, n, features, work, values)


cdef void gather_targets(
    const Samples* samples, const Py_ssize_t* order, int n, int classes, floating* targets,
) noexcept nogil:
    """Write the one-hot targets (classes, n) of the labels named by `order`, or of the first n."""
    cdef Py_ssize_t i

    memset(targets, 0, n * <size_t> classes * sizeof(floating))
    for i in range(n):
        targets[i * classes + samples.labels[i if order == NULL else order[i]]] = 1
