"""From the gradient of a mini-batch to the next parameters: of all at once, or part by part, each by one thread."""

from cmlp.core.normalization cimport average_moments, needs_moments
from cmlp.core.optimizers cimport UpdateRule, take_step
from cmlp.core.penalties cimport Penalties, clip_norm, clip_values, limit_norms, penalise
from cmlp.core.structs cimport LayerSpec, NetworkSpec, Workspace, floating


cdef Columns columns_of(const LayerSpec* layer, int index, int parts) noexcept nogil:
    """Return which columns of the layer's weights belong to a part of the parameters."""
    cdef Columns columns

    columns.begin = <int> (layer.fan_in * <Py_ssize_t> index // parts)
    columns.end = <int> (layer.fan_in * <Py_ssize_t> (index + 1) // parts)
    return columns


cdef void average_parameters(const Plan* plan, const floating* parameters, Py_ssize_t begin, int n) noexcept nogil:
    """average = averaging * average + (1 - averaging) * parameters, for n of them from begin on"""
    cdef floating* average = <floating*> plan.average
    cdef floating old = <floating> plan.averaging
    cdef Py_ssize_t i

    for i in range(begin, begin + n):
        average[i] = old * average[i] + (1 - old) * parameters[i]


cdef double update(
    const Plan* plan, const Penalties* penalties, const UpdateRule* rule, double eta, Workspace* work,
    floating* parameters, Py_ssize_t begin, int n, bint are_weights,
) noexcept nogil:
    """Move n parameters from begin on against their gradient, and return the penalty on them, if they are weights."""
    cdef floating* nabla = <floating*> work.nabla + begin
    cdef double penalty = 0

    if are_weights:
        penalty = penalise(penalties, parameters + begin, nabla, n)
    if penalties.clip_value > 0:
        clip_values(penalties.clip_value, nabla, n)
    take_step(rule, eta, nabla, parameters + begin, begin, n, are_weights)
    if plan.averaging > 0:
        average_parameters(plan, parameters, begin, n)
    return penalty


cdef double update_part(
    const NetworkSpec* network, const Plan* plan, const Penalties* penalties, const UpdateRule* rule, double eta,
    Workspace* work, floating* parameters, int index, int parts,
) noexcept nogil:
    """Move the parameters of one part, and return the penalty on them."""
    cdef const LayerSpec* layer
    cdef Columns columns
    cdef double penalty = 0
    cdef int l

    for l in range(network.depth):
        layer = &network.layers[l]
        columns = columns_of(layer, index, parts)
        penalty += update(plan, penalties, rule, eta, work, parameters,
                          layer.weights + columns.begin * <Py_ssize_t> layer.fan_out,
                          <int> ((columns.end - columns.begin) * <Py_ssize_t> layer.fan_out), True)
        if l % parts == index:
            update(plan, penalties, rule, eta, work, parameters, layer.biases, layer.fan_out, False)
            if layer.normalised:
                update(plan, penalties, rule, eta, work, parameters, layer.gammas, layer.fan_out, False)
    return penalty


cdef void update_averages(
    const NetworkSpec* network, const Plan* plan, const Workspace* work, floating* parameters, int n, int index,
    int parts,
) noexcept nogil:
    """Move the running averages of one part towards the moments of a mini-batch of n images."""
    cdef const LayerSpec* layer
    cdef int l

    for l in range(network.depth):
        layer = &network.layers[l]
        if l % parts != index:
            continue
        if needs_moments(layer, work, n):
            average_moments(layer, work, n, parts, parameters)
        if layer.normalised and plan.averaging > 0:
            average_parameters(plan, parameters, layer.means, 2 * layer.fan_out)


cdef double update_all(
    const NetworkSpec* network, const Plan* plan, const Penalties* penalties, const UpdateRule* rule, double eta,
    Workspace* work, floating* parameters,
) noexcept nogil:
    """Move all parameters at once, where norms are limited, and return the penalty on them."""
    cdef Penalties later = penalties[0]
    cdef floating* nabla = <floating*> work.nabla
    cdef const LayerSpec* layer
    cdef double penalty = 0
    cdef int l

    for l in range(network.depth):
        layer = &network.layers[l]
        penalty += penalise(penalties, parameters + layer.weights, nabla + layer.weights,
                            layer.biases - layer.weights)
    if penalties.clip_norm > 0:
        clip_norm(penalties.clip_norm, nabla, network.n_trained)
    later.l1 = later.l2 = 0
    update_part(network, plan, &later, rule, eta, work, parameters, 0, 1)
    if penalties.max_norm > 0:
        limit_norms(network, penalties.max_norm, parameters)
    return penalty
