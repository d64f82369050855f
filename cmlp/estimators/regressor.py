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

from cmlp.estimators.base import MultilayerPerceptron
from cmlp.estimators.parameters import keep_parameters
from cmlp.model.architecture import NormalizationName
from cmlp.model.samples import Samples
from cmlp.training.callbacks import Callback
from cmlp.training.distortions import Distortions
from cmlp.training.optimizers import Optimizer
from cmlp.training.schedules import Schedule, ScheduleName
from cmlp.utils.suggestions import suggest_keywords
from cmlp.utils.text import counted

# What scikit-learn calls a loss, or would: what it is here, and the activation of its outputs.
LOSSES = {
    "squared_error": ("half_squared_error", "identity"),
    "absolute_error": ("mean_absolute_error", "identity"),
    "huber": ("huber", "identity"),
    "poisson": ("summed_poisson", "exponential"),
}
DEFAULT_SIZES, DEFAULT_ACTIVATION = (100,), "relu"


class MLPRegressor(RegressorMixin, MultilayerPerceptron):  # type: ignore[misc]
    """A multilayer perceptron that predicts numbers, with the parameters of scikit-learn's [1]_ and some more.

    What is minimised is the mean loss plus ``alpha / 2 * sum(w**2)`` over the samples of a mini-batch.

    Parameters
    ----------
    loss : {"squared_error", "absolute_error", "huber", "poisson"}, default "squared_error"
        Loss of a sample with outputs a and targets y: ``sum((a - y)**2) / 2``; the mean of ``|a - y|``; the mean of
        ``(a - y)**2 / 2`` where that is below 1/2, and of ``|a - y| - 1/2`` elsewhere; ``sum(a - y * log(a))``, with
        outputs that are exponentials and targets of at least 0.
    hidden_layer_sizes : int or sequence of int, default (100,)
        Units of each hidden layer; ``()`` is linear regression.
    activation : str or sequence of str, default "relu"
        Activation of all hidden layers, or of each of them: identity, logistic, tanh, relu, leaky_relu (slope 0.01),
        elu, gelu, silu, softplus or exponential.
    solver : str or Optimizer, default "adam"
        One of adam, sgd and lbfgs as in scikit-learn; momentum, nesterov, rmsprop, adamw or nadam with their usual
        settings; or one of cmlp's optimizers with its own, such as ``cmlp.AdamW(weight_decay=0.1)``.
    alpha : float, default 0.0001
        Strength of the L2 penalty on the weights.
    batch_size : int or "auto", default "auto"
        Samples per step; "auto" is 200, or all of fewer.
    learning_rate : {"constant", "invscaling", "adaptive"}, default "constant"
        How sgd changes its learning rate after an epoch: not at all; to ``learning_rate_init / (t_ + 1)**power_t``; or
        to a fifth whenever training would otherwise stop, until it is below 1e-6.
    learning_rate_init : float, default 0.001
        Learning rate of the first step.
    power_t : float, default 0.5
        Exponent of "invscaling".
    max_iter : int, default 200
        Maximum number of epochs, or of iterations of lbfgs.
    shuffle : bool, default True
        Whether the samples are reshuffled before each epoch.
    random_state : int, RandomState or None, optional
        Source of the weights, which are scikit-learn's of the same number, of the order of the samples, of dropout and
        of the validation split. None takes NumPy's global generator, as everywhere in scikit-learn.
    tol : float, default 1e-4
        How much the loss, or the validation score, must improve to count; with lbfgs, the largest element of a gradient
        at which training ends.
    verbose : bool, default False
        Whether to print the loss of each epoch.
    warm_start : bool, default False
        Whether `fit` goes on with the weights of the last one.
    momentum : float, default 0.9
        Momentum of sgd, in [0, 1].
    nesterovs_momentum : bool, default True
        Whether it is Nesterov's.
    early_stopping : bool, default False
        Whether the score on validation data decides when to stop, and which weights are kept: those with the best.
    validation_fraction : float, default 0.1
        Fraction of the samples that is split off as validation data, unless `fit` is given others.
    beta_1 : float, default 0.9
        Decay of adam's moving average of the gradient, in [0, 1).
    beta_2 : float, default 0.999
        Decay of adam's moving average of the squared gradient, in [0, 1).
    epsilon : float, default 1e-8
        Added to adam's denominator.
    n_iter_no_change : int or inf, default 10
        Epochs without an improvement after which training stops.
    max_fun : int, default 15000
        Maximum number of evaluations of the loss by lbfgs.
    dropout : float or sequence of float, default 0.0
        Fraction of the units of all hidden layers, or of each, that is left out in each step, in [0, 1).
    normalization : {"batch", "none"} or sequence of them, optional
        Batch normalisation of all hidden layers, or of each, as for `Network`; a fit ends with it folded into
        `coefs_` and `intercepts_`. By default none.
    schedule : str, Schedule or function of the step, optional
        What the learning rate is multiplied by, as for `Network.train`; needs learning_rate="constant".
    l1 : float, default 0.0
        Strength of an L1 penalty on the weights.
    max_norm : float, optional
        Maximum norm of a unit's incoming weights.
    clip_norm, clip_value : float, optional
        Maximum norm of a gradient, and maximum absolute value of its elements.
    averaging : float, default 0.0
        Decay of the exponential moving average of the parameters, in [0, 1); the fit ends with the average.
    distortions : Distortions, True or "default"; optional
        How pictures are distorted, afresh in each epoch; True and "default" stand for ``cmlp.Distortions()``.
    picture_shape : (int, int) or (int, int, int), optional
        Height and width of the pictures that are distorted, or these and the number of channels, behind or in front; by
        default that of `distortions`, or a square.
    threads : int, optional
        Number of threads that share the samples; it does not change a bit of the result. None is one where there is
        little to do, otherwise OMP_NUM_THREADS, which joblib sets in its workers, or one per processor.
    callbacks : function of an Event, object with on_epoch_end or on_batch_end, or list of them, optional
        Training stops if one returns True. The estimator can predict and be cloned there, but not be fitted; parameters
        that are set there are those of the next fit.
    checkpoint : str or path, optional
        File to which `fit` is written from time to time, as for `Network.train`.
    checkpoint_every : int or str, default 1
        Epochs between two checkpoints, or the time between them, such as "5min".
    resume : bool, default False
        Whether `fit` goes on from the checkpoint, if there is one. Data and parameters must be the same, of which only
        max_iter may be larger; so must a number as random_state, while None goes on from any.
    progress : bool or "curve", default False
        Whether to show progress, as for `Network.train`; None does on a terminal or in a notebook only.

    Attributes
    ----------
    network_ : Network
        The fitted network.
    coefs_, intercepts_ : list of ndarray (fan_in, fan_out) and (fan_out,)
        Views of its weights and biases, into which assigned values are written.
    loss_ : float
        Loss of the last epoch, penalties included.
    best_loss_ : float or None
        The lowest loss; None if the validation score decided.
    loss_curve_ : list of float
        Loss of each epoch.
    validation_scores_ : list of float or None
        R² on the validation data after each epoch; None without.
    best_validation_score_ : float or None
        The best of them; None if the loss decided.
    history_ : History
        Losses, scores and durations, epoch by epoch.
    n_iter_ : int
        Epochs of the last fit.
    t_ : int
        Number of samples seen in all.
    n_layers_ : int
        Number of layers, inputs and outputs included.
    n_outputs_ : int
        Number of outputs.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str (features,)
        Names of the features; only if all of them are strings.
    out_activation_ : str
        Activation of the output layer: identity, or exp with the Poisson loss.

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

    @suggest_keywords
    def __init__(
        self,
        loss: Literal["squared_error", "absolute_error", "huber", "poisson"] = "squared_error",
        hidden_layer_sizes: int | Sequence[int] = DEFAULT_SIZES,
        activation: str | Sequence[str] = DEFAULT_ACTIVATION,
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
        normalization: NormalizationName | Sequence[NormalizationName | None] | None = None,
        schedule: ScheduleName | Schedule | Callable[[int], float] | None = None,
        l1: float = 0.0,
        max_norm: float | None = None,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        averaging: float = 0.0,
        distortions: Distortions | bool | Literal["default"] | None = None,
        picture_shape: tuple[int, ...] | None = None,
        threads: int | None = None,
        callbacks: Callback | Sequence[Callback] | None = None,
        checkpoint: str | PathLike[str] | None = None,
        checkpoint_every: int | str = 1,
        resume: bool = False,
        progress: bool | Literal["curve"] | None = False,
    ) -> None:
        loss, hidden_layer_sizes, activation = _in_order(loss, hidden_layer_sizes, activation)
        keep_parameters(self, locals())

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(self, X: Any, y: Any, sample_weight: Any = None, *, X_val: Any = None, y_val: Any = None) -> "MLPRegressor":
        """Train from new weights, or with `warm_start` from those of the last fit.

        A call that is refused leaves the estimator as it was. Ctrl-C ends the training with a warning, and what was
        learned is kept.

        Parameters
        ----------
        X : array_like, data frame or scipy.sparse matrix (n, features)
            The samples.
        y : array_like (n,) or (n, n_outputs)
            The targets.
        sample_weight : array_like (n,), optional
            Factor of the loss of each sample, by default 1.
        X_val, y_val : like X and y, optional
            Validation data, instead of a fraction of X and y. Their scores are kept in any case, and decide with
            `early_stopping`.

        Returns
        -------
        MLPRegressor
            The estimator itself.

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
        """Train for one epoch on these samples, going on with what there is.

        Parameters
        ----------
        X : array_like, data frame or scipy.sparse matrix (n, features)
            The samples.
        y : array_like (n,) or (n, n_outputs)
            The targets.
        sample_weight : array_like (n,), optional
            Factor of the loss of each sample, by default 1.

        Returns
        -------
        MLPRegressor
            The estimator itself.

        Raises
        ------
        ValueError
            If parameters or data break a rule, or the loss is no longer finite.
        """
        self._fit(X, y, sample_weight, once=True)
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the predicted numbers.

        Parameters
        ----------
        X : array_like, data frame or scipy.sparse matrix (n, features)
            The samples.

        Returns
        -------
        ndarray
            Of shape (n,), or (n, n_outputs) if there are several outputs.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If the samples break a rule, or an output is not a number.
        """
        outputs = self._outputs(X)
        return outputs.ravel() if outputs.shape[1] == 1 else outputs

    def _encode(self, y: Any, classes: Any, *, first: bool, once: bool) -> tuple[NDArray[Any], dict[str, Any]]:
        """Return targets (n, n_outputs_), and how many outputs there are."""
        outputs = self.n_outputs_ if not first else 1 if y.ndim == 1 else y.shape[1]
        return self._encode_more(y, {"n_outputs_": outputs}, "y"), {"n_outputs_": outputs}

    def _encode_more(self, y: Any, learned: dict[str, Any], name: str) -> NDArray[Any]:
        targets = np.require(y.reshape(len(y), -1), np.float64, ["C", "A", "E"])
        outputs = learned["n_outputs_"]
        if targets.shape[1] != outputs:
            raise ValueError(
                f"{name} must have {counted(outputs, 'output')} for each sample, as the fit has, got {targets.shape[1]}"
            )
        if self.loss == "poisson" and targets.min() < 0:
            raise ValueError(f'loss "poisson" needs {name} of at least 0, got {targets.min():g}')
        return targets

    def _weigh_classes(self, y: Any, learned: dict[str, Any], *, once: bool) -> None:
        return None

    def _loss(self, learned: dict[str, Any]) -> tuple[str, str]:
        """Return the loss, and the activation of the outputs."""
        return LOSSES[self.loss]

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


def _in_order(*given: Any) -> tuple[Any, Any, Any]:
    """Return loss, sizes and activation of arguments that may be in the order of version 0.1: sizes, activation, loss.

    Any other order stays as it is, so that the next fit refuses it.
    """
    sizes, second, third = given
    if isinstance(sizes, str) or not (isinstance(sizes, Integral) or hasattr(sizes, "__len__")):
        return given
    if second is DEFAULT_SIZES:
        ordered = "squared_error", sizes, third
    elif not _are_names(second):
        return given
    elif third is DEFAULT_ACTIVATION:
        ordered = "squared_error", sizes, second
    elif isinstance(third, str) and third in LOSSES:
        ordered = third, sizes, second
    else:
        return given
    warnings.warn(
        "the first argument of MLPRegressor is loss, as in scikit-learn: give hidden_layer_sizes by name",
        DeprecationWarning,
        stacklevel=4,
    )
    return ordered


def _are_names(given: Any) -> bool:
    return isinstance(given, str) or (isinstance(given, Sequence) and all(isinstance(each, str) for each in given))
