from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass
class Affine:
    fan_in: int
    fan_out: int
    w: np.ndarray = field(init=False, repr=False)
    b: np.ndarray = field(init=False, repr=False)
    vw: np.ndarray = field(init=False, repr=False)
    vb: np.ndarray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        bound = np.sqrt(6.0 / (self.fan_in + self.fan_out))
        self.w = np.random.uniform(-bound, bound, (self.fan_out, self.fan_in)).astype(np.float32)
        self.b = np.zeros(self.fan_out, dtype=np.float32)
        self.vw = np.zeros_like(self.w)
        self.vb = np.zeros_like(self.b)

    def apply(self, x: np.ndarray) -> np.ndarray:
        return x @ self.w.T + self.b

    def descend(self, gw: np.ndarray, gb: np.ndarray, lr: float, mu: float) -> None:
        self.vw = mu * self.vw - lr * gw
        self.vb = mu * self.vb - lr * gb
        self.w += self.vw
        self.b += self.vb


def elu(z: np.ndarray) -> np.ndarray:
    return np.where(z > 0, z, np.exp(np.minimum(z, 0)) - 1)


def elu_prime(z: np.ndarray) -> np.ndarray:
    return np.where(z > 0, 1.0, np.exp(np.minimum(z, 0)))


@dataclass
class Model:
    hidden: Affine
    out: Affine
    history: list[float] = field(default_factory=list)

    def logits(self, x: np.ndarray) -> np.ndarray:
        return self.out.apply(elu(self.hidden.apply(x)))

    def training_step(self, batch: tuple[np.ndarray, np.ndarray], lr: float, mu: float) -> float:
        x, y = batch
        z = self.hidden.apply(x)
        a = elu(z)
        s = self.out.apply(a)
        p = np.exp(s - s.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        loss = -np.log(p[range(len(y)), y] + 1e-9).mean()
        p[range(len(y)), y] -= 1
        p /= len(y)
        dz = (p @ self.out.w) * elu_prime(z)
        self.out.descend(p.T @ a, p.sum(0), lr, mu)
        self.hidden.descend(dz.T @ x, dz.sum(0), lr, mu)
        return float(loss)

    def fit(self, loader: list[tuple[np.ndarray, np.ndarray]], max_epochs: int, lr: float, mu: float = 0.9) -> None:
        for _ in range(max_epochs):
            losses = [self.training_step(batch, lr, mu) for batch in loader]
            self.history.append(sum(losses) / max(1, len(losses)))

    def test(self, loader: list[tuple[np.ndarray, np.ndarray]]) -> float:
        right = sum(int((self.logits(x).argmax(1) == y).sum()) for x, y in loader)
        return right / sum(len(y) for _, y in loader)


def data_loader(x: np.ndarray, y: np.ndarray, batch_size: int = 50) -> list[tuple[np.ndarray, np.ndarray]]:
    x = x.astype(np.float32)
    return [(x[i:i + batch_size], y[i:i + batch_size]) for i in range(0, len(x), batch_size)]


def case(x, y, test_x, test_y):
    np.random.seed(2)
    model = Model(Affine(784, 36), Affine(36, 10))
    return data_loader(x, y), data_loader(test_x, test_y), {"network": model, "max_epochs": 10, "lr": 0.02, "mu": 0.9}
