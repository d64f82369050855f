"""The activation functions.

To add one: a number and a name in the lists, and a branch in `activate` and in `multiply_by_prime`. Formulas:
D. Hendrycks, K. Gimpel, Gaussian error linear units, 2016 (gelu, silu); D.-A. Clevert et al., Fast and accurate
deep network learning by exponential linear units, ICLR 2016 (elu); A. Maas et al., ICML 2013 (leaky relu).
"""

from libc.math cimport M_SQRT1_2, erf, erfc, exp, expm1, fabs, log1p, tanh

from cmlp.core.structs cimport floating
from cmlp.core.simd cimport sigmoid_array

cdef enum:
    IDENTITY
    SIGMOID
    TANH
    RELU
    LEAKY_RELU
    ELU
    GELU
    SILU
    SOFTPLUS
    EXPONENTIAL
    SOFTMAX

ACTIVATIONS = {
    "identity": IDENTITY,
    "sigmoid": SIGMOID,
    "tanh": TANH,
    "relu": RELU,
    "leaky_relu": LEAKY_RELU,
    "elu": ELU,
    "gelu": GELU,
    "silu": SILU,
    "softplus": SOFTPLUS,
    "exponential": EXPONENTIAL,
    "softmax": SOFTMAX,
}
KEEP_Z = {"gelu", "silu"}  # their derivative cannot be told from the activation
OUTPUT_ONLY = {"softmax"}

cdef double LEAK = 0.01
cdef double DENSITY = 0.3989422804014327  # 1 / sqrt(2 pi)


cdef inline double normal_cdf(double z) noexcept nogil:
    """The share of a normal distribution below z, to the last digits also where 1 + erf is nearly nothing."""
    return 0.5 * (1 + erf(z * M_SQRT1_2)) if z > -1 else 0.5 * erfc(-z * M_SQRT1_2)


cdef void softmax(floating* z, int fan_out) noexcept nogil:
    """exp(z) / sum(exp(z)) for one image; nothing overflows, because the largest z is subtracted first."""
    cdef floating largest = z[0], total = 0
    cdef int i

    for i in range(1, fan_out):
        if not z[i] <= largest:  # true for NaN too
            largest = z[i]
    for i in range(fan_out):
        z[i] = <floating> exp(z[i] - largest)
        total += z[i]
    for i in range(fan_out):
        z[i] /= total


cdef void activate(int activation, floating* z, int fan_out, int n) noexcept nogil:
    """Replace each z (fan_out, n) by its activation a."""
    cdef Py_ssize_t i, size = fan_out * <Py_ssize_t> n

    if activation == SIGMOID:
        sigmoid_array(z, size)
    elif activation == TANH:
        for i in range(size):
            z[i] = <floating> tanh(z[i])
    elif activation == RELU:
        for i in range(size):
            z[i] = 0 if z[i] < 0 else z[i]
    elif activation == LEAKY_RELU:
        for i in range(size):
            z[i] = <floating> (LEAK * z[i]) if z[i] < 0 else z[i]
    elif activation == ELU:
        for i in range(size):
            z[i] = <floating> expm1(z[i]) if z[i] < 0 else z[i]
    elif activation == GELU:
        for i in range(size):
            z[i] = <floating> (z[i] * normal_cdf(z[i]))
    elif activation == SILU:
        for i in range(size):
            z[i] = z[i] * sigmoid(z[i])
    elif activation == SOFTPLUS:
        for i in range(size):
            z[i] = <floating> ((z[i] if z[i] > 0 else 0) + log1p(exp(-fabs(z[i]))))
    elif activation == EXPONENTIAL:
        for i in range(size):
            z[i] = <floating> exp(z[i])
    elif activation == SOFTMAX:
        for i in range(n):
            softmax(z + i * fan_out, fan_out)


cdef void softmax_backwards(const floating* a, floating* delta, int fan_out) noexcept nogil:
    """delta = a * (delta - a @ delta) for one image: the Jacobian is diag(a) - outer(a, a)."""
    cdef floating mean = 0
    cdef int i

    for i in range(fan_out):
        mean += a[i] * delta[i]
    for i in range(fan_out):
        delta[i] = a[i] * (delta[i] - mean)


cdef void multiply_by_prime(
    int activation, const floating* z, const floating* a, floating* delta, int fan_out, int n,
) noexcept nogil:
    """Turn dC/da (fan_out, n) into delta = dC/dz, given a and, for those that keep it, z."""
    cdef Py_ssize_t i, size = fan_out * <Py_ssize_t> n
    cdef floating s

    if activation == SIGMOID:
        for i in range(size):
            delta[i] *= sigmoid_prime(a[i])
    elif activation == TANH:
        for i in range(size):
            delta[i] *= (1 - a[i]) * (1 + a[i])
    elif activation == RELU:
        for i in range(size):
            delta[i] = delta[i] if a[i] > 0 else 0
    elif activation == LEAKY_RELU:
        for i in range(size):
            delta[i] *= 1 if a[i] > 0 else <floating> LEAK
    elif activation == ELU:
        for i in range(size):
            delta[i] *= 1 if a[i] > 0 else a[i] + 1
    elif activation == GELU:
        for i in range(size):
            delta[i] *= <floating> (normal_cdf(z[i]) + z[i] * DENSITY * exp(-0.5 * z[i] * z[i]))
    elif activation == SILU:
        for i in range(size):
            s = sigmoid(z[i])
            delta[i] *= s * (1 + z[i] * (1 - s))
    elif activation == SOFTPLUS:
        for i in range(size):
            delta[i] *= <floating> -expm1(-a[i])
    elif activation == EXPONENTIAL:
        for i in range(size):
            delta[i] *= a[i]
    elif activation == SOFTMAX:
        for i in range(n):
            softmax_backwards(a + i * fan_out, delta + i * fan_out, fan_out)
