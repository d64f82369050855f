"""Parameters that are wrong are refused with what was probably meant; what can only mean one thing works."""

import re

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils._param_validation import InvalidParameterError

import cmlp
from cmlp import MLPClassifier, MLPRegressor
from cmlp.estimators.parameters import MISTAKEN
from cmlp.training.optimizers import OPTIMIZERS, Optimizer

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
RNG = np.random.default_rng(0)
X = RNG.standard_normal((40, 5))
Y = np.arange(40) % 3
SETTINGS = {"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 0}

# What is given, and what was meant by it.
MEANT = [
    *[("solver", given, '"adam"') for given in ("Adam", "ADAM", " adam ", "adm")],
    ("solver", "L-BFGS", '"lbfgs"'),
    ("solver", "SGD", '"sgd"'),
    ("solver", "RMSProp", '"rmsprop"'),
    ("activation", "ReLU", '"relu"'),
    ("activation", "swish", '"silu"'),
    ("activation", "logistc", '"logistic"'),
    ("activation", 16, "hidden_layer_sizes=16"),
    ("hidden_layer_sizes", "relu", "activation='relu'"),
    ("learning_rate", 0.01, "learning_rate_init=0.01"),
    ("learning_rate", 1, "learning_rate_init=1"),
    ("learning_rate", np.float32(0.5), "learning_rate_init=np.float32(0.5)"),
    ("learning_rate", "Constant", '"constant"'),
    ("learning_rate", "cosine", "schedule='cosine'"),
    ("learning_rate", cmlp.Step(3), f"schedule={cmlp.Step(3)!r}"),
    ("learning_rate_init", "adaptive", "learning_rate='adaptive'"),
    ("learning_rate_init", "cosine", "schedule='cosine'"),
    ("schedule", "Cosine", '"cosine"'),
    ("schedule", 0.1, "learning_rate_init=0.1"),
    ("batch_size", "Auto", '"auto"'),
    ("class_weight", "Balanced", '"balanced"'),
    ("loss", "mse", '"squared_error"'),
    ("loss", "MAE", '"absolute_error"'),
    ("loss", "Huber", '"huber"'),
    ("loss", "tanh", "activation='tanh'"),
    ("loss", (5,), "hidden_layer_sizes=(5,)"),
]


def estimator(name):
    return MLPRegressor(**SETTINGS) if name == "loss" else MLPClassifier(**SETTINGS)


def refusal(model, error=ValueError):
    """Return the sentence with which a fit is refused, and a partial fit, too."""
    said = []
    classes = {"classes": range(3)} if isinstance(model, MLPClassifier) else {}
    for call, more in ((model.fit, {}), (model.partial_fit, classes)):
        with pytest.raises(error) as caught:
            call(X, Y, **more)
        said.append(str(caught.value))
    assert said[0] == said[1] and "\n" not in said[0]
    assert not hasattr(model, "network_")
    return said[0]


@pytest.mark.parametrize(("name", "given", "meant"), MEANT, ids=str)
def test_what_was_meant_by_a_value(name, given, meant):
    model = estimator(name).set_params(**{name: given})
    said = refusal(model, InvalidParameterError)
    assert said.startswith(f"The '{name}' parameter of {type(model).__name__} must be ")
    assert said.endswith(f"Got {given!r} instead: did you mean {meant}?")


@pytest.mark.parametrize("name", sorted(MISTAKEN))
def test_nothing_is_suggested_for_what_nothing_is_like(name):
    assert refusal(estimator(name).set_params(**{name: b"?"})).endswith("Got b'?' instead.")


# Keywords of other libraries, and of Network.
KEYWORDS = {
    "lr": "learning_rate_init", "eta": "learning_rate_init", "epochs": "max_iter", "n_epochs": "max_iter",
    "optimizer": "solver", "l2": "alpha", "lmbda": "alpha", "weight_decay": "alpha",
    "seed": "random_state", "n_jobs": "threads", "patience": "n_iter_no_change", "mini_batch_size": "batch_size",
    "sizes": "hidden_layer_sizes", "hidden_sizes": "hidden_layer_sizes", "layers": "hidden_layer_sizes",
    "scheduler": "schedule", "callback": "callbacks", "dropout_rate": "dropout", "Alpha": "alpha",
    "validation_split": "validation_fraction",
}  # fmt: skip


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize(("given", "meant"), KEYWORDS.items())
def test_what_was_meant_by_a_keyword(kind, given, meant):
    sentence = f"{kind.__name__}.__init__() got an unexpected keyword argument '{given}': did you mean \"{meant}\"?"
    with pytest.raises(TypeError, match=f"^{re.escape(sentence)}$"):
        kind(**{given: 1})
    assert meant in kind().get_params()


# ------------------------------------------------------------------------------------------- what means one thing only


@pytest.mark.parametrize("kind", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_an_optimizer_may_be_given_as_a_class(kind):
    found = MLPClassifier(**SETTINGS, solver=kind)
    expected = clone(found).set_params(solver=kind())
    for model in (found, expected):
        assert hasattr(model, "partial_fit") is (kind is not cmlp.LBFGS)
        model.fit(X, Y)
    assert np.array_equal(found.network_.engine.parameters, expected.network_.engine.parameters)
    assert clone(found).solver is kind


@pytest.mark.parametrize("given", [Optimizer, int, type, len], ids=str)
def test_other_classes_are_no_solvers(given):
    with pytest.raises(
        InvalidParameterError, match=r"^The 'solver' parameter of MLPClassifier must be a str among .* or"
    ):
        MLPClassifier(solver=given).fit(X, Y)


@pytest.mark.parametrize("given", [4, np.int64(4), [4], (np.uint8(4),), np.array([4]), range(4, 5)], ids=repr)
def test_sizes_of_every_form_are_the_same(given):
    found, expected = (MLPClassifier(**SETTINGS | {"hidden_layer_sizes": each}).fit(X, Y) for each in (given, (4,)))
    assert np.array_equal(found.network_.engine.parameters, expected.network_.engine.parameters)


# --------------------------------------------------------------------------------------------- what means nothing

NO_SEQUENCES = [{4}, {4: 1}, frozenset({4}), np.array(4), np.array([[4]])]
NO_SIZES = [(0,), (-1,), (4.0,), ("4",), (None,), (True,), ((4,),), (2**31,), (4, 10**400)]


@pytest.mark.parametrize("name", ["hidden_layer_sizes", "activation", "dropout"])
@pytest.mark.parametrize("given", NO_SEQUENCES, ids=repr)
def test_layers_have_an_order(name, given):
    said = refusal(estimator(name).set_params(**{name: given}))
    assert said == f"{name} must be one value, or a sequence with one for each hidden layer, got {given!r}"


@pytest.mark.parametrize("given", NO_SIZES, ids=lambda given: repr(given)[:20])
def test_no_sizes(given):
    said = refusal(estimator("").set_params(hidden_layer_sizes=given))
    found = f"{given[-1]!r}"
    assert said.startswith(f"each of hidden_layer_sizes must be a positive integer below 2**31, got {found[:30]}")
    assert len(said) < 200


NUMBERS = [
    "hidden_layer_sizes", "alpha", "batch_size", "learning_rate_init", "power_t", "max_iter", "tol", "momentum",
    "validation_fraction", "beta_1", "beta_2", "epsilon", "n_iter_no_change", "max_fun", "dropout", "l1", "max_norm",
    "clip_norm", "clip_value", "averaging", "threads", "checkpoint_every", "label_smoothing",
]  # fmt: skip


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("given", [True, 10**400, -1, np.nan, b"1", 1j], ids=lambda given: repr(given)[:9])
def test_what_is_no_number_is_refused_under_its_own_name(name, given):
    said = refusal(estimator(name).set_params(**{name: given}))
    assert said.startswith(f"The '{name}' parameter of MLPClassifier must be ")
