"""How the learning rate changes: what eta is multiplied by, from step to step."""

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field, fields
from math import cos, inf, isfinite, pi
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.errors import ModelError
from cmlp.utils.checks import check_count, check_name, check_positive, check_range


class Schedule:
    """Something that gives a factor for every step.

    `factor` gets the step, from 0, how many steps an epoch has, and how many the training has.
    """

    def factor(self, step: int, per_epoch: int, steps: int) -> float:
        """Return what eta is multiplied by in a step."""
        raise NotImplementedError

    def observe(self, loss: float) -> None:
        """Look at the training loss of an epoch."""

    def get_state(self) -> dict[str, Any]:
        """Return what it remembers of the losses, as JSON has it."""
        return {}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on with what `get_state` returned."""


@dataclass
class Constant(Schedule):
    """Always eta."""

    def factor(self, step: int, per_epoch: int, steps: int) -> float:  # noqa: D102
        return 1.0


@dataclass
class Step(Schedule):
    """Multiply by `rate` every so many epochs."""

    epochs: int = 10
    rate: float = 0.1

    def __post_init__(self) -> None:
        check_count("epochs", self.epochs)
        check_positive("rate", self.rate)

    def factor(self, step: int, per_epoch: int, steps: int) -> float:  # noqa: D102
        return float(self.rate ** (step // per_epoch // self.epochs))


@dataclass
class Exponential(Schedule):
    """Multiply by `rate` in every epoch, a little in each step."""

    rate: float = 0.95

    def __post_init__(self) -> None:
        check_positive("rate", self.rate)

    def factor(self, step: int, per_epoch: int, steps: int) -> float:  # noqa: D102
        return float(self.rate ** (step / per_epoch))


@dataclass
class InverseScaling(Schedule):
    """``1 / (1 + epochs)**power``, with the part of an epoch that each step is."""

    power: float = 0.5

    def __post_init__(self) -> None:
        check_positive("power", self.power)

    def factor(self, step: int, per_epoch: int, steps: int) -> float:  # noqa: D102
        return float((1 + step / per_epoch) ** -self.power)


@dataclass
class Adaptive(Schedule):
    """Multiply by `rate` whenever the training loss has not fallen by `tolerance` for `patience` epochs."""

    rate: float = 0.2
    patience: int = 2
    tolerance: float = 1e-4
    _current: float = field(default=1.0, init=False, repr=False)
    _best: float = field(default=inf, init=False, repr=False)
    _waited: int = field(default=0, init=False, repr=False)

    def __post_init__(self) -> None:
        check_positive("rate", self.rate)
        check_count("patience", self.patience)
        check_range("tolerance", self.tolerance)

    def factor(self, step: int, per_epoch: int, steps: int) -> float:  # noqa: D102
        return self._current

    def observe(self, loss: float) -> None:  # noqa: D102
        self._waited = self._waited + 1 if loss > self._best - self.tolerance else 0
        self._best = min(self._best, loss)
        if self._waited >= self.patience:
            self._current, self._waited = self._current * self.rate, 0

    def get_state(self) -> dict[str, Any]:  # noqa: D102
        best = self._best if isfinite(self._best) else None
        return {"current": self._current, "best": best, "waited": self._waited}

    def set_state(self, state: Mapping[str, Any]) -> None:  # noqa: D102
        self._current = check_range("current", state.get("current"))
        self._best = inf if state.get("best") is None else check_range("best", state["best"], -inf)
        self._waited = int(check_range("waited", state.get("waited")))


@dataclass
class Cosine(Schedule):
    """Rise for `warm_up` epochs, then fall like a cosine to `lowest` (Loshchilov and Hutter, SGDR, ICLR 2017)."""

    warm_up: float = 0.0
    lowest: float = 0.0

    def __post_init__(self) -> None:
        check_range("warm_up", self.warm_up)
        check_range("lowest", self.lowest, 0, 1, closed=True)

    def factor(self, step: int, per_epoch: int, steps: int) -> float:  # noqa: D102
        rising = self.warm_up * per_epoch
        if step < rising:
            return (step + 1) / (rising + 1)
        part = (step - rising) / max(1.0, steps - rising)
        return self.lowest + (1 - self.lowest) * (1 + cos(pi * part)) / 2


@dataclass
class OneCycle(Schedule):
    """Rise from `lowest` to 1 in the first `rise` of the training, then fall to nearly 0 (Smith, 2018)."""

    rise: float = 0.3
    lowest: float = 0.04

    def __post_init__(self) -> None:
        check_range("rise", self.rise, 0, 1)
        check_range("lowest", self.lowest, 0, 1, closed=True)

    def factor(self, step: int, per_epoch: int, steps: int) -> float:  # noqa: D102
        peak = self.rise * (steps - 1)
        if step < peak:
            return self.lowest + (1 - self.lowest) * (1 - cos(pi * step / peak)) / 2
        end = self.lowest * 1e-4
        return end + (1 - end) * (1 + cos(pi * (step - peak) / max(1.0, steps - 1 - peak))) / 2


@dataclass
class Function(Schedule):
    """Any function of the step."""

    function: Callable[[int], float]

    def factor(self, step: int, per_epoch: int, steps: int) -> float:  # noqa: D102
        value: Any = self.function(step)
        if not isinstance(value, int | float | np.floating | np.integer) or not (isfinite(value) and value >= 0):
            raise ModelError(f"schedule must return a number of at least 0, got {value!r} for step {step}")
        return float(value)


SCHEDULES: dict[str, type[Schedule]] = {
    "constant": Constant,
    "step": Step,
    "exponential": Exponential,
    "invscaling": InverseScaling,
    "adaptive": Adaptive,
    "cosine": Cosine,
    "one_cycle": OneCycle,
}


def find_schedule(schedule: str | Schedule | Callable[[int], float] | None) -> Schedule:
    """Return the schedule of a name, of a function of the step, or a copy of the given one for this training."""
    if schedule is None:
        return Constant()
    if isinstance(schedule, Schedule):
        return copy(schedule)
    if isinstance(schedule, str):
        return SCHEDULES[check_name("schedule", schedule, SCHEDULES)]()
    if callable(schedule):
        return Function(schedule)
    raise ModelError(f"schedule must be a name, a schedule or a function of the step, got {schedule!r}")


def describe(schedule: Schedule) -> dict[str, Any]:
    """Return the name and the settings of a schedule, as JSON has them."""
    names = {kind: name for name, kind in SCHEDULES.items()}
    if type(schedule) not in names:  # a function, or a class of the user's
        return {"name": "function"}
    settings = {f.name: getattr(schedule, f.name) for f in fields(schedule) if f.init}  # type: ignore[arg-type]
    return {"name": names[type(schedule)]} | settings


def etas_of(schedule: Schedule, eta: float, epoch: int, per_epoch: int, epochs: int) -> NDArray[np.float64]:
    """Return the learning rates (per_epoch,) of an epoch, counted from 0."""
    if isinstance(schedule, Constant):
        return np.full(per_epoch, eta, np.float64)
    first = epoch * per_epoch
    factors = (schedule.factor(step, per_epoch, epochs * per_epoch) for step in range(first, first + per_epoch))
    return float(eta) * np.fromiter(factors, np.float64, per_epoch)
