# a tiny autograd engine over numpy arrays, after micrograd
import numpy as np


class Tensor:
    def __init__(self, data, children=()):
        self.data = np.asarray(data, dtype=np.float64)
        self.grad = np.zeros_like(self.data)
        self._prev = set(children)
        self._backward = lambda: None

    def __matmul__(self, other):
        out = Tensor(self.data @ other.data, (self, other))

        def _backward():
            self.grad += out.grad @ other.data.T
            other.grad += self.data.T @ out.grad
        out._backward = _backward
        return out

    def __add__(self, other):
        out = Tensor(self.data + other.data, (self, other))

        def _backward():
            self.grad += out.grad
            other.grad += out.grad.sum(axis=0)      # bias is broadcast over the batch
        out._backward = _backward
        return out

    def relu(self):
        out = Tensor(np.maximum(self.data, 0), (self,))

        def _backward():
            self.grad += (out.data > 0) * out.grad
        out._backward = _backward
        return out

    def cross_entropy(self, target):
        shifted = self.data - self.data.max(axis=1, keepdims=True)
        probs = np.exp(shifted)
        probs /= probs.sum(axis=1, keepdims=True)
        rows = np.arange(len(target))
        out = Tensor(-np.log(probs[rows, target] + 1e-12).mean(), (self,))

        def _backward():
            g = probs.copy()
            g[rows, target] -= 1
            self.grad += g / len(target) * out.grad
        out._backward = _backward
        return out

    def backward(self):
        topo, visited = [], set()

        def build(v):
            if v not in visited:
                visited.add(v)
                for child in v._prev:
                    build(child)
                topo.append(v)
        build(self)
        self.grad = np.ones_like(self.data)
        for v in reversed(topo):
            v._backward()


class Linear:
    def __init__(self, nin, nout):
        k = 1 / np.sqrt(nin)
        self.w = Tensor(np.random.uniform(-k, k, (nin, nout)))
        self.b = Tensor(np.zeros(nout))

    def __call__(self, x):
        return x @ self.w + self.b

    def parameters(self):
        return [self.w, self.b]


class MLP:
    def __init__(self, *dims):
        self.layers = [Linear(i, o) for i, o in zip(dims, dims[1:])]

    def __call__(self, x):
        x = x if isinstance(x, Tensor) else Tensor(x)
        for layer in self.layers[:-1]:
            x = layer(x).relu()
        return self.layers[-1](x)

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]

    def zero_grad(self):
        for p in self.parameters():
            p.grad = np.zeros_like(p.data)

    def train(self, xs, ys, steps=1000, lr=0.1, bs=64):
        for k in range(steps):
            ix = np.random.randint(0, len(xs), bs)
            loss = self(xs[ix]).cross_entropy(ys[ix])
            self.zero_grad()
            loss.backward()
            for p in self.parameters():
                p.data -= lr * p.grad

    def predict(self, xs):
        return self(xs).data

    def accuracy(self, xs, ys):
        return (self.predict(xs).argmax(1) == ys).mean()


def case(x, y, test_x, test_y):
    np.random.seed(1337)
    return (x, y), (test_x, test_y), {"network": MLP(784, 32, 10), "steps": 800, "lr": 0.2, "bs": 64}
