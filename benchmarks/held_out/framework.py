import numpy as np


class Layer:
    training = True

    def params(self):
        return []


class Affine(Layer):
    def __init__(self, n_in, n_out, rng):
        self.weight = rng.standard_normal((n_in, n_out)) * np.sqrt(2 / n_in)
        self.bias = np.zeros(n_out)
        self.grad_weight = np.zeros_like(self.weight)
        self.grad_bias = np.zeros_like(self.bias)

    def forward(self, x):
        self.x = x
        return x @ self.weight + self.bias

    def backward(self, grad):
        self.grad_weight[...] = self.x.T @ grad
        self.grad_bias[...] = grad.sum(axis=0)
        return grad @ self.weight.T

    def params(self):
        return [(self.weight, self.grad_weight), (self.bias, self.grad_bias)]


class ReLU(Layer):
    def forward(self, x):
        self.on = x > 0
        return x * self.on

    def backward(self, grad):
        return grad * self.on


class Dropout(Layer):
    def __init__(self, p, rng):
        self.p = p
        self.rng = rng

    def forward(self, x):
        if not self.training:
            return x
        self.mask = (self.rng.random(x.shape) >= self.p) / (1 - self.p)
        return x * self.mask

    def backward(self, grad):
        return grad * self.mask


class Sequential:
    def __init__(self, *layers):
        self.layers = list(layers)

    def add(self, layer):
        self.layers.append(layer)

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad):
        for layer in reversed(self.layers):
            grad = layer.backward(grad)

    def params(self):
        return [p for layer in self.layers for p in layer.params()]

    def mode(self, training):
        for layer in self.layers:
            layer.training = training


class SoftmaxLoss:
    def value_and_grad(self, scores, labels):
        shifted = scores - scores.max(axis=1, keepdims=True)
        probs = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
        rows = np.arange(len(labels))
        value = -np.log(probs[rows, labels] + 1e-12).mean()
        probs[rows, labels] -= 1
        return value, probs / len(labels)


class SGD:
    def __init__(self, params, lr):
        self.params = params
        self.lr = lr

    def step(self):
        for value, grad in self.params:
            value -= self.lr * grad


class Trainer:
    def __init__(self, model, loss, optimizer, rng):
        self.model, self.loss, self.optimizer, self.rng = model, loss, optimizer, rng
        self.log = []

    def fit(self, X, y, epochs=6, batch_size=32):
        for epoch in range(epochs):
            self.model.mode(True)
            order = self.rng.permutation(len(X))
            for i in range(0, len(X), batch_size):
                chosen = order[i:i + batch_size]
                value, grad = self.loss.value_and_grad(self.model.forward(X[chosen]), y[chosen])
                self.model.backward(grad)
                self.optimizer.step()
            self.log.append(value)

    def predict(self, X):
        self.model.mode(False)
        return self.model.forward(X)

    def evaluate(self, X, y):
        return float(np.mean(self.predict(X).argmax(axis=1) == y))


def case(x, y, test_x, test_y):
    rng = np.random.default_rng(11)
    model = Sequential(Affine(784, 64, rng), ReLU(), Dropout(0.3, rng))
    model.add(Affine(64, 10, rng))
    trainer = Trainer(model, SoftmaxLoss(), SGD(model.params(), lr=0.1), rng)
    return (x, y), (test_x, test_y), dict(network=trainer, epochs=6, batch_size=32)
