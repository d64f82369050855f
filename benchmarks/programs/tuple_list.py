"""Functional style: the network is a list [(W, b), ...]; nothing is ever changed, a step makes a new list."""
from functools import reduce

import numpy as np


def make_net(sizes, rng):
    return [(rng.standard_normal((n, k)) * (2.0 / n) ** 0.5, np.zeros(k)) for n, k in zip(sizes[:-1], sizes[1:])]


def act(z):
    return np.where(z > 0, z, 0.0)


def slope(z):
    return np.where(z > 0, 1.0, 0.0)


def log_softmax(z):
    z = z - z.max(-1, keepdims=True)
    return z - np.log(np.exp(z).sum(-1, keepdims=True))


def trace(net, x):
    """All inputs of the layers and all their z."""
    ins, zs = [], []
    for i, (W, b) in enumerate(net):
        ins.append(x)
        zs.append(x @ W + b)
        x = act(zs[-1])
    return ins, zs


def apply(net, x):
    return log_softmax(trace(net, x)[1][-1])


def grads(net, x, labels):
    ins, zs = trace(net, x)
    delta = np.exp(log_softmax(zs[-1]))
    delta[np.arange(len(labels)), labels] -= 1.0
    delta = delta / len(labels)
    out = []
    for i in range(len(net) - 1, -1, -1):
        out.append((ins[i].T @ delta, delta.sum(0)))
        if i > 0:
            delta = (delta @ net[i][0].T) * slope(zs[i - 1])
    return out[::-1]


def step(net, batch, lr=0.1):
    x = np.stack([p[0] for p in batch])
    labels = np.array([p[1] for p in batch])
    return [(W - lr * dW, b - lr * db) for (W, b), (dW, db) in zip(net, grads(net, x, labels))]


def batches(pairs, size, rng):
    order = rng.permutation(len(pairs))
    return [[pairs[j] for j in order[i:i + size]] for i in range(0, len(pairs), size)]


def run_epoch(net, pairs, lr, size, rng):
    return reduce(lambda n, batch: step(n, batch, lr), batches(pairs, size, rng), net)


def learn(net, pairs, lr=0.1, epochs=10, size=20, seed=0):
    rng = np.random.default_rng(seed)
    for _ in range(epochs):
        net = run_epoch(net, pairs, lr, size, rng)
    return net


def hit_rate(net, pairs):
    return sum(int(apply(net, x).argmax() == label) for x, label in pairs) / len(pairs)


def case(x, y, test_x, test_y):
    net = make_net([784, 40, 30, 10], np.random.default_rng(11))
    return list(zip(x, y)), list(zip(test_x, test_y)), {"network": net, "fit": learn, "forward": apply, "step": step,
                                                        "score": hit_rate, "lr": 0.1, "epochs": 8, "size": 20}
