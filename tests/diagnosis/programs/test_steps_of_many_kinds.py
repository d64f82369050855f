"""Steps with mini-batches that are drawn with replacement, and of Adam with a penalty, in a stack of matrices."""

import numpy as np
import pytest

import cmlp

TRAIN, TEST = cmlp.load_digits()
DATA, TESTED = (TRAIN.images / 16, TRAIN.labels), (TEST.images / 16, TEST.labels)


class Drawn:
    """tanh and softmax; velocities that keep `kept` of themselves, 0 for plain steps and 1 for sums never reset."""

    def __init__(self, kept):
        rng = np.random.default_rng(0)
        self.V, self.W = rng.normal(size=(64, 32)) / 8, rng.normal(size=(32, 10)) / 6
        self.kept, self.G, self.H = kept, 0.0, 0.0

    def forward(self, X):
        self.h = np.tanh(X @ self.V)
        e = np.exp(self.h @ self.W - (self.h @ self.W).max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def train(self, X, y, epochs=5, batch_size=32, lr=0.05):
        rng = np.random.default_rng(1)
        for _ in range(epochs * (len(X) // batch_size + 1)):
            rows = rng.integers(0, len(X), batch_size)
            delta = (self.forward(X[rows]) - np.eye(10)[y[rows]]) / batch_size
            below = delta @ self.W.T * (1 - self.h**2)
            self.G = self.kept * self.G + self.h.T @ delta
            self.H = self.kept * self.H + X[rows].T @ below
            self.W -= lr * self.G
            self.V -= lr * self.H


@pytest.mark.parametrize("kept", [0.0, 0.5, 0.9])
def test_samples_that_are_drawn_are_no_fault(kept):
    report = cmlp.check(DATA, TESTED, network=Drawn(kept), epochs=5, batch_size=32, lr=0.05, progress=False)
    assert {finding.code for finding in report} <= {"epoch-leaves-out"}


def test_sums_that_are_not_reset_where_samples_are_drawn():
    report = cmlp.check(DATA, TESTED, network=Drawn(1.0), epochs=5, batch_size=32, lr=0.05, progress=False)
    assert "not-reset" in {finding.code for finding in report}


class Stack:
    """Two square layers in one array, and Adam with a penalty in its gradient."""

    def __init__(self, decay, right=True):
        rng = np.random.default_rng(0)
        self.first, self.last = rng.normal(size=(64, 24)) / 8, rng.normal(size=(24, 10)) / 5
        self.hidden = rng.normal(size=(2, 24, 24)) / 4
        self.decay, self.right, self.t, self.moments = decay, right, 0, {}

    def forward(self, x):
        self.a = [np.maximum(x @ self.first, 0)]
        for w in self.hidden:
            self.a.append(np.maximum(self.a[-1] @ w, 0))
        e = np.exp(self.a[-1] @ self.last)
        return e / e.sum(axis=1, keepdims=True)

    def gradients(self, x, y):
        delta = (self.forward(x) - np.eye(10)[y]) / len(x)
        last, hidden = self.a[2].T @ delta, np.zeros_like(self.hidden)
        delta = delta @ self.last.T * (self.a[2] > 0)
        for k in (1, 0):
            hidden[k] = self.a[k].T @ delta
            delta = delta @ self.hidden[k].T
            if self.right:
                delta = delta * (self.a[k] > 0)
        return {"first": x.T @ delta, "hidden": hidden, "last": last}

    def fit(self, x, y, epochs=8, lr=0.01):
        for k in [k for _ in range(epochs) for k in range(0, len(x), 32)]:
            self.t += 1
            for name, gradient in self.gradients(x[k : k + 32], y[k : k + 32]).items():
                gradient = gradient + self.decay * getattr(self, name)
                m, v = self.moments.get(name, (0.0, 0.0))
                m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
                self.moments[name] = m, v
                step = (m / (1 - 0.9**self.t)) / (np.sqrt(v / (1 - 0.999**self.t)) + 1e-8)
                setattr(self, name, getattr(self, name) - lr * step)


@pytest.mark.parametrize(
    ("network", "right"),
    [
        (Stack(0.0), set()),
        (Stack(1e-4), set()),
        (Stack(1e-3), set()),
        (Stack(1.0), {"weight-decay-too-large"}),
        (Stack(0.0, right=False), {"hidden-delta"}),
    ],
    ids=["none", "small", "usual", "large", "derivative"],
)
def test_adam_with_a_penalty_in_a_stack_of_matrices(network, right):
    report = cmlp.check(DATA, TESTED, network=network, epochs=8, progress=False)
    assert {finding.code for finding in report} == right


def train_lines(net, lines, epochs=3, lr=0.1):
    for line in [line for _ in range(epochs) for line in lines]:
        label, *pixels = (int(value) for value in line.split(","))
        x = np.array([pixels])
        out = net.query(x)
        delta = out - np.eye(10)[label]
        net.w -= lr * x.T @ delta


class OfLines:
    def __init__(self):
        self.w = np.random.default_rng(0).normal(size=(64, 10)) / 8

    def query(self, x):
        return 1 / (1 + np.exp(-np.clip(np.asarray(x) @ self.w, -500, 500)))


def test_steps_with_lines_of_whole_numbers_are_explained():
    """Their code makes whole numbers of them, and so a step must be made of such."""
    rows = [
        ",".join(str(int(v)) for v in (label, *255 * image / 16))
        for image, label in zip(TRAIN.images, TRAIN.labels, strict=True)
    ]
    report = cmlp.check(rows[:800], rows[800:1000], network=OfLines(), fit=train_lines, epochs=3, progress=False)
    assert not [note for note in report.notes if "failed" in note]


class LooksAhead:
    """Layers that are windows into one vector, and Nesterov's momentum; sums are reset, or never."""

    def __init__(self, reset, momentum):
        rng = np.random.default_rng(0)
        self.theta = rng.normal(size=64 * 24 + 24 * 10) / 8
        self.g, self.v = np.zeros_like(self.theta), np.zeros_like(self.theta)
        self.W, self.G = ([v[: 64 * 24].reshape(64, 24), v[64 * 24 :].reshape(24, 10)] for v in (self.theta, self.g))
        self.reset, self.momentum = reset, momentum

    def forward(self, x):
        self.h = np.tanh(x @ self.W[0])
        return self.h @ self.W[1]

    def step(self, x, y, lr=0.02):
        ahead = self.momentum * self.v
        self.theta += ahead
        if self.reset:
            self.g[:] = 0
        z = self.forward(x)
        e = np.exp(z - z.max(axis=1, keepdims=True))
        delta = (e / e.sum(axis=1, keepdims=True) - np.eye(10)[y]) / len(y)
        self.G[1] += self.h.T @ delta
        self.G[0] += x.T @ (delta @ self.W[1].T * (1 - self.h**2))
        self.theta -= ahead
        self.v = ahead - lr * self.g
        self.theta += self.v

    def train(self, x, y, epochs=6, lr=0.02):
        for k in [k for _ in range(epochs) for k in range(0, len(x), 16)]:
            self.step(x[k : k + 16], y[k : k + 16], lr)


def test_sums_that_are_not_reset_beside_momentum():
    report = cmlp.check(DATA, TESTED, network=LooksAhead(False, 0.9), epochs=6, lr=0.02, progress=False)
    found = next(finding for finding in report if finding.code == "not-reset")
    assert "twice as large" in found.measured


@pytest.mark.parametrize("momentum", [0.9, 0.999])
def test_momentum_is_no_sum_that_is_not_reset(momentum):
    report = cmlp.check(DATA, TESTED, network=LooksAhead(True, momentum), epochs=6, lr=0.02, progress=False)
    assert "not-reset" not in {finding.code for finding in report}
