"""What keeps weights and steps small; biases are left alone.

L1 and L2: Nielsen's book, chapter 3. Gradients clipped by norm: R. Pascanu et al., ICML 2013, algorithm 1.
Weights of limited norm: N. Srivastava et al., Dropout, JMLR 15, 2014, section 5.1.
"""

from libc.math cimport fabs, sqrt

from cmlp.core.structs cimport LayerSpec, NetworkSpec, floating


cdef double penalise(
    const Penalties* penalties, const floating* weights, floating* nabla_w, Py_ssize_t n,
) noexcept nogil:
    """Add the derivative of the penalty on some weights (n,) to their gradient, and return the penalty."""
    cdef floating l1 = <floating> penalties.l1, l2 = <floating> penalties.l2
    cdef double absolute = 0, squared = 0
    cdef floating w
    cdef Py_ssize_t i

    if penalties.l1 == 0 and penalties.l2 == 0:
        return 0
    for i in range(n):
        w = weights[i]
        absolute += fabs(w)
        squared += <double> w * w
        nabla_w[i] += l1 * ((w > 0) - (w < 0)) + l2 * w
    return penalties.l1 * absolute + penalties.l2 / 2 * squared


cdef void clip_norm(double limit, floating* nabla, Py_ssize_t n) noexcept nogil:
    """Shorten the gradient (n,) to the longest norm."""
    cdef double squared = 0
    cdef floating factor
    cdef Py_ssize_t i

    for i in range(n):
        squared += <double> nabla[i] * nabla[i]
    if squared > limit * limit:
        factor = <floating> (limit / sqrt(squared))
        for i in range(n):
            nabla[i] *= factor


cdef void clip_values(double limit, floating* nabla, Py_ssize_t n) noexcept nogil:
    """Cut each element of the gradient (n,) to the largest value."""
    cdef floating most = <floating> limit
    cdef Py_ssize_t i

    for i in range(n):
        nabla[i] = most if nabla[i] > most else -most if nabla[i] < -most else nabla[i]


cdef void limit_norms(const NetworkSpec* network, double max_norm, floating* parameters) noexcept nogil:
    """Shorten the weights into each unit whose norm is larger than allowed."""
    cdef const LayerSpec* layer
    cdef floating* w
    cdef floating factor
    cdef double squared
    cdef int l, o, j

    for l in range(network.depth):
        layer = &network.layers[l]
        for o in range(layer.fan_out):
            w = parameters + layer.weights + o
            squared = 0
            for j in range(layer.fan_in):
                squared += <double> w[j * <Py_ssize_t> layer.fan_out] * w[j * <Py_ssize_t> layer.fan_out]
            if squared > max_norm * max_norm:
                factor = <floating> (max_norm / sqrt(squared))
                for j in range(layer.fan_in):
                    w[j * <Py_ssize_t> layer.fan_out] *= factor
