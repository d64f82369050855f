"""How scikit-learn's ``learning_rate`` changes the learning rate of sgd, and how other schedules go on."""

from dataclasses import dataclass
from typing import Any

from cmlp.training.schedules import Schedule

SMALLEST = 1e-6  # where "adaptive" ends
FIFTH = 0.2


@dataclass
class EpochRate(Schedule):
    """A factor that stays the same for an epoch."""

    rate: float = 1.0
    seen: int = 0  # samples
    needs_epochs = False

    def factor(self, step: int, per_epoch: int, steps: int) -> float:  # noqa: D102
        return self.rate


def rate_of(estimator: Any, rate: float) -> EpochRate | None:
    """Return the schedule that `learning_rate` stands for, in the middle of a training by sgd."""
    kind = {"adaptive": LoweredRate, "invscaling": InverseScalingBySample}.get(estimator.learning_rate)
    return None if kind is None else kind(rate, estimator.t_)


@dataclass
class Continued(Schedule):
    """A schedule that one `partial_fit` after the other goes on with, each for an epoch."""

    given: Any  # as the parameter `schedule`
    schedule: Schedule
    epochs: int = 0  # so far
    needs_epochs = False

    def factor(self, step: int, per_epoch: int, steps: int) -> float:  # noqa: D102
        before = self.epochs * per_epoch
        return self.schedule.factor(before + step, per_epoch, before + steps)

    def observe(self, loss: float) -> None:  # noqa: D102
        self.schedule.observe(loss)
        self.epochs += 1

    def lower(self, eta: float) -> bool:  # noqa: D102
        return self.schedule.lower(eta)


@dataclass
class InverseScalingBySample(EpochRate):
    """``(t + 1)**-power`` after t samples."""

    power: float = 0.5
    per_epoch: int = 0

    def observe(self, loss: float) -> None:  # noqa: D102
        self.seen += self.per_epoch
        self.rate = (self.seen + 1) ** -self.power


@dataclass
class LoweredRate(EpochRate):
    """A fifth, instead of an end of the training, until the learning rate is below 1e-6."""

    verbose: Any = False

    def lower(self, eta: float) -> bool:  # noqa: D102
        if eta * self.rate <= SMALLEST:
            return False
        self.rate *= FIFTH
        if self.verbose:
            print(f"Setting learning rate to {eta * self.rate:f}")
        return True
