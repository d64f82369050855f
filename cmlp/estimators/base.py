"""What both estimators have in common: how data and parameters become a network, and the fit that trains it."""

from collections.abc import Iterable
from contextlib import suppress
from inspect import signature
from math import sqrt
from numbers import Integral, Real
from typing import Any, Self, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, is_classifier
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils._param_validation import InvalidParameterError
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from cmlp.data.arrays import check_unmasked
from cmlp.estimators.fit import Fit, has_epochs
from cmlp.estimators.parameters import CONSTRAINTS, HIDDEN, meant, per_layer
from cmlp.estimators.rates import rate_of
from cmlp.model.architecture import make_architecture
from cmlp.model.evaluation import check_numbers
from cmlp.model.parameters import LayerArrays
from cmlp.model.ranges import ranges_of
from cmlp.model.samples import AS_THEY_ARE, Samples, as_rows, check_together
from cmlp.model.sparse import check_sparse
from cmlp.network import Network
from cmlp.training.checkpointing import open_checkpoints
from cmlp.training.random_state import restore, state_of
from cmlp.utils.checks import check_count, check_name

TYPES = [np.float64, np.float32, np.uint8]  # of X; all others become float64
OUTPUTS = {"sigmoid": "logistic", "exponential": "exp"}  # how scikit-learn calls the activation of the outputs


class MultilayerPerceptron(BaseEstimator):  # type: ignore[misc]
    """The base of both estimators."""

    _parameter_constraints = CONSTRAINTS
    label_smoothing = 0.0  # a parameter of the classifier

    @property
    def coefs_(self) -> LayerArrays:
        """Weights (fan_in, fan_out) of every layer; what is assigned is written into the network."""
        return LayerArrays("coefs_", [w.T for w in self.network_.weights])

    @coefs_.setter
    def coefs_(self, values: Iterable[Any]) -> None:
        self.coefs_[:] = values

    @property
    def intercepts_(self) -> LayerArrays:
        """Biases (fan_out,) of every layer; what is assigned is written into the network."""
        return LayerArrays("intercepts_", list(self.network_.biases))

    @intercepts_.setter
    def intercepts_(self, values: Iterable[Any]) -> None:
        self.intercepts_[:] = values

    def _fit(self, X: Any, y: Any, sample_weight: Any, **more: Any) -> None:
        """Train, unless it is under way already: in a callback of its own, or in another thread."""
        mark = object()
        try:
            if self.__dict__.setdefault("_fit_under_way", mark) is not mark:
                raise ValueError(
                    "an estimator cannot be fitted while its fit is under way, in a callback or another thread: "
                    "fit sklearn.base.clone(estimator) instead"
                )
            self._begin(X, y, sample_weight, **more).run()
        finally:
            if vars(self).get("_fit_under_way") is mark:
                del self._fit_under_way

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in super().__getstate__().items() if name != "_fit_under_way"}

    def _validate_params(self) -> None:
        try:
            super()._validate_params()
        except InvalidParameterError as error:
            name = str(error).split("'")[1]
            end = meant(name, getattr(self, name), self._parameter_constraints)
            raise InvalidParameterError(str(error).removesuffix(".") + end) from None

    def _begin(self, X: Any, y: Any, sample_weight: Any, **more: Any) -> Fit:
        """Check everything, or leave the estimator as it was."""
        before, random = dict(vars(self)), check_random_state(self.random_state)
        network, drawn = before.get("network_"), random.get_state()
        if network is not None:
            generator, names, settings = state_of(network.rng), network.class_names, network.settings
        try:
            fit = self._prepare(X, y, sample_weight, random, **more)
            fit.begin()
        except BaseException:
            self.__dict__ = before
            random.set_state(drawn)
            if network is not None:
                restore(network.rng, generator)
                network.class_names, network.settings = names, settings
            raise
        return fit

    def _prepare(
        self, X: Any, y: Any, sample_weight: Any, random: np.random.RandomState, *, X_val: Any = None,
        y_val: Any = None, classes: Any = None, once: bool = False,
    ) -> Fit:  # fmt: skip
        """Return a fit: the one epoch of a `partial_fit`, which goes on with what there is, or a whole one."""
        if once and self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True")
        first = not hasattr(self, "network_") or not (self.warm_start or once)
        X, y = self._check(X, y, reset=first)
        answers, learned = self._encode(y, classes, first=first, once=once)
        sample_weight = _check_weights(sample_weight, X)
        by_class = self._weigh_classes(y, learned, once=once)
        network = self._make_network(X, learned, random if first else None)
        checkpoints = None if once else open_checkpoints(self.checkpoint, self.checkpoint_every, self.resume)
        rng = network.rng if checkpoints is None else checkpoints.begin(network.rng)
        rows, validation = None, None
        if X_val is not None or y_val is not None:
            validation = self._check_validation(X_val, y_val, learned)
        elif self.early_stopping and has_epochs(self):
            rows, chosen = self._split(y, rng)
            validation = _samples(X, answers, sample_weight, chosen, "validation part")
            if validation.weights is not None and np.count_nonzero(validation.weights) < 2:
                raise ValueError("the validation part must have at least 2 samples whose weight is not 0, got 1")
        weights = by_class if sample_weight is None else sample_weight * (1 if by_class is None else by_class)
        name = "data" if rows is None else "training part"
        samples = _samples(X, self._smoothed(answers), weights, rows, name, network.dtype)
        fit = Fit(self, network, samples, validation, first, once, checkpoints)
        self.__dict__.update(learned)
        self._set_layers(network)
        network.class_names, network.settings = self._class_names(learned), self._describe(X, samples)
        ranges = None if once else ranges_of(samples)  # a `partial_fit` sees a part of the data
        if ranges is not None:
            network.settings["inputs"] = ranges
        return fit

    def _smoothed(self, answers: NDArray[Any]) -> NDArray[Any]:
        """Return targets of 0 and 1 with `label_smoothing`; labels are smoothed by the core."""
        if self.label_smoothing and answers.ndim == 2:
            return answers * (1 - self.label_smoothing) + self.label_smoothing / 2
        return answers

    def _class_names(self, learned: dict[str, Any]) -> tuple[str, ...] | None:
        """Return what the network's outputs are called."""
        return None

    def _set_layers(self, network: Network) -> None:
        """Set what scikit-learn tells of the layers."""
        output = network.architecture.activations[-1]
        self.n_layers_, self.out_activation_ = len(network.sizes), OUTPUTS.get(output, output)

    def _describe(self, X: Any, samples: Samples) -> dict[str, Any]:
        """Return what files and exports tell of the training."""
        described: dict[str, Any] = {"images": len(samples), "input": "uint8" if X.dtype == np.uint8 else "float"}
        names = getattr(self, "feature_names_in_", None)
        return described if names is None else described | {"feature_names": [str(name) for name in names]}

    def _check(self, X: Any, y: Any, *, reset: bool) -> tuple[Any, Any]:
        """Return X as an array of TYPES or a sparse matrix, and y."""
        check_unmasked(X, "X")
        check_unmasked(y, "y")
        if issparse(X):
            check_sparse(X)
        settings = {"accept_sparse": "csr", "dtype": TYPES, "multi_output": True, "reset": reset}
        X, y = validate_data(self, X, y, y_numeric=not is_classifier(self), **settings)
        if issparse(y):
            y = y.toarray()
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return X, y

    def _check_validation(self, X: Any, y: Any, learned: dict[str, Any]) -> Samples:
        if X is None or y is None:
            raise ValueError(f"X_val and y_val must be given both, got no {'X_val' if X is None else 'y_val'}")
        X, y = self._check(X, y, reset=False)
        if len(y) < 2:
            raise ValueError(f"X_val and y_val must have at least 2 samples, got {len(y)}")
        return _samples(X, self._encode_more(y, learned, "y_val"))

    def _make_network(self, X: Any, learned: dict[str, Any], random: np.random.RandomState | None) -> Network:
        """Return a new network drawn from `random`, or without it the one there is, if it is still what is wanted."""
        hidden = self.hidden_layer_sizes
        hidden = [hidden] if isinstance(hidden, Integral) else per_layer("hidden_layer_sizes", hidden)
        hidden = [check_count("each of hidden_layer_sizes", size) for size in hidden]
        loss, output = self._loss(learned)
        activations = self._hidden_activations(len(hidden))
        dropout: Any = self.dropout if isinstance(self.dropout, Real) else per_layer("dropout", self.dropout)
        if np.any(dropout) and not has_epochs(self):
            raise ValueError("dropout needs mini-batches, which the solver lbfgs has not")
        normalization: Any = self.normalization
        if normalization is not None and not isinstance(normalization, str):
            normalization = per_layer("normalization", normalization)
        sizes = (X.shape[1], *hidden, learned["n_outputs_"])
        dtype = self.network_.dtype if random is None else np.float32 if X.dtype == np.float32 else np.float64
        wanted = make_architecture(sizes, [*activations, output], loss, dropout, dtype, normalization)
        if wanted.normalizations and not has_epochs(self):
            raise ValueError("normalization needs mini-batches, which the solver lbfgs has not")
        if wanted.normalizations and self.batch_size == 1:
            raise ValueError(
                "batch_size must be at least 2 with batch normalization, because one sample has no variance, got 1"
            )
        if random is None:
            known: Network = self.network_
            if known.architecture == wanted:
                return known
            raise ValueError(
                f"warm_start and partial_fit go on with the network that was fitted, {self.network_.architecture}; "
                f"parameters and data now ask for {wanted}"
            )
        network = Network(
            sizes, activation=[*activations, output], loss=loss, initializer="zeros", dropout=dropout,
            normalization=normalization, dtype=dtype,
        )  # fmt: skip
        network.scale = 1.0
        _initialize(network, [*activations, *activations[-1:]] or [output], random)
        network.rng = np.random.default_rng(random.randint(2**32, size=4, dtype=np.uint32))
        return network

    def _hidden_activations(self, depth: int) -> list[Any]:
        """Return one of the names of cmlp for every hidden layer."""
        if isinstance(self.activation, str):
            return [HIDDEN[self.activation]] * depth
        names = per_layer("activation", self.activation)
        if len(names) != depth:
            raise ValueError(f"activation must be one name, or {depth} of them, one per hidden layer, got {names}")
        return [HIDDEN[check_name("activation", name, HIDDEN)] for name in names]

    def _split(self, y: NDArray[Any], rng: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the rows to train with, and those to validate with.

        They have some of each class. Of more than two classes, which scikit-learn never looks at here, they need not.
        """
        rows, fraction = np.arange(len(y)), self.validation_fraction
        strata = y if is_classifier(self) and y.ndim == 1 else None
        found = f"validation_fraction must leave 2 samples or more, some of each class, got {fraction:g} of {len(y)}"
        settings: Any = {"test_size": fraction or 1 / len(y), "random_state": int(rng.integers(2**31))}
        if strata is not None and len(np.unique(y)) > 2:
            with suppress(ValueError):
                return tuple(train_test_split(rows, stratify=strata, **settings))
            strata = None
        try:
            training, chosen = train_test_split(rows, stratify=strata, **settings)
        except ValueError as error:  # it does not know what its parameters are called here
            raise ValueError(f"{str(error).rstrip('.')}: {found}") from error
        if len(chosen) < 2:
            raise ValueError(
                f"The validation set is too small. Increase 'validation_fraction' or the size of your dataset: {found}"
            )
        return training, chosen

    def _has_epochs(self) -> bool:
        """Whether there is a `partial_fit`."""
        if not has_epochs(self):
            raise AttributeError("partial_fit is only available for stochastic optimizers. lbfgs is not stochastic.")
        return True

    def _outputs(self, X: Any) -> NDArray[Any]:
        """Return the output activations (n, n_outputs_)."""
        check_is_fitted(self, "network_")
        check_unmasked(X, "X")
        if issparse(X):
            check_sparse(X)
        X = validate_data(self, X, accept_sparse="csr", dtype=TYPES, reset=False)
        outputs: NDArray[Any] = self.network_(X, self.threads)
        check_numbers(outputs, self.network_.engine)
        return outputs

    @classmethod
    def from_sklearn(cls, fitted: Any) -> Self:
        """Return a fitted estimator of scikit-learn as one of cmlp: it answers alike, and trains on.

        Parameters
        ----------
        fitted : sklearn.neural_network.MLPClassifier or sklearn.neural_network.MLPRegressor
            The estimator of the same name.

        Returns
        -------
        MLPClassifier or MLPRegressor
            With copies of the parameters, and with what the optimizer remembers.

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
        """Return the estimator as a fitted one of scikit-learn: it answers alike, and trains on.

        What only cmlp can do in training is left out, such as dropout, class_weight, clip_norm and callbacks.

        Returns
        -------
        sklearn.neural_network.MLPClassifier or sklearn.neural_network.MLPRegressor
            With copies of the parameters, and with what the optimizer remembers.

        Raises
        ------
        NotFittedError
            If this estimator is not fitted.
        ValueError
            If scikit-learn does not have its activation, solver or loss.
        """
        from cmlp.estimators.conversion import to_sklearn

        return to_sklearn(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        given = signature(type(self).__init__).parameters
        defaults = {name: p.default for name, p in given.items() if p.default is not p.empty}
        kept = {name: value for name, value in state.items() if name != "_rate"}
        super().__setstate__(defaults | {"_schedule": None} | kept)  # of which version 0.1 had not all
        if state.get("_rate", 1.0) != 1:
            self._schedule = rate_of(self, state["_rate"])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _samples(
    X: Any, answers: NDArray[Any], weights: NDArray[np.float64] | None = None, rows: NDArray[Any] | None = None,
    name: str = "", dtype: DTypeLike = np.float64,
) -> Samples:  # fmt: skip
    """Return some rows as the core computes with them in `dtype`; `answers` are labels (n,) or targets (n, outputs)."""
    if rows is not None:
        X, answers, weights = X[rows], answers[rows], None if weights is None else weights[rows]
    if weights is not None:
        check_together(weights, dtype, f"the weights of the {name}")
    labels, targets = (answers, None) if answers.ndim == 1 else (None, answers)
    return Samples(as_rows(X, X.shape[1], AS_THEY_ARE) if issparse(X) else X, labels, targets, 1.0, weights)


def _check_weights(sample_weight: Any, X: Any) -> NDArray[np.float64] | None:
    if sample_weight is None:
        return None
    check_unmasked(sample_weight, "sample_weight")
    weights = np.require(_check_sample_weight(sample_weight, X, dtype=np.float64), None, ["C", "A", "E"])
    if weights.min() < 0 or not weights.any():
        found = f"{weights.min():g} at index {weights.argmin()}" if weights.any() else "zeros only"
        raise ValueError(f"sample_weight must be numbers of at least 0, and not all 0, got {found}")
    return weights


def _initialize(network: Network, activations: list[Any], random: np.random.RandomState) -> None:
    """Draw weights and biases as scikit-learn does: uniform, of Glorot's size, smaller with logistic units."""
    for w, b, activation in zip(network.weights, network.biases, activations, strict=True):
        limit = sqrt((2 if activation == "sigmoid" else 6) / sum(w.shape))
        w.T[...] = random.uniform(-limit, limit, w.shape[::-1])
        b[...] = random.uniform(-limit, limit, b.shape)
