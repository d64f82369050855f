"""How a training steps: the settings of `Network.train` and of the estimators, checked once, as one object."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from cmlp.errors import DataError, ModelError
from cmlp.model.samples import Samples
from cmlp.storage.container import plain
from cmlp.training.distortions import find_distortions
from cmlp.training.optimizers import LBFGS, find_optimizer
from cmlp.training.schedules import Constant, find_schedule
from cmlp.utils.checks import check_count, check_flag, check_fraction, check_optional, check_positive, check_range
from cmlp.utils.settings import check_settings, setting
from cmlp.utils.warn import warn


@dataclass(frozen=True, kw_only=True)
class Options:
    """What every step of a training has in common, under the names of `Network.train`, which documents them.

    Two settings belong to the estimators: `shuffle`, and `shared_penalties`, which says that `l1` and `lmbda` are
    divided by the weight of each mini-batch, and that the loss of an epoch is averaged as scikit-learn does.
    """

    eta: float = setting(1.0, check_positive)
    epochs: int | None = setting(1, lambda name, value: None if value is None else check_count(name, value))
    minutes: float | None = setting(None, check_optional, needs_mini_batches=True)
    optimizer: Any = setting("sgd", lambda _, value: find_optimizer(value))
    schedule: Any = setting(None, lambda _, value: find_schedule(value))
    mini_batch_size: int = setting(125, check_count)
    lmbda: float = setting(0.0, check_range)
    l1: float = setting(0.0, check_range)
    label_smoothing: float = setting(0.0, check_fraction)
    max_norm: float | None = setting(None, check_optional, needs_mini_batches=True)
    clip_norm: float | None = setting(None, check_optional, needs_mini_batches=True)
    clip_value: float | None = setting(None, check_optional, needs_mini_batches=True)
    averaging: float = setting(0.0, check_fraction, needs_mini_batches=True)
    distortions: Any = setting(None, lambda _, value: find_distortions(value), needs_mini_batches=True)
    shuffle: bool = setting(True, check_flag)
    shared_penalties: bool = setting(False, check_flag)

    def __post_init__(self) -> None:
        check_settings(self)
        if (self.epochs is None) == (self.minutes is None):
            found = "neither" if self.epochs is None else f"epochs={self.epochs} and minutes={self.minutes:g}"
            raise ModelError(f"a training takes epochs, or minutes with epochs=None, got {found}")
        if isinstance(self.optimizer, LBFGS):
            self._check_lbfgs()

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> Self:
        """Return the options among the arguments of a call."""
        return cls(**{each.name: arguments[each.name] for each in fields(cls) if each.name in arguments})

    def _check_lbfgs(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if each.metadata.get("needs_mini_batches") and value:
                raise ModelError(f"lbfgs has no mini-batches and so no {each.name}, got {value!r}")
        if not isinstance(self.schedule, Constant):
            raise ModelError(f"lbfgs finds its step lengths itself and has no schedule, got {self.schedule!r}")

    @property
    def l2(self) -> float:
        """What the core calls `lmbda`."""
        return self.lmbda

    def for_images(self, n: int) -> Self:
        """Return the options for n images, by which unshared penalties are divided, as in Nielsen's chapter 3."""
        share = 1 if self.shared_penalties else n
        return replace(self, l1=self.l1 / share, lmbda=self.lmbda / share, mini_batch_size=min(self.mini_batch_size, n))

    def for_pictures(self, samples: Samples, shape: tuple[int, ...] | None) -> Self:
        """Return the options for these samples, with distortions, if there are any, that fit such pictures."""
        if self.distortions is None:
            return self
        if isinstance(samples.images, tuple):
            raise DataError("distortions need pictures, got a sparse matrix: X.toarray() makes an array of it")
        distortions = self.distortions.for_pictures(samples.images.shape[1], shape)
        for doubt in distortions.doubts:
            warn(doubt)
        return replace(self, distortions=distortions)

    def describe(self) -> dict[str, Any]:
        """Return them as JSON has them."""
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        del given["shuffle"], given["shared_penalties"]
        schedule = plain(self.schedule.describe(), f"describe() of {type(self.schedule).__qualname__}")
        given["distortions"] = None if self.distortions is None else self.distortions.describe()
        return given | {"optimizer": self.optimizer.describe(), "schedule": schedule}
