"""From a gradient to new parameters: one pass over the vectors, whatever the method.

To add one: a number and a name in the lists, its vectors in `STATE`, and a branch in `take_step`. Sources:
momentum and nesterov: I. Sutskever et al., ICML 2013, equations 1 to 4. rmsprop: T. Tieleman, G. Hinton, lecture
6.5, 2012. adam: D. Kingma, J. Ba, ICLR 2015, algorithm 1, and the order of section 2 for `epsilon_hat`. adamw:
I. Loshchilov, F. Hutter, ICLR 2019, algorithm 2. nadam: T. Dozat, ICLR workshop 2016, with its schedule of mu.
"""

from libc.math cimport pow, sqrt, sqrtf

from cmlp.core.blas cimport axpy
from cmlp.core.structs cimport floating
from cmlp.core.simd cimport Moments, step_with_moments

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


cdef void step_with_velocity(
    const UpdateRule* rule, floating eta, const floating* nabla, floating* parameters, Py_ssize_t begin, int n,
) noexcept nogil:
    cdef floating* velocity = <floating*> rule.m + begin
    cdef floating mu = <floating> rule.momentum
    cdef bint look_ahead = rule.kind == NESTEROV
    cdef Py_ssize_t i

    for i in range(n):
        velocity[i] = mu * velocity[i] - eta * nabla[i]
        parameters[i] += mu * velocity[i] - eta * nabla[i] if look_ahead else velocity[i]


cdef void step_with_rms(
    const UpdateRule* rule, floating eta, const floating* nabla, floating* parameters, Py_ssize_t begin, int n,
) noexcept nogil:
    cdef floating* v = <floating*> rule.v + begin
    cdef floating rho = <floating> rule.momentum, epsilon = <floating> rule.epsilon
    cdef Py_ssize_t i

    for i in range(n):
        v[i] = rho * v[i] + (1 - rho) * nabla[i] * nabla[i]
        parameters[i] -= eta * nabla[i] / (root(v[i]) + epsilon)


cdef double nadam_mu(const UpdateRule* rule, double t) noexcept nogil:
    """The momentum of step t."""
    return rule.beta_1 * (1 - 0.5 * pow(0.96, t * rule.momentum_decay))


cdef Moments moments_of(const UpdateRule* rule, double eta, bint decays) noexcept nogil:
    """Return the step of adam, adamw or nadam, which differ in what multiplies m and nabla."""
    cdef double t = <double> rule.t, correction_2 = 1 - pow(rule.beta_2, t), mu, mu_next
    cdef Moments moments

    moments.beta_1, moments.new_1 = rule.beta_1, 1 - rule.beta_1
    moments.beta_2, moments.new_2 = rule.beta_2, 1 - rule.beta_2
    moments.decay = 1 - eta * rule.weight_decay if decays else 1
    moments.correction = sqrt(1 / correction_2)
    moments.epsilon = rule.epsilon / sqrt(correction_2) if rule.epsilon_hat else rule.epsilon
    if rule.kind == NADAM:
        mu = nadam_mu(rule, t)
        mu_next = nadam_mu(rule, t + 1)
        moments.m_factor = eta * mu_next / (1 - rule.mu_product * mu_next)
        moments.nabla_factor = eta * (1 - mu) / (1 - rule.mu_product)
    else:
        moments.m_factor = eta / (1 - pow(rule.beta_1, t))
        moments.nabla_factor = 0
    return moments


cdef void advance(UpdateRule* rule) noexcept nogil:
    """Go on to the next step, which `take_step` then takes for one range of parameters after the other."""
    rule.t += 1
    if rule.kind == NADAM:
        rule.mu_product *= nadam_mu(rule, <double> rule.t)


cdef void take_step(
    const UpdateRule* rule, double eta, const floating* nabla, floating* parameters, Py_ssize_t begin, int n,
    bint decays,
) noexcept nogil:
    """Move n parameters, of which there are `begin` others before, against their gradient.

    `decays` says whether adamw lets them shrink.
    """
    cdef Moments moments

    if rule.kind == SGD:
        # parameters -= eta * nabla
        axpy(n, <floating> -eta, nabla, 1, parameters, 1)
    elif rule.kind == RMSPROP:
        step_with_rms(rule, <floating> eta, nabla, parameters, begin, n)
    elif rule.kind == ADAM or rule.kind == NADAM:
        moments = moments_of(rule, eta, decays)
        step_with_moments(&moments, nabla, <floating*> rule.m + begin, <floating*> rule.v + begin, parameters,
                          n)
    else:
        step_with_velocity(rule, <floating> eta, nabla, parameters, begin, n)
