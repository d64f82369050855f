"""The script that everybody writes first: NumPy in a loop over images, as in Nielsen's network.py."""

import platform

import numpy as np

NAME = "the script's loop"


def version():
    return f"Python {platform.python_version()}"


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def sigmoid_prime(z):
    return np.exp(-z) / (1 + np.exp(-z)) ** 2


class Trainer:
    """Sigmoid units and the quadratic cost, in float64 as NumPy draws its weights."""

    def __init__(self, task, data):
        weights, biases = task.initial()
        self.weights = [w.astype(float) for w in weights]
        self.columns = [b[:, None].astype(float) for b in biases]
        self.size, self.eta = task.mini_batch_size, task.eta
        targets = np.eye(task.sizes[-1])[:, :, None]
        self.data = [
            (image[:, None], targets[label]) for image, label in zip(data.floats(float), data.labels, strict=True)
        ]

    @staticmethod
    def can(task):
        return (task.activation, task.loss, task.optimizer) == ("sigmoid", "quadratic", "sgd")

    @property
    def biases(self):
        return [b[:, 0] for b in self.columns]

    def epoch(self, rng):
        order = rng.permutation(len(self.data))
        for begin in range(0, len(order), self.size):
            self.step([self.data[i] for i in order[begin : begin + self.size]])

    def step(self, mini_batch):
        nabla_w = [np.zeros(w.shape) for w in self.weights]
        nabla_b = [np.zeros(b.shape) for b in self.columns]
        for image, target in mini_batch:
            delta_nabla_w, delta_nabla_b = self.backprop(image, target)
            nabla_w = [nw + dnw for nw, dnw in zip(nabla_w, delta_nabla_w, strict=True)]
            nabla_b = [nb + dnb for nb, dnb in zip(nabla_b, delta_nabla_b, strict=True)]
        eta = self.eta / len(mini_batch)
        self.weights = [w - eta * nw for w, nw in zip(self.weights, nabla_w, strict=True)]
        self.columns = [b - eta * nb for b, nb in zip(self.columns, nabla_b, strict=True)]

    def backprop(self, image, target):
        nabla_w = [np.zeros(w.shape) for w in self.weights]
        nabla_b = [np.zeros(b.shape) for b in self.columns]
        activations, zs = [image], []
        for w, b in zip(self.weights, self.columns, strict=True):
            zs.append(np.dot(w, activations[-1]) + b)
            activations.append(sigmoid(zs[-1]))
        delta = 2 * (activations[-1] - target) * sigmoid_prime(zs[-1])
        for layer in reversed(range(len(self.weights))):
            nabla_w[layer] = np.dot(delta, activations[layer].T)
            nabla_b[layer] = delta
            if layer:
                delta = np.dot(self.weights[layer].T, delta) * sigmoid_prime(zs[layer - 1])
        return nabla_w, nabla_b
