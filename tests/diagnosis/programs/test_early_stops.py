"""A training that ends itself: too early, or with good reason; and samples that it holds out for that."""

import numpy as np
import pytest

import cmlp

TRAIN, TEST = cmlp.load_digits()
DATA, TESTED = (TRAIN.images / 16, TRAIN.labels), (TEST.images / 16, TEST.labels)


class Patient:
    """Softmax of one layer, stopped by the loss on the last tenth of its images."""

    start, better = np.inf, staticmethod(lambda loss, best, least: loss < best - least)

    def __init__(self, patience=5, min_delta=0.0, lr=0.5):
        self.W, self.b = np.random.default_rng(0).normal(size=(64, 10)), np.zeros(10)
        self.patience, self.min_delta, self.lr = patience, min_delta, lr

    def forward(self, X):
        e = np.exp(X @ self.W + self.b)
        return e / e.sum(axis=1, keepdims=True)

    def fit(self, X, y, epochs=60):
        n = len(X) * 9 // 10
        best, waited = self.start, 0
        for _ in range(epochs):
            for k in range(0, n, 50):
                error = self.forward(X[k : min(k + 50, n)]) - np.eye(10)[y[k : min(k + 50, n)]]
                self.W -= self.lr * X[k : min(k + 50, n)].T @ error / len(error)
                self.b -= self.lr * error.mean(axis=0)
            loss = -np.log(self.forward(X[n:])[np.arange(len(X) - n), y[n:]]).mean()
            if self.better(loss, best, self.min_delta):
                best, waited = loss, 0
            else:
                waited += 1
                if waited >= self.patience:
                    break


class WrongWay(Patient):
    start, better = 0.0, staticmethod(lambda loss, best, least: loss > best + least)


class Upwards(Patient):
    """It compares the accuracy of the images held out, which is to grow."""

    start = -np.inf

    def __init__(self):
        super().__init__(patience=8)
        self.better = lambda loss, best, least: -loss > best


def codes(network, **settings):
    report = cmlp.check(DATA, TESTED, network=network, **settings, progress=False)
    return [finding.code for finding in report], report


@pytest.mark.parametrize(
    "network", [Patient(), Patient(patience=1, min_delta=0.02), Patient(patience=10**6), Upwards()], ids=str
)
def test_stopping_when_it_has_learned_is_no_fault(network):
    found, report = codes(network, epochs=60)
    assert found == []
    assert report.accuracy > 85


@pytest.mark.parametrize("network", [Patient(1, 0.5, 0.03), WrongWay(2, lr=0.03)], ids=["tolerance", "sign"])
def test_stopping_before_it_has_learned(network):
    found, report = codes(network, epochs=100)
    assert found == ["stops-too-early"]
    (finding,) = report.problems
    assert "of epochs = 100" in finding.verdict
    assert finding.after > finding.before + 10
    assert "test_early_stops.py" in finding.measured


def test_a_rate_that_is_too_small_is_told_from_it():
    """It does not learn from all of its epochs either."""
    found, _ = codes(Patient(3, 1e-3, 1e-7), epochs=20)
    assert "stops-too-early" not in found
    assert found


def early_stopping(patience):
    best = {"loss": np.inf, "wait": 0}

    def stop(loss):
        best["loss"], best["wait"] = min(loss, best["loss"]), 0 if loss < best["loss"] else best["wait"] + 1
        return best["wait"] >= patience

    return stop


class Asked(Patient):
    """It asks callbacks after every epoch."""

    def fit(self, X, y, epochs=40, rate=0.5, callbacks=()):
        for _ in range(epochs):
            loss = 0.0
            for k in range(0, len(X), 50):
                p, targets = self.forward(X[k : k + 50]), np.eye(10)[y[k : k + 50]]
                loss -= np.log(p[targets == 1]).sum()
                self.W -= rate * X[k : k + 50].T @ (p - targets) / len(p)
                self.b -= rate * (p - targets).mean(axis=0)
            if any(callback(loss) for callback in callbacks):
                break


def test_callbacks_forget_what_other_trainings_left_in_them():
    """One that remembered the loss of another copy would end the next training at once."""
    callback = early_stopping(2)
    found, report = codes(Asked(), epochs=40, rate=0.5, callbacks=[callback])
    assert found == []
    assert report.accuracy > 85
    assert callback(1e9) is False  # as it was given: this is the first loss that it is told
