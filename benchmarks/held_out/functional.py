from collections import namedtuple
from functools import reduce
import numpy as np

Params = namedtuple("Params", "w1 b1 w2 b2")
Batch = namedtuple("Batch", "images targets")


def init(key, hidden=50):
    rng = np.random.default_rng(key)
    return Params(
        w1=rng.normal(0, 784 ** -0.5, (784, hidden)),
        b1=np.zeros(hidden),
        w2=rng.normal(0, hidden ** -0.5, (hidden, 10)),
        b2=np.zeros(10),
    )


def logits(params, images):
    hidden = np.tanh(images @ params.w1 + params.b1)
    return hidden @ params.w2 + params.b2


def log_probs(params, images):
    out = logits(params, images)
    out = out - out.max(axis=-1, keepdims=True)
    return out - np.log(np.sum(np.exp(out), axis=-1, keepdims=True))


def loss(params, batch):
    return -np.mean(np.sum(log_probs(params, batch.images) * batch.targets, axis=-1))


def grad(params, batch):
    hidden = np.tanh(batch.images @ params.w1 + params.b1)
    err = (np.exp(log_probs(params, batch.images)) - batch.targets) / len(batch.images)
    back = (err @ params.w2.T) * (1 - hidden ** 2)
    return Params(batch.images.T @ back, back.sum(axis=0), hidden.T @ err, err.sum(axis=0))


def sgd(params, grads, lr):
    return Params(*(p - lr * g for p, g in zip(params, grads)))


def update(params, batch, lr):
    return sgd(params, grad(params, batch), lr)


def batches(key, images, targets, size):
    order = np.random.default_rng(key).permutation(len(images))
    return [Batch(images[k], targets[k]) for k in np.split(order, range(size, len(order), size))]


def one_epoch(params, images, targets, key, size, lr):
    return reduce(lambda p, b: update(p, b, lr), batches(key, images, targets, size), params)


def train(params, images, targets, num_epochs=6, size=32, lr=0.2):
    for key in range(num_epochs):
        params = one_epoch(params, images, targets, key, size, lr)
    return params


def accuracy(params, images, targets):
    return np.mean(np.argmax(logits(params, images), -1) == np.argmax(targets, -1))


def one_hot(y, k=10, dtype=np.float64):
    return np.asarray(y[:, None] == np.arange(k), dtype)


def case(x, y, test_x, test_y):
    return (x, one_hot(y)), (test_x, one_hot(test_y)), dict(
        network=init(0), fit=train, forward=logits, step=update, score=accuracy,
        num_epochs=6, size=32, lr=0.2)
