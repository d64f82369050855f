"""cmlp, on the images as they are in the file: bytes."""

import numpy as np

import cmlp

NAME = "cmlp"


def version():
    return f"cmlp {cmlp.__version__}"


class Trainer:
    """`Network.train`."""

    def __init__(self, task, data):
        self.task, self.network = task, task.network()
        self.data = cmlp.Dataset(data.pixels, data.labels, scale=data.scale)

    def epoch(self, rng):
        self.network.rng = rng
        self.network.train(
            self.data,
            1,
            self.task.eta,
            mini_batch_size=self.task.mini_batch_size,
            optimizer=self.task.optimizer,
            progress=False,
        )

    @property
    def weights(self):
        return list(self.network.weights)

    @property
    def biases(self):
        return list(self.network.biases)


def calls(model, images, threads):
    network = model.task.network()
    for layer, (w, b) in enumerate(zip(model.weights, model.biases, strict=True)):
        network.weights[layer], network.biases[layer] = w, b
    network.scale = images.scale
    own = images.floats(model.task.dtype)
    found = [(f"{NAME}, {model.task.dtype}", network, own), (f"{NAME}, uint8", network, images.pixels)]
    if own.ndim > 1:
        return found
    read_only = own.copy()
    read_only.flags.writeable = False
    return [
        *found,
        (f"{NAME}, {model.task.dtype}, read-only", network, read_only),
        (f"{NAME}, float64", network, own.astype(np.float64)),
        (f"{NAME}, predict", network.predict, own),
    ]
