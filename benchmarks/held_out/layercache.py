import numpy as np


class Dense:
    def __init__(self, fan_in, fan_out, activation, rng):
        self.params = {
            "W": rng.normal(0.0, np.sqrt(2.0 / fan_in), size=(fan_in, fan_out)),
            "b": np.zeros((1, fan_out)),
        }
        self.activation = activation
        self.cache = {}
        self.grads = {}

    def forward(self, A_prev):
        Z = np.dot(A_prev, self.params["W"]) + self.params["b"]
        if self.activation == "relu":
            A = np.maximum(Z, 0.0)
        elif self.activation == "softmax":
            E = np.exp(Z - Z.max(axis=1, keepdims=True))
            A = E / E.sum(axis=1, keepdims=True)
        else:
            A = Z
        self.cache["A_prev"] = A_prev
        self.cache["Z"] = Z
        self.cache["A"] = A
        return A

    def backward(self, dA):
        if self.activation == "relu":
            dZ = dA * (self.cache["Z"] > 0)
        else:
            dZ = dA
        m = dZ.shape[0]
        self.grads["W"] = np.dot(self.cache["A_prev"].T, dZ) / m
        self.grads["b"] = dZ.sum(axis=0, keepdims=True) / m
        return np.dot(dZ, self.params["W"].T)

    def step(self, learning_rate):
        for key in self.params:
            self.params[key] = self.params[key] - learning_rate * self.grads[key]


class DigitNet:
    def __init__(self, sizes=(784, 48, 48, 10), seed=7):
        rng = np.random.default_rng(seed)
        self.rng = rng
        self.layers = []
        for i in range(len(sizes) - 1):
            kind = "softmax" if i == len(sizes) - 2 else "relu"
            self.layers.append(Dense(sizes[i], sizes[i + 1], kind, rng))
        self.history = []

    def forward(self, X):
        A = X
        for layer in self.layers:
            A = layer.forward(A)
        return A

    def backward(self, probs, labels):
        dA = probs.copy()
        dA[np.arange(len(labels)), labels] -= 1.0
        for layer in reversed(self.layers):
            dA = layer.backward(dA)

    def update(self, learning_rate):
        for layer in self.layers:
            layer.step(learning_rate)

    def fit(self, X, y, epochs=6, learning_rate=0.15, batch_size=64):
        for epoch in range(epochs):
            idx = self.rng.permutation(X.shape[0])
            total = 0.0
            for start in range(0, X.shape[0], batch_size):
                rows = idx[start:start + batch_size]
                probs = self.forward(X[rows])
                total += -np.log(probs[np.arange(len(rows)), y[rows]] + 1e-12).sum()
                self.backward(probs, y[rows])
                self.update(learning_rate)
            self.history.append(total / X.shape[0])
        return self

    def predict(self, X):
        return np.argmax(self.forward(X), axis=1)

    def score(self, X, y):
        return float((self.predict(X) == y).mean())


def case(x, y, test_x, test_y):
    net = DigitNet()
    return (x, y), (test_x, test_y), dict(network=net, epochs=6, learning_rate=0.15, batch_size=64)
