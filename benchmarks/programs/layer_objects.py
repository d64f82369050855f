"""My own tiny layer library (NumPy only), two hidden layers on MNIST."""
import numpy as np


class Dense:
    def __init__(self, n_in, n_out, rng):
        self.W = rng.normal(0.0, np.sqrt(1.0 / n_in), size=(n_in, n_out))
        self.b = np.zeros(n_out)
        self.dW = np.zeros_like(self.W)
        self.db = np.zeros_like(self.b)

    def forward(self, x, training=False):
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad):
        self.dW = self.x.T @ grad
        self.db = grad.sum(axis=0)
        return grad @ self.W.T

    def update(self, lr):
        self.W -= lr * self.dW
        self.b -= lr * self.db


class Sigmoid:
    def forward(self, x, training=False):
        self.out = 1.0 / (1.0 + np.exp(-x))
        return self.out

    def backward(self, grad):
        return grad * self.out * (1.0 - self.out)

    def update(self, lr):
        pass


class SoftmaxCrossEntropy:
    def forward(self, logits, y):
        shifted = logits - logits.max(axis=1, keepdims=True)
        e = np.exp(shifted)
        self.p = e / e.sum(axis=1, keepdims=True)
        self.y = y
        return -np.log(self.p[np.arange(len(y)), y] + 1e-12).mean()

    def backward(self):
        grad = self.p.copy()
        grad[np.arange(len(self.y)), self.y] -= 1.0
        return grad / len(self.y)


class Model:
    def __init__(self, layers, loss, seed=0):
        self.layers = layers
        self.loss = loss
        self.rng = np.random.default_rng(seed)
        self.history = []

    def forward(self, x, training=False):
        for layer in self.layers:
            x = layer.forward(x, training)
        return x

    def backward(self):
        grad = self.loss.backward()
        for layer in reversed(self.layers):
            grad = layer.backward(grad)

    def fit(self, X, y, epochs=10, batch_size=32, lr=0.1):
        for epoch in range(epochs):
            order = self.rng.permutation(len(X))
            X_shuffled, y_shuffled = X[order], y[order]
            total = 0.0
            for start in range(0, len(X), batch_size):
                xb = X_shuffled[start:start + batch_size]
                yb = y_shuffled[start:start + batch_size]
                logits = self.forward(xb, training=True)
                total += self.loss.forward(logits, yb) * len(xb)
                self.backward()
                for layer in self.layers:
                    layer.update(lr)
            self.history.append(total / len(X))
        return self

    def predict(self, X):
        return np.argmax(self.forward(X), axis=1)

    def evaluate(self, X, y):
        return np.mean(self.predict(X) == y)


def build(seed=1):
    rng = np.random.default_rng(seed)
    return Model([Dense(784, 48, rng), Sigmoid(), Dense(48, 48, rng), Sigmoid(), Dense(48, 10, rng)],
                 SoftmaxCrossEntropy())


def case(x, y, test_x, test_y):
    return (x, y), (test_x, test_y), {"network": build(), "epochs": 10, "batch_size": 32, "lr": 0.5}
