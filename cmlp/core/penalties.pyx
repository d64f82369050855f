"""What keeps weights and steps small; biases are left alone.

L1 and L2: Nielsen's book, chapter 3. Gradients clipped by norm: R. Pascanu et al., ICML 2013, algorithm 1.
Weights of limited norm: N. Srivastava et al., Dropout, JMLR 15, 2014, section 5.1.
"""

from libc.math cimport fabs, sqrt

from cmlp.core.model cimport Layer, Model, floating


cdef double penalise(
    const Model* model, const Penalties* penalties, const floating* parameters, floating* nabla,
) noexcept nogil:
    """Add the derivative of the penalty to nabla, and return the penalty."""
    cdef floating l1 = <floating> penalties.l1, l2 = <floating> penalties.l2
    cdef double absolute = 0, squared = 0
    cdef const Layer* layer
    cdef floating w
    cdef Py_ssize_t i
    cdef int l

    if penalties.l1 == 0 and penalties.l2 == 0:
        return 0
    for l in range(model.depth):
        layer = &model.layers[l]
        for i in range(layer.weights, layer.biases):
            w = parameters[i]
            absolute += fabs(w)
            squared += <double> w * w
            nabla[i] += l1 * ((w > 0) - (w < 0)) + l2 * w
    return penalties.l1 * absolute + penalties.l2 / 2 * squared


cdef void clip(const Model* model, const Penalties* penalties, floating* nabla) noexcept nogil:
    """Shorten nabla to the longest norm, then cut each element to the largest value."""
    cdef floating limit = <floating> penalties.clip_value, factor
    cdef double squared = 0
    cdef Py_ssize_t i

    if penalties.clip_norm > 0:
        for i in range(model.n_parameters):
            squared += <double> nabla[i] * nabla[i]
        if squared > penalties.clip_norm * penalties.clip_norm:
            factor = <floating> (penalties.clip_norm / sqrt(squared))
            for i in range(model.n_parameters):
                nabla[i] *= factor
    if penalties.clip_value > 0:
        for i in range(model.n_parameters):
            nabla[i] = limit if nabla[i] > limit else -limit if nabla[i] < -limit else nabla[i]


cdef void shorten_weights(const Model* model, double max_norm, floating* parameters) noexcept nogil:
    """Shorten the weights into each unit whose norm is larger than allowed."""
    cdef const Layer* layer
    cdef floating* w
    cdef floating factor
    cdef double squared
    cdef int l, o, j

    if max_norm == 0:
        return
    for l in range(model.depth):
        layer = &model.layers[l]
        for o in range(layer.fan_out):
            w = parameters + layer.weights + o
            squared = 0
            for j in range(layer.fan_in):
                squared += <double> w[j * <Py_ssize_t> layer.fan_out] * w[j * <Py_ssize_t> layer.fan_out]
            if squared > max_norm * max_norm:
                factor = <floating> (max_norm / sqrt(squared))
                for j in range(layer.fan_in):
                    w[j * <Py_ssize_t> layer.fan_out] *= factor
