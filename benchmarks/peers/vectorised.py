"""NumPy, a mini-batch at a time, on images that are already floats of the right type."""

import numpy as np
from task import feedforward

NAME = "vectorised NumPy"


def version():
    return f"NumPy {np.__version__}"


class Adam:
    """Algorithm 1 of Kingma and Ba (ICLR 2015), in place."""

    def __init__(self, parameters, eta):
        self.parameters, self.eta, self.t = parameters, eta, 0
        self.m = [np.zeros_like(p) for p in parameters]
        self.v = [np.zeros_like(p) for p in parameters]

    def step(self, gradients):
        self.t += 1
        eta = self.eta / (1 - 0.9**self.t)
        correction = (1 - 0.999**self.t) ** 0.5
        for p, g, m, v in zip(self.parameters, gradients, self.m, self.v, strict=True):
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            p -= eta * m / (np.sqrt(v) / correction + 1e-8)


class SGD:
    """Plain gradient descent, in place."""

    def __init__(self, parameters, eta):
        self.parameters, self.eta = parameters, eta

    def step(self, gradients):
        for p, g in zip(self.parameters, gradients, strict=True):
            p -= self.eta * g


class Trainer:
    """The equations of backpropagation on whole mini-batches."""

    def __init__(self, task, data):
        self.task = task
        self.weights, self.biases = task.initial()
        self.optimizer = {"sgd": SGD, "adam": Adam}[task.optimizer](self.weights + self.biases, task.eta)
        self.images = data.floats(task.dtype)
        self.targets = np.eye(task.sizes[-1], dtype=task.dtype)[data.labels]

    def epoch(self, rng):
        size = self.task.mini_batch_size
        order = rng.permutation(len(self.images))
        for begin in range(0, len(order), size):
            chosen = order[begin : begin + size]
            self.optimizer.step(self.gradients(self.images[chosen], self.targets[chosen]))

    def gradients(self, images, targets):
        activations = feedforward(self.task, self.weights, self.biases, images)
        delta = (activations[-1] - targets) / len(images)
        if self.task.loss == "quadratic":
            delta *= 2 * activations[-1] * (1 - activations[-1])
        nabla_w, nabla_b = [], []
        for layer in reversed(range(len(self.weights))):
            a = activations[layer]
            nabla_w.insert(0, delta.T @ a)
            nabla_b.insert(0, delta.sum(axis=0))
            if layer:
                delta = delta @ self.weights[layer]
                delta *= a * (1 - a) if self.task.activation == "sigmoid" else a > 0
        return nabla_w + nabla_b


def calls(model, images, threads):
    batch = np.atleast_2d(images.floats(model.task.dtype))

    def outputs(batch):
        return feedforward(model.task, model.weights, model.biases, batch)[-1]

    return [(NAME, outputs, batch)]
