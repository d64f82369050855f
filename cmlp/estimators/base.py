"""What both estimators have in common: their parameters, and how these become a network and its training."""

from collections.abc import Iterable, Mapping
from math import ceil, inf, sqrt
from numbers import Integral, Real
from typing import Any, Self, cast
from warnings import warn

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.base import BaseEstimator
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils._param_validation import Options as OneOf
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from cmlp.core.activations import ACTIVATIONS, OUTPUT_ONLY
from cmlp.core.engine import Engine
from cmlp.estimators.fit import Fit, Memory
from cmlp.model.architecture import make_architecture
from cmlp.model.samples import Samples, as_rows
from cmlp.network import Network
from cmlp.training.callbacks import Callbacks
from cmlp.training.epoch import Training, new_state
from cmlp.training.history import History
from cmlp.training.optimizers import LBFGS, SGD, Adam, Momentum, Nesterov, Optimizer
from cmlp.training.options import Options
from cmlp.utils.checks import check_name

LARGEST_BATCH = 200  # what batch_size="auto" means
TYPES = [np.float64, np.float32, np.uint8]  # of X; all others become float64
HIDDEN = {"logistic": "sigmoid"} | {name: name for name in ACTIVATIONS if name not in OUTPUT_ONLY}
OUTPUTS = {"sigmoid": "logistic", "exponential": "exp"}  # how scikit-learn calls the activation of the outputs


def keep_parameters(estimator: Any, given: Mapping[str, Any]) -> None:
    """Keep each argument of a constructor, of which `given` are the locals, under its own name."""
    vars(estimator).update({name: value for name, value in given.items() if name != "self"})


class Parameters(list[NDArray[Any]]):
    """The weights or biases of the layers, as views; what is assigned to one is written through."""

    def __setitem__(self, index: Any, values: Any) -> None:
        self[index][...] = values


class MultilayerPerceptron(BaseEstimator):  # type: ignore[misc]
    """The base of both estimators."""

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions(set(HIDDEN)), "array-like"],
        "solver": [StrOptions({"lbfgs", "sgd", "adam"}), Optimizer],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "learning_rate": [StrOptions({"constant", "invscaling", "adaptive"})],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "power_t": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "momentum": [Interval(Real, 0, 1, closed="left")],
        "nesterovs_momentum": ["boolean"],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "beta_1": [Interval(Real, 0, 1, closed="left")],
        "beta_2": [Interval(Real, 0, 1, closed="left")],
        "epsilon": [Interval(Real, 0, None, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), OneOf(Real, {inf})],
        "max_fun": [Interval(Integral, 1, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left"), "array-like"],
        "clip_norm": [Interval(Real, 0, None, closed="neither"), None],
        "threads": [Interval(Integral, 1, None, closed="left"), None],
        "callbacks": [callable, list, tuple, HasMethods("on_epoch_end"), HasMethods("on_batch_end"), None],
    }

    @property
    def coefs_(self) -> Parameters:
        """Weights (fan_in, fan_out) of every layer."""
        return Parameters(w.T for w in self.network_.weights)

    @coefs_.setter
    def coefs_(self, values: Iterable[Any]) -> None:
        for w, given in zip(self.network_.weights, values, strict=True):
            w.T[...] = given

    @property
    def intercepts_(self) -> Parameters:
        """Biases (fan_out,) of every layer."""
        return Parameters(self.network_.biases)

    @intercepts_.setter
    def intercepts_(self, values: Iterable[Any]) -> None:
        for b, given in zip(self.network_.biases, values, strict=True):
            b[...] = given

    def _fit(
        self, X: Any, y: Any, sample_weight: Any, *, X_val: Any = None, y_val: Any = None, classes: Any = None,
        once: bool = False,
    ) -> Any:  # fmt: skip
        """Train for one epoch of `partial_fit`, which goes on with what there is, or as long as `fit` does."""
        if once and self.early_stopping:
            raise ValueError("partial_fit cannot stop early, because it trains for one epoch; early_stopping is True")
        callbacks = Callbacks(() if self.callbacks is None else self.callbacks)
        first = not hasattr(self, "network_") or not (self.warm_start or once)
        X, y = self._check(X, y, reset=first)
        answers, learned = self._encode(y, classes, first=first, once=once)
        sample_weight = _check_weights(sample_weight, X)
        by_class = self._weigh_classes(y, once=once)
        network = self._make_network(X, learned, first=first)
        rows, validation = None, None
        if X_val is not None or y_val is not None:
            validation = self._check_validation(X_val, y_val, learned)
        elif self.early_stopping and not isinstance(self._optimizer(), LBFGS):
            rows, chosen = self._split(answers, network.rng)
            validation = _samples(X, answers, sample_weight, chosen)
        weights = by_class if sample_weight is None else sample_weight * (1 if by_class is None else by_class)
        samples = _samples(X, answers, weights, rows)

        self.__dict__.update(learned)
        self._begin(network, first=first, validated=validation is not None)
        self._train(samples, validation, callbacks, once=once)
        return self

    def _check(self, X: Any, y: Any, *, reset: bool) -> tuple[Any, Any]:
        """Return X as an array of TYPES or a sparse matrix, and y."""
        settings = {"accept_sparse": "csr", "dtype": TYPES, "multi_output": True, "reset": reset}
        X, y = validate_data(self, X, y, y_numeric=not hasattr(self, "predict_proba"), **settings)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return X, y

    def _check_validation(self, X: Any, y: Any, learned: dict[str, Any]) -> Samples:
        if X is None or y is None:
            raise ValueError(f"X_val and y_val must be given both, got no {'X_val' if X is None else 'y_val'}")
        X, y = self._check(X, y, reset=False)
        return _samples(X, self._encode_more(y, learned), None, None)

    def _make_network(self, X: Any, learned: dict[str, Any], *, first: bool) -> Network:
        """Return a new network for a first fit, and else the one there is, if the parameters still describe it."""
        hidden = self.hidden_layer_sizes
        hidden = list(hidden) if isinstance(hidden, Iterable) else [hidden]
        if not all(isinstance(size, Integral) and int(size) > 0 for size in hidden):
            raise ValueError(f"hidden_layer_sizes must be positive integers, got {hidden}")
        loss, output = self._loss(learned)
        activations = self._hidden_activations(len(hidden))
        dropout: Any = self.dropout if isinstance(self.dropout, Real) else list(self.dropout)
        if isinstance(self._optimizer(), LBFGS) and np.any(dropout):
            raise ValueError("dropout needs mini-batches, which the solver lbfgs has not")
        sizes = (X.shape[1], *map(int, hidden), learned["n_outputs_"])
        dtype = self.network_.dtype if not first else np.float32 if X.dtype == np.float32 else np.float64
        wanted = make_architecture(sizes, [*activations, output], loss, dropout, dtype)
        if not first:
            if self.network_.architecture == wanted:
                return self.network_
            raise ValueError(
                f"warm_start and partial_fit go on with the network that was fitted, {self.network_.architecture}; "
                f"parameters and data now ask for {wanted}"
            )
        network = Network(
            sizes, activation=[*activations, output], loss=loss, initializer="zeros", dropout=dropout, dtype=dtype,
            seed=_generator(self.random_state),
        )  # fmt: skip
        network.scale = 1.0
        self._initialize(network, [*activations, *activations[-1:]] or [output])
        return network

    def _hidden_activations(self, depth: int) -> list[str]:
        """Return one of the names of cmlp for every hidden layer."""
        if isinstance(self.activation, str):
            return [HIDDEN[self.activation]] * depth
        if len(self.activation) != depth:
            found = f"got {list(self.activation)}"
            raise ValueError(f"activation must be one name, or {depth} of them, one per hidden layer, {found}")
        return [HIDDEN[check_name("activation", name, HIDDEN)] for name in self.activation]

    def _initialize(self, network: Network, activations: list[Any]) -> None:
        """Draw weights and biases like scikit-learn: uniform, of Glorot's size, smaller with logistic units."""
        for w, b, activation in zip(network.weights, network.biases, activations, strict=True):
            limit = sqrt((2 if activation == "sigmoid" else 6) / sum(w.shape))
            w.T[...] = network.rng.uniform(-limit, limit, w.shape[::-1])
            b[...] = network.rng.uniform(-limit, limit, b.shape)

    def _split(self, answers: NDArray[Any], rng: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the rows to train with, and those to validate with: of each class alike, where there are enough."""
        n = len(answers)
        n_validation = ceil(self.validation_fraction * n)
        if n_validation < 2:
            raise ValueError(
                f"validation_fraction must leave at least 2 samples to validate with, got {self.validation_fraction:g} "
                f"of {n}"
            )
        strata = self._strata(answers)
        if strata is not None:
            counts = np.bincount(strata)
            counts = counts[counts > 0]
            enough = counts.min() > 1 and len(counts) <= min(n_validation, n - n_validation)
            strata = strata if enough else None
        rows, chosen = train_test_split(
            np.arange(n), test_size=self.validation_fraction, stratify=strata, random_state=int(rng.integers(2**31))
        )
        return rows, chosen

    def _begin(self, network: Network, *, first: bool, validated: bool) -> None:
        """Set what a fit finds out to how it begins."""
        if first:
            self.network_ = network
            self.history_ = History()
            self.loss_curve_ = self.history_.loss
            self.t_ = 0
            self.n_layers_ = len(network.sizes)
            output = network.architecture.activations[-1]
            self.out_activation_ = OUTPUTS.get(output, output)
            self.best_loss_ = self.best_validation_score_ = None
            self.validation_scores_: list[float] | None = None
            self._no_improvement_count, self._rate = 0, 1.0
            self._memory: Memory | None = None
        self.n_iter_ = 0
        if validated and self.validation_scores_ is None:
            self.validation_scores_ = []
        if self.early_stopping and not isinstance(self._optimizer(), LBFGS):
            self.best_loss_ = None
            self.best_validation_score_ = -inf if self.best_validation_score_ is None else self.best_validation_score_
        else:
            self.best_loss_ = inf if self.best_loss_ is None else self.best_loss_

    def _train(self, samples: Samples, validation: Samples | None, callbacks: Callbacks, *, once: bool) -> None:
        network, optimizer = self.network_, self._optimizer()
        if isinstance(optimizer, LBFGS):
            # A line search needs more digits than float32 has.
            a = network.architecture
            engine = Engine(a.sizes, a.activations, a.loss, a.dropouts, np.dtype(np.float64))
            engine.parameters[...] = network._engine.parameters
            Fit(self, engine, samples, validation, callbacks).by_lbfgs(self._options(len(samples)), optimizer)
            return
        fit = Fit(self, network._engine, samples, validation, callbacks, self.early_stopping)
        if not once or self._memory is None or self._memory.optimizer != optimizer:
            self._memory = Memory(optimizer, new_state(optimizer, network._engine))
            self._rate = 1.0
        training = Training(
            network._engine, samples, self._options(len(samples)), optimizer, self.learning_rate_init, network.rng,
            shuffle=self.shuffle, state=self._memory.state, threads=self.threads,
        )  # fmt: skip
        fit.by_epochs(training, once=once)

    def _optimizer(self) -> Optimizer:
        if isinstance(self.solver, Optimizer):
            return self.solver
        if self.solver == "lbfgs":
            return LBFGS(self.max_fun, self.tol)
        if self.solver == "adam":
            return Adam(self.beta_1, self.beta_2, self.epsilon, epsilon_hat=True)
        if self.momentum == 0:
            return SGD()
        return (Nesterov if self.nesterovs_momentum else Momentum)(self.momentum)

    def _options(self, n: int) -> Options:
        batch_size = LARGEST_BATCH if self.batch_size == "auto" else self.batch_size
        if self.batch_size != "auto" and batch_size > n and not isinstance(self._optimizer(), LBFGS):
            warn(f"batch_size={batch_size} is larger than the {n} samples, which are then one batch", stacklevel=5)
        return Options(int(min(batch_size, n)), l2=self.alpha, shared_penalties=True, clip_norm=self.clip_norm or 0.0)

    def _has_epochs(self) -> bool:
        """Whether there is a `partial_fit`."""
        if isinstance(self._optimizer(), LBFGS):
            raise AttributeError("partial_fit needs mini-batches, which the solver lbfgs has not")
        return True

    def _outputs(self, X: Any) -> NDArray[Any]:
        """Return the output activations (n, n_outputs_)."""
        check_is_fitted(self, "network_")
        X = validate_data(self, X, accept_sparse="csr", dtype=TYPES, reset=False)
        outputs: NDArray[Any] = self.network_(X, self.threads)
        return outputs

    @classmethod
    def from_sklearn(cls, fitted: Any) -> Self:
        """Return what scikit-learn's fitted estimator of the same name is here; it answers alike, and trains on.

        Parameters
        ----------
        fitted : sklearn.neural_network.MLPClassifier or sklearn.neural_network.MLPRegressor

        Raises
        ------
        NotFittedError
            If it is not fitted.
        TypeError
            If it is of another kind.
        """
        from cmlp.estimators.conversion import from_sklearn

        return cast(Self, from_sklearn(cls, fitted))

    def to_sklearn(self) -> Any:
        """Return scikit-learn's estimator of the same name, fitted; it answers alike, and trains on.

        What only training here knows is left out: dropout, class_weight, clip_norm, threads and callbacks.

        Raises
        ------
        NotFittedError
            If this estimator is not fitted.
        ValueError
            If scikit-learn has not its activation, solver or loss.
        """
        from cmlp.estimators.conversion import to_sklearn

        return to_sklearn(self)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _samples(X: Any, answers: NDArray[Any], weights: NDArray[np.float64] | None, rows: NDArray[Any] | None) -> Samples:
    """Return some rows as the core computes with them; `answers` are labels (n,) or targets (n, outputs)."""
    if rows is not None:
        X, answers, weights = X[rows], answers[rows], None if weights is None else weights[rows]
    labels, targets = (answers, None) if answers.ndim == 1 else (None, answers)
    return Samples(as_rows(X, X.shape[1]) if issparse(X) else X, labels, targets, 1.0, weights)


def _check_weights(sample_weight: Any, X: Any) -> NDArray[np.float64] | None:
    if sample_weight is None:
        return None
    weights = np.ascontiguousarray(_check_sample_weight(sample_weight, X, dtype=np.float64))
    if weights.min() < 0 or not weights.any():
        found = f"{weights.min():g} at index {weights.argmin()}" if weights.any() else "zeros only"
        raise ValueError(f"sample_weight must be numbers of at least 0, and not all 0, got {found}")
    return weights


def _generator(random_state: Any) -> np.random.Generator:
    """Return the generator that stands for a `random_state` of scikit-learn."""
    return np.random.default_rng(check_random_state(random_state).randint(2**32, size=4, dtype=np.uint32))
