"""Trials: copies are trained with one thing repaired, on equal budgets, and what each reaches is counted."""

import time
from typing import Any

import numpy as np

from cmlp.diagnosis.programs.descent import Adam, Descent
from cmlp.diagnosis.programs.examination import TRIAL, Array, Examination, finite
from cmlp.diagnosis.programs.instances import Instance
from cmlp.diagnosis.programs.isolation import OutOfTime
from cmlp.diagnosis.programs.paths import Path, put_at

SMALLEST, LARGEST = 10, 128
SHORT = 10_000  # visits of samples in a short trial
USUAL = 40_000  # in a trial with another setting
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

    def with_number(self, name: str, value: float, path: Path | None) -> float | None:
        """Return what its own training reaches with another number: a setting, or what stands at a path."""
        subject, settings, rows = self.subject, self.subject.settings, self.rows
        instance = self.start(fresh=False)
        if path is None:
            subject.settings = settings | {name: value}
        else:
            put_at(instance.network, path, value)
        try:
            with self.case.bounded(3 * TRIAL), np.errstate(all="ignore"):
                subject.fit(instance, self.case.train.x[rows], self.case.train.y[rows], None, self.passes(len(rows)))
            return self.score(instance)
        except (Exception, OutOfTime):
            return None
        finally:
            subject.settings = settings

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
    def visits(self) -> int:
        """How many samples the replica takes steps with in a trial: of few samples as many as its own training."""
        return max(4 * len(self.rows), min(int(self.case.visits), USUAL))

    @property
    def quick(self) -> bool:
        """Whether its own steps are those of the right gradient alone, so that the replica can take them."""
        step = self.case.step
        if self.case.facts.get("momentum"):
            return False
        known = step is not None and step.explanation is not None and step.explanation.sound and not step.adaptive
        return bool(known and self.case.summed and not self.case.codes & {"not-reset", "forward-changes-images"})

    def each(self, eta: float) -> float:
        """Return the factor by which one of its own steps multiplies the gradient of each sample."""
        rate, m = self.case.facts["rate"]
        rate /= self._steps_in_one
        if self.case.facts.get("twice"):
            return float(eta * rate * m * m / self.batch / len(self.case.usable))
        return float(eta * (rate if self.case.facts.get("sum") else rate * m / self.batch))

    @property
    def _steps_in_one(self) -> int:
        """How many steps a call takes that was taken for one: with epochs of its own, or with many samples."""
        case, subject = self.case, self.subject
        if subject.steps is not None:
            return 1
        epochs = case.facts.get("visits", 0) / len(case.usable) if subject.epochs is None else 1.0
        mini_batches = case.facts.get("tiled", 0) / self.batch if subject.size is None else 1.0
        return round(max(1.0, epochs) * max(1.0, mini_batches))

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
        batch = min(self.together, len(rows))
        factor = 1 / batch if adam else eta / batch if mean else eta
        descent = Descent(replica, case.step, factor, shrink, Adam(eta) if adam else None)
        done, total = 0, visits if visits is not None else SHORT
        deadline = time.process_time() + seconds
        for number in range(1000):
            order = np.random.default_rng(number).permutation(rows)
            for k in range(0, len(order) - batch + 1, batch):
                pick = order[k : k + batch]
                descent.step(values, x[pick] / scale, y[pick])
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
