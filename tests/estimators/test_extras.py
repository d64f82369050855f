"""What scikit-learn's multilayer perceptron does not have, and what is refused."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits, make_classification, make_regression
from sklearn.exceptions import ConvergenceWarning

import cmlp
from cmlp import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:500] / 16, y[:500]


@pytest.fixture(scope="module")
def numbers():
    X, y = make_regression(200, 5, noise=1.0, random_state=0)
    return X, y / y.std()


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs", cmlp.AdamW(weight_decay=0.1)], ids=str)
@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_same_seed_same_bits(digits, numbers, kind, solver, early_stopping):
    dropout = 0.0 if solver == "lbfgs" else 0.3
    model = kind(
        hidden_layer_sizes=(9, 7),
        solver=solver,
        dropout=dropout,
        early_stopping=early_stopping,
        random_state=3,
        max_iter=6,
    )
    X, y = digits if kind is MLPClassifier else numbers
    one, two = clone(model).fit(X, y), clone(model).fit(X, y)
    other = clone(model).set_params(random_state=4).fit(X, y)
    for a, b, c in zip(one.coefs_ + one.intercepts_, two.coefs_ + two.intercepts_, other.coefs_, strict=False):
        assert np.array_equal(a, b)
        assert not np.array_equal(a, c)
    assert one.loss_curve_ == two.loss_curve_ and one.validation_scores_ == two.validation_scores_


def test_random_state_may_be_a_generator_of_numpy_or_its_global_one(digits):
    def fit(random_state):
        return MLPClassifier((5,), max_iter=2, random_state=random_state).fit(*digits).coefs_[0]

    assert np.array_equal(fit(np.random.RandomState(0)), fit(np.random.RandomState(0)))
    state = np.random.RandomState(0)
    assert not np.array_equal(fit(state), fit(state))
    np.random.seed(0)  # noqa: NPY002
    first = fit(None)
    np.random.seed(0)  # noqa: NPY002
    assert np.array_equal(first, fit(None))


def test_dropout_is_of_training_only(digits):
    X, y = digits
    model = MLPClassifier((50, 30), dropout=[0.5, 0.2], random_state=0, max_iter=30).fit(X, y)
    assert np.array_equal(model.predict_proba(X), model.predict_proba(X))
    plain = clone(model).set_params(dropout=0.0).fit(X, y)
    assert model.loss_ > plain.loss_
    assert model.network_.architecture.dropouts == (0.5, 0.2, 0.0)


def test_every_hidden_layer_has_its_own_activation(digits):
    model = MLPClassifier((8, 7, 6), ["logistic", "gelu", "tanh"], random_state=0, max_iter=2).fit(*digits)
    assert model.network_.architecture.activations == ("sigmoid", "gelu", "tanh", "softmax")


def test_no_hidden_layer_is_logistic_regression(digits):
    model = MLPClassifier((), solver="lbfgs", max_iter=200, random_state=0).fit(*digits)
    assert model.network_.sizes == (64, 10)
    assert model.score(*digits) > 0.99


def test_class_weight_is_that_of_all_samples_of_a_class():
    X, y = make_classification(120, random_state=0)
    model = MLPClassifier((5,), shuffle=False, random_state=0, max_iter=20)
    weighted = clone(model).set_params(class_weight={0: 1, 1: 3}).fit(X, y)
    weights = np.where(y == 1, 3, 1)
    by_sample = clone(model).fit(X, y, sample_weight=weights)
    np.testing.assert_allclose(weighted.predict_proba(X), by_sample.predict_proba(X))


def test_balanced_classes_find_the_rare_one():
    X, y = make_classification(400, weights=[0.95], flip_y=0.05, random_state=1)
    model = MLPClassifier((4,), solver="lbfgs", alpha=1.0, random_state=0, max_iter=200)
    found = [clone(model).set_params(class_weight=how).fit(X, y).predict(X).sum() for how in (None, "balanced")]
    assert found[1] > found[0]


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber", "poisson"])
def test_losses_for_numbers(numbers, loss):
    X, y = numbers
    y = np.exp(y / 2) if loss == "poisson" else y
    model = MLPRegressor(
        hidden_layer_sizes=(30,), loss=loss, learning_rate_init=0.01, random_state=0, max_iter=300
    ).fit(X, y)
    assert model.score(X, y) > 0.85
    assert model.out_activation_ == ("exp" if loss == "poisson" else "identity")


def test_own_validation_data_are_watched(digits):
    X, y = digits
    model = MLPClassifier((16,), random_state=0, max_iter=20).fit(X[:300], y[:300], X_val=X[300:], y_val=y[300:])
    assert len(model.validation_scores_) == len(model.history_.validation_loss) == 20
    assert model.validation_scores_[-1] == model.score(X[300:], y[300:])
    assert model.t_ == 20 * 300


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_early_stopping_keeps_the_best_weights(digits, solver):
    X, y = digits
    model = MLPClassifier(
        (16,), solver=solver, learning_rate_init=0.05, early_stopping=True, random_state=0, max_iter=200
    )
    model.fit(X[:300], y[:300], X_val=X[300:], y_val=y[300:])
    assert model.n_iter_ < 200
    assert model.best_validation_score_ == max(model.validation_scores_) == model.score(X[300:], y[300:])


def test_validation_split_is_stratified(digits):
    model = MLPClassifier(validation_fraction=0.25, early_stopping=True)
    labels = np.repeat(np.arange(4), 20)
    _, rows = model._split(labels, np.random.default_rng(0))
    assert list(np.bincount(labels[rows])) == [5, 5, 5, 5]
    labels[:2] = [4, 5]  # classes of one sample each
    with pytest.raises(ValueError, match="The least populated classes in y have only 1 member"):
        model._split(labels, np.random.default_rng(0))


class Counter:
    def __init__(self):
        self.batches, self.epochs = 0, []

    def on_batch_end(self, event):
        self.batches += 1

    def on_epoch_end(self, event):
        self.epochs.append(event.epoch)
        return event.epoch == 3


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_callbacks_see_and_stop(digits, solver):
    counter = Counter()
    seen = []
    model = MLPClassifier((5,), solver=solver, callbacks=[counter, seen.append], batch_size=100, random_state=0)
    model.fit(*digits)
    assert counter.epochs == [1, 2, 3] and model.n_iter_ == 3
    assert counter.batches == (15 if solver == "adam" else 0)
    assert seen[-1].network is model.network_ and seen[-1].loss == model.loss_curve_[-1]


def test_keyboard_interrupt_keeps_what_was_learned(digits):
    def interrupt(event):
        if event.epoch == 2:
            raise KeyboardInterrupt

    model = MLPClassifier((5,), callbacks=interrupt, random_state=0, early_stopping=True)
    with pytest.warns(UserWarning, match=r"^Training interrupted by user\.$"):
        model.fit(*digits)
    assert (model.n_iter_, len(model.loss_curve_), len(model.validation_scores_)) == (2, 2, 2)
    model.predict(digits[0])


def test_clipped_gradients_make_short_steps(digits):
    X, y = digits
    model = MLPClassifier((5,), solver="sgd", momentum=0.0, learning_rate_init=1.0, clip_norm=1e-3, random_state=0)
    model.partial_fit(X, y, classes=range(10))
    before = model.network_.engine.parameters.copy()
    model.set_params(batch_size=500).partial_fit(X, y)
    step = np.linalg.norm(model.network_.engine.parameters - before)
    np.testing.assert_allclose(step, 1e-3)


def test_verbose_prints_a_line_per_epoch(digits, capsys):
    MLPClassifier((5,), verbose=True, early_stopping=True, max_iter=2, random_state=0).fit(*digits)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" = ")[0].split(": ")[0] for line in lines] == [
        "Iteration 1, loss", "Validation score", "Iteration 2, loss", "Validation score",
    ]  # fmt: skip


def test_not_converged_is_a_warning(digits):
    for solver in ("adam", "lbfgs"):
        with pytest.warns(ConvergenceWarning):
            MLPClassifier((5,), solver=solver, max_iter=2, random_state=0).fit(*digits)


def test_large_batches_are_a_warning(digits):
    with pytest.warns(
        UserWarning, match=r"Got `batch_size` less than 1 or larger.*: 501 is larger than the 500 samples"
    ):
        MLPClassifier((5,), batch_size=501, max_iter=2).fit(*digits)


def test_divergence_is_refused_or_ends_at_the_best_weights(numbers):
    X, y = numbers[0] * 1e3, numbers[1]
    model = MLPRegressor(hidden_layer_sizes=(20,), solver="sgd", learning_rate_init=1.0, random_state=0)
    with pytest.raises(ValueError, match=r"^Solver produced non-finite.* epoch \d+ is not.* learning_rate_init than 1"):
        model.fit(X, y)
    assert all(np.isfinite(each).all() for each in model.coefs_ + model.intercepts_)
    with pytest.warns(ConvergenceWarning, match="the best weights are kept"):
        model.set_params(early_stopping=True, tol=0.0).fit(X, y)
    assert np.isfinite(model.predict(X)).all()


def test_one_class_is_always_predicted():
    model = MLPClassifier((3,), random_state=0, max_iter=5).fit([[0.0], [1.0]], ["a", "a"])
    assert list(model.predict([[2.0]])) == ["a"]
    assert model.predict_proba([[2.0]]).tolist() == [[1.0]]


def test_probabilities_have_logarithms(digits):
    model = MLPClassifier((5,), random_state=0, max_iter=2).fit(*digits)
    np.testing.assert_allclose(np.exp(model.predict_log_proba(digits[0])), model.predict_proba(digits[0]))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"hidden_layer_sizes": (5, 0)}, r"hidden_layer_sizes must be positive integers, got \[5, 0\]"),
        ({"activation": ["relu"]}, r"activation must be one name, or 2 of them, one per hidden layer, got \['relu'\]"),
        ({"activation": ["relu", "softmax"]}, 'activation must be one of "logistic", "identity"'),
        ({"activation": "softmax"}, "The 'activation' parameter of MLPClassifier must be"),
        ({"dropout": 1.0}, "The 'dropout' parameter of MLPClassifier must be"),
        ({"dropout": [0.1]}, "dropout must be a number, or 2 of them, one per hidden layer"),
        ({"dropout": 0.5, "solver": "lbfgs"}, "dropout needs mini-batches, which the solver lbfgs has not"),
        ({"early_stopping": True, "validation_fraction": 0.001}, "validation_fraction must leave 2 samples or more"),
        ({"callbacks": [3]}, "callbacks must be functions, or objects with on_epoch_end or on_batch_end, got 3"),
        ({"alpha": -1}, "The 'alpha' parameter of MLPClassifier must be a float in the range"),
        ({"class_weight": "even"}, "The 'class_weight' parameter of MLPClassifier must be"),
    ],
)
def test_settings_that_break_a_rule_leave_the_fitted_model_alone(digits, settings, sentence):
    model = MLPClassifier((5, 4), random_state=0, max_iter=2).fit(*digits)
    before = model.predict_proba(digits[0])
    with pytest.raises(ValueError, match=sentence):
        model.set_params(**settings).fit(digits[0], digits[1] % 2)
    assert np.array_equal(model.predict_proba(digits[0]), before)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"X_val": np.zeros((3, 64))}, "X_val and y_val must be given both, got no y_val"),
        ({"X_val": np.zeros((3, 64)), "y_val": [0, 1, 77]}, r"y_val must have the classes .* only, got \[77\]"),
        ({"X_val": np.zeros((3, 63)), "y_val": [0, 1, 2]}, "63 features"),
        ({"sample_weight": np.full(500, -1.0)}, "sample_weight must be numbers of at least 0, and not all 0, got -1"),
        ({"sample_weight": np.zeros(500)}, "not all 0, got zeros only|at least one non-zero"),
    ],
)
def test_data_that_break_a_rule_are_refused(digits, given, sentence):
    with pytest.raises(ValueError, match=sentence):
        MLPClassifier((5,), max_iter=2).fit(*digits, **given)


def test_poisson_refuses_negative_numbers(numbers):
    with pytest.raises(ValueError, match='loss "poisson" needs y of at least 0, got -'):
        MLPRegressor(hidden_layer_sizes=(5,), loss="poisson").fit(*numbers)


def test_partial_fit_knows_its_rules(digits):
    X, y = digits
    assert not hasattr(MLPClassifier(solver="lbfgs"), "partial_fit")
    with pytest.raises(ValueError, match="classes must be passed on the first call to partial_fit"):
        MLPClassifier().partial_fit(X, y)
    with pytest.raises(ValueError, match="partial_fit does not support early_stopping=True"):
        MLPClassifier(early_stopping=True).partial_fit(X, y, classes=range(10))
    with pytest.raises(ValueError, match="partial_fit cannot balance classes"):
        MLPClassifier(class_weight="balanced").partial_fit(X, y, classes=range(10))
    model = MLPClassifier((5,), random_state=0).partial_fit(X, y, classes=range(10))
    with pytest.raises(ValueError, match=r"`classes=range\(0, 9\)` is not the same as on last call to partial_fit"):
        model.partial_fit(X, y, classes=range(9))
    with pytest.raises(ValueError, match=r"y must have the classes .* only, got \[10\]"):
        model.partial_fit(X, np.full(500, 10))
    with pytest.raises(ValueError, match=r"go on with the network that was fitted, 64-5-10.* ask for 64-6-10"):
        model.set_params(hidden_layer_sizes=(6,)).partial_fit(X, y)


def test_warm_start_needs_the_same_classes(digits):
    X, y = digits
    model = MLPClassifier((5,), warm_start=True, max_iter=2, random_state=0).fit(X, y)
    with pytest.raises(ValueError, match="warm_start can only be used where `y` has the same classes"):
        model.fit(X[y < 9], y[y < 9])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_threads_do_not_change_a_bit():
    X, y = load_digits(return_X_y=True)
    models = [MLPClassifier((40,), max_iter=3, random_state=0, threads=threads).fit(X, y) for threads in (1, 2, 5)]
    for model in models[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(model.coefs_, models[0].coefs_, strict=True))
