"""The regressor of scikit-learn's kind."""

import warnings
from collections.abc import Callable, Sequence
from numbers import Integral
from os import PathLike
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin, _fit_context
from sklearn.metrics import r2_score
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if

from cmlp.estimators.base import MultilayerPerceptron, keep_parameters
from cmlp.model.samples import Samples
from cmlp.training.callbacks import Callback
from cmlp.training.optimizers import Optimizer
from cmlp.training.schedules import Schedule, ScheduleName

# What scikit-learn calls a loss, or would: what it is here, and the activation of its outputs.
LOSSES = {
    "squared_error": ("half_squared_error", "identity"),
    "absolute_error": ("mean_absolute_error", "identity"),
    "huber": ("huber", "identity"),
    "poisson": ("summed_poisson", "exponential"),
}


class MLPRegressor(RegressorMixin, MultilayerPerceptron):  # type: ignore[misc]
    """A multilayer perceptron that predicts numbers, with the parameters of scikit-learn's [1]_ and some more.

    Parameters
    ----------
    hidden_layer_sizes, activation, solver, ... :
        As of `MLPClassifier`, but for `class_weight`.
    loss : {"squared_error", "absolute_error", "huber", "poisson"}
        Of outputs a and targets y: ``sum((a - y)**2) / 2``; the mean of ``|a - y|``; the mean of ``(a - y)**2 / 2``
        where that is below 1/2, and of ``|a - y| - 1/2`` elsewhere; the mean of ``a - y * log(a)``, with outputs that
        are exponentials and targets of at least 0.

    Attributes
    ----------
    network_, coefs_, ...
        As of `MLPClassifier`, but for `classes_`; scores are R².
    out_activation_ : {"identity", "exp"}

    References
    ----------
    .. [1] `sklearn.neural_network.MLPRegressor`, of which it is no subclass.

    Examples
    --------
    >>> from cmlp import MLPRegressor
    >>> from sklearn.datasets import make_friedman1
    >>> X, y = make_friedman1(500, random_state=0)
    >>> settings = {"batch_size": 10, "learning_rate_init": 0.005, "max_iter": 500, "random_state": 0}
    >>> MLPRegressor(hidden_layer_sizes=(32,), **settings).fit(X, y).score(X, y) > 0.9
    True
    """

    _parameter_constraints = MultilayerPerceptron._parameter_constraints | {"loss": [StrOptions(set(LOSSES))]}

    def __init__(
        self,
        loss: Literal["squared_error", "absolute_error", "huber", "poisson"] = "squared_error",
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: str | Sequence[str] = "relu",
        *,
        solver: str | Optimizer = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: int | np.random.RandomState | None = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        dropout: float | Sequence[float] = 0.0,
        schedule: ScheduleName | Schedule | Callable[[int], float] | None = None,
        l1: float = 0.0,
        max_norm: float | None = None,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        averaging: float = 0.0,
        threads: int | None = None,
        callbacks: Callback | Sequence[Callback] | None = None,
        checkpoint: str | PathLike[str] | None = None,
        checkpoint_every: int | str = 1,
        resume: bool = False,
        progress: bool | None = False,
    ) -> None:
        if isinstance(loss, Integral | Sequence) and not isinstance(loss, str):  # the order of version 0.1
            warnings.warn(
                "the first argument of MLPRegressor is loss, as in scikit-learn: give hidden_layer_sizes by name",
                DeprecationWarning,
                stacklevel=2,
            )
            if isinstance(hidden_layer_sizes, str):
                activation = hidden_layer_sizes
            loss, hidden_layer_sizes = "squared_error", loss
        keep_parameters(self, locals())

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(self, X: Any, y: Any, sample_weight: Any = None, *, X_val: Any = None, y_val: Any = None) -> "MLPRegressor":
        """Train from new weights, or with `warm_start` from those of the last fit.

        Parameters
        ----------
        X : array_like, data frame or scipy.sparse matrix (n, features)
        y : array_like (n,) or (n, n_outputs)
        sample_weight : array_like (n,), optional
            Numbers of at least 0.
        X_val, y_val : like X and y, optional
            Validation data to take instead of a part of X and y. Their scores are kept in any case, and decide with
            `early_stopping`.

        Returns
        -------
        MLPRegressor
            The regressor itself.

        Raises
        ------
        ValueError
            If parameters or data break a rule, or the loss is no longer finite.
        """
        self._fit(X, y, sample_weight, X_val=X_val, y_val=y_val)
        return self

    @available_if(MultilayerPerceptron._has_epochs)  # type: ignore[untyped-decorator]
    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> "MLPRegressor":
        """Train for one epoch on these samples, given as for `fit`, going on with what there is."""
        self._fit(X, y, sample_weight, once=True)
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the numbers (n,), or (n, n_outputs) of several outputs."""
        outputs = self._outputs(X)
        return outputs.ravel() if outputs.shape[1] == 1 else outputs

    def _encode(self, y: Any, classes: Any, *, first: bool, once: bool) -> tuple[NDArray[Any], dict[str, Any]]:
        """Return targets (n, n_outputs_), and how many outputs there are."""
        outputs = self.n_outputs_ if not first else 1 if y.ndim == 1 else y.shape[1]
        return self._encode_more(y, {"n_outputs_": outputs}, "y"), {"n_outputs_": outputs}

    def _encode_more(self, y: Any, learned: dict[str, Any], name: str) -> NDArray[Any]:
        targets = np.ascontiguousarray(y.reshape(len(y), -1), np.float64)
        outputs = learned["n_outputs_"]
        if targets.shape[1] != outputs:
            raise ValueError(
                f"{name} must have {outputs} outputs for each sample, as the fit has, got {targets.shape[1]}"
            )
        if self.loss == "poisson" and targets.min() < 0:
            raise ValueError(f'loss "poisson" needs {name} of at least 0, got {targets.min():g}')
        return targets

    def _weigh_classes(self, y: Any, learned: dict[str, Any], *, once: bool) -> None:
        return None

    def _loss(self, learned: dict[str, Any]) -> tuple[str, str]:
        """Return the loss, and the activation of the outputs."""
        return LOSSES[self.loss]

    def _strata(self, answers: NDArray[Any]) -> None:
        return None

    def _score_outputs(self, outputs: NDArray[Any], samples: Samples) -> float:
        """Return R², or NaN if an output is not finite."""
        if not np.isfinite(outputs).all():
            return np.nan
        with np.errstate(over="ignore"):  # a training that diverges has a score of -inf
            return float(r2_score(samples.targets, outputs, sample_weight=samples.weights))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
