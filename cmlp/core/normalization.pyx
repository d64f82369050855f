"""Batch normalisation (S. Ioffe, C. Szegedy, ICML 2015).

The weighted sums of a unit, less their mean over the mini-batch and divided by their standard deviation, times gamma
and plus the bias.

Every part of a mini-batch sums up its own images, in double precision; after a barrier, each merges the sums of all
parts in the same order, so that all find the same bits. Means and variances of parts are merged by the formula of
T. Chan et al., 1979. Sums are taken about the first image of a part: nothing cancels where the mean is far from 0.
"""

from libc.math cimport sqrt

from cmlp.core.simd cimport denormalise_by, normalise_by, sum_distances, sum_slopes
from cmlp.core.structs cimport MAX_PARTS, LayerSpec, Part, Workspace, floating

EPSILON = 1e-5  # added to variances
MOMENTUM = 0.1  # how much of a mini-batch goes into the running averages

cdef double epsilon = EPSILON
cdef double momentum = MOMENTUM


cdef inline double* sums_of(double* sums, const LayerSpec* layer, int index) noexcept nogil:
    """Where a part has its two sums (fan_out,) of a layer, one after the other."""
    return sums + 2 * (MAX_PARTS * layer.units + index * <Py_ssize_t> layer.fan_out)


cdef inline floating* shared_of(
    const floating* shared, const LayerSpec* layer, const Part* part,
) noexcept nogil:
    """Where a part has mean, 1 / deviation, and the mean slopes by bias and by gamma (fan_out,) of a layer."""
    return <floating*> shared + 4 * (MAX_PARTS * layer.units + part.index * <Py_ssize_t> layer.fan_out)


cdef inline int size_of(int n, int index, int parts) noexcept nogil:
    """How many of n images a part has; see `part_of`."""
    return <int> (n * <Py_ssize_t> (index + 1) // parts - n * <Py_ssize_t> index // parts)


cdef void add_moments(
    const LayerSpec* layer, const Workspace* work, const Part* part, const floating* z,
) noexcept nogil:
    """Write mean, and sum of the squared distances from it, of z (fan_out, part) of each unit."""
    cdef int n = part.end - part.begin, o
    cdef double* mean = sums_of(work.moments, layer, part.index)
    cdef double* squared = mean + layer.fan_out

    sum_distances(z, layer.fan_out, n, mean, squared)
    for o in range(layer.fan_out):
        squared[o] = max(squared[o] - mean[o] * mean[o] / n, 0)
        mean[o] = z[o] + mean[o] / n


cdef inline void merge_moments(
    const LayerSpec* layer, const Workspace* work, int n, int parts, int o, double* mean, double* squared,
) noexcept nogil:
    """Write mean and sum of squared distances of one unit over all n images of the mini-batch."""
    cdef double* of_part = sums_of(work.moments, layer, 0)
    cdef double count = size_of(n, 0, parts), more, distance
    cdef int p

    mean[0], squared[0] = of_part[o], of_part[layer.fan_out + o]
    for p in range(1, parts):
        of_part += 2 * layer.fan_out
        more = size_of(n, p, parts)
        distance = of_part[o] - mean[0]
        mean[0] += distance * more / (count + more)
        squared[0] += of_part[layer.fan_out + o] + distance * distance * count * more / (count + more)
        count += more


cdef void normalise(
    const LayerSpec* layer, const floating* parameters, const Workspace* work, const Part* part, floating* z,
    floating* normalised,
) noexcept nogil:
    """Normalise z (fan_out, part) by the moments of all parts, and write what it is without gamma and bias."""
    cdef floating* mean = shared_of(<floating*> work.shared, layer, part)
    cdef floating* inverse = mean + layer.fan_out
    cdef double whole, squared
    cdef int o

    for o in range(layer.fan_out):
        merge_moments(layer, work, part.n, part.parts, o, &whole, &squared)
        mean[o] = <floating> whole
        inverse[o] = <floating> (1 / sqrt(squared / part.n + epsilon))
    normalise_by(mean, inverse, parameters + layer.gammas, parameters + layer.biases, layer.fan_out,
                 part.end - part.begin, z, normalised)


cdef void normalise_by_averages(
    const LayerSpec* layer, const floating* parameters, int n, floating* z, floating* normalised,
) noexcept nogil:
    """The same by the running averages; `normalised` may be NULL."""
    cdef const floating* gamma = parameters + layer.gammas
    cdef const floating* beta = parameters + layer.biases
    cdef const floating* mean = parameters + layer.means
    cdef const floating* variance = parameters + layer.variances
    cdef floating x
    cdef Py_ssize_t i
    cdef int o

    for i in range(n):
        for o in range(layer.fan_out):
            x = (z[o] - mean[o]) * <floating> (1 / sqrt(variance[o] + epsilon))
            if normalised != NULL:
                normalised[i * layer.fan_out + o] = x
            z[o] = gamma[o] * x + beta[o]
        z += layer.fan_out


cdef void add_slopes(
    const LayerSpec* layer, const Workspace* work, const Part* part, const floating* normalised, const floating* delta,
) noexcept nogil:
    """Write the sums of delta (fan_out, part), dC by what `normalise` makes of z, and of delta times `normalised`."""
    cdef double* by_beta = sums_of(work.slopes, layer, part.index)

    sum_slopes(delta, normalised, layer.fan_out, part.end - part.begin, by_beta, by_beta + layer.fan_out)


cdef void propagate_through(
    const LayerSpec* layer, const floating* parameters, const Workspace* work, const Part* part,
    const floating* normalised, floating* delta,
) noexcept nogil:
    """Turn delta (fan_out, part) into dC/dz of the z before `normalise`, whose mean and deviation depend on all z."""
    cdef floating* factor = shared_of(<floating*> work.shared, layer, part) + layer.fan_out  # so far 1 / deviation
    cdef floating* by_beta = factor + layer.fan_out
    cdef floating* by_gamma = by_beta + layer.fan_out
    cdef int o

    write_sums(layer, work, part.parts, 1.0 / part.n, by_beta, by_gamma)
    for o in range(layer.fan_out):
        factor[o] *= parameters[layer.gammas + o]
    denormalise_by(factor, by_beta, by_gamma, normalised, layer.fan_out, part.end - part.begin, delta)


cdef void propagate_through_averages(
    const LayerSpec* layer, const floating* parameters, int n, floating* delta,
) noexcept nogil:
    """The same after `normalise_by_averages`, which depend on no z."""
    cdef Py_ssize_t _
    cdef int o

    for _ in range(n):
        for o in range(layer.fan_out):
            delta[o] *= parameters[layer.gammas + o] * <floating> (1 / sqrt(parameters[layer.variances + o] + epsilon))
        delta += layer.fan_out


cdef void write_sums(
    const LayerSpec* layer, const Workspace* work, int parts, double factor, floating* by_beta, floating* by_gamma,
) noexcept nogil:
    """Write the slopes (fan_out,) by bias and by gamma, summed over all parts, times a factor."""
    cdef double* of_part
    cdef double beta, gamma
    cdef int _, o

    for o in range(layer.fan_out):
        beta = gamma = 0
        of_part = sums_of(work.slopes, layer, 0)
        for _ in range(parts):
            beta += of_part[o]
            gamma += of_part[layer.fan_out + o]
            of_part += 2 * layer.fan_out
        by_beta[o], by_gamma[o] = <floating> (factor * beta), <floating> (factor * gamma)


cdef void write_slopes(const LayerSpec* layer, const Workspace* work, int parts, floating* nabla) noexcept nogil:
    """Write the gradient by biases and gammas of a layer."""
    write_sums(layer, work, parts, 1, nabla + layer.biases, nabla + layer.gammas)


cdef void average_moments(
    const LayerSpec* layer, const Workspace* work, int n, int parts, floating* parameters,
) noexcept nogil:
    """Move the running averages towards the mean and the unbiased variance of a mini-batch of n images."""
    cdef floating* mean = parameters + layer.means
    cdef floating* variance = parameters + layer.variances
    cdef double whole, squared
    cdef int o

    for o in range(layer.fan_out):
        merge_moments(layer, work, n, parts, o, &whole, &squared)
        mean[o] = <floating> ((1 - momentum) * mean[o] + momentum * whole)
        variance[o] = <floating> ((1 - momentum) * variance[o] + momentum * squared / (n - 1))
