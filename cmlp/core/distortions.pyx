"""Pictures turned, scaled, sheared, shifted and bent, anew each time (P. Simard et al., ICDAR 2003).

What becomes of a picture is a hash of a key and of the picture's number: nothing is stored, and neither threads nor the
order in which pictures come change a bit. For each pixel of the result it is computed where that lies in the picture,
between four of whose pixels is interpolated; beyond the border are the border's values.
"""

from libc.math cimport cos, sin, sqrt
from libc.stdint cimport int32_t, uint32_t, uint64_t
from libc.string cimport memset

from cmlp.core.gather cimport DENSE, DataPointers, buffer_begin, compress_image, fetch_image
from cmlp.core.hashing cimport mix
from cmlp.core.simd cimport place_row
from cmlp.core.structs cimport Distortion, Field, Line, Part, Workspace, floating

cdef enum:
    ALIGNED = 64  # bytes, a cache line and the widest vector
    FIRST = 8     # how many random numbers there are before those of the field


cdef struct Scratch:   # for one picture
    void* picture      # (height * width * channels), and room for the row below and the pixel beyond
    void* other        # the same
    float* nodes       # (down, moved), how far the nodes of the field are moved
    float* moved       # (moved,), the same for a row of the picture
    float* right       # (row,), how far the pixels of a row are from their corners
    float* down
    int32_t* corners   # (row,), the pixels above and left of them


cdef Py_ssize_t rounded(Py_ssize_t bytes) noexcept nogil:
    """Return the next multiple of what arrays are aligned to."""
    return (bytes + ALIGNED - 1) // ALIGNED * ALIGNED


cdef Py_ssize_t picture_size(const Distortion* how, Py_ssize_t itemsize) noexcept nogil:
    """Return how many bytes a picture has in the scratch."""
    return rounded(((how.field.height + 1) * <Py_ssize_t> how.field.width + 1) * how.channels * itemsize)


cdef Py_ssize_t scratch_size(const Distortion* how, Py_ssize_t itemsize) noexcept nogil:
    """Return how many bytes it takes to distort a picture, which is to lie where they begin."""
    cdef const Field* field = &how.field

    return (2 * picture_size(how, itemsize)
            + ((field.down + 1) * field.moved + 3 * field.row) * <Py_ssize_t> sizeof(float))


cdef Scratch divided(const Distortion* how, void* memory, Py_ssize_t itemsize) noexcept nogil:
    """Return the parts of a scratch."""
    cdef const Field* field = &how.field
    cdef Scratch scratch

    scratch.picture = memory
    scratch.other = <char*> memory + picture_size(how, itemsize)
    scratch.nodes = <float*> (<char*> scratch.other + picture_size(how, itemsize))
    scratch.moved = scratch.nodes + field.down * field.moved
    scratch.right = scratch.moved + field.moved
    scratch.down = scratch.right + field.row
    scratch.corners = <int32_t*> (scratch.down + field.row)
    return scratch


cdef uint64_t seed_of(uint64_t key, Py_ssize_t image) noexcept nogil:
    """Return what the random numbers of an image follow from."""
    return mix(key + mix(<uint64_t> image))


cdef inline double uniform(uint64_t seed, Py_ssize_t i) noexcept nogil:
    """Return the i-th random number of a seed, in (-1, 1)."""
    return ((mix(seed + <uint64_t> i) >> 11) + 0.5) * 2.0**-52 - 1


cdef void move_nodes(const Distortion* how, uint64_t seed, float* nodes) noexcept nogil:
    """Move the nodes of the field at random: to the right, and, behind all of a row, down."""
    cdef float most = <float> (sqrt(3.0) * how.elastic * 2.0**-31)
    cdef Py_ssize_t row = how.field.moved, j, k
    cdef uint64_t bits

    for j in range(how.field.down):
        for k in range(how.field.across):
            bits = mix(seed + <uint64_t> (FIRST + j * how.field.across + k))
            nodes[j * row + k] = most * <float> <int32_t> <uint32_t> bits
            nodes[j * row + how.field.across + k] = most * <float> <int32_t> <uint32_t> (bits >> 32)
        for k in range(2 * how.field.across, row):
            nodes[j * row + k] = 0


cdef inline floating larger(floating a, floating b) noexcept nogil:
    return a if a > b else b


cdef void spread(
    const floating* picture, Py_ssize_t rows, Py_ssize_t n, Py_ssize_t pixel, floating* spread_out,
) noexcept nogil:
    """Write the brightest of each pixel and its four neighbours, which are `pixel` and n numbers away."""
    cdef const floating* row
    cdef const floating* above
    cdef const floating* below
    cdef Py_ssize_t y, i

    for y in range(rows):
        row = picture + y * n
        above = row - n if y > 0 else row
        below = row + n if y + 1 < rows else row
        for i in range(n):
            spread_out[y * n + i] = larger(row[i], larger(above[i], below[i]))
        for i in range(n - pixel):
            spread_out[y * n + i] = larger(spread_out[y * n + i], row[i + pixel])
        for i in range(pixel, n):
            spread_out[y * n + i] = larger(spread_out[y * n + i], row[i - pixel])


cdef void thicken(const Distortion* how, double by, floating* picture, floating* other) noexcept nogil:
    """Move the edges of what is bright by so many pixels, or, where that is negative, those of what is dark."""
    cdef Py_ssize_t pixel = 1 if how.planar else how.channels, planes = how.channels if how.planar else 1
    cdef Py_ssize_t plane = how.field.height * <Py_ssize_t> how.field.width * pixel, p, i
    cdef floating sign = 1 if by > 0 else -1, share
    cdef double left = by * sign
    cdef floating* at

    for i in range(planes * plane):
        picture[i] *= sign
    while left > 0:
        share = <floating> (left if left < 1 else 1)
        for p in range(planes):
            at = picture + p * plane
            spread(at, how.field.height, plane // how.field.height, pixel, other)
            for i in range(plane):
                at[i] = share * other[i] + (1 - share) * at[i]
        left -= 1
    for i in range(planes * plane):
        picture[i] *= sign


cdef void interpolate(
    const Distortion* how, const floating* picture, const Scratch* scratch, floating* row,
) noexcept nogil:
    """Write a row of the result, of one channel."""
    cdef Py_ssize_t pixel = 1 if how.planar else how.channels, below = how.field.width * pixel, i
    cdef const floating* corner
    cdef floating top, bottom, right, down

    for i in range(how.field.width):
        corner = picture + scratch.corners[i] * pixel
        right, down = scratch.right[i], scratch.down[i]
        top = corner[0] + right * (corner[pixel] - corner[0])
        bottom = corner[below] + right * (corner[below + pixel] - corner[below])
        row[i * pixel] = top + down * (bottom - top)


cdef void add_noise(
    double deviation, uint64_t seed, const floating* picture, floating* distorted, Py_ssize_t n,
) noexcept nogil:
    """Add noise, but never beyond the darkest and the brightest of the picture."""
    cdef floating least = picture[0], most = picture[0], value
    cdef double width = sqrt(3.0) * deviation
    cdef Py_ssize_t i

    for i in range(n):
        least = picture[i] if picture[i] < least else least
        most = picture[i] if picture[i] > most else most
    for i in range(n):
        value = distorted[i] + <floating> (width * uniform(seed, i))
        value = larger(value, least)
        distorted[i] = value if value < most else most


cdef void distort(const Distortion* how, uint64_t seed, void* memory, floating* distorted) noexcept nogil:
    """Write what becomes of the picture where the scratch begins, which may change."""
    cdef Scratch scratch = divided(how, memory, sizeof(floating))
    cdef floating* picture = <floating*> scratch.picture
    cdef Py_ssize_t width = how.field.width, pixels = how.field.height * width, y, channel
    cdef Py_ssize_t plane = pixels if how.planar else 1
    cdef double turn = how.rotation * uniform(seed, 0), slant = how.shear * uniform(seed, 1)
    cdef double zoom_x = 1 / (1 + how.scale * uniform(seed, 2)), zoom_y = 1 / (1 + how.scale * uniform(seed, 3))
    cdef double xx = cos(turn) * zoom_x, xy = (cos(turn) * slant - sin(turn)) * zoom_y
    cdef double yx = sin(turn) * zoom_x, yy = (sin(turn) * slant + cos(turn)) * zoom_y
    cdef double middle_x = 0.5 * (width - 1), middle_y = 0.5 * (how.field.height - 1)
    cdef double x = middle_x + how.shift * uniform(seed, 4), y_0 = middle_y + how.shift * uniform(seed, 5)
    cdef Line line

    line.step_x, line.step_y = <float> xx, <float> yx
    if how.thickness > 0:
        thicken(how, how.thickness * uniform(seed, 6), picture, <floating*> scratch.other)
    memset(picture + pixels * how.channels, 0, (width + 1) * how.channels * sizeof(floating))
    move_nodes(how, seed, scratch.nodes)
    for y in range(how.field.height):
        line.x = <float> (x + xy * (y - middle_y) - xx * middle_x)
        line.y = <float> (y_0 + yy * (y - middle_y) - yx * middle_x)
        place_row(&how.field, <int> y, scratch.nodes, &line, scratch.moved, scratch.right, scratch.down,
                  scratch.corners)
        for channel in range(how.channels):
            interpolate(how, picture + channel * plane, &scratch,
                        distorted + channel * plane + y * width * (1 if how.planar else how.channels))
    if how.noise > 0:
        add_noise(how.noise, mix(seed), picture, distorted, pixels * how.channels)


cdef void gather_distorted(
    const DataPointers* data, const Py_ssize_t* order, const Part* part, int features, Workspace* work,
    floating* images, floating* values,
) noexcept nogil:
    """Do what `gather_inputs` does, with pictures that are distorted on the way."""
    cdef char* scratch = work.scratch + part.index * work.scratch_size
    cdef floating* distorted = <floating*> (scratch + scratch_size(work.distortion, sizeof(floating)))
    cdef Py_ssize_t at = buffer_begin(part, features), i
    cdef uint64_t seed

    for i in range(part.begin, part.end):
        fetch_image(data, order, i, features, <floating*> scratch)
        seed = seed_of(work.distortion_key, i if order == NULL else order[i])
        if data.layout == DENSE:
            distort(work.distortion, seed, scratch, images + i * features)
            continue
        distort(work.distortion, seed, scratch, distorted)
        work.inputs.begins[i] = at
        at += compress_image(distorted, features, work.flags + part.index * <Py_ssize_t> features,
                             work.nonzero + part.index * (features + <Py_ssize_t> 64), work.inputs.pixels + at,
                             values + at)
        work.inputs.ends[i] = at
