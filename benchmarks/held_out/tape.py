import numpy as np


class Tensor:
    def __init__(self, data, parents=(), name=""):
        self.data = np.asarray(data, dtype=float)
        self.grad = np.zeros_like(self.data)
        self._parents = parents
        self._backward = lambda: None
        self.name = name

    def __add__(self, other):
        out = Tensor(self.data + other.data, (self, other))

        def _backward():
            self.grad += unbroadcast(out.grad, self.data.shape)
            other.grad += unbroadcast(out.grad, other.data.shape)
        out._backward = _backward
        return out

    def __matmul__(self, other):
        out = Tensor(self.data @ other.data, (self, other))

        def _backward():
            self.grad += out.grad @ other.data.T
            other.grad += self.data.T @ out.grad
        out._backward = _backward
        return out

    def tanh(self):
        out = Tensor(np.tanh(self.data), (self,))

        def _backward():
            self.grad += (1.0 - out.data ** 2) * out.grad
        out._backward = _backward
        return out

    def cross_entropy(self, labels):
        rows = np.arange(len(labels))
        shifted = self.data - self.data.max(axis=1, keepdims=True)
        probs = np.exp(shifted)
        probs /= probs.sum(axis=1, keepdims=True)
        out = Tensor(-np.log(probs[rows, labels] + 1e-12).mean(), (self,))

        def _backward():
            delta = probs.copy()
            delta[rows, labels] -= 1.0
            self.grad += out.grad * delta / len(labels)
        out._backward = _backward
        return out

    def backward(self):
        order, seen = [], set()

        def visit(node):
            if id(node) not in seen:
                seen.add(id(node))
                for p in node._parents:
                    visit(p)
                order.append(node)
        visit(self)
        self.grad = np.ones_like(self.data)
        for node in reversed(order):
            node._backward()


def unbroadcast(grad, shape):
    while grad.ndim > len(shape):
        grad = grad.sum(axis=0)
    return grad


class Linear:
    def __init__(self, nin, nout, gen):
        bound = 1.0 / np.sqrt(nin)
        self.w = Tensor(gen.uniform(-bound, bound, (nin, nout)), name="w")
        self.b = Tensor(np.zeros(nout), name="b")

    def __call__(self, x):
        return x @ self.w + self.b

    def parameters(self):
        return [self.w, self.b]


class MLP:
    def __init__(self, nin, nouts, seed=1337):
        self.gen = np.random.default_rng(seed)
        sz = [nin] + list(nouts)
        self.layers = [Linear(sz[i], sz[i + 1], self.gen) for i in range(len(nouts))]

    def __call__(self, x):
        x = x if isinstance(x, Tensor) else Tensor(x)
        for layer in self.layers[:-1]:
            x = layer(x).tanh()
        return self.layers[-1](x)

    def parameters(self):
        ps = []
        for layer in self.layers:
            ps += layer.parameters()
        return ps

    def zero_grad(self):
        for p in self.parameters():
            p.grad = np.zeros_like(p.data)

    def train(self, xs, ys, steps=800, lr=0.3, batch=50):
        for k in range(steps):
            ix = self.gen.integers(0, len(xs), size=batch)
            loss = self(xs[ix]).cross_entropy(ys[ix])
            self.zero_grad()
            loss.backward()
            for p in self.parameters():
                p.data -= lr * p.grad
        return float(loss.data)

    def accuracy(self, xs, ys):
        return float((self(xs).data.argmax(axis=1) == ys).mean())


def case(x, y, test_x, test_y):
    model = MLP(784, [40, 10])
    return (x, y), (test_x, test_y), dict(network=model, steps=800, lr=0.3, batch=50)
