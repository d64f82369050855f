"""What the peers are given: images and labels, and the network that all of them train or run."""

import gzip
import os
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

import cmlp

FILES = {"training": "train-{}-ubyte.gz", "test": "t10k-{}-ubyte.gz"}


@dataclass(frozen=True)
class Data:
    """Images as bytes, as they are in the file, and as floats between 0 and 1, as most peers want them."""

    pixels: np.ndarray
    labels: np.ndarray
    scale: float

    def __len__(self):
        return len(self.labels)

    def floats(self, dtype):
        images = self.pixels.astype(dtype)
        images *= self.scale
        return images

    def first(self, n):
        return Data(self.pixels[:n], self.labels[:n], self.scale)


@dataclass(frozen=True)
class Task:
    """A network, and how it is trained."""

    sizes: tuple[int, ...]
    activation: str  # of the hidden layers
    loss: str  # quadratic with sigmoid outputs, or cross_entropy with softmax outputs
    optimizer: str
    eta: float
    mini_batch_size: int
    dtype: str

    @property
    def n_weights(self):
        return sum(a * b for a, b in pairwise(self.sizes))

    @property
    def flops_per_image(self):
        """Of training, counted as dense products: forward, gradient, and backward but into the image."""
        return 6 * self.n_weights - 2 * self.sizes[0] * self.sizes[1]

    def network(self, seed=0):
        return cmlp.Network(self.sizes, activation=self.activation, loss=self.loss, dtype=self.dtype, seed=seed)

    def initial(self):
        """Return the weights (fan_out, fan_in) and biases that every peer begins with."""
        network = self.network()
        return [np.array(w, order="C") for w in network.weights], [b.copy() for b in network.biases]

    @property
    def layers(self):
        return "-".join(map(str, self.sizes))

    def __str__(self):
        return (
            f"{self.layers}, {self.activation}, {self.loss.replace('_', '-')} loss, {self.optimizer}, "
            f"eta {self.eta:g}, mini-batches of {self.mini_batch_size}, {self.dtype}"
        )


@dataclass(frozen=True)
class Model:
    """A trained network as arrays, for the peers to run."""

    task: Task
    weights: list[np.ndarray]
    biases: list[np.ndarray]


def load_data(kind):
    """Return the training or test images of MNIST, where CMLP_MNIST names its folder, or the built-in digits."""
    folder = os.environ.get("CMLP_MNIST")
    if not folder:
        digits = cmlp.load_digits()[kind == "test"]
        return Data(digits.images, digits.labels, digits.scale)
    arrays = []
    for part, header in (("images-idx3", 16), ("labels-idx1", 8)):
        content = gzip.decompress((Path(folder) / FILES[kind].format(part)).read_bytes())
        arrays.append(np.frombuffer(content, np.uint8, offset=header))
    return Data(arrays[0].reshape(len(arrays[1]), -1), arrays[1].astype(np.intp), 1 / 255)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def feedforward(task, weights, biases, images):
    """Return the activations of every layer, the images first."""
    hidden = sigmoid if task.activation == "sigmoid" else lambda z: np.maximum(z, 0)
    output = sigmoid if task.loss == "quadratic" else softmax
    activations = [images]
    for layer, (w, b) in enumerate(zip(weights, biases, strict=True)):
        activate = output if layer == len(weights) - 1 else hidden
        activations.append(activate(activations[-1] @ w.T + b))
    return activations


def accuracy(task, weights, biases, data):
    """Return the percentage of images that a peer's weights get right: by one function, whoever trained them."""
    outputs = feedforward(task, weights, biases, data.floats(task.dtype))[-1]
    if not np.isfinite(outputs).all():
        return 0.0
    return 100 * float((outputs.argmax(axis=1) == data.labels).mean())
