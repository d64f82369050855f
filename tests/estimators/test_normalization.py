"""Batch normalisation in the estimators: fits, continued fits, and what scikit-learn gets."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits

from cmlp import MLPClassifier, MLPRegressor


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X / 16, y


def make_classifier(**parameters):
    usual = {"normalization": "batch", "max_iter": 5, "n_iter_no_change": 10, "random_state": 0}
    return MLPClassifier((32, 16), **usual | parameters)


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_what_a_fit_finds_is_a_plain_network(digits):
    model = make_classifier(learning_rate_init=0.01).fit(*digits)
    assert model.score(*digits) > 0.95
    fitted = model.to_sklearn()
    np.testing.assert_allclose(fitted.predict_proba(digits[0]), model.predict_proba(digits[0]), atol=1e-9)
    np.testing.assert_array_equal(model.coefs_[0], model.network_.weights[0].T)
    assert clone(model).normalization == "batch"


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_partial_fit_and_warm_start_go_on_unfolded(digits):
    X, y = digits
    whole = make_classifier(max_iter=4, tol=0.0).fit(X, y)
    parts = make_classifier()
    for _ in range(4):
        parts.partial_fit(X, y, classes=np.unique(y))
    np.testing.assert_array_equal(parts.coefs_[1], whole.coefs_[1])
    again = make_classifier(warm_start=True, max_iter=2).fit(X, y).fit(X, y)
    assert len(again.loss_curve_) == 4
    assert again.loss_curve_[-1] < again.loss_curve_[0]


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_early_stopping_keeps_the_best(digits):
    model = make_classifier(early_stopping=True, max_iter=8, learning_rate_init=0.05).fit(*digits)
    assert model.best_validation_score_ == max(model.validation_scores_)


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_of_one_layer_in_a_regression(digits):
    X, y = digits
    model = MLPRegressor(hidden_layer_sizes=(20, 10), normalization=["batch", None], max_iter=20, random_state=0).fit(
        X, y
    )
    assert model.network_.architecture.normalizations == ("batch", None, None)
    assert model.score(X, y) > 0.5


def test_refusals(digits):
    with pytest.raises(ValueError, match="normalization needs mini-batches, which the solver lbfgs has not"):
        make_classifier(solver="lbfgs").fit(*digits)
    with pytest.raises(ValueError, match="The 'normalization' parameter of MLPClassifier must be"):
        make_classifier(normalization="layer").fit(*digits)
    with pytest.raises(ValueError, match="normalization must be a name, or 2 of them"):
        make_classifier(normalization=["batch"]).fit(*digits)
    with pytest.raises(ValueError, match="batch_size must be at least 2 with batch normalization, because"):
        make_classifier(batch_size=1).fit(*digits)
