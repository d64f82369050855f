"""Trials: copies are trained with one thing repaired, on equal budgets, and what each reaches is counted."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from cmlp.diagnosis.programs.deltas import hidden_right, output_deltas
from cmlp.diagnosis.programs.examination import TRIAL, Array, Examination, finite
from cmlp.diagnosis.programs.isolation import OutOfTime
from cmlp.diagnosis.programs.subject import Instance

HIDDEN = 32
SMALLEST, LARGEST = 10, 128
SHORT = 10_000  # visits of samples in a short trial
LONGEST = 1_500_000  # visits of samples in one trial


class Trials:
    """Ways to train a copy, for about a second each.

    Parameters
    ----------
    case : Examination
    """

    def __init__(self, case: Examination) -> None:
        self.case, self.subject = case, case.subject
        self.batch = case.subject.size or case.batch or 32
        if case.batch and case.batch > 2000:  # all samples at once
            self.batch = 32
        self.together = int(np.clip(self.batch, SMALLEST, LARGEST))  # samples in a step of the replica
        self.rows = case.order[: case.budget]
        self.tried: dict[tuple[Any, ...], float] = {}

    def score(self, instance: Instance, scale: float = 1.0) -> float:
        """Return the accuracy of a copy, on images divided by `scale`."""
        with self.case.bounded(5.0):
            return self.subject.accuracy(instance, self.case.judged_x / scale, self.case.judged_y)

    # By its own steps

    def by_own_steps(
        self, eta: float | None, scale: float = 1.0, *, fresh: bool = False, samples: int | None = None
    ) -> float:
        """Return what its own steps reach, with proper mini-batches that take every sample once."""
        key = ("own", eta, scale, fresh, samples)
        if key not in self.tried:
            try:
                self.tried[key] = self._own(eta, scale, fresh=fresh, samples=samples)
            except (Exception, OutOfTime):
                self.tried[key] = 0.0
        return self.tried[key]

    def _own(self, eta: float | None, scale: float, *, fresh: bool, samples: int | None) -> float:
        case, instance = self.case, self.start(fresh=fresh)
        rows = self.rows if samples is None else self.rows[:samples]
        x, y = case.train.x[rows] / scale, case.train.y[rows]
        with case.bounded(3 * TRIAL), np.errstate(all="ignore"):
            if self.subject.steps is None:
                self.subject.fit(instance, x, y, eta, self.passes(len(rows)))
            else:
                self._steps(instance, x, y, eta)
        return self.score(instance, scale)

    def passes(self, n: int) -> int | None:
        """Return how many epochs with so many samples a trial has time for."""
        epochs = self.subject.epochs
        return None if epochs is None else max(1, min(epochs, int(TRIAL / self.case.cost / max(n, 1))))

    def _steps(self, instance: Instance, x: Array, y: Array, eta: float | None) -> None:
        batch, deadline = min(self.batch, max(1, len(y) // 40)), time.process_time() + 1.5 * TRIAL
        for number in range(max(1, int(self.case.budget / len(y)))):
            order = np.random.default_rng(number).permutation(len(y))
            for k in range(0, len(y) - batch + 1, batch):
                pick = order[k : k + batch]
                self.subject.step(instance, x[pick], y[pick], eta)
                if time.process_time() > deadline:
                    return

    def start(self, *, fresh: bool) -> Instance:
        """Return a copy to train, with the repaired function if there is one, and new weights if they are wanted."""
        instance = self.subject.instance()
        stable = self.case.repairs.get("stable")
        if stable is not None and stable[2] is None:
            setattr(instance.network, stable[0], stable[1])
        return self.subject.renew(instance) if fresh else instance

    # By the right gradient

    @property
    def quick(self) -> bool:
        """Whether its own steps are those of the right gradient, so that the replica can take them."""
        step = self.case.step
        known = step is not None and step.explanation is not None and step.explanation.sound and not step.adaptive
        return bool(known and self.case.summed and not self.case.codes & {"not-reset", "forward-changes-images"})

    def each(self, eta: float) -> float:
        """Return the factor by which one of its own steps multiplies the gradient of each sample."""
        rate, m = self.case.facts["rate"]
        if self.case.facts.get("twice"):
            return float(eta * rate * m * m / self.batch / len(self.case.usable))
        return float(eta * (rate if self.case.facts.get("sum") else rate * m / self.batch))

    def by_gradient(
        self,
        eta: float,
        scale: float = 1.0,
        *,
        fresh: bool = True,
        visits: int | None = None,
        mean: bool = True,
        seconds: float = TRIAL,
        shrink: float = 0.0,
        adam: bool = False,
    ) -> float:
        """Return what the right gradient reaches in its own layers, with its own loss if that is known.

        Each step takes the share `shrink` of the weights away from them; one of Adam has it in its gradient.
        """
        key = ("right", eta, scale, fresh, visits, mean, shrink, adam)
        if key not in self.tried:
            try:
                self.tried[key] = self._gradient(
                    eta, scale, fresh=fresh, visits=visits, mean=mean, seconds=seconds, shrink=shrink, adam=adam
                )
            except (Exception, OutOfTime):
                self.tried[key] = 0.0
        return self.tried[key]

    def _gradient(
        self,
        eta: float,
        scale: float,
        *,
        fresh: bool,
        visits: int | None,
        mean: bool,
        seconds: float,
        shrink: float,
        adam: bool,
    ) -> float:
        case, replica = self.case, self.case.replica
        assert replica is not None
        instance = self.start(fresh=fresh)
        values, rows = self.subject.values(instance), case.order
        x, y = case.train.x, case.train.y
        eye, loss = self._eye(), self._loss()
        batch = min(self.together, len(rows))
        factor = 1 / batch if adam else eta / batch if mean else eta
        moments = Adam(eta) if adam else None
        done, total = 0, visits if visits is not None else SHORT
        deadline = time.process_time() + seconds
        for number in range(1000):
            order = np.random.default_rng(number).permutation(rows)
            for k in range(0, len(order) - batch + 1, batch):
                pick = order[k : k + batch]
                self._descend(values, x[pick] / scale, eye[y[pick]], loss, factor, shrink, moments)
                done += batch
                if done >= total or time.process_time() > deadline:
                    return self._finished(values, scale)
            if not finite(values):
                return 0.0
        return self._finished(values, scale)

    def _finished(self, values: list[Array], scale: float) -> float:
        if not finite(values):
            return 0.0
        replica = self.case.replica
        assert replica is not None
        out = replica.run(values, self.case.judged_x / scale)[1][-1]
        return 100 * float(np.mean(out.argmax(axis=1) == self.case.judged_y))

    def _eye(self) -> Array:
        step, replica = self.case.step, self.case.replica
        assert replica is not None
        outputs = replica.weights[-1].outputs
        eye = np.eye(outputs)
        if step is not None and step.explanation is not None and step.explanation.explained:
            low, high = step.explanation.target.min(), step.explanation.target.max()
            return low + (high - low) * eye if step.explanation.right else eye
        return eye

    def _loss(self) -> str:
        """Return the formula of its output layer: its own if it is right, else the usual one."""
        step, replica = self.case.step, self.case.replica
        assert replica is not None
        if step is not None and step.explanation is not None and step.explanation.right and step.explanation.formula:
            return step.explanation.formula
        return {"identity": "softmax_ce", "tanh": "mse", "relu": "mse"}.get(replica.acts[-1], "error")

    def _descend(
        self,
        values: list[Array],
        x: Array,
        targets: Array,
        loss: str,
        factor: float,
        shrink: float,
        moments: "Adam | None",
    ) -> None:
        replica = self.case.replica
        assert replica is not None
        zs, outs = replica.run(values, x)
        layers = replica.layers(values)
        delta = next(made for name, made in output_deltas(replica.acts[-1], zs[-1], outs[-1], targets) if name == loss)
        moves = []
        with np.errstate(all="ignore"):
            for k in range(len(layers) - 1, -1, -1):
                weights = -factor * (outs[k].T @ delta) - shrink * layers[k][0]
                moves.append((k, weights, -factor * delta.sum(axis=0)))
                if k:
                    delta = hidden_right(replica.acts[k - 1], zs[k - 1], outs[k], delta, layers[k][0])
            for k, weights, biases in moves:
                if moments is not None:
                    weights, biases = moments.step((k, "w"), weights), moments.step((k, "b"), biases)
                replica.apply(values, k, weights, biases)

    # What can be learned at all

    def reference(self) -> float:
        """Return what a small network of cmlp learns from the same samples, in percent."""
        from cmlp.network import Network

        case = self.case
        rows = case.order[:8000]
        x, y = case.train.x[rows], case.train.y[rows]
        mean, spread = x.mean(), max(float(x.std()), 1e-12)
        network = Network(
            [case.train.depth, HIDDEN, max(2, case.train.classes)], activation=["tanh", "softmax"], loss="cross_entropy"
        )
        epochs = int(np.clip(30_000 / len(rows), 3, 40))
        network.train(((x - mean) / spread / 3, y), epochs, 0.3, mini_batch_size=min(20, len(rows)), progress=False)
        return 100 * float(np.mean(network.predict((case.judged_x - mean) / spread / 3) == case.judged_y))


class Adam:
    """The moments of Kingma and Ba (2014), with their usual settings, for the slopes of several arrays."""

    def __init__(self, eta: float) -> None:
        self.eta = eta
        self.kept: dict[Any, tuple[int, Array, Array]] = {}

    def step(self, key: Any, downhill: Array) -> Array:
        """Return the change of an array, of which minus the slope is given."""
        t, first, second = self.kept.get(key, (0, np.zeros_like(downhill), np.zeros_like(downhill)))
        t, first, second = t + 1, 0.9 * first + 0.1 * downhill, 0.999 * second + 0.001 * downhill**2
        self.kept[key] = t, first, second
        return self.eta * (first / (1 - 0.9**t)) / (np.sqrt(second / (1 - 0.999**t)) + 1e-8)


def climb(
    attempt: Callable[[float], float], base: float, chance: float, enough: Callable[[], bool]
) -> dict[float, float]:
    """Search the learning rate by powers of ten around `base`, uphill, and return what each reached."""
    results: dict[float, float] = {}

    def tried(eta: float) -> None:
        if eta not in results and not (enough() and results):
            results[eta] = attempt(eta)

    for factor in (1, 10, 0.1):
        tried(float(f"{base * factor:.3g}"))
    for _ in range(5):
        best, low, high = max(results, key=results.__getitem__), min(results), max(results)
        if results[best] < chance + 5:
            tried(float(f"{low / 10:.3g}"))
            tried(float(f"{high * 10:.3g}"))
        elif best == high:
            tried(float(f"{high * 10:.3g}"))
        elif best == low:
            tried(float(f"{low / 10:.3g}"))
        else:
            break
    best = max(results, key=results.__getitem__)
    if results[best] > chance + 10:
        tried(float(f"{best * 3:.3g}"))
        tried(float(f"{best / 3:.3g}"))
    return results
