"""The optimizers, by name or as objects with other settings than the default ones."""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal, TypeAlias

from cmlp.errors import ModelError
from cmlp.utils.checks import (
    check_closed_fraction,
    check_count,
    check_flag,
    check_fraction,
    check_name,
    check_positive,
    check_range,
)
from cmlp.utils.settings import check_settings, setting

OptimizerName: TypeAlias = Literal["sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw", "nadam", "lbfgs"]


@dataclass(frozen=True)
class Optimizer:
    """An optimizer: a name, and settings that are validated when it is made."""

    name: ClassVar[str]

    def __post_init__(self) -> None:
        check_settings(self)

    def settings(self) -> dict[str, Any]:
        """Return the settings under the names that the core uses.

        Returns
        -------
        dict
            The value of each setting by name.
        """
        return asdict(self)

    def describe(self) -> dict[str, Any]:
        """Return the name and the settings in a form that JSON can represent.

        Returns
        -------
        dict
            The name as ``"name"``, and the value of each setting by name.
        """
        return {"name": self.name} | asdict(self)


@dataclass(frozen=True)
class SGD(Optimizer):
    """Stochastic gradient descent: ``w -= eta * g``.

    Examples
    --------
    >>> net = cmlp.Network([64, 16, 10])
    >>> history = net.train(cmlp.load_digits()[0], 1, 3.0, optimizer=cmlp.SGD())
    """

    name = "sgd"


@dataclass(frozen=True)
class Momentum(Optimizer):
    """Classical momentum: ``v = momentum * v - eta * g; w += v`` (Sutskever et al., ICML 2013).

    Parameters
    ----------
    momentum : float, default 0.9
        Fraction of the previous step that is added to the next, in [0, 1].

    Examples
    --------
    >>> cmlp.Momentum(0.95)
    Momentum(momentum=0.95)
    """

    momentum: float = setting(0.9, check_closed_fraction)
    name = "momentum"


@dataclass(frozen=True)
class Nesterov(Momentum):
    """Nesterov's momentum: ``v = momentum * v - eta * g; w += momentum * v - eta * g`` (Sutskever et al., ICML 2013).

    Parameters
    ----------
    momentum : float, default 0.9
        Fraction of the previous step that is added to the next, in [0, 1].

    Examples
    --------
    >>> cmlp.Nesterov()
    Nesterov(momentum=0.9)
    """

    name = "nesterov"


@dataclass(frozen=True)
class RMSprop(Optimizer):
    """RMSprop: ``v = rho * v + (1 - rho) * g**2; w -= eta * g / (sqrt(v) + epsilon)`` (Tieleman and Hinton, 2012).

    Parameters
    ----------
    rho : float, default 0.99
        Decay of the moving average of the squared gradient, in [0, 1).
    epsilon : float, default 1e-8
        Added to the denominator.

    Examples
    --------
    >>> cmlp.RMSprop(rho=0.9)
    RMSprop(rho=0.9, epsilon=1e-08)
    """

    rho: float = setting(0.99, check_fraction)
    epsilon: float = setting(1e-8, check_positive)
    name = "rmsprop"

    def settings(self) -> dict[str, Any]:
        """Return the settings under the names that the core uses.

        Returns
        -------
        dict
            `rho` as ``"momentum"``, and `epsilon`.
        """
        return {"momentum": self.rho, "epsilon": self.epsilon}


@dataclass(frozen=True)
class Adam(Optimizer):
    """Adam (Kingma and Ba, ICLR 2015).

    Parameters
    ----------
    beta_1, beta_2 : float, default 0.9 and 0.999
        Decay of the moving averages of the gradient and of its square, in [0, 1).
    epsilon : float, default 1e-8
        Added to the denominator.
    epsilon_hat : bool, default False
        Whether to add epsilon before the bias correction of the second moment, as in section 2 of the paper and in
        scikit-learn, instead of after it, as in algorithm 1 and in PyTorch.

    Examples
    --------
    >>> cmlp.Adam(beta_1=0.8)
    Adam(beta_1=0.8, beta_2=0.999, epsilon=1e-08, epsilon_hat=False)
    """

    beta_1: float = setting(0.9, check_fraction)
    beta_2: float = setting(0.999, check_fraction)
    epsilon: float = setting(1e-8, check_positive)
    epsilon_hat: bool = setting(False, check_flag)
    name = "adam"


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled weight decay, ``w *= 1 - eta * weight_decay`` (Loshchilov and Hutter, ICLR 2019).

    Weights decay; biases, and the factors of batch normalisation, do not.

    Parameters
    ----------
    beta_1, beta_2 : float, default 0.9 and 0.999
        Decay of the moving averages of the gradient and of its square, in [0, 1).
    epsilon : float, default 1e-8
        Added to the denominator.
    epsilon_hat : bool, default False
        Whether to add epsilon before the bias correction of the second moment; see `Adam`.
    weight_decay : float, default 0.01
        In each step weights shrink by the fraction ``eta * weight_decay``; at least 0.

    Examples
    --------
    >>> cmlp.AdamW(weight_decay=0.1).weight_decay
    0.1
    """

    weight_decay: float = setting(0.01, check_range)
    name = "adamw"


@dataclass(frozen=True)
class Nadam(Optimizer):
    """Adam with Nesterov's momentum, which grows with ``1 - 0.96**(t * momentum_decay) / 2`` (Dozat, 2016).

    Parameters
    ----------
    beta_1, beta_2 : float, default 0.9 and 0.999
        Decay of the moving averages of the gradient and of its square, in [0, 1).
    epsilon : float, default 1e-8
        Added to the denominator.
    momentum_decay : float, default 0.004
        How fast the momentum grows; at least 0.

    Examples
    --------
    >>> cmlp.Nadam(momentum_decay=0).momentum_decay
    0.0
    """

    beta_1: float = setting(0.9, check_fraction)
    beta_2: float = setting(0.999, check_fraction)
    epsilon: float = setting(1e-8, check_positive)
    momentum_decay: float = setting(0.004, check_range)
    name = "nadam"


@dataclass(frozen=True)
class LBFGS(Optimizer):
    """Limited-memory BFGS of `scipy.optimize`, on all training data at once; eta is not used.

    Parameters
    ----------
    max_evaluations : int, default 15000
        Maximum number of evaluations of the loss and its gradient.
    tolerance : float, default 1e-5
        Training ends when no element of the gradient is larger, or the loss falls by less than 2.2e-9 of its value.

    Examples
    --------
    >>> train, test = cmlp.load_digits()
    >>> net = cmlp.Network([64, 16, 10], loss="cross_entropy")
    >>> history = net.train(train, 50, 1.0, optimizer=cmlp.LBFGS(tolerance=1e-3))
    >>> net.test(test) > 90
    True
    """

    max_evaluations: int = setting(15000, check_count)
    tolerance: float = setting(1e-5, check_range)
    name = "lbfgs"


OPTIMIZERS: dict[str, type[Optimizer]] = {
    kind.name: kind for kind in (SGD, Momentum, Nesterov, RMSprop, Adam, AdamW, Nadam, LBFGS)
}


def find_optimizer(optimizer: Any) -> Optimizer:
    """Return the optimizer of a name or a class with its usual settings, or the given one."""
    if isinstance(optimizer, str):
        return OPTIMIZERS[check_name("optimizer", optimizer, OPTIMIZERS)]()
    if isinstance(optimizer, type) and issubclass(optimizer, Optimizer):
        optimizer = optimizer()
    if isinstance(optimizer, Optimizer) and getattr(optimizer, "name", None) in OPTIMIZERS:
        return optimizer
    raise ModelError(f"optimizer must be a name or one of cmlp's optimizers such as cmlp.Adam(), got {optimizer!r}")
