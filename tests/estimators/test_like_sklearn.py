"""The same weights, the same mini-batches: the same steps as scikit-learn's own multilayer perceptron."""

import warnings

import numpy as np
import pytest
from sklearn import neural_network
from sklearn.exceptions import ConvergenceWarning

import cmlp

N = 90
RNG = np.random.default_rng(0)
X = RNG.standard_normal((N, 7))
ANSWERS = {
    "binary": ("MLPClassifier", RNG.integers(0, 2, N)),
    "multi-class": ("MLPClassifier", RNG.integers(0, 4, N)),
    "multi-label": ("MLPClassifier", RNG.integers(0, 2, (N, 3))),
    "regression": ("MLPRegressor", X[:, 0] - X[:, 1] ** 2),
    "multi-output": ("MLPRegressor", np.c_[X[:, 0], X[:, 1] ** 2]),
}
SOLVERS = {
    "sgd": {"solver": "sgd", "momentum": 0.0, "learning_rate_init": 0.05},
    "momentum": {"solver": "sgd", "nesterovs_momentum": False, "learning_rate_init": 0.05},
    "nesterov": {"solver": "sgd", "learning_rate_init": 0.05},
    "invscaling": {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.05},
    "adaptive": {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.05, "n_iter_no_change": 1,
                 "tol": 10.0},
    "adam": {"solver": "adam", "learning_rate_init": 0.01},
    "lbfgs": {"solver": "lbfgs"},
}  # fmt: skip


def both(kind, y, sample_weight=None, epochs=4, **settings):
    """Fit scikit-learn's and cmlp's from the same weights, with mini-batches in the order of the data."""
    fixed = {"hidden_layer_sizes": (6, 5), "alpha": 0.3, "batch_size": 20, "shuffle": False, "random_state": 1}
    models = [getattr(library, kind)(**(fixed | settings), warm_start=True) for library in (neural_network, cmlp)]
    given = {} if sample_weight is None else {"sample_weight": sample_weight}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", DeprecationWarning)  # of an older scikit-learn with a newer SciPy
        for model in models:
            model.set_params(max_iter=1).fit(X, y)
            rng = np.random.default_rng(3)
            model.coefs_ = [0.4 * rng.standard_normal(w.shape) for w in model.coefs_]
            model.intercepts_ = [0.4 * rng.standard_normal(b.shape) for b in model.intercepts_]
            model.set_params(max_iter=epochs).fit(X, y, **given)
    return models


def assert_same_parameters(theirs, ours, tolerance=1e-10):
    for their, our in zip(theirs.coefs_ + theirs.intercepts_, ours.coefs_ + ours.intercepts_, strict=True):
        np.testing.assert_allclose(our, their, rtol=0, atol=tolerance)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("task", ANSWERS)
def test_same_steps(task, solver):
    kind, y = ANSWERS[task]
    theirs, ours = both(kind, y, **SOLVERS[solver])
    assert_same_parameters(theirs, ours)
    if (task, solver) != ("multi-output", "lbfgs"):  # there scikit-learn's loss is not the one whose gradient it takes
        np.testing.assert_allclose(ours.loss_, theirs.loss_, rtol=1e-9)
    for name in ("n_iter_", "n_layers_", "n_outputs_", "out_activation_", "t_"):
        assert getattr(ours, name) == getattr(theirs, name), name
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-8)


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
def test_same_steps_with_every_activation(activation):
    theirs, ours = both(*ANSWERS["multi-class"], activation=activation)
    assert_same_parameters(theirs, ours)


def test_same_steps_with_poisson_loss():
    if "loss" not in neural_network.MLPRegressor().get_params():
        pytest.skip("scikit-learn has no Poisson loss before 1.7")
    theirs, ours = both("MLPRegressor", np.abs(ANSWERS["regression"][1]), loss="poisson")
    assert_same_parameters(theirs, ours)


@pytest.mark.parametrize("task", ["binary", "multi-class", "regression"])
def test_same_steps_with_sample_weights(task):
    kind, y = ANSWERS[task]
    weights = np.random.default_rng(1).uniform(0.1, 3, N)
    try:
        theirs, ours = both(kind, y, weights)
    except TypeError:
        pytest.skip("scikit-learn has no sample_weight before 1.7")
    assert_same_parameters(theirs, ours)


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_same_steps_of_partial_fit(solver):
    y = ANSWERS["multi-class"][1]
    models = []
    for library in (neural_network, cmlp):
        model = library.MLPClassifier((5,), shuffle=False, **SOLVERS[solver]).partial_fit(
            X[:1], y[:1], classes=range(4)
        )
        models.append(model)
    theirs, ours = models
    ours.coefs_, ours.intercepts_ = theirs.coefs_, theirs.intercepts_
    del theirs._optimizer
    ours._memory = None
    for begin in range(0, N, 10):
        for model in models:
            model.partial_fit(X[begin : begin + 10], y[begin : begin + 10])
    assert_same_parameters(theirs, ours)
    assert ours.t_ == theirs.t_ and ours.n_iter_ == theirs.n_iter_ == 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ["relu", "logistic"])
def test_same_weights_to_begin_with(activation, dtype):
    still = {"solver": "sgd", "learning_rate_init": 1e-300, "alpha": 0.0}
    for random_state in (3, 4):
        theirs, ours = (
            library.MLPClassifier((6, 5), activation, random_state=random_state, **still).partial_fit(
                X.astype(dtype), np.arange(N) % 3, classes=range(3)
            )
            for library in (neural_network, cmlp)
        )
        for their, our in zip(theirs.coefs_ + theirs.intercepts_, ours.coefs_ + ours.intercepts_, strict=True):
            assert our.dtype == dtype
            np.testing.assert_array_equal(our, their)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("random", [lambda: 5, lambda: np.random.RandomState(5)], ids=["number", "generator"])
def test_same_fit_by_lbfgs(random):
    """Nothing is random in it but the first weights."""
    fits = [
        library.MLPRegressor(hidden_layer_sizes=(4,), random_state=random(), solver="lbfgs", max_iter=9).fit(X, X[:, 0])
        for library in (neural_network, cmlp)
    ]
    assert_same_parameters(*fits, tolerance=1e-6)


def test_same_end_of_training():
    """Both stop after the same number of epochs, and after the same cuts of an adaptive learning rate."""
    settings = SOLVERS["sgd"] | {"n_iter_no_change": 3, "tol": 1e-3}
    for learning_rate in ("constant", "adaptive"):
        theirs, ours = both(*ANSWERS["regression"], epochs=400, learning_rate=learning_rate, **settings)
        assert theirs.n_iter_ < 400
        assert ours.n_iter_ == theirs.n_iter_
        np.testing.assert_allclose(ours.loss_curve_[1:], theirs.loss_curve_[1:], rtol=1e-8)
        np.testing.assert_allclose(ours.best_loss_, theirs.best_loss_, rtol=1e-8)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("task", ANSWERS)
def test_same_losses_so_that_tol_ends_both_in_the_same_epoch(task, weighted, solver):
    kind, y = ANSWERS[task]
    if solver == "lbfgs" and y.ndim == 2 and kind == "MLPRegressor":
        pytest.skip("scikit-learn's search mixes the mean of several outputs with the gradient of their sum")
    weights = RNG.random(N) * 3 if weighted else None
    settings = {"tol": 1e-3, "n_iter_no_change": 3, "epochs": 400} | SOLVERS[solver]
    if solver == "lbfgs":
        settings |= {"epochs": 5}
    try:
        theirs, ours = both(kind, y, weights, **settings)
    except TypeError:
        pytest.skip("scikit-learn has no sample_weight before 1.7")
    assert ours.n_iter_ == theirs.n_iter_
    assert ours.loss_ == pytest.approx(theirs.loss_, rel=1e-12, abs=1e-12)
    if solver != "lbfgs":
        assert 3 < ours.n_iter_ < 400
        assert ours.loss_curve_[1:] == pytest.approx(theirs.loss_curve_[1:], rel=1e-12, abs=1e-12)
        assert ours.best_loss_ == pytest.approx(theirs.best_loss_, rel=1e-12, abs=1e-12)


def test_the_validation_loss_is_a_mean_over_the_outputs_like_that_of_the_training():
    kind, y = ANSWERS["multi-output"]
    model = getattr(cmlp, kind)(hidden_layer_sizes=(6,), alpha=0.0, max_iter=1, learning_rate_init=1e-9, random_state=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y, X_val=X, y_val=y)
    assert model.history_.validation_loss == pytest.approx(model.loss_curve_, rel=1e-5)
