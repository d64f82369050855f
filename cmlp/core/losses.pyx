"""The losses, weighted and summed over the images of a mini-batch.

To add one: a number and a name in the lists, and a branch in `differentiate`. A loss with a fused activation
gives dC/dz of the outputs instead of dC/da, and may use z: both stay exact where the activation has rounded to
0 or 1 (C. Bishop, Pattern recognition and machine learning, 2006, section 5.2).
"""

from libc.math cimport exp, fabs, log, log1p

from cmlp.core.structs cimport NetworkSpec, floating

LOSSES = {
    "quadratic": SQUARED,
    "mean_squared_error": SQUARED,
    "half_squared_error": SQUARED,
    "mean_absolute_error": ABSOLUTE,
    "huber": HUBER,
    "cross_entropy": CROSS_ENTROPY,
    "binary_cross_entropy": BINARY_CROSS_ENTROPY,
    "poisson": POISSON,
    "summed_poisson": POISSON,
}
MEANS = {"mean_squared_error", "mean_absolute_error", "huber", "poisson"}  # over the outputs; others are sums
NEED_FUSED = {"cross_entropy", "binary_cross_entropy"}  # which only know the derivative by z
FUSED = {
    "cross_entropy": "softmax",
    "binary_cross_entropy": "sigmoid",
    "poisson": "exponential",
    "summed_poisson": "exponential",
}


cdef double log_sum_exp(const floating* z, int fan_out) noexcept nogil:
    cdef double largest = z[0], total = 0
    cdef int i

    for i in range(1, fan_out):
        if z[i] > largest:
            largest = z[i]
    for i in range(fan_out):
        total += exp(z[i] - largest)
    return largest + log(total)


cdef double differentiate_image(
    int loss, bint fused, const floating* z, const floating* a, const floating* y, floating* derivative, int fan_out,
) noexcept nogil:
    """Return the loss C of one image, and write dC/da, or dC/dz if fused, each (fan_out,)."""
    cdef double total = 0, target = 0, normaliser
    cdef floating error
    cdef int i

    if loss == CROSS_ENTROPY:  # C = -sum(y * log(a)), a = softmax(z); dC/dz = a * sum(y) - y
        normaliser = log_sum_exp(z, fan_out)
        for i in range(fan_out):
            target += y[i]
        for i in range(fan_out):
            if y[i] != 0:
                total += y[i] * (normaliser - z[i])
            derivative[i] = <floating> target * a[i] - y[i]
        return total
    for i in range(fan_out):
        error = a[i] - y[i]
        if loss == SQUARED:  # C = sum((a - y)**2)
            total += <double> error * error
            derivative[i] = 2 * error
        elif loss == ABSOLUTE:  # C = sum(|a - y|)
            total += fabs(error)
            derivative[i] = (error > 0) - (error < 0)
        elif loss == HUBER:  # C = sum(error**2 / 2 if |error| < 1 else |error| - 1/2)
            if fabs(error) < 1:
                total += 0.5 * error * error
                derivative[i] = error
            else:
                total += fabs(error) - 0.5
                derivative[i] = 1 if error > 0 else -1
                if error != error:
                    derivative[i] = error
        elif loss == BINARY_CROSS_ENTROPY:  # C = -sum(y log(a) + (1 - y) log(1 - a)), a = sigmoid(z); dC/dz = a - y
            total += (z[i] if z[i] > 0 else 0) - z[i] * y[i] + log1p(exp(-fabs(z[i])))
            derivative[i] = error
        elif fused:  # POISSON: C = sum(a - y log(a)), a = exp(z); dC/dz = a - y
            total += a[i] - (<double> y[i] * z[i] if y[i] != 0 else 0)
            derivative[i] = error
        else:
            total += a[i] - (y[i] * log(a[i]) if y[i] != 0 else 0)
            derivative[i] = 1 - (y[i] / a[i] if y[i] != 0 else 0)
    return total


cdef double differentiate(
    const NetworkSpec* network, const floating* z, const floating* a, const floating* y, const floating* weights,
    double share, floating* derivative, int n,
) noexcept nogil:
    """Return the weighted loss of n images, and write share * weight times the derivative of each.

    z, a, y and the derivative are (fan_out, n); `weights` is (n,), or NULL for images that multiply_weights the same.
    """
    cdef int fan_out = network.fan_out
    cdef double total = 0, factor
    cdef floating scale
    cdef Py_ssize_t begin, i, o

    for i in range(n):
        begin = i * fan_out
        factor = network.loss_factor if weights == NULL else network.loss_factor * weights[i]
        if factor == 0:  # an image that does not count may even be infinitely wrong
            for o in range(fan_out):
                derivative[begin + o] = 0
            continue
        total += factor * differentiate_image(network.loss, network.fused, z + begin, a + begin, y + begin,
                                              derivative + begin, fan_out)
        scale = <floating> (share * factor)
        for o in range(fan_out):
            derivative[begin + o] *= scale
    return total
