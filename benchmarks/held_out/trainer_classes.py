from abc import ABC, abstractmethod

import numpy as np


class Layer(ABC):
    def __init__(self):
        self.training = True

    @abstractmethod
    def forward(self, x): ...

    @abstractmethod
    def backward(self, grad): ...

    def named_params(self):
        return []


class Dense(Layer):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.W = np.random.randn(n_in, n_out) * np.sqrt(2.0 / n_in)
        self.b = np.zeros((1, n_out))
        self.dW = np.zeros_like(self.W)
        self.db = np.zeros_like(self.b)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad):
        self.dW[...] = self.x.T @ grad
        self.db[...] = grad.sum(axis=0, keepdims=True)
        return grad @ self.W.T

    def named_params(self):
        return [(self.W, self.dW), (self.b, self.db)]


class ReLU(Layer):
    def forward(self, x):
        self.mask = x > 0
        return x * self.mask

    def backward(self, grad):
        return grad * self.mask


class Dropout(Layer):
    def __init__(self, keep):
        super().__init__()
        self.keep = keep

    def forward(self, x):
        if not self.training:
            return x
        self.mask = (np.random.rand(*x.shape) < self.keep) / self.keep
        return x * self.mask

    def backward(self, grad):
        return grad * self.mask


class Loss(ABC):
    @abstractmethod
    def value_and_grad(self, logits, y): ...


class SoftmaxCrossEntropy(Loss):
    def value_and_grad(self, logits, y):
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        rows = np.arange(len(y))
        value = -np.log(p[rows, y] + 1e-12).mean()
        p[rows, y] -= 1
        return value, p / len(y)


class Sequential:
    def __init__(self, *layers):
        self.layers = list(layers)

    def add(self, layer):
        self.layers.append(layer)

    def set_mode(self, training):
        for layer in self.layers:
            layer.training = training

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad):
        for layer in reversed(self.layers):
            grad = layer.backward(grad)


class SGD:
    def __init__(self, model, lr, momentum=0.9):
        self.lr, self.momentum = lr, momentum
        self.slots = [(w, g, np.zeros_like(w)) for layer in model.layers for w, g in layer.named_params()]

    def step(self):
        for w, g, v in self.slots:
            v *= self.momentum
            v -= self.lr * g
            w += v


class Trainer:
    def __init__(self, model, loss, optimizer):
        self.model, self.loss, self.optimizer = model, loss, optimizer

    def fit(self, x, y, epochs=4, batch_size=50):
        for epoch in range(epochs):
            self.model.set_mode(True)
            perm = np.random.permutation(len(x))
            for chunk in np.array_split(perm, len(x) // batch_size):
                logits = self.model.forward(x[chunk])
                value, grad = self.loss.value_and_grad(logits, y[chunk])
                self.model.backward(grad)
                self.optimizer.step()

    def predict(self, x):
        self.model.set_mode(False)
        return self.model.forward(x)

    def score(self, x, y):
        return float(np.mean(np.argmax(self.predict(x), axis=1) == y))


def case(x, y, test_x, test_y):
    np.random.seed(99)
    model = Sequential(Dense(784, 64), ReLU(), Dropout(0.8))
    model.add(Dense(64, 32))
    model.add(ReLU())
    model.add(Dense(32, 10))
    trainer = Trainer(model, SoftmaxCrossEntropy(), SGD(model, lr=0.03))
    return (x, y), (test_x, test_y), dict(network=trainer, epochs=4, batch_size=50)
