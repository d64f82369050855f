"""A training that is interrupted, and goes on from its checkpoint."""

from dataclasses import asdict

import cmlp
from cmlp import Network

TRAIN, TEST = cmlp.load_digits()
TRAIN, TEST = TRAIN[:200], TEST[:50]
EPOCHS = 3


class Interrupt:
    def __init__(self, *, step=None, epoch=None):
        self.step, self.epoch = step, epoch

    def on_batch_end(self, event):
        if event.step == self.step:
            raise KeyboardInterrupt

    def on_epoch_end(self, event):
        if event.epoch == self.epoch:
            raise KeyboardInterrupt


def train(
    path=None, callback=None, *, resume=False, dropout=0.0, dtype="float64", epochs=EPOCHS, data=TRAIN, **settings
):
    """Train, and return the network, and the history if the training came to its end."""
    network = Network([64, 12, 10], dropout=dropout, dtype=dtype, seed=3)
    settings = {"optimizer": "sgd", "mini_batch_size": 16} | settings
    try:
        history = network.train(data, epochs, 0.1, checkpoint=path, resume=resume, callbacks=callback or (), **settings)
    except KeyboardInterrupt:
        history = None
    return network, history


def outcome(network, history):
    """All that comes of a training, but the seconds."""
    lists = asdict(history)
    del lists["seconds"]
    return [array.tobytes() for array in (*network.weights, *network.biases)], lists, network.rng.bit_generator.state
