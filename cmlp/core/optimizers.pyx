"""From a gradient to new parameters: one pass over the vectors, whatever the method.

To add one: a number and a name in the lists, its vectors in `STATE`, and a branch in `take_step`. Sources:
momentum and nesterov: I. Sutskever et al., ICML 2013, equations 1 to 4. rmsprop: T. Tieleman, G. Hinton, lecture
6.5, 2012. adam: D. Kingma, J. Ba, ICLR 2015, algorithm 1, and the order of section 2 for `epsilon_hat`. adamw:
I. Loshchilov, F. Hutter, ICLR 2019, algorithm 2. nadam: T. Dozat, ICLR workshop 2016, with its schedule of mu.
"""

from libc.math cimport pow, sqrt, sqrtf

from cmlp.core.blas cimport axpy
from cmlp.core.model cimport floating
from cmlp.core.simd cimport Moments, move_by_moments

cdef enum:
    SGD
    MOMENTUM
    NESTEROV
    RMSPROP
    ADAM
    NADAM

OPTIMIZERS = {
    "sgd": SGD,
    "momentum": MOMENTUM,
    "nesterov": NESTEROV,
    "rmsprop": RMSPROP,
    "adam": ADAM,
    "adamw": ADAM,
    "nadam": NADAM,
}
STATE = {
    "sgd": "",
    "momentum": "m",
    "nesterov": "m",
    "rmsprop": "v",
    "adam": "mv",
    "adamw": "mv",
    "nadam": "mv",
}


cdef inline floating root(floating x) noexcept nogil:
    return sqrtf(x) if floating is float else sqrt(x)


cdef void move_with_velocity(
    const Optimizer* optimizer, floating eta, const floating* nabla, floating* parameters, Py_ssize_t begin, int n,
) noexcept nogil:
    cdef floating* velocity = <floating*> optimizer.m + begin
    cdef floating mu = <floating> optimizer.momentum
    cdef bint look_ahead = optimizer.kind == NESTEROV
    cdef Py_ssize_t i

    for i in range(n):
        velocity[i] = mu * velocity[i] - eta * nabla[i]
        parameters[i] += mu * velocity[i] - eta * nabla[i] if look_ahead else velocity[i]


cdef void move_by_rms(
    const Optimizer* optimizer, floating eta, const floating* nabla, floating* parameters, Py_ssize_t begin, int n,
) noexcept nogil:
    cdef floating* v = <floating*> optimizer.v + begin
    cdef floating rho = <floating> optimizer.momentum, epsilon = <floating> optimizer.epsilon
    cdef Py_ssize_t i

    for i in range(n):
        v[i] = rho * v[i] + (1 - rho) * nabla[i] * nabla[i]
        parameters[i] -= eta * nabla[i] / (root(v[i]) + epsilon)


cdef double nadam_mu(const Optimizer* optimizer, double t) noexcept nogil:
    """The momentum of step t."""
    return optimizer.beta_1 * (1 - 0.5 * pow(0.96, t * optimizer.momentum_decay))


cdef Moments moments_of(const Optimizer* optimizer, double eta) noexcept nogil:
    """Return the step of adam, adamw or nadam, which differ in what multiplies m and nabla."""
    cdef double t = <double> optimizer.t, correction_2 = 1 - pow(optimizer.beta_2, t), mu, mu_next
    cdef Moments moments

    moments.beta_1, moments.new_1 = optimizer.beta_1, 1 - optimizer.beta_1
    moments.beta_2, moments.new_2 = optimizer.beta_2, 1 - optimizer.beta_2
    moments.decay = 1 - eta * optimizer.weight_decay
    moments.correction = sqrt(1 / correction_2)
    moments.epsilon = optimizer.epsilon / sqrt(correction_2) if optimizer.epsilon_hat else optimizer.epsilon
    if optimizer.kind == NADAM:
        mu = nadam_mu(optimizer, t)
        mu_next = nadam_mu(optimizer, t + 1)
        moments.of_m = eta * mu_next / (1 - optimizer.mu_product * mu_next)
        moments.of_nabla = eta * (1 - mu) / (1 - optimizer.mu_product)
    else:
        moments.of_m = eta / (1 - pow(optimizer.beta_1, t))
        moments.of_nabla = 0
    return moments


cdef void advance(Optimizer* optimizer) noexcept nogil:
    """Go on to the next step, which `take_step` then takes for one range of parameters after the other."""
    optimizer.t += 1
    if optimizer.kind == NADAM:
        optimizer.mu_product *= nadam_mu(optimizer, <double> optimizer.t)


cdef void take_step(
    const Optimizer* optimizer, double eta, const floating* nabla, floating* parameters, Py_ssize_t begin, int n,
) noexcept nogil:
    """Move n parameters, of which there are `begin` others before, against their gradient."""
    cdef Moments moments

    if optimizer.kind == SGD:
        # parameters -= eta * nabla
        axpy(n, <floating> -eta, nabla, 1, parameters, 1)
    elif optimizer.kind == RMSPROP:
        move_by_rms(optimizer, <floating> eta, nabla, parameters, begin, n)
    elif optimizer.kind == ADAM or optimizer.kind == NADAM:
        moments = moments_of(optimizer, eta)
        move_by_moments(&moments, nabla, <floating*> optimizer.m + begin, <floating*> optimizer.v + begin, parameters,
                        n)
    else:
        move_with_velocity(optimizer, <floating> eta, nabla, parameters, begin, n)
