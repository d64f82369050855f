"""one-vs-all digits, functional style: build() returns the functions that share one state"""
from types import SimpleNamespace
import numpy as np


def build(shape=(28, 28), n_hidden=24, n_classes=10, seed=5):
    gen = np.random.default_rng(seed)
    d = shape[0] * shape[1]
    state = SimpleNamespace(
        V=gen.uniform(-1, 1, (d + 1, n_hidden)) * 0.05,             # last row is the bias
        U=gen.uniform(-1, 1, (n_hidden + 1, n_classes)) * 0.1,
    )

    def with_bias(m):
        return np.c_[m, np.ones(len(m))]

    def hidden(images):
        flat = with_bias(images.reshape(len(images), -1))
        return flat, with_bias(np.tanh(flat @ state.V))

    def scores(images):
        _, h = hidden(images)
        return np.tanh(h @ state.U)

    def predict(images):
        return scores(images).argmax(axis=1)

    def targets(labels):
        return np.where(labels[:, None] == np.arange(n_classes), 1.0, -1.0)

    def gradients(images, labels):
        flat, h = hidden(images)
        s = np.tanh(h @ state.U)
        ds = (s - targets(labels)) * (1 - s ** 2)
        dh = ds @ state.U[:-1].T * (1 - h[:, :-1] ** 2)
        return flat.T @ dh / len(images), h.T @ ds / len(images)

    def train(images, labels, passes, stepsize, size=25):
        for _ in range(passes):
            order = gen.permutation(len(images))
            for part in np.array_split(order, max(1, len(images) // size)):
                gV, gU = gradients(images[part], labels[part])
                state.V -= stepsize * gV
                state.U -= stepsize * gU

    def accuracy(images, labels):
        return float((predict(images) == labels).mean())

    return SimpleNamespace(state=state, scores=scores, predict=predict, train=train, accuracy=accuracy)


def case(x, y, test_x, test_y):
    images, test_images = x.reshape(-1, 28, 28), test_x.reshape(-1, 28, 28)
    return (images, y), (test_images, test_y), {"network": build(), "passes": 8, "stepsize": 0.15, "size": 25}
