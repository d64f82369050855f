"""Layers are closures, mini-batches come out of a generator, callbacks watch the epochs."""
import numpy as np


def dense(n_in, n_out, rng):
    W = rng.standard_normal((n_in, n_out)) * np.sqrt(1 / n_in)
    b = np.zeros(n_out)
    memory = {}

    def run(x):
        return x @ W + b

    def remember(x):
        memory["x"] = x
        return run(x)

    def back(d):
        memory["dW"] = memory["x"].T @ d
        memory["db"] = d.sum(0)
        return d @ W.T

    def learn(rate):
        W[...] -= rate * memory["dW"]
        b[...] -= rate * memory["db"]

    return {"run": run, "remember": remember, "back": back, "learn": learn, "arrays": [W, b]}


def elementwise(f, df):
    memory = {}

    def remember(x):
        memory["y"] = f(x)
        return memory["y"]

    return {"run": f, "remember": remember, "back": lambda d: d * df(memory["y"]),
            "learn": lambda rate: None, "arrays": []}


def sigmoid():
    return elementwise(lambda z: 1 / (1 + np.exp(-z)), lambda y: y * (1 - y))


class Loader:
    def __init__(self, images, labels, size, shuffle=True):
        self.images, self.labels, self.size, self.shuffle = images, labels, size, shuffle

    def __len__(self):
        return -(-len(self.images) // self.size)

    def __iter__(self):
        index = np.arange(len(self.images))
        if self.shuffle:
            np.random.shuffle(index)
        for start in range(0, len(index), self.size):
            pick = index[start:start + self.size]
            yield self.images[pick], self.labels[pick]


def softmax(z):
    z = np.exp(z - np.max(z, axis=1, keepdims=True))
    return z / np.sum(z, axis=1, keepdims=True)


def predict(layers, images):
    for layer in layers:
        images = layer["run"](images)
    return softmax(images)


def early_stopping(patience):
    best = {"loss": np.inf, "wait": 0}

    def callback(epoch, loss):
        if loss < best["loss"]:
            best["loss"], best["wait"] = loss, 0
        else:
            best["wait"] += 1
        return best["wait"] >= patience
    return callback


def train(layers, loader, epochs, rate, callbacks=()):
    for epoch in range(epochs):
        total = 0.0
        for images, labels in loader:
            h = images
            for layer in layers:
                h = layer["remember"](h)
            p = softmax(h)
            total -= np.log(p[np.arange(len(labels)), labels] + 1e-9).sum()
            d = (p - np.eye(10)[labels]) / len(labels)
            for layer in reversed(layers):
                d = layer["back"](d)
            for layer in layers:
                layer["learn"](rate)
        if any([callback(epoch, total) for callback in callbacks]):
            break


def accuracy(layers, loader):
    right = count = 0
    for images, labels in loader:
        right += (predict(layers, images).argmax(1) == labels).sum()
        count += len(labels)
    return right / count


def case(x, y, test_x, test_y):
    np.random.seed(3)
    rng = np.random.default_rng(3)
    layers = [dense(784, 60, rng), sigmoid(), dense(60, 10, rng)]
    return Loader(x, y, 32), Loader(test_x, test_y, 200, shuffle=False), dict(
        network=layers, fit=train, forward=predict, score=accuracy,
        epochs=12, rate=0.1, callbacks=[early_stopping(2)])
