import numpy as np


class FlatNet:
    """All parameters live in one vector `theta`; W[i] and b[i] are windows into it.
    The same holds for the gradient `g`, so an optimizer needs one line."""

    def __init__(self, *sizes, seed=11):
        self.rng = np.random.default_rng(seed)
        self.sizes = sizes
        n = sum((i + 1) * o for i, o in zip(sizes, sizes[1:]))
        self.theta = np.zeros(n)
        self.g = np.zeros(n)
        self.v = np.zeros(n)
        self.W, self.b = self.windows(self.theta)
        self.gW, self.gb = self.windows(self.g)
        for w in self.W:
            w[:] = self.rng.standard_normal(w.shape) * np.sqrt(2.0 / w.shape[0])

    def windows(self, vec):
        ws, bs, at = [], [], 0
        for i, o in zip(self.sizes, self.sizes[1:]):
            ws.append(vec[at:at + i * o].reshape(i, o))
            at += i * o
            bs.append(vec[at:at + o])
            at += o
        return ws, bs

    def forward(self, x):
        self.acts = [x]
        last = len(self.W) - 1
        for k, (w, b) in enumerate(zip(self.W, self.b)):
            z = self.acts[-1] @ w + b
            if k < last:
                z = np.where(z > 0, z, 0.05 * z)
            self.acts.append(z)
        return self.acts[-1]

    def grad(self, x, t):
        logits = self.forward(x)
        logits = logits - logits.max(1, keepdims=True)
        p = np.exp(logits)
        p /= p.sum(1, keepdims=True)
        d = p
        d[np.arange(len(t)), t] -= 1.0
        d /= len(t)
        for k in reversed(range(len(self.W))):
            self.gW[k] += self.acts[k].T @ d
            self.gb[k] += d.sum(0)
            if k:
                d = d @ self.W[k].T
                d *= np.where(self.acts[k] > 0, 1.0, 0.05)
        return self.g

    def nesterov(self, x, t, lr, mu):
        ahead = mu * self.v
        self.theta += ahead
        self.g[:] = 0
        self.grad(x, t)
        self.theta -= ahead
        self.v = ahead - lr * self.g
        self.theta += self.v

    def learn(self, x, t, epochs=4, lr=0.05, mu=0.9, bs=64):
        for _ in range(epochs):
            order = self.rng.permutation(len(x))
            for s in range(0, len(x), bs):
                pick = order[s:s + bs]
                self.nesterov(x[pick], t[pick], lr, mu)
        return self

    def score(self, x, t):
        return float(np.mean(self.forward(x).argmax(1) == t))


def case(x, y, test_x, test_y):
    net = FlatNet(784, 64, 32, 10)
    return (x, y), (test_x, test_y), dict(network=net, epochs=4, lr=0.05, mu=0.9, bs=64)
