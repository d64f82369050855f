"""The optimisers by name, and as objects for those who want other settings than the usual ones."""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from cmlp.errors import ModelError
from cmlp.utils.checks import check_count, check_name, check_positive, check_range


@dataclass(frozen=True)
class Optimizer:
    """What all optimisers have: a name, and settings that are checked when they are made."""

    name: ClassVar[str]

    def __post_init__(self) -> None:
        for setting, value in asdict(self).items():
            if setting == "epsilon":
                check_positive(setting, value)
            elif setting in ("momentum", "beta_1", "beta_2", "rho"):
                check_range(setting, value, 0, 1)
            elif setting == "max_evaluations":
                check_count(setting, value)
            elif setting != "epsilon_hat":
                check_range(setting, value)
            elif not isinstance(value, bool):
                raise ModelError(f"epsilon_hat must be True or False, got {value!r}")

    def settings(self) -> dict[str, Any]:
        """Return the settings as the core names them."""
        return asdict(self)

    def describe(self) -> dict[str, Any]:
        """Return the name and the settings, as JSON has them."""
        return {"name": self.name} | asdict(self)


@dataclass(frozen=True)
class SGD(Optimizer):
    """Stochastic gradient descent: ``w -= eta * g``."""

    name = "sgd"


@dataclass(frozen=True)
class Momentum(Optimizer):
    """Classical momentum: ``v = momentum * v - eta * g; w += v`` (Sutskever et al., ICML 2013)."""

    momentum: float = 0.9
    name = "momentum"


@dataclass(frozen=True)
class Nesterov(Momentum):
    """Nesterov's momentum: ``v = momentum * v - eta * g; w += momentum * v - eta * g`` (the same paper)."""

    name = "nesterov"


@dataclass(frozen=True)
class RMSprop(Optimizer):
    """``v = rho * v + (1 - rho) * g**2; w -= eta * g / (sqrt(v) + epsilon)`` (Tieleman and Hinton, 2012)."""

    rho: float = 0.99
    epsilon: float = 1e-8
    name = "rmsprop"

    def settings(self) -> dict[str, Any]:
        """Return the settings as the core names them."""
        return {"momentum": self.rho, "epsilon": self.epsilon}


@dataclass(frozen=True)
class Adam(Optimizer):
    """Adam (Kingma and Ba, ICLR 2015).

    Parameters
    ----------
    beta_1, beta_2 : float of [0, 1)
        How slowly the first and second moment of the gradient change.
    epsilon : float
    epsilon_hat : bool
        Whether epsilon is added before the bias of the second moment is corrected, as in section 2 of the paper
        and in scikit-learn, and not after, as in algorithm 1 and in PyTorch.
    """

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    epsilon_hat: bool = False
    name = "adam"


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled weight decay, ``w *= 1 - eta * weight_decay`` (Loshchilov and Hutter, ICLR 2019)."""

    weight_decay: float = 0.01
    name = "adamw"


@dataclass(frozen=True)
class Nadam(Optimizer):
    """Adam with Nesterov's momentum (Dozat, 2016); the momentum grows with ``1 - 0.96**(t * momentum_decay) / 2``."""

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    momentum_decay: float = 0.004
    name = "nadam"


@dataclass(frozen=True)
class LBFGS(Optimizer):
    """Limited-memory BFGS of `scipy.optimize`, on all training data at once; eta is not used.

    Parameters
    ----------
    max_evaluations : int
        Of the loss and its gradient, in all.
    tolerance : float
        Training ends where no element of the gradient is larger, or where the loss falls by less than 2.2e-9 of itself.
    """

    max_evaluations: int = 15000
    tolerance: float = 1e-5
    name = "lbfgs"


OPTIMIZERS = {kind.name: kind for kind in (SGD, Momentum, Nesterov, RMSprop, Adam, AdamW, Nadam, LBFGS)}


def find_optimizer(optimizer: str | Optimizer) -> Optimizer:
    """Return the optimiser of a name with its usual settings, or the given one."""
    if isinstance(optimizer, Optimizer):
        return optimizer
    if isinstance(optimizer, str):
        return OPTIMIZERS[check_name("optimizer", optimizer, OPTIMIZERS)]()
    raise ModelError(f"optimizer must be a name or an optimizer such as cmlp.Adam(), got {optimizer!r}")
