"""Everything is a pure function; a network is a tuple of Layer(w, b)."""
from functools import reduce
from typing import NamedTuple

import numpy as np


class Layer(NamedTuple):
    w: np.ndarray
    b: np.ndarray


class Batch(NamedTuple):
    images: np.ndarray
    labels: np.ndarray


LEAK = 0.1


def init(key, sizes):
    rng = np.random.default_rng(key)
    return tuple(
        Layer(rng.normal(0.0, np.sqrt(1.5 / n), (n, m)), np.zeros(m))
        for n, m in zip(sizes, sizes[1:]))


def leaky(z):
    return np.where(z > 0, z, LEAK * z)


def leaky_prime(z):
    return np.where(z > 0, 1.0, LEAK)


def trace(net, images):
    """Pre-activations and activations of every layer, first the images."""
    def push(state, layer):
        zs, acts = state
        z = acts[-1] @ layer.w + layer.b
        return zs + (z,), acts + (leaky(z),)
    return reduce(push, net, ((), (images,)))


def apply(net, images):
    return trace(net, images)[0][-1]


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def loss(net, batch):
    p = softmax(apply(net, batch.images))
    return -np.log(p[np.arange(len(batch.labels)), batch.labels]).mean()


def grad(net, batch):
    zs, acts = trace(net, batch.images)
    d = (softmax(zs[-1]) - np.eye(10)[batch.labels]) / len(batch.labels)
    grads = ()
    for i in range(len(net) - 1, -1, -1):
        grads = (Layer(acts[i].T @ d, d.sum(axis=0)),) + grads
        if i:
            d = (d @ net[i].w.T) * leaky_prime(zs[i - 1])
    return grads


def update(net, batch, lr):
    return tuple(
        Layer(p.w - lr * g.w, p.b - lr * g.b) for p, g in zip(net, grad(net, batch)))


def split(data, order, size):
    return (Batch(data.images[order[i:i + size]], data.labels[order[i:i + size]])
            for i in range(0, len(order), size))


def fit(net, data, epochs, lr, size):
    rng = np.random.default_rng(1)
    n = len(data.labels)
    for _ in range(epochs):
        batches = split(data, rng.permutation(n), size)
        for batch in batches:
            net = update(net, batch, lr)
    return net


def accuracy(net, data):
    return np.mean(apply(net, data.images).argmax(axis=-1) == data.labels)


def case(x, y, test_x, test_y):
    net = init(42, (784, 40, 40, 10))
    return Batch(x, y), Batch(test_x, test_y), dict(
        network=net, fit=fit, forward=apply, step=update, score=accuracy, epochs=10, lr=0.05, size=50)
