"""Images of any pixel type, taken in any order, as a mini-batch of network inputs and targets."""

from libc.string cimport memset

from cmlp.core.model cimport floating

ctypedef fused pixel:
    const unsigned char
    const float
    const double


cdef void convert(
    pixel* source, const char* begin, Py_ssize_t stride, floating scale, floating* image, int features,
) noexcept nogil:
    """Write one image; `source` only carries the pixel type."""
    cdef Py_ssize_t j

    if stride == sizeof(pixel):  # contiguous: said in so many words, the loop is vectorised
        source = <pixel*> begin
        for j in range(features):
            image[j] = source[j] * scale
    else:
        for j in range(features):
            image[j] = (<pixel*> (begin + j * stride))[0] * scale


cdef void gather_images(
    const Samples* samples, const Py_ssize_t* order, int n, int features, floating* images,
) noexcept nogil:
    """Write the images (n, features) named by `order`, or the first n where it is NULL."""
    cdef const char* begin
    cdef floating* image
    cdef Py_ssize_t i

    for i in range(n):
        begin = samples.images + (order[i] if order != NULL else i) * samples.image_stride
        image = images + i * features
        if samples.pixel == UINT8:
            convert(<const unsigned char*> NULL, begin, samples.pixel_stride, <floating> samples.scale,
                    image, features)
        elif samples.pixel == FLOAT32:
            convert(<const float*> NULL, begin, samples.pixel_stride, <floating> 1, image, features)
        else:
            convert(<const double*> NULL, begin, samples.pixel_stride, <floating> 1, image, features)


cdef void gather_targets(
    const Samples* samples, const Py_ssize_t* order, int n, int classes, floating* targets,
) noexcept nogil:
    """Write the one-hot targets (n, classes) of the labels named by `order`, or of the first n."""
    cdef Py_ssize_t i

    memset(targets, 0, n * classes * sizeof(floating))
    for i in range(n):
        targets[i * classes + samples.labels[order[i] if order != NULL else i]] = 1
