"""What an optimiser remembers from step to step."""

cimport numpy as cnp

from cmlp.core.memory import aligned_empty
from cmlp.core.optimizers import OPTIMIZERS, STATE

cnp.import_array()


cdef class OptimizerState:
    """The settings of an optimiser, its vectors (n_parameters,) by name, and the steps it has taken."""

    def __init__(self, name, settings, n_parameters, dtype):
        self.name = name
        self.optimizer.kind = OPTIMIZERS[name]
        self.optimizer.momentum = settings.get("momentum", 0)
        self.optimizer.beta_1 = settings.get("beta_1", 0)
        self.optimizer.beta_2 = settings.get("beta_2", 0)
        self.optimizer.epsilon = settings.get("epsilon", 0)
        self.optimizer.epsilon_hat = settings.get("epsilon_hat", False)
        self.optimizer.weight_decay = settings.get("weight_decay", 0)
        self.optimizer.momentum_decay = settings.get("momentum_decay", 0)
        self.optimizer.mu_product = 1
        self.vectors = {}
        for vector in STATE[name]:
            self.vectors[vector] = aligned_empty(n_parameters, dtype)
            self.vectors[vector].fill(0)
        if "m" in self.vectors:
            self.optimizer.m = cnp.PyArray_DATA(self.vectors["m"])
        if "v" in self.vectors:
            self.optimizer.v = cnp.PyArray_DATA(self.vectors["v"])

    @property
    def progress(self):
        """The steps taken, and the product of nadam's momentums: with the vectors, all that a step depends on."""
        return self.optimizer.t, self.optimizer.mu_product

    @progress.setter
    def progress(self, value):
        self.optimizer.t, self.optimizer.mu_product = value
