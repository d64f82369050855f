"""A tiny autograd over numpy arrays, and an MLP on top of it."""
import numpy as np


class Tensor:
    def __init__(self, data, children=()):
        self.data = np.asarray(data, dtype=np.float64)
        self.grad = np.zeros_like(self.data)
        self._prev = children
        self._backward = lambda: None

    def __matmul__(self, other):
        out = Tensor(self.data @ other.data, (self, other))

        def _backward():
            self.grad += out.grad @ other.data.T
            other.grad += self.data.T @ out.grad
        out._backward = _backward
        return out

    def __add__(self, bias):
        out = Tensor(self.data + bias.data, (self, bias))

        def _backward():
            self.grad += out.grad
            bias.grad += out.grad.sum(axis=0)
        out._backward = _backward
        return out

    def relu(self):
        out = Tensor(np.maximum(self.data, 0), (self,))

        def _backward():
            self.grad += (self.data > 0) * out.grad
        out._backward = _backward
        return out

    def log_softmax(self):
        z = self.data - self.data.max(axis=1, keepdims=True)
        out = Tensor(z - np.log(np.exp(z).sum(axis=1, keepdims=True)), (self,))

        def _backward():
            self.grad += out.grad - np.exp(out.data) * out.grad.sum(axis=1, keepdims=True)
        out._backward = _backward
        return out

    def nll(self, y):
        rows = np.arange(len(y))
        out = Tensor(-self.data[rows, y].mean(), (self,))

        def _backward():
            self.grad[rows, y] -= out.grad / len(y)
        out._backward = _backward
        return out

    def backward(self):
        topo, visited = [], set()

        def build(v):
            if id(v) not in visited:
                visited.add(id(v))
                for child in v._prev:
                    build(child)
                topo.append(v)
        build(self)
        self.grad = np.ones_like(self.data)
        for v in reversed(topo):
            v._backward()


class Linear:
    def __init__(self, nin, nout, rng):
        self.w = Tensor(rng.uniform(-1, 1, (nin, nout)) / np.sqrt(nin))
        self.b = Tensor(np.zeros(nout))

    def __call__(self, x):
        return x @ self.w + self.b

    def parameters(self):
        return [self.w, self.b]


class MLP:
    def __init__(self, sizes, seed=1337):
        rng = np.random.default_rng(seed)
        self.layers = [Linear(a, b, rng) for a, b in zip(sizes, sizes[1:])]

    def __call__(self, x):
        for layer in self.layers[:-1]:
            x = layer(x).relu()
        return self.layers[-1](x).log_softmax()

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]

    def zero_grad(self):
        for p in self.parameters():
            p.grad = np.zeros_like(p.data)


def fit(model, X, y, epochs=3, lr=0.2, batch_size=50):
    rng = np.random.default_rng(0)
    for epoch in range(epochs):
        order = rng.permutation(len(X))
        for i in range(0, len(X), batch_size):
            idx = order[i:i + batch_size]
            loss = model(Tensor(X[idx])).nll(y[idx])
            model.zero_grad()
            loss.backward()
            for p in model.parameters():
                p.data -= lr * p.grad
        print("epoch %d loss %.4f" % (epoch, loss.data))


def run(model, X):
    return model(Tensor(X)).data


def accuracy(model, X, y):
    return (run(model, X).argmax(axis=1) == y).mean()


def case(x, y, test_x, test_y):
    model = MLP([784, 32, 24, 10])
    return (x, y), (test_x, test_y), dict(
        network=model, fit=fit, forward=run, score=accuracy, epochs=4, lr=0.15, batch_size=50)
