"""How scikit-learn's ``learning_rate`` changes the learning rate of sgd: after epochs, and not between."""

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
