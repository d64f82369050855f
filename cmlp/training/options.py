"""How a training steps, as its user says it."""

from dataclasses import dataclass
from typing import Any

from cmlp.errors import ModelError
from cmlp.training.optimizers import LBFGS, Optimizer
from cmlp.training.schedules import Constant, Schedule, describe
from cmlp.utils.checks import check_count, check_optional, check_positive, check_range

OF_MINI_BATCHES = ("max_norm", "clip_norm", "clip_value", "averaging")  # which L-BFGS has not
NUMBERS = ("eta", "lmbda", "l1", "label_smoothing", *OF_MINI_BATCHES)


@dataclass(frozen=True)
class Options:
    """What every step of a training has in common; 0 stands for nothing.

    `shared_penalties` says that `l1` and `l2` are divided by the mini-batch, and are not whole in every step.
    """

    mini_batch_size: int
    l1: float = 0.0
    l2: float = 0.0
    shared_penalties: bool = False
    clip_norm: float = 0.0
    clip_value: float = 0.0
    max_norm: float = 0.0
    averaging: float = 0.0
    smoothing: float = 0.0


@dataclass(frozen=True)
class Settings:
    """The arguments of `Network.train` by their names, checked."""

    epochs: int
    eta: float
    optimizer: Optimizer
    schedule: Schedule
    mini_batch_size: int
    lmbda: float
    l1: float
    max_norm: float | None
    clip_norm: float | None
    clip_value: float | None
    label_smoothing: float
    averaging: float

    def __post_init__(self) -> None:
        check_count("epochs", self.epochs)
        check_positive("eta", self.eta)
        check_count("mini_batch_size", self.mini_batch_size)
        check_range("lmbda", self.lmbda)
        check_range("l1", self.l1)
        for name in ("max_norm", "clip_norm", "clip_value"):
            check_optional(name, getattr(self, name))
        for name in ("label_smoothing", "averaging"):
            check_range(name, getattr(self, name), 0, 1)
        if isinstance(self.optimizer, LBFGS):
            self._check_lbfgs()

    def _check_lbfgs(self) -> None:
        for name in OF_MINI_BATCHES:
            if getattr(self, name):
                raise ModelError(f"lbfgs has no mini-batches and so no {name}, got {getattr(self, name)!r}")
        if not isinstance(self.schedule, Constant):
            raise ModelError(f"lbfgs finds its step lengths itself and has no schedule, got {self.schedule!r}")

    def options(self, n: int) -> Options:
        """Return what the steps on n samples have in common; penalties are divided by n, as in Nielsen's chapter 3."""
        return Options(
            mini_batch_size=min(int(self.mini_batch_size), n),
            l1=self.l1 / n,
            l2=self.lmbda / n,
            clip_norm=float(self.clip_norm or 0),
            clip_value=float(self.clip_value or 0),
            max_norm=float(self.max_norm or 0),
            averaging=float(self.averaging),
            smoothing=float(self.label_smoothing),
        )

    def describe(self) -> dict[str, Any]:
        """Return them as JSON has them."""
        given = {name: getattr(self, name) for name in NUMBERS}
        return {
            "epochs": int(self.epochs),
            "mini_batch_size": int(self.mini_batch_size),
            "optimizer": self.optimizer.describe(),
            "schedule": describe(self.schedule),
            **{name: None if value is None else float(value) for name, value in given.items()},
        }
