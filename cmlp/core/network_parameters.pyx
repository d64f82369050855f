"""What a network is, and the vector that holds its parameters."""

from libc.limits cimport INT_MAX
from libc.stdlib cimport calloc, free

import numpy as np

cimport numpy as cnp

from cmlp.core.structs cimport LayerSpec, NetworkSpec

from cmlp.core.activations import ACTIVATIONS, KEEP_Z
from cmlp.core.arrays import aligned_empty
from cmlp.core.losses import FUSED, LOSSES, MEANS, NEED_FUSED

cnp.import_array()


cdef int check_network(tuple sizes, activations, loss, dropouts, tuple normalised, cnp.dtype dtype) except -1:
    """Refuse what kernels could not compute."""
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(f"sizes must be at least two positive integers, got {sizes}")
    if sum((fan_in + (4 if any(normalised) else 1)) * fan_out for fan_in, fan_out in zip(sizes, sizes[1:])) > INT_MAX:
        raise ValueError(f"sizes must give fewer than 2**31 parameters, got {sizes}")
    if not len(activations) == len(dropouts) == len(sizes) - 1:
        found = f"{len(activations)} and {len(dropouts)}"
        raise ValueError(f"there must be {len(sizes) - 1} activations and dropouts, got {found}")
    if len(normalised) != len(sizes) - 1 or normalised[len(normalised) - 1]:
        rule = f"normalised must say of {len(sizes) - 1} layers whether they are, the last is not"
        raise ValueError(f"{rule}, got {normalised}")
    if loss in NEED_FUSED and activations[len(activations) - 1] != FUSED[loss]:
        raise ValueError(f"the loss {loss} needs {FUSED[loss]} outputs, got {activations[len(activations) - 1]}")
    if dtype != np.float32 and dtype != np.float64:
        raise TypeError(f"dtype must be float32 or float64, got {dtype}")
    return 0


cdef class NetworkParameters:
    """The parameters of a network.

    Parameters
    ----------
    sizes : tuple of int
    activations : sequence of str
        One per layer with weights.
    loss : str
    dropouts : sequence of float
        One per layer with weights: the share of its units that training leaves out.
    dtype : numpy.dtype
        float32 or float64.
    normalised : sequence of bool, optional
        Per layer with weights: whether it is normalised over each mini-batch; never the last, and by default none is.

    Raises
    ------
    TypeError, ValueError, KeyError
        If these describe no network.
    """

    def __cinit__(self, sizes, activations, loss, dropouts, dtype, normalised=None):
        cdef NetworkSpec* network = &self.network
        cdef LayerSpec* layer

        self.sizes = tuple(sizes)
        self.kind = (self.sizes, tuple(activations), loss, tuple(dropouts))
        self.normalised = (False,) * (len(sizes) - 1) if normalised is None else tuple(map(bool, normalised))
        self.dtype = np.dtype(dtype)
        check_network(self.sizes, activations, loss, dropouts, self.normalised, self.dtype)
        self.single_precision = self.dtype == np.float32
        network.depth = len(sizes) - 1
        network.fan_in, network.fan_out = sizes[0], sizes[network.depth]
        network.loss = LOSSES[loss]
        network.loss_factor = 1.0 / network.fan_out if loss in MEANS else 0.5 if loss == "half_squared_error" else 1
        network.fused = FUSED.get(loss) == activations[network.depth - 1]
        network.layers = <LayerSpec*> calloc(network.depth, sizeof(LayerSpec))
        if network.layers == NULL:
            raise MemoryError
        for l in range(network.depth):
            layer = &network.layers[l]
            layer.fan_in, layer.fan_out = sizes[l], sizes[l + 1]
            layer.activation = ACTIVATIONS[activations[l]]
            layer.keeps_z = activations[l] in KEEP_Z or (l == network.depth - 1 and network.fused)
            layer.dropout = dropouts[l]
            layer.normalised = self.normalised[l]
            network.drops |= layer.dropout > 0
            layer.weights = network.n_parameters
            layer.biases = layer.weights + layer.fan_in * <Py_ssize_t> layer.fan_out
            layer.units = network.units
            network.n_parameters = <int> (layer.biases + layer.fan_out)
            network.units += layer.fan_out
        self._place_normalisation()
        self.vector = aligned_empty(network.n_parameters, self.dtype)
        self.vector.fill(0)

    cdef int _place_normalisation(self) except -1:
        """Place, behind weights and biases, the gammas of normalised layers, and then the running averages."""
        cdef NetworkSpec* network = &self.network
        cdef LayerSpec* layer

        for l in range(network.depth):
            layer = &network.layers[l]
            if layer.normalised:
                network.normalises = True
                layer.gammas = network.n_parameters
                network.n_parameters += layer.fan_out
        network.n_trained = network.n_parameters
        for l in range(network.depth):
            layer = &network.layers[l]
            if layer.normalised:
                layer.means, layer.variances = network.n_parameters, network.n_parameters + layer.fan_out
                network.n_parameters += 2 * layer.fan_out
        return 0

    def __dealloc__(self):
        free(self.network.layers)

    @property
    def parameters(self):
        """Every weight and bias in one vector: a new view each time, whose shape and type are the caller's own."""
        return self.vector.view()

    @property
    def drops(self):
        """Whether training leaves any units out."""
        return self.network.drops

    def views(self, vector):
        """Return the weights (fan_out, fan_in) and the biases (fan_out,) of each layer, as views of a vector."""
        cdef LayerSpec* layer

        weights, biases = [], []
        for l in range(self.network.depth):
            layer = &self.network.layers[l]
            weights.append(vector[layer.weights:layer.biases].reshape(layer.fan_in, layer.fan_out).T)
            biases.append(vector[layer.biases:layer.biases + layer.fan_out])
        return weights, biases

    def normalisation(self, vector):
        """Return gamma, and the running mean and variance (fan_out,) of each layer, as views of a vector, or None."""
        cdef LayerSpec* layer

        found = []
        for l in range(self.network.depth):
            layer = &self.network.layers[l]
            begins = (layer.gammas, layer.means, layer.variances)
            found.append(tuple(vector[begin:begin + layer.fan_out] for begin in begins) if layer.normalised else None)
        return found
