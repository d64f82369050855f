"""Learning-rate schedules: what eta is multiplied by, from step to step."""

import hashlib
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, fields
from functools import partial
from math import cos, inf, isfinite, nan, pi
from types import CodeType, FunctionType
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cmlp.errors import ModelError
from cmlp.utils.checks import (
    check_closed_fraction,
    check_count,
    check_fraction,
    check_name,
    check_positive,
    check_range,
    takes_one,
)
from cmlp.utils.settings import check_settings, setting
from cmlp.utils.text import shown

ScheduleName: TypeAlias = Literal["constant", "step", "exponential", "invscaling", "adaptive", "cosine", "one_cycle"]


class Schedule:
    """A learning-rate schedule; a subclass defines `factor` and, if it depends on the losses, `observe`.

    Checkpoints hold the attributes of a subclass: None, numbers, text, and lists, tuples, dicts and arrays of these.
    With any other attribute, a training with checkpoints needs `get_state` and `set_state` of one's own.

    Attributes
    ----------
    needs_epochs : bool
        Whether the factors depend on the length of the training: then it can only be resumed with the same number of
        epochs.
    """

    needs_epochs: ClassVar[bool] = True

    def factor(self, step: int, per_epoch: int, steps: int) -> float:
        """Return the factor that eta is multiplied by in a step.

        Parameters
        ----------
        step : int
            The step, counted from 0 over all epochs.
        per_epoch : int
            Number of steps per epoch.
        steps : int
            Number of steps of the whole training.

        Returns
        -------
        float
            The factor, at least 0.
        """
        raise NotImplementedError

    def observe(self, loss: float) -> None:
        """Take note of the training loss of an epoch.

        Parameters
        ----------
        loss : float
            Mean loss of the epoch.
        """

    def lower(self, eta: float) -> bool:
        """Lower the learning rate when early stopping would end the training.

        Parameters
        ----------
        eta : float
            The learning rate that the factors apply to.

        Returns
        -------
        bool
            Whether the rate was lowered, so that training continues.
        """
        return False

    def describe(self) -> dict[str, Any]:
        """Return what identifies the schedule, in a form that JSON can represent.

        Returns
        -------
        dict
            The name as ``"name"``, and the settings, or a fingerprint of them.
        """
        name = f"{type(self).__module__}.{type(self).__qualname__}"
        return {"name": name, "settings": _digest(vars(self))}

    def get_state(self) -> dict[str, Any]:
        """Return the state, of the types that a checkpoint can hold.

        Returns
        -------
        dict
            The attributes by name.
        """
        return dict(vars(self))

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Continue from a state.

        Parameters
        ----------
        state : mapping
            The result of `get_state`.
        """
        vars(self).update(state)


@dataclass
class _Named(Schedule):
    """A schedule with a name, and settings that are validated when it is made."""

    name: ClassVar[str]
    needs_epochs = False

    def __post_init__(self) -> None:
        check_settings(self)

    def describe(self) -> dict[str, Any]:
        """Return the name and the settings, in a form that JSON can represent.

        Returns
        -------
        dict
            The name as ``"name"``, and the value of each setting by name.
        """
        return {"name": self.name} | {each.name: getattr(self, each.name) for each in fields(self) if each.init}

    def get_state(self) -> dict[str, Any]:
        """Return the state, in a form that JSON can represent.

        Returns
        -------
        dict
            What the schedule has learned from the losses; empty if it does not depend on them.
        """
        return {}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Continue from a state.

        Parameters
        ----------
        state : mapping
            The result of `get_state`.
        """


@dataclass
class Constant(_Named):
    """Keep the learning rate at eta."""

    name = "constant"

    def factor(self, step: int, per_epoch: int, steps: int) -> float:  # noqa: D102
        return 1.0


@dataclass
class Step(_Named):
    """Multiply the learning rate by `rate` every so many epochs.

    Parameters
    ----------
    epochs : int, default 10
        Number of epochs between two changes.
    rate : float, default 0.1
        Factor that each change multiplies by, above 0.

    Examples
    --------
    >>> [cmlp.Step(epochs=2, rate=0.5).factor(epoch, 1, 4) for epoch in range(4)]
    [1.0, 1.0, 0.5, 0.5]
    """

    epochs: int = setting(10, check_count)
    rate: float = setting(0.1, check_positive)
    name = "step"

    def factor(self, step: int, per_epoch: int, steps: int) -> float:  # noqa: D102
        return float(self.rate ** (step // per_epoch // self.epochs))


@dataclass
class Exponential(_Named):
    """Multiply the learning rate by `rate` in every epoch, a little in each step.

    Parameters
    ----------
    rate : float, default 0.95
        Factor per epoch, above 0.

    Examples
    --------
    >>> [cmlp.Exponential(0.25).factor(step, 2, 4) for step in range(4)]
    [1.0, 0.5, 0.25, 0.125]
    """

    rate: float = setting(0.95, check_positive)
    name = "exponential"

    def factor(self, step: int, per_epoch: int, steps: int) -> float:  # noqa: D102
        return float(self.rate ** (step / per_epoch))


@dataclass
class InverseScaling(_Named):
    """Divide the learning rate by ``(1 + epochs)**power``, where `epochs` counts fractions of an epoch.

    Parameters
    ----------
    power : float, default 0.5
        The exponent, above 0.

    Examples
    --------
    >>> [cmlp.InverseScaling(1.0).factor(step, 1, 4) for step in (0, 1, 3)]
    [1.0, 0.5, 0.25]
    """

    power: float = setting(0.5, check_positive)
    name = "invscaling"

    def factor(self, step: int, per_epoch: int, steps: int) -> float:  # noqa: D102
        return float((1 + step / per_epoch) ** -self.power)


@dataclass
class Adaptive(_Named):
    """Multiply the learning rate by `rate` whenever the training loss has stopped falling.

    Parameters
    ----------
    rate : float, default 0.2
        Factor that each change multiplies by, above 0.
    patience : int, default 2
        Number of consecutive epochs without improvement before a change.
    tolerance : float, default 1e-4
        Amount by which the loss must fall below the lowest so far to be an improvement.

    Examples
    --------
    >>> schedule = cmlp.Adaptive(rate=0.5, patience=1)
    >>> for loss in (1.0, 0.8, 0.9):
    ...     schedule.observe(loss)
    >>> schedule.factor(0, 1, 1)
    0.5
    """

    rate: float = setting(0.2, check_positive)
    patience: int = setting(2, check_count)
    tolerance: float = setting(1e-4, check_range)
    _current: float = field(default=1.0, init=False, repr=False)
    _best: float = field(default=inf, init=False, repr=False)
    _waited: int = field(default=0, init=False, repr=False)
    name = "adaptive"

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
class Cosine(_Named):
    """Raise the learning rate for `warm_up` epochs, then lower it along a cosine (Loshchilov and Hutter, ICLR 2017).

    Parameters
    ----------
    warm_up : float, default 0.0
        Number of epochs of linear warm-up.
    lowest : float, default 0.0
        Factor at the end of training, in [0, 1].
    warm_up_share : float, default 0.0
        Share of the training that the linear warm-up takes, instead of a number of epochs, in [0, 1).

    Examples
    --------
    >>> [round(cmlp.Cosine().factor(step, 1, 4), 3) for step in range(4)]
    [1.0, 0.854, 0.5, 0.146]
    >>> [round(cmlp.Cosine(warm_up_share=0.5).factor(step, 1, 6), 3) for step in range(6)]
    [0.25, 0.5, 0.75, 1.0, 0.75, 0.25]
    """

    warm_up: float = setting(0.0, check_range)
    lowest: float = setting(0.0, check_closed_fraction)
    warm_up_share: float = setting(0.0, check_fraction)
    name = "cosine"
    needs_epochs = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.warm_up and self.warm_up_share:
            found = f"warm_up={self.warm_up:g} and warm_up_share={self.warm_up_share:g}"
            raise ModelError(f"cosine has a warm-up of some epochs or of a share of the training, got {found}")

    def describe(self) -> dict[str, Any]:
        """Return the name and the settings, in a form that JSON can represent.

        Returns
        -------
        dict
            The name as ``"name"``, and the value of each setting by name; a share only where there is one.
        """
        described = super().describe()
        return described if self.warm_up_share else {k: v for k, v in described.items() if k != "warm_up_share"}

    def factor(self, step: int, per_epoch: int, steps: int) -> float:  # noqa: D102
        rising = self.warm_up * per_epoch + self.warm_up_share * steps
        if step < rising:
            return (step + 1) / (rising + 1)
        part = (step - rising) / max(1.0, steps - rising)
        return self.lowest + (1 - self.lowest) * (1 + cos(pi * part)) / 2


@dataclass
class OneCycle(_Named):
    """Raise the learning rate from `lowest` times eta to eta, then lower it to nearly 0 (Smith, 2018).

    Parameters
    ----------
    rise : float, default 0.3
        Fraction of training in which the rate rises, in [0, 1).
    lowest : float, default 0.04
        Factor of the first step, in [0, 1]; the factor of the last step is a ten-thousandth of it.

    Examples
    --------
    >>> [round(cmlp.OneCycle(rise=0.5).factor(step, 1, 5), 2) for step in range(5)]
    [0.04, 0.52, 1.0, 0.5, 0.0]
    """

    rise: float = setting(0.3, check_fraction)
    lowest: float = setting(0.04, check_closed_fraction)
    name = "one_cycle"
    needs_epochs = True

    def factor(self, step: int, per_epoch: int, steps: int) -> float:  # noqa: D102
        peak = self.rise * (steps - 1)
        if step < peak:
            return self.lowest + (1 - self.lowest) * (1 - cos(pi * step / peak)) / 2
        end = self.lowest * 1e-4
        return end + (1 - end) * (1 + cos(pi * (step - peak) / max(1.0, steps - 1 - peak))) / 2


@dataclass
class Function(_Named):
    """Any function of the step."""

    function: Callable[[int], float]
    name = "function"

    def factor(self, step: int, per_epoch: int, steps: int) -> float:  # noqa: D102
        return _checked_factor(self.function(step), step)

    def describe(self) -> dict[str, Any]:
        """Return a fingerprint by which another function is noticed."""
        return {"name": self.name, "function": _fingerprint(self.function)}


def _fingerprint(function: Any) -> str:
    """Return a name, and a SHA-256 of the code and of the values that it has closed over."""
    name = f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', type(function).__qualname__)}"
    return f"{name} {_digest(function)}"


def _digest(value: Any) -> str:
    return hashlib.sha256(repr(_content(value)).encode()).hexdigest()


def _content(value: Any, above: tuple[int, ...] = ()) -> Any:
    """Return what a value consists of, without the addresses that `repr` would show."""
    if id(value) in above:
        return "itself"  # as in a function that calls itself
    above = (*above, id(value))
    if isinstance(value, FunctionType):
        return _content([value.__code__, value.__defaults__, value.__kwdefaults__, _closed_over(value)], above)
    if isinstance(value, CodeType):
        return value.co_code, value.co_names, _content(value.co_consts, above)
    if isinstance(value, list | tuple):
        return [_content(part, above) for part in value]
    if isinstance(value, dict):
        return [(key, _content(part, above)) for key, part in value.items()]
    if isinstance(value, partial):
        return _content([value.func, value.args, value.keywords], above)
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, int | float | complex | str | bytes | None):
        return value
    return type(value).__qualname__, _content(getattr(value, "__dict__", None), above)


def _closed_over(function: FunctionType) -> list[Any]:
    """Return what the cells of a closure hold; None for one that is still empty."""
    found = []
    for cell in function.__closure__ or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:
            found.append(None)
    return found


SCHEDULES: dict[str, type[_Named]] = {
    kind.name: kind for kind in (Constant, Step, Exponential, InverseScaling, Adaptive, Cosine, OneCycle)
}


def find_schedule(schedule: Any) -> Schedule:
    """Return the schedule of a name, a class or a function of the step, or a copy of the given one."""
    if schedule is None:
        return Constant()
    if isinstance(schedule, str):
        return SCHEDULES[check_name("schedule", schedule, SCHEDULES)]()
    rule = "schedule must be a name, a schedule or a function of the step"
    if isinstance(schedule, type) and issubclass(schedule, Schedule):
        try:
            return schedule()
        except TypeError as error:
            raise ModelError(f"{rule}, got the class {schedule.__name__}, which needs arguments") from error
    if isinstance(schedule, Schedule):
        return deepcopy(schedule)
    if takes_one(schedule):
        return Function(schedule)
    raise ModelError(f"{rule}, got {schedule!r}{', which does not take the step alone' if callable(schedule) else ''}")


def learning_rates(schedule: Schedule, eta: float, epoch: int, per_epoch: int, epochs: int) -> NDArray[np.float64]:
    """Return the learning rates (per_epoch,) of an epoch, counted from 0."""
    first = epoch * per_epoch
    return rates_of_steps(schedule, eta, range(first, first + per_epoch), per_epoch, epochs * per_epoch)


def rates_of_steps(schedule: Schedule, eta: float, chosen: range, per_epoch: int, steps: int) -> NDArray[np.float64]:
    """Return the learning rates of some of the steps of a training, counted from 0."""
    if isinstance(schedule, Constant):
        return np.full(len(chosen), eta, np.float64)
    factors = np.empty(len(chosen))
    for place, step in enumerate(chosen):
        factors[place] = _checked_factor(schedule.factor(step, per_epoch, steps), step)
    return float(eta) * factors


def _checked_factor(value: Any, step: int) -> float:
    try:
        factor = float(value) if isinstance(value, int | float | np.floating | np.integer) else nan
    except OverflowError:  # of a very large integer
        factor = inf
    if not 0 <= factor < inf:
        raise ModelError(f"schedule must return a number of at least 0, got {shown(value)} for step {step}")
    return factor
