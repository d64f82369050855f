"""The network in plain NumPy, after Nielsen's chapter 2: slow, short, and written without a look at cmlp's core.

Images are columns here: a batch is (features, n), one-hot targets are (classes, n).
"""

import numpy as np


def sigmoid(z):
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + e), e / (1 + e))


def sigmoid_prime(z):
    return sigmoid(z) * (1 - sigmoid(z))


def feedforward(weights, biases, images):
    """Return the weighted inputs and the activations of every layer."""
    zs, activations = [], [images]
    for w, b in zip(weights, biases, strict=True):
        zs.append(w @ activations[-1] + b[:, None])
        activations.append(sigmoid(zs[-1]))
    return zs, activations


def cost(weights, biases, images, targets):
    """Return the mean over the images of the summed squared errors."""
    outputs = feedforward(weights, biases, images)[1][-1]
    return np.sum((outputs - targets) ** 2) / images.shape[1]


def gradient(weights, biases, images, targets):
    """Return the mean gradient, image by image, as sums of outer products."""
    nabla_w = [np.zeros_like(w) for w in weights]
    nabla_b = [np.zeros_like(b) for b in biases]
    for image, target in zip(images.T, targets.T, strict=True):
        zs, activations = feedforward(weights, biases, image[:, None])
        delta = 2 * (activations[-1] - target[:, None]) * sigmoid_prime(zs[-1])
        for layer in reversed(range(len(weights))):
            nabla_w[layer] += np.outer(delta, activations[layer])
            nabla_b[layer] += delta[:, 0]
            if layer:
                delta = weights[layer].T @ delta * sigmoid_prime(zs[layer - 1])
    n = images.shape[1]
    return [nw / n for nw in nabla_w], [nb / n for nb in nabla_b]


def step(weights, biases, images, targets, eta):
    """Return new weights and biases."""
    nabla_w, nabla_b = gradient(weights, biases, images, targets)
    moved_w = [w - eta * nw for w, nw in zip(weights, nabla_w, strict=True)]
    moved_b = [b - eta * nb for b, nb in zip(biases, nabla_b, strict=True)]
    return moved_w, moved_b


def epoch(weights, biases, images, targets, order, mini_batch_size, eta):
    """Take a step for each mini-batch of the images in the given order."""
    for begin in range(0, len(order), mini_batch_size):
        chosen = order[begin : begin + mini_batch_size]
        weights, biases = step(weights, biases, images[:, chosen], targets[:, chosen], eta)
    return weights, biases


def one_hot(labels, classes):
    return np.eye(classes)[:, labels]
