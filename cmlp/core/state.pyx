"""What an optimizer remembers from step to step."""

import numpy as np

cimport numpy as cnp

from cmlp.core.arrays import aligned_empty
from cmlp.core.optimizers import OPTIMIZERS, STATE

cnp.import_array()


def zeros(size, dtype):
    """Return an aligned vector of zeros."""
    vector = aligned_empty(size, dtype)
    vector.fill(0)
    return vector


cdef class OptimizerState:
    """The settings of an optimizer, its vectors (n_parameters,) by name, and the steps it has taken."""

    def __cinit__(self, name, settings, n_parameters, dtype):
        self.name = name
        self.rule.kind = OPTIMIZERS[name]
        self.rule.momentum = settings.get("momentum", 0)
        self.rule.beta_1 = settings.get("beta_1", 0)
        self.rule.beta_2 = settings.get("beta_2", 0)
        self.rule.epsilon = settings.get("epsilon", 0)
        self.rule.epsilon_hat = settings.get("epsilon_hat", False)
        self.rule.weight_decay = settings.get("weight_decay", 0)
        self.rule.momentum_decay = settings.get("momentum_decay", 0)
        self.rule.mu_product = 1
        if "m" in STATE[name]:
            self.m = zeros(n_parameters, np.dtype(dtype))
            self.rule.m = cnp.PyArray_DATA(self.m)
        if "v" in STATE[name]:
            self.v = zeros(n_parameters, np.dtype(dtype))
            self.rule.v = cnp.PyArray_DATA(self.v)

    cdef int check_fits(self, Py_ssize_t n_parameters, cnp.dtype dtype) except -1:
        """Refuse vectors that are not made for so many parameters of this type."""
        for vector in (self.m, self.v):
            if vector is not None and (len(vector) != n_parameters or vector.dtype != dtype):
                found = f"{len(vector)} of {vector.dtype}"
                raise ValueError(f"the optimizer must have vectors of {n_parameters} {dtype} numbers, got {found}")
        return 0

    @property
    def vectors(self):
        """The vectors by name: a dict and views of its own each time, because kernels go on with these arrays."""
        return {name: vector.view() for name, vector in (("m", self.m), ("v", self.v)) if vector is not None}

    @property
    def progress(self):
        """The steps taken, and the product of nadam's momentums: with the vectors, all that a step depends on."""
        return self.rule.t, self.rule.mu_product

    @progress.setter
    def progress(self, value):
        self.rule.t, self.rule.mu_product = value


cdef class RunningLoss:
    """How many images of an epoch were used, their summed loss, and their weight.

    `Engine.train` writes it before it returns to the interpreter: whatever happens there finds parameters, optimizer
    and this in step.
    """

    def __init__(self, done=0, loss=0.0, weight=0.0):
        self.done, self.loss, self.weight = done, loss, weight
