"""What scikit-learn asks of every estimator."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits, make_regression
from sklearn.exceptions import NotFittedError
from sklearn.inspection import permutation_importance
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from cmlp import MLPClassifier, MLPRegressor

# Nothing that converges may depend on the order of additions, and so lbfgs takes few iterations.
CHECKED = [
    MLPClassifier(),
    MLPClassifier((10,), solver="sgd", learning_rate_init=0.05),
    MLPClassifier((10,), solver="lbfgs", max_iter=15),
    MLPRegressor(),
    MLPRegressor(hidden_layer_sizes=(10,), solver="sgd"),
    MLPRegressor(hidden_layer_sizes=(10,), solver="lbfgs"),
]


CHECKS = parametrize_with_checks(CHECKED)
NAMES, PAIRS = CHECKS.args  # scikit-learn 1.6 gives a generator, which pytest does not like


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(NAMES, list(PAIRS), **CHECKS.kwargs)
def test_estimator_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:400] / 16, y[:400]


@pytest.fixture(scope="module")
def fitted(digits):
    return MLPClassifier((16,), learning_rate_init=0.01, random_state=0, max_iter=500).fit(*digits)


def in_python(code):
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return run.stdout.strip()


def test_importing_cmlp_does_not_import_scikit_learn():
    assert in_python("import sys, cmlp; from cmlp import *; print('sklearn' in sys.modules)") == "False"


def test_without_scikit_learn_the_complaint_says_how_to_install_it():
    code = """
import sys
sys.modules["sklearn"] = None
import cmlp
for name in ("MLPClassifier", "MLPRegressor"):
    try:
        getattr(cmlp, name)
    except cmlp.CmlpError as error:
        print(error)
"""
    assert in_python(code).splitlines() == [
        'cmlp.MLPClassifier needs scikit-learn: pip install "cmlp[sklearn]"',
        'cmlp.MLPRegressor needs scikit-learn: pip install "cmlp[sklearn]"',
    ]


def test_dir_lists_the_estimators():
    import cmlp

    assert {"MLPClassifier", "MLPRegressor"} <= set(dir(cmlp))


@pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_log_proba"])
def test_what_is_not_fitted_says_so(method):
    with pytest.raises(NotFittedError):
        getattr(MLPClassifier(), method)([[1.0]])


@pytest.mark.parametrize(
    "copied", [lambda model: pickle.loads(pickle.dumps(model)), copy.deepcopy], ids=["pickle", "deepcopy"]
)
@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_a_copy_goes_on_as_the_original_would(digits, copied, solver):
    X, y = digits
    model = MLPClassifier((8,), solver=solver, dropout=0.2, random_state=0)
    model.partial_fit(X[:200], y[:200], classes=range(10))
    twin = copied(model)
    for one in (model, twin):
        one.partial_fit(X[200:], y[200:])
    assert np.array_equal(model.predict_proba(X), twin.predict_proba(X))
    assert twin.loss_curve_ is twin.history_.loss and twin.loss_curve_ == model.loss_curve_


def test_a_clone_has_the_parameters_and_nothing_else(fitted):
    twin = clone(fitted)
    assert twin.get_params() == fitted.get_params()
    assert not hasattr(twin, "coefs_")


def test_coefs_are_views_of_the_network(fitted):
    model = copy.deepcopy(fitted)
    assert isinstance(model.coefs_, list)
    assert [w.shape for w in model.coefs_] == [(64, 16), (16, 10)]
    assert [b.shape for b in model.intercepts_] == [(16,), (10,)]
    assert all(w.flags.c_contiguous for w in model.coefs_)
    model.coefs_[0] = np.zeros((64, 16))
    assert not model.network_.weights[0].any()
    model.coefs_ = fitted.coefs_
    model.intercepts_ = [b + 1 for b in fitted.intercepts_]
    assert np.array_equal(model.network_.weights[0], fitted.network_.weights[0])
    assert np.array_equal(model.network_.biases[1], fitted.network_.biases[1] + 1)
    model.intercepts_[1] = fitted.intercepts_[1]
    assert np.array_equal(model.network_.biases[1], fitted.network_.biases[1])


def test_the_network_gives_the_probabilities(fitted, digits):
    X, _ = digits
    assert np.array_equal(fitted.network_(X), fitted.predict_proba(X))


def test_uint8_are_numbers_like_any_other(digits):
    X, y = digits
    pixels = (X * 16).astype(np.uint8)
    model = MLPClassifier((8,), random_state=0, max_iter=500, tol=1e-3)
    of_bytes = clone(model).fit(pixels, y)
    of_floats = clone(model).fit(pixels.astype(float), y)
    np.testing.assert_allclose(of_bytes.coefs_[0], of_floats.coefs_[0], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(of_bytes.predict_proba(pixels), of_bytes.network_(pixels))


def test_float32_stays_float32(digits):
    X, y = digits
    for solver in ("adam", "sgd", "lbfgs"):
        model = MLPClassifier((8,), solver=solver, random_state=0, max_iter=500, tol=1e-2).fit(X.astype(np.float32), y)
        assert model.coefs_[0].dtype == model.predict_proba(X.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("form", ["csr_matrix", "csc_matrix", "csr_array", "csc_array"])
def test_sparse_and_dense_are_the_same(digits, form):
    X, y = digits
    sparse = getattr(scipy.sparse, form)(X)
    model = MLPClassifier((8,), random_state=0, max_iter=500, tol=1e-2, early_stopping=True)
    dense_fit, sparse_fit = clone(model).fit(X, y), clone(model).fit(sparse, y)
    np.testing.assert_allclose(dense_fit.predict_proba(X), sparse_fit.predict_proba(sparse), rtol=1e-9)


def test_a_sparse_matrix_that_says_a_value_twice_means_the_sum(fitted):
    row = scipy.sparse.csr_matrix((np.full(500, 0.001), np.zeros(500, int), [0, 500]), shape=(1, 64))
    dense = row.toarray()
    np.testing.assert_allclose(fitted.predict_proba(row), fitted.predict_proba(dense))


def test_a_sparse_matrix_with_impossible_columns_is_refused(fitted):
    row = scipy.sparse.csr_matrix((np.ones(2), [0, 1], [0, 2]), shape=(1, 64))
    row.indices[1] = 10**6
    with pytest.raises(ValueError, match="ind"):
        fitted.predict(row)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_data_frames_keep_their_names(digits, library):
    frames = pytest.importorskip(library)
    X, y = digits
    names = [f"pixel {i}" for i in range(64)]
    frame = frames.DataFrame(dict(zip(names, X.T, strict=True)))
    words = frames.Series(np.array(["even", "odd"])[y % 2])
    if not hasattr(StandardScaler().fit(frame), "feature_names_in_"):
        pytest.skip(f"this scikit-learn does not know this {library}")
    model = MLPClassifier((8,), random_state=0, max_iter=500, tol=1e-2).fit(frame, words)
    assert list(model.feature_names_in_) == names
    assert set(model.predict(frame)) == {"even", "odd"}
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[names[::-1]])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_metadata_is_routed(digits):
    import sklearn
    from sklearn.model_selection import GridSearchCV

    X, y = digits
    with sklearn.config_context(enable_metadata_routing=True):
        model = MLPClassifier((8,), max_iter=5, random_state=0).set_fit_request(sample_weight=True)
        model.set_score_request(sample_weight=True)
        GridSearchCV(model, {"alpha": [1e-4]}, cv=2).fit(X, y, sample_weight=np.ones(len(y)))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_calibration_and_permutation_importance(digits, fitted):
    X, y = digits
    model = MLPClassifier((16,), learning_rate_init=0.01, max_iter=50, random_state=0)
    calibrated = CalibratedClassifierCV(model, cv=2).fit(X, y)
    assert calibrated.score(X, y) > 0.5
    importances = permutation_importance(fitted, X, y, n_repeats=1, random_state=0).importances_mean
    assert importances.argmax() > 0 and importances[0] == 0  # the first pixel is always 0


def test_html_is_shown(fitted):
    assert "MLPClassifier" in fitted._repr_html_()


def test_global_random_state_is_only_used_where_none_is_given():
    X, y = make_regression(30, random_state=0)
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    MLPRegressor(hidden_layer_sizes=(3,), random_state=0, solver="lbfgs", tol=1).fit(X, y)
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002
