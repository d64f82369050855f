"""Estimators that version 0.1 pickled know the parameters of today, answer the same, and train on."""

import json
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from support.make_pickles import FOLDER, IMAGES, LABELS, LETTERS

from cmlp.estimators.rates import InverseScalingBySample

pytestmark = [
    pytest.mark.filterwarnings("ignore:cmlp\\..* is now cmlp\\.:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Trying to unpickle estimator"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]
ANSWERS = json.loads((FOLDER / "answers.json").read_text())
FITTED = ("adam", "early", "invscaling", "lbfgs", "regressor")


def read(name):
    return pickle.loads((FOLDER / f"{name}.pkl").read_bytes())


def targets(name):
    return {"regressor": IMAGES.sum(axis=1), "early": LETTERS}.get(name, LABELS)


@pytest.mark.parametrize("name", FITTED)
def test_it_answers_as_it_did(name):
    estimator = read(name)
    parameters = [p.tolist() for p in (*estimator.network_.weights, *estimator.network_.biases)]
    assert parameters == ANSWERS[name]["parameters"]
    ask = estimator.predict if name == "regressor" else estimator.predict_proba
    np.testing.assert_allclose(ask(IMAGES[::8]), ANSWERS[name]["answers"], rtol=1e-12)


@pytest.mark.parametrize("name", ("unfitted", *FITTED))
def test_new_parameters_have_their_defaults(name):
    estimator = read(name)
    defaults = type(estimator)().get_params()
    found = estimator.get_params()
    assert {key for key in defaults if found[key] != defaults[key]} <= {
        "hidden_layer_sizes", "max_iter", "random_state", "early_stopping", "solver", "learning_rate"
    }  # fmt: skip
    assert repr(estimator).startswith("MLP")
    clone(estimator).fit(IMAGES, targets(name))


@pytest.mark.parametrize("name", FITTED)
def test_it_trains_on(name):
    estimator = read(name)
    if name not in ("early", "lbfgs"):
        estimator.partial_fit(IMAGES, targets(name))
        assert len(estimator.loss_curve_) == 4
    assert estimator.set_params(warm_start=True).fit(IMAGES, targets(name)).n_iter_ > 0


def test_the_learning_rate_of_sgd_goes_on():
    estimator = read("invscaling")
    assert estimator._schedule == InverseScalingBySample((estimator.t_ + 1) ** -0.5, estimator.t_)
