from dataclasses import dataclass, field
import numpy as np

@dataclass
class Layer:
    W: np.ndarray
    b: np.ndarray
    vW: np.ndarray = None
    vb: np.ndarray = None

    def __post_init__(self):
        self.vW, self.vb = np.zeros_like(self.W), np.zeros_like(self.b)

@dataclass
class Config:
    lr: float = 0.05
    momentum: float = 0.9
    epochs: int = 4
    batch: int = 32

@dataclass
class Model:
    layers: list = field(default_factory=list)
    config: Config = field(default_factory=Config)

    @classmethod
    def build(cls, sizes, **kw):
        rng = np.random.default_rng(3)
        return cls([Layer(rng.normal(0, np.sqrt(1 / a), (a, b)), np.zeros(b)) for a, b in zip(sizes, sizes[1:])], Config(**kw))

    def run(self, X):
        acts = [X]
        for n, l in enumerate(self.layers):
            z = acts[-1] @ l.W + l.b
            acts.append(np.tanh(z) if n < len(self.layers) - 1 else z)
        return acts

    def train_model(self, X, y):
        c = self.config
        for _ in range(c.epochs):
            p = np.random.permutation(len(X))
            for s in range(0, len(X), c.batch):
                i = p[s:s + c.batch]
                acts = self.run(X[i])
                e = np.exp(acts[-1] - acts[-1].max(1, keepdims=True)); e /= e.sum(1, keepdims=True)
                e[np.arange(len(i)), y[i]] -= 1
                d = e / len(i)
                for n in reversed(range(len(self.layers))):
                    l = self.layers[n]
                    gW, gb = acts[n].T @ d, d.sum(0)
                    if n:
                        d = d @ l.W.T * (1 - acts[n] ** 2)
                    l.vW = c.momentum * l.vW - c.lr * gW
                    l.vb = c.momentum * l.vb - c.lr * gb
                    l.W += l.vW
                    l.b += l.vb

    def accuracy(self, X, y):
        return float((self.run(X)[-1].argmax(1) == y).mean())

def case(x, y, test_x, test_y):
    return (x, y), (test_x, test_y), {"network": Model.build([784, 30, 10])}
