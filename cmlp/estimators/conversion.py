"""From scikit-learn's own multilayer perceptrons to those here, and back: the parameters, and all that a fit found."""

from copy import deepcopy
from math import inf, nan
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import neural_network
from sklearn.base import ClassifierMixin, clone
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from cmlp.estimators.fit import has_epochs, optimizer_of
from cmlp.estimators.memory import Memory
from cmlp.estimators.rates import EpochRate, rate_of
from cmlp.network import Network
from cmlp.training.epoch import new_state
from cmlp.training.history import History
from cmlp.utils.checks import quoted
from cmlp.utils.warn import warn

HIDDEN = {"identity": "identity", "sigmoid": "logistic", "tanh": "tanh", "relu": "relu"}  # as scikit-learn calls them
FOUND = (
    "n_features_in_", "feature_names_in_", "n_outputs_", "_label_binarizer", "classes_", "loss_", "n_iter_", "t_",
    "best_loss_", "validation_scores_", "best_validation_score_", "_no_improvement_count",
)  # fmt: skip


def from_sklearn(kind: type[Any], fitted: Any) -> Any:
    """Return an estimator of this kind, fitted as one of scikit-learn's is."""
    peer = _peer(kind)
    if not isinstance(fitted, peer):
        raise TypeError(f"from_sklearn takes a {_full_name(peer)}, got {_full_name(type(fitted))}")
    check_is_fitted(fitted, "coefs_")
    known = kind().get_params(deep=False)
    parameters = clone(fitted).get_params(deep=False)
    estimator = kind(**{name: value for name, value in parameters.items() if name in known})
    estimator._validate_params()
    found = _found(fitted)
    rows = np.empty((0, fitted.n_features_in_), fitted.coefs_[0].dtype)
    network = estimator._make_network(rows, found, check_random_state(estimator.random_state))
    _check_shapes(network, fitted)
    for part, values in zip(_parts(network, network.engine.parameters), _their_parts(fitted), strict=True):
        part[...] = values
    network.class_names = estimator._class_names(found)
    history = History(loss=list(getattr(fitted, "loss_curve_", [])))
    history.seconds.extend([nan] * len(history))  # scikit-learn measures none
    history.validation_score.extend(found.get("validation_scores_") or [])
    estimator.network_, estimator.history_, estimator.loss_curve_ = network, history, history.loss
    estimator._set_layers(network)
    vars(estimator).update({"best_loss_": fitted.loss_, "_memory": None, "_schedule": None} | found)
    if found.get("validation_scores_") is not None:
        estimator.validation_scores_ = history.validation_score
    _forget_other_loss(estimator)
    _take_memory(estimator, getattr(fitted, "_optimizer", None))
    return estimator


def to_sklearn(estimator: Any) -> Any:
    """Return an estimator of scikit-learn's, fitted as this one is."""
    check_is_fitted(estimator, "network_")
    peer = _peer(type(estimator))
    known = peer().get_params(deep=False)
    parameters = clone(estimator).get_params(deep=False) | {"activation": _their_activation(estimator)}
    _check_representable(parameters, known)
    if np.any(parameters["dropout"]):
        warn("scikit-learn has no dropout: the predictions are the same, and fitting it further goes on without")
    fitted = peer(**{name: value for name, value in parameters.items() if name in known})
    fitted._validate_params()
    network = estimator.network_
    parts, layers = _copies(network, network.engine.parameters), len(network.weights)
    vars(fitted).update(_found(estimator))
    fitted.n_layers_, fitted.out_activation_ = estimator.n_layers_, estimator.out_activation_
    fitted.coefs_, fitted.intercepts_ = parts[:layers], parts[layers:]
    fitted._best_coefs, fitted._best_intercepts = deepcopy((fitted.coefs_, fitted.intercepts_))
    fitted.loss_curve_ = list(estimator.loss_curve_)
    _forget_other_loss(fitted)
    _give_memory(estimator, fitted)
    return fitted


def _peer(kind: type[Any]) -> type[Any]:
    peer: type[Any] = getattr(neural_network, "MLPClassifier" if issubclass(kind, ClassifierMixin) else "MLPRegressor")
    return peer


def _full_name(kind: type[Any]) -> str:
    return f"{kind.__module__.split('._')[0]}.{kind.__qualname__}"


def _found(estimator: Any) -> dict[str, Any]:
    return {name: deepcopy(getattr(estimator, name)) for name in FOUND if hasattr(estimator, name)}


def _parts(network: Network, vector: NDArray[Any]) -> list[NDArray[Any]]:
    """Return a vector of the layout of the parameters in scikit-learn's order: all weights, then all biases."""
    weights, biases = network.engine.views(vector)
    return [*(w.T for w in weights), *biases]


def _copies(network: Network, vector: NDArray[Any]) -> list[NDArray[Any]]:
    return [np.array(part, order="C") for part in _parts(network, vector)]


def _their_parts(fitted: Any) -> list[NDArray[Any]]:
    return [*fitted.coefs_, *fitted.intercepts_]


def _check_shapes(network: Network, fitted: Any) -> None:
    sizes = (len(fitted.coefs_[0]), *map(len, fitted.intercepts_))
    if sizes != network.sizes:
        rule = f"hidden_layer_sizes must still be those of the fit, whose layers have {sizes} units"
        raise ValueError(f"{rule}, got {fitted.hidden_layer_sizes}")


def _their_activation(estimator: Any) -> str:
    """Return the name of the one activation of all hidden layers, which scikit-learn must know."""
    used = set(estimator.network_.architecture.activations[:-1])
    if not used:
        return "relu"
    if len(used) > 1 or not used <= HIDDEN.keys():
        rule = f"scikit-learn has one activation for all hidden layers, {quoted(HIDDEN.values())}"
        raise ValueError(f"{rule}, got {estimator.activation!r}")
    return HIDDEN[used.pop()]


def _check_representable(parameters: dict[str, Any], known: dict[str, Any]) -> None:
    """Refuse what scikit-learn would train with otherwise, or in other words give other answers."""
    loss = parameters.get("loss", "squared_error")
    if loss not in ("squared_error", "poisson") or (loss == "poisson" and "loss" not in known):
        raise ValueError(f'this scikit-learn has not the loss "{loss}"')
    if not isinstance(parameters["solver"], str):
        names = 'its own are "adam", "sgd" and "lbfgs", and set_params(solver="adam") chooses one'
        raise ValueError(f"scikit-learn has not the solver {parameters['solver']}: {names}")


def _forget_other_loss(estimator: Any) -> None:
    """Let training on not compare losses of which scikit-learn has others.

    With L-BFGS, squared errors are means over the outputs there and sums here; the Poisson loss has a constant there.
    """
    loss = getattr(estimator, "loss", None)
    is_sum = loss == "squared_error" and estimator.n_outputs_ > 1 and not has_epochs(estimator)
    if (is_sum or loss == "poisson") and estimator.best_loss_:
        estimator.best_loss_ = inf


def _vectors(theirs: Any) -> dict[str, list[NDArray[Any]]]:
    """Return what an optimizer of scikit-learn's remembers, by the names it has here."""
    return {"m": theirs.ms, "v": theirs.vs} if isinstance(theirs, AdamOptimizer) else {"m": theirs.velocities}


def _take_memory(estimator: Any, theirs: Any) -> None:
    """Let `partial_fit` go on with the optimizer of scikit-learn."""
    optimizer = optimizer_of(estimator)
    if theirs is None or not has_epochs(estimator):
        return
    if isinstance(theirs, AdamOptimizer) != (estimator.solver == "adam"):
        return
    state = new_state(optimizer, estimator.network_.engine)
    for name, vector in state.vectors.items():
        for part, values in zip(_parts(estimator.network_, vector), _vectors(theirs)[name], strict=True):
            part[...] = values
    if isinstance(theirs, AdamOptimizer):
        state.progress = (theirs.t, 1.0)
    else:
        estimator._schedule = rate_of(estimator, theirs.learning_rate / theirs.learning_rate_init)
    estimator._memory = Memory(optimizer, state)


def _give_memory(estimator: Any, fitted: Any) -> None:
    """Let `partial_fit` of scikit-learn go on with the optimizer here."""
    memory, parts = estimator._memory, _their_parts(fitted)
    if estimator.network_.architecture.normalizations:  # whose optimizer moves other parameters
        return
    if memory is None or memory.optimizer != optimizer_of(estimator):
        return
    rate, e = estimator.learning_rate_init, estimator
    if estimator.solver == "adam":
        theirs = AdamOptimizer(parts, rate, e.beta_1, e.beta_2, e.epsilon)
        theirs.t = memory.state.progress[0]
        theirs.ms, theirs.vs = (_copies(e.network_, memory.state.vectors[name]) for name in ("m", "v"))
    else:
        theirs = SGDOptimizer(parts, rate, e.learning_rate, e.momentum, e.nesterovs_momentum, e.power_t)
        theirs.learning_rate = rate * (e._schedule.rate if isinstance(e._schedule, EpochRate) else 1.0)
        if "m" in memory.state.vectors:
            theirs.velocities = _copies(e.network_, memory.state.vectors["m"])
    fitted._optimizer = theirs
