"""Tiny convnet in plain numpy: 8 filters 5x5 with stride 2, relu, one dense layer. Images are 28x28, 0..255."""
from dataclasses import dataclass

import numpy as np

K, S, F = 5, 2, 8
SIDE = (28 - K) // S + 1


@dataclass
class ConvNet:
    filters: np.ndarray
    fbias: np.ndarray
    dense: np.ndarray
    dbias: np.ndarray


def new_net(seed):
    r = np.random.RandomState(seed)
    return ConvNet(filters=r.randn(K * K, F) * np.sqrt(2.0 / (K * K)),
                   fbias=np.zeros(F),
                   dense=r.randn(SIDE * SIDE * F, 10) * np.sqrt(1.0 / (SIDE * SIDE * F)),
                   dbias=np.zeros(10))


def patches(images):
    w = np.lib.stride_tricks.sliding_window_view(images, (K, K), axis=(1, 2))[:, ::S, ::S]
    return w.reshape(len(images), SIDE * SIDE, K * K)


def forward_all(net, images):
    images = images / 255.0
    cols = patches(images)
    maps = np.maximum(cols @ net.filters + net.fbias, 0.0)
    flat = maps.reshape(len(images), -1)
    logits = flat @ net.dense + net.dbias
    return cols, maps, flat, logits


def forward(net, images):
    return forward_all(net, images)[-1]


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def train_batch(net, images, labels, lr):
    cols, maps, flat, logits = forward_all(net, images)
    p = softmax(logits)
    loss = -np.log(p[np.arange(len(labels)), labels] + 1e-12).mean()

    dlogits = p
    dlogits[np.arange(len(labels)), labels] -= 1.0
    dlogits /= len(labels)
    ddense = flat.T @ dlogits
    ddbias = dlogits.sum(axis=0)
    dmaps = (dlogits @ net.dense.T).reshape(maps.shape)
    dmaps = dmaps * (maps > 0)
    dfilters = np.zeros_like(net.filters)
    for position in range(SIDE * SIDE):
        dfilters += cols[:, position].T @ dmaps[:, position]
    dfbias = dmaps.sum(axis=(0, 1))

    net.dense -= lr * ddense
    net.dbias -= lr * ddbias
    net.filters -= lr * dfilters
    net.fbias -= lr * dfbias
    return loss


def train(net, images, labels, epochs=3, lr=0.1, batch=50):
    for epoch in range(epochs):
        losses = []
        for start in range(0, len(images), batch):
            losses.append(train_batch(net, images[start:start + batch], labels[start:start + batch], lr))
        print(f"epoch {epoch}: loss {np.mean(losses):.4f}")


def percent_right(net, images, labels):
    right = 0
    for start in range(0, len(images), 500):
        guess = forward(net, images[start:start + 500]).argmax(axis=1)
        right += int((guess == labels[start:start + 500]).sum())
    return 100.0 * right / len(images)


def case(x, y, test_x, test_y):
    images = (x * 255.0).reshape(-1, 28, 28)
    test_images = (test_x * 255.0).reshape(-1, 28, 28)
    net = new_net(12)
    return (images, y), (test_images, test_y), dict(
        network=net, fit=train, forward=forward, step=train_batch, score=percent_right,
        epochs=3, lr=0.1, batch=50)
