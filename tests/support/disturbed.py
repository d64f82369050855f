"""Small trainings with every feature, that are disturbed and go on until they are done."""

from dataclasses import asdict

import numpy as np

import cmlp
from cmlp import Network
from cmlp.training.schedules import Schedule

RNG = np.random.default_rng(0)
IMAGES, LABELS = RNG.random((40, 6)), np.arange(40) % 3
EPOCHS = 3


class Halving(Schedule):
    """A schedule of the user's, which remembers losses, and counts how often it is asked."""

    needs_epochs = False

    def __init__(self, rate=0.5):
        self.rate, self.losses, self.lowest, self.asked = rate, (), np.inf, np.int64(0)

    def factor(self, step, per_epoch, steps):
        self.asked += 1
        return float(self.rate ** len(self.losses) + self.asked * 1e-9)

    def observe(self, loss):
        self.losses, self.lowest = (*self.losses, loss), min(self.lowest, loss)


KINDS = {
    "sgd": {"schedule": Halving()},
    "momentum": {"optimizer": "momentum", "schedule": "cosine", "max_norm": 2.0},
    "nesterov": {"optimizer": "nesterov", "schedule": "one_cycle", "clip_norm": 0.5},
    "rmsprop": {"optimizer": "rmsprop", "validation_data": 0.25, "patience": 1, "training_accuracy": True},
    "adam": {
        "optimizer": "adam",
        "averaging": 0.9,
        "validation_data": 0.25,
        "patience": 1,
        "schedule": cmlp.Adaptive(0.5, 1, 10.0),
    },
    "adamw": {"optimizer": "adamw", "lmbda": 0.1, "label_smoothing": 0.1, "class_weight": "balanced"},
    "nadam": {"optimizer": "nadam", "averaging": 0.5, "schedule": "exponential", "clip_value": 0.1},
    "lbfgs": {"optimizer": "lbfgs", "validation_data": 0.25, "patience": 2, "l1": 0.01},
}


def new_network(kind):
    return Network([6, 5, 3], loss="cross_entropy", activation="relu", dropout=0.2 * (kind != "lbfgs"), seed=3)


def train(kind, path=None, callbacks=(), network=None, **settings):
    """Train, or go on with a training, and return all that comes of it but the seconds."""
    network = new_network(kind) if network is None else network
    settings = {"mini_batch_size": 8, "progress": False} | KINDS[kind] | settings
    kept = {} if path is None else {"checkpoint": path, "resume": True}
    history = network.train((IMAGES, LABELS), EPOCHS, 0.05, callbacks=callbacks, **kept, **settings)
    return outcome(network, history)


def outcome(network, history):
    lists = asdict(history)
    del lists["seconds"]
    return network.engine.parameters.tobytes(), lists, network.rng.bit_generator.state
