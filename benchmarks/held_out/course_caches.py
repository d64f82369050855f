"""Fully connected net, modular: affine_forward / affine_backward with caches."""
import numpy as np


def affine_forward(x, w, b):
    out = x.reshape(x.shape[0], -1) @ w + b
    return out, {"x": x, "w": w, "b": b}


def affine_backward(dout, cache):
    x, w = cache["x"], cache["w"]
    dx = dout @ w.T
    dw = x.T @ dout
    db = dout.sum(axis=0)
    return dx, dw, db


def relu_forward(x):
    return np.maximum(0, x), {"x": x}


def relu_backward(dout, cache):
    return np.where(cache["x"] > 0, dout, 0)


def softmax_loss(scores, y):
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    N = scores.shape[0]
    loss = -log_probs[np.arange(N), y].mean()
    dx = np.exp(log_probs)
    dx[np.arange(N), y] -= 1
    dx /= N
    return loss, dx


class FullyConnectedNet:
    def __init__(self, hidden_dims, input_dim=784, num_classes=10, weight_scale=5e-2, seed=1):
        rng = np.random.RandomState(seed)
        dims = [input_dim] + list(hidden_dims) + [num_classes]
        self.num_layers = len(dims) - 1
        self.params = {}
        for i in range(1, self.num_layers + 1):
            self.params["W%d" % i] = weight_scale * rng.randn(dims[i - 1], dims[i])
            self.params["b%d" % i] = np.zeros(dims[i])
        self.loss_history = []

    def scores(self, X):
        caches, h = {}, X
        for i in range(1, self.num_layers + 1):
            h, caches["affine%d" % i] = affine_forward(h, self.params["W%d" % i], self.params["b%d" % i])
            if i < self.num_layers:
                h, caches["relu%d" % i] = relu_forward(h)
        return h, caches

    def loss(self, X, y, reg):
        scores, caches = self.scores(X)
        loss, dout = softmax_loss(scores, y)
        grads = {}
        for i in range(self.num_layers, 0, -1):
            if i < self.num_layers:
                dout = relu_backward(dout, caches["relu%d" % i])
            dout, dw, db = affine_backward(dout, caches["affine%d" % i])
            W = self.params["W%d" % i]
            loss += 0.5 * reg * np.sum(W * W)
            grads["W%d" % i] = dw + reg * W
            grads["b%d" % i] = db
        return loss, grads

    def train(self, X, y, learning_rate=1e-1, reg=1e-4, num_iters=700, batch_size=100):
        num_train = X.shape[0]
        for it in range(num_iters):
            mask = np.random.choice(num_train, batch_size)
            loss, grads = self.loss(X[mask], y[mask], reg)
            self.loss_history.append(loss)
            for name in grads:
                self.params[name] -= learning_rate * grads[name]
        return self.loss_history

    def predict(self, X):
        return self.scores(X)[0]

    def accuracy(self, X, y):
        return np.mean(np.argmax(self.predict(X), axis=1) == y)


def case(x, y, test_x, test_y):
    np.random.seed(231)
    net = FullyConnectedNet([64, 48])
    return (x, y), (test_x, test_y), dict(
        network=net, learning_rate=0.1, reg=1e-4, num_iters=1000, batch_size=100)
