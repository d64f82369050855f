"""Estimators that were fitted by scikit-learn, and are to go on here, and the other way round."""

import pickle
import warnings

import numpy as np
import pytest
from sklearn import neural_network
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LogisticRegression

import cmlp

N = 90
RNG = np.random.default_rng(0)
X = RNG.standard_normal((N, 7))
TASKS = {
    "binary": ("MLPClassifier", RNG.integers(0, 2, N)),
    "multi-class": ("MLPClassifier", np.array([3, 7, 20])[RNG.integers(0, 3, N)]),
    "multi-label": ("MLPClassifier", RNG.integers(0, 2, (N, 3))),
    "regression": ("MLPRegressor", X[:, 0] - X[:, 1] ** 2),
    "multi-output": ("MLPRegressor", np.c_[X[:, 0], X[:, 1] ** 2]),
}
SOLVERS = {
    "sgd": {"solver": "sgd", "momentum": 0.0, "learning_rate_init": 0.05},
    "momentum": {"solver": "sgd", "nesterovs_momentum": False, "learning_rate": "invscaling"},
    "nesterov": {"solver": "sgd", "learning_rate": "adaptive", "n_iter_no_change": 1, "tol": 10.0},
    "adam": {"solver": "adam", "learning_rate_init": 0.01},
    "lbfgs": {"solver": "lbfgs"},
    "early stopping": {"solver": "adam", "early_stopping": True, "max_iter": 20},
}
SETTINGS = {"hidden_layer_sizes": (6, 5), "batch_size": 20, "shuffle": False, "random_state": 1, "max_iter": 6}
ATTRIBUTES = (
    "n_features_in_", "n_outputs_", "n_layers_", "out_activation_", "n_iter_", "t_", "loss_", "loss_curve_",
    "best_validation_score_", "validation_scores_", "best_loss_", "classes_",
)  # fmt: skip


DECIDED_BY_LOSS = ("nesterov", "lbfgs")  # and of several outputs, one library's loss is a sum and the other's a mean


def pairs(*solvers):
    """Return each task with each of the solvers that take the same steps in both libraries."""
    return [(task, name) for task in TASKS for name in solvers if task != "multi-output" or name not in DECIDED_BY_LOSS]


def quiet(function, *arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", DeprecationWarning)  # of an older scikit-learn with a newer SciPy
        return function(*arguments)


def fitted(library, task, X=X, **settings):
    kind, y = TASKS[task]
    return quiet(getattr(library, kind)(**(SETTINGS | settings)).fit, X, y)


def convert(model):
    """Return the same estimator of the other library."""
    if isinstance(model, (cmlp.MLPClassifier, cmlp.MLPRegressor)):
        return model.to_sklearn()
    return getattr(cmlp, type(model).__name__).from_sklearn(model)


def assert_same_answers(found, expected, X=X, tolerance=1e-12):
    for method in ("predict", "predict_proba", "predict_log_proba"):
        if hasattr(expected, method):
            a, e = getattr(found, method)(X), getattr(expected, method)(X)
            assert a.shape == e.shape
            if a.dtype.kind == "f":
                np.testing.assert_allclose(a, e, rtol=tolerance, atol=tolerance)
            else:
                np.testing.assert_array_equal(a, e)


def assert_same_attributes(found, expected):
    for name in ATTRIBUTES:
        if hasattr(expected, name) and not (name == "best_loss_" and np.ndim(expected.predict(X)) == 2):
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)


both_ways = pytest.mark.parametrize("library", [neural_network, cmlp], ids=["from", "to"])


@both_ways
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("task", TASKS)
def test_answers_and_attributes(library, task, solver):
    model = fitted(library, task, **SOLVERS[solver])
    y = TASKS[task][1]
    found = convert(model)
    assert_same_answers(found, model)
    assert found.score(X, y) == pytest.approx(model.score(X, y), abs=1e-12)
    assert_same_attributes(found, model)
    for name, value in found.get_params().items():
        if name in model.get_params():
            assert value == model.get_params()[name], name
    again = convert(found)
    assert type(again) is type(model)
    assert_same_answers(again, model)
    assert_same_attributes(again, model)


@both_ways
@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("hidden", [(), (4,), 3], ids=str)
def test_every_activation(library, activation, hidden):
    model = fitted(library, "multi-class", activation=activation, hidden_layer_sizes=hidden)
    assert_same_answers(convert(model), model)


@both_ways
def test_poisson(library):
    if "loss" not in neural_network.MLPRegressor().get_params():
        pytest.skip("scikit-learn has no Poisson loss before 1.7")
    model = quiet(library.MLPRegressor(**SETTINGS, loss="poisson").fit, X, np.abs(X[:, :2]))
    assert convert(model).out_activation_ == "exp"
    assert_same_answers(convert(model), model)


def test_the_best_loss_of_lbfgs_is_its_last():
    model = fitted(neural_network, "binary", solver="lbfgs")
    assert convert(model).best_loss_ == model.loss_


@both_ways
@pytest.mark.parametrize("names", [["ant", "bee"], ["ant", "bee", "cat"]], ids=len)
def test_classes_with_names(library, names):
    model = quiet(library.MLPClassifier(**SETTINGS).fit, X, np.array(names)[RNG.integers(0, len(names), N)])
    found = convert(model)
    assert set(found.predict(X)) <= set(names) and list(found.classes_) == names
    assert_same_answers(found, model)


@both_ways
def test_types_and_names_of_features(library):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame(X.astype(np.float32), columns=list("abcdefg"))
    model = fitted(library, "multi-class", X=frame)
    found = convert(model)
    assert list(found.feature_names_in_) == list("abcdefg")
    assert found.coefs_[0].dtype == model.coefs_[0].dtype == np.float32
    assert_same_answers(found, model, X=frame, tolerance=1e-6)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        found.predict(frame.to_numpy())


@both_ways
@pytest.mark.parametrize(("task", "solver"), pairs("sgd", "momentum", "nesterov", "adam"))
def test_partial_fit_goes_on_with_the_same_steps(library, task, solver):
    """The optimizer remembers its moments and its learning rate."""
    y = TASKS[task][1]
    model = fitted(library, task, **SOLVERS[solver])
    found = convert(model)
    for _ in range(3):
        model.partial_fit(X, y)
        found.partial_fit(X, y)
    for a, e in zip(found.coefs_ + found.intercepts_, model.coefs_ + model.intercepts_, strict=True):
        np.testing.assert_allclose(a, e, atol=1e-10)
    assert found.t_ == model.t_
    if task != "multi-output":
        np.testing.assert_allclose(found.loss_curve_, model.loss_curve_, rtol=1e-9)


@both_ways
@pytest.mark.parametrize(("task", "solver"), pairs("nesterov", "adam", "lbfgs"))
def test_warm_start_goes_on_with_the_same_steps(library, task, solver):
    y = TASKS[task][1]
    model = fitted(library, task, **SOLVERS[solver], warm_start=True)
    found = convert(model)
    quiet(model.fit, X, y)
    quiet(found.fit, X, y)
    for a, e in zip(found.coefs_ + found.intercepts_, model.coefs_ + model.intercepts_, strict=True):
        np.testing.assert_allclose(a, e, atol=1e-8)


@both_ways
def test_training_on_is_not_held_up_by_another_loss(library):
    """Of several outputs, one library adds the errors and the other takes their mean."""
    settings = {"warm_start": True, "max_iter": 40, "n_iter_no_change": 2, "learning_rate_init": 1e-3, "tol": 0.0}
    found = convert(fitted(library, "multi-output", **settings))
    quiet(found.fit, X, TASKS["multi-output"][1])
    assert found.n_iter_ == 40


@both_ways
def test_early_stopping_goes_on_from_the_weights_that_came(library):
    model = fitted(library, "multi-class", early_stopping=True, warm_start=True, max_iter=15)
    found = convert(model).set_params(max_iter=1, learning_rate_init=1e-9)
    quiet(found.fit, X, TASKS["multi-class"][1])
    np.testing.assert_allclose(found.coefs_[0], model.coefs_[0], atol=1e-6)


@both_ways
def test_the_copy_is_one(library):
    model = fitted(library, "multi-class", random_state=np.random.RandomState(1))
    before = model.predict_proba(X)
    found = convert(model)
    quiet(found.partial_fit, X, TASKS["multi-class"][1])
    assert found.random_state is not model.random_state
    np.testing.assert_array_equal(model.predict_proba(X), before)
    assert len(found.loss_curve_) == len(model.loss_curve_) + 1


@both_ways
def test_it_is_cloned_pickled_and_told(library):
    found = convert(fitted(library, "multi-class"))
    assert_same_answers(pickle.loads(pickle.dumps(found)), found)
    assert not hasattr(clone(found), "coefs_")
    if library is neural_network:
        assert str(found.history_).count("\n") == 5 and found.loss_curve_ is found.history_.loss


# ------------------------------------------------------------------------------------------------------- refusals


def test_what_is_not_fitted():
    for kind in ("MLPClassifier", "MLPRegressor"):
        with pytest.raises(NotFittedError):
            getattr(cmlp, kind).from_sklearn(getattr(neural_network, kind)())
        with pytest.raises(NotFittedError):
            getattr(cmlp, kind)().to_sklearn()


def test_what_is_another_estimator():
    sentence = r"^from_sklearn takes a sklearn.neural_network.MLPClassifier, got "
    with pytest.raises(TypeError, match=sentence + r"sklearn.linear_model.LogisticRegression$"):
        cmlp.MLPClassifier.from_sklearn(LogisticRegression())
    with pytest.raises(TypeError, match=sentence + r"sklearn.neural_network.MLPRegressor$"):
        cmlp.MLPClassifier.from_sklearn(fitted(neural_network, "regression"))
    with pytest.raises(TypeError, match=sentence + r"cmlp.estimators.classifier.MLPClassifier$"):
        cmlp.MLPClassifier.from_sklearn(fitted(cmlp, "multi-class"))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"activation": "gelu"}, r'one activation .*, "identity", "logistic", "tanh" or "relu", got \'gelu\'$'),
        ({"activation": ["relu", "tanh"]}, r"got \['relu', 'tanh'\]$"),
        ({"solver": cmlp.AdamW()}, r"^scikit-learn has not the solver AdamW\(.*\): its own are .* chooses one$"),
    ],
)  # fmt: skip
def test_what_scikit_learn_has_not(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        fitted(cmlp, "multi-class", **settings).to_sklearn()


def test_losses_that_scikit_learn_has_not():
    for loss in ("huber", "absolute_error"):
        with pytest.raises(ValueError, match=f'^this scikit-learn has not the loss "{loss}"$'):
            fitted(cmlp, "regression", loss=loss).to_sklearn()


def test_what_only_training_knows_is_left_out():
    own = {
        "dropout": 0.2,
        "clip_norm": 1.0,
        "class_weight": "balanced",
        "threads": 1,
        "callbacks": [lambda event: None],
    }
    model = fitted(cmlp, "multi-class", activation=["tanh", "tanh"], **own)
    with pytest.warns(UserWarning, match="scikit-learn has no dropout: the predictions are the same"):
        theirs = model.to_sklearn()
    assert theirs.activation == "tanh"
    assert_same_answers(theirs, model)


def test_parameters_that_no_longer_describe_the_fit():
    model = fitted(neural_network, "multi-class").set_params(hidden_layer_sizes=(6, 4))
    sentence = (
        r"^hidden_layer_sizes must still be those of the fit, whose layers have \(7, 6, 5, 3\) units, got \(6, 4\)$"
    )
    with pytest.raises(ValueError, match=sentence):
        cmlp.MLPClassifier.from_sklearn(model)
    with pytest.raises(ValueError, match="alpha"):
        cmlp.MLPClassifier.from_sklearn(fitted(neural_network, "multi-class").set_params(alpha=-1))
