import numpy as np

np.random.seed(42)


class Dense:
    def __init__(self, n_in, n_out):
        self.weights = np.random.randn(n_in, n_out) * np.sqrt(2.0 / n_in)
        self.bias = np.zeros((1, n_out))

    def forward(self, x, training=False):
        self.x = x
        return x @ self.weights + self.bias

    def backward(self, grad, lr):
        grad_w = self.x.T @ grad
        grad_b = grad.sum(axis=0, keepdims=True)
        grad_in = grad @ self.weights.T
        self.weights -= lr * grad_w
        self.bias -= lr * grad_b
        return grad_in


class ReLU:
    def forward(self, x, training=False):
        self.mask = x > 0
        return np.where(self.mask, x, 0.0)

    def backward(self, grad, lr):
        return grad * self.mask


class Dropout:
    def __init__(self, p):
        self.p = p

    def forward(self, x, training=False):
        if not training:
            self.keep = np.ones_like(x)
        else:
            self.keep = (np.random.rand(*x.shape) > self.p) / (1 - self.p)
        return x * self.keep

    def backward(self, grad, lr):
        return grad * self.keep


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


class NeuralNet:
    def __init__(self, layers):
        self.layers = layers

    def forward(self, x, training=False):
        for layer in self.layers:
            x = layer.forward(x, training)
        return softmax(x)

    def train(self, X, y, epochs, lr, batch_size=32):
        n = len(X)
        for epoch in range(epochs):
            order = np.random.permutation(n)
            X_shuf, y_shuf = X[order], y[order]
            for start in range(0, n, batch_size):
                xb = X_shuf[start:start + batch_size]
                yb = y_shuf[start:start + batch_size]
                probs = self.forward(xb, training=True)
                grad = probs.copy()
                grad[np.arange(len(yb)), yb] -= 1
                grad /= len(yb)
                for layer in reversed(self.layers):
                    grad = layer.backward(grad, lr)

    def predict(self, X):
        return self.forward(X).argmax(axis=1)

    def accuracy(self, X, y):
        return np.mean(self.predict(X) == y)


def case(x, y, test_x, test_y):
    net = NeuralNet([Dense(784, 64), ReLU(), Dense(64, 32), ReLU(), Dense(32, 10)])
    return (x, y), (test_x, test_y), {"network": net, "epochs": 6, "lr": 0.1, "batch_size": 32}
