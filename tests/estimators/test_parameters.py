"""The parameters that scikit-learn does not have do what those of `Network.train` do."""

import copy
import os
import pickle
import signal
from itertools import pairwise
from math import inf

import joblib
import numpy as np
import pytest
from sklearn import neural_network
from sklearn.base import clone

import cmlp
from cmlp import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
N, BATCH, ETA, EPOCHS = 40, 8, 0.3, 4
RNG = np.random.default_rng(0)
X = RNG.standard_normal((N, 5))
THREE, FLAGS, NUMBERS = np.arange(N) % 3, RNG.integers(0, 2, (N, 3)), np.abs(X[:, :2]) + 0.1
TASKS = {
    "classes": (MLPClassifier, THREE),
    "flags": (MLPClassifier, FLAGS),
    "numbers": (MLPRegressor, NUMBERS),
}
STILL = {
    "hidden_layer_sizes": (6,), "solver": "sgd", "momentum": 0.0, "alpha": 0.0, "batch_size": BATCH, "tol": 0.0,
    "n_iter_no_change": inf, "random_state": 0, "learning_rate_init": 1e-300, "max_iter": 1, "warm_start": True,
}  # fmt: skip


def both(task, settings, same=None, **first):
    """Train an estimator and a network from where an epoch without steps has left them."""
    kind, y = TASKS[task]
    model = kind(**STILL | first).fit(X, y)
    network = copy.deepcopy(model.network_)
    model.set_params(learning_rate_init=ETA, max_iter=EPOCHS, **settings).fit(X, y)
    history = network.train((X, y), EPOCHS, ETA, mini_batch_size=BATCH, **(settings if same is None else same))
    assert np.array_equal(model.network_.engine.parameters, network.engine.parameters)
    outputs = NUMBERS.shape[1] if task == "numbers" else 1  # of which scikit-learn reports the mean
    np.testing.assert_allclose(outputs * np.array(model.loss_curve_[1:]), history.loss, rtol=1e-12)
    return model, network


PARAMETERS = {
    "nothing": {},
    "schedule": {"schedule": "cosine"},
    "schedule of one's own": {"schedule": lambda step: 1 / (1 + step)},
    "schedule that observes": {"schedule": cmlp.Adaptive(rate=0.1, patience=1, tolerance=1.0)},
    "max_norm": {"max_norm": 0.5},
    "clip_norm": {"clip_norm": 1e-2},
    "clip_value": {"clip_value": 1e-3},
    "averaging": {"averaging": 0.9},
    "threads": {"threads": 2},
}


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("settings", PARAMETERS.values(), ids=PARAMETERS)
def test_same_bits_as_those_of_a_network(task, settings):
    model, _ = both(task, settings)
    plain, _ = both(task, {})
    changed = not np.array_equal(model.network_.engine.parameters, plain.network_.engine.parameters)
    assert changed == bool(settings.keys() - {"threads"})


@pytest.mark.parametrize("smoothing", [0.1, 0.5])
def test_label_smoothing(smoothing):
    both("classes", {"label_smoothing": smoothing})


def test_label_smoothing_of_flags_brings_them_towards_one_half():
    """As of two classes for each of them: 1 becomes 1 - s / 2, and 0 becomes s / 2."""
    model = MLPClassifier((), solver="lbfgs", label_smoothing=0.2, alpha=0.0, max_iter=2000, tol=1e-9)
    constant = np.zeros((N, 1))
    found = model.fit(constant, FLAGS).predict_proba(constant[:1])[0]
    np.testing.assert_allclose(found, 0.8 * FLAGS.mean(axis=0) + 0.1, atol=1e-6)
    two = clone(model).fit(constant, THREE == 0).predict_proba(constant[:1])[0]
    np.testing.assert_allclose(two[1], 0.8 * np.mean(THREE == 0) + 0.1, atol=1e-6)


@pytest.mark.parametrize("task", TASKS)
def test_dropout(task):
    both(task, {}, dropout=0.4)


@pytest.mark.parametrize("name", ["momentum", "nesterov", "rmsprop", "adam", "adamw", "nadam"])
def test_every_solver_is_an_optimizer(name):
    """Only "adam" is scikit-learn's own, with its own epsilon."""
    same = {"optimizer": cmlp.Adam(epsilon_hat=True) if name == "adam" else name}
    model, _ = both("classes", {"solver": name}, same=same)
    assert clone(model).solver == name
    both("classes", {"solver": cmlp.AdamW(weight_decay=0.1)}, same={"optimizer": cmlp.AdamW(weight_decay=0.1)})


def test_penalties_are_those_of_the_samples_of_a_mini_batch():
    """Of n images in mini-batches of m, a penalty of Nielsen's is n / m times as large."""
    for ours, theirs in (("l1", "l1"), ("alpha", "lmbda")):
        model = MLPClassifier(**STILL).fit(X, THREE)
        network = copy.deepcopy(model.network_)
        model.set_params(learning_rate_init=ETA, max_iter=EPOCHS, **{ours: 0.3}).fit(X, THREE)
        network.train((X, THREE), EPOCHS, ETA, mini_batch_size=BATCH, **{theirs: 0.3 * N / BATCH})
        np.testing.assert_allclose(model.network_.engine.parameters, network.engine.parameters, rtol=1e-9, atol=1e-12)


def test_sample_and_class_weights():
    weights = RNG.uniform(0.1, 2, N)
    by_class = {0: 0.5, 2: 3.0}
    model = MLPClassifier(**STILL).fit(X, THREE)
    network = copy.deepcopy(model.network_)
    model.set_params(learning_rate_init=ETA, max_iter=EPOCHS, class_weight=by_class).fit(X, THREE, weights)
    network.train((X, THREE), EPOCHS, ETA, mini_batch_size=BATCH, sample_weight=weights, class_weight=by_class)
    assert np.array_equal(model.network_.engine.parameters, network.engine.parameters)


def test_progress_is_shown_where_it_is_wanted(capsys):
    for progress, shown in ((True, True), (False, False), (None, False)):  # None: on a terminal only
        MLPClassifier((3,), max_iter=2, progress=progress, random_state=0).fit(X, THREE)
        assert bool(capsys.readouterr().err) is shown


# ------------------------------------------------------------------------------------------------- checkpoints


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_a_resumed_fit_ends_as_one_that_was_never_interrupted(tmp_path, solver, early_stopping):
    settings = {"solver": solver, "max_iter": 8, "random_state": 3, "early_stopping": early_stopping}
    whole = MLPClassifier((5,), **settings).fit(X, THREE)

    def interrupt(event):
        if event.epoch == 3:
            raise OSError("the lights go out")

    path = tmp_path / "checkpoint"
    model = MLPClassifier((5,), checkpoint=path, callbacks=interrupt, **settings)
    with pytest.raises(OSError, match="the lights go out"):
        model.fit(X, THREE)
    resumed = clone(model).set_params(callbacks=None, resume=True).fit(X, THREE)
    assert np.array_equal(resumed.network_.engine.parameters, whole.network_.engine.parameters)
    for name in ("loss_curve_", "validation_scores_", "n_iter_", "best_loss_", "best_validation_score_", "loss_"):
        assert getattr(resumed, name) == getattr(whole, name), name
    with pytest.raises(ValueError, match="belong"):
        clone(resumed).set_params(alpha=0.5).fit(X, THREE)
    with pytest.raises(ValueError, match="is a checkpoint already"):
        clone(resumed).set_params(resume=False).fit(X, THREE)


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_a_checkpoint_of_another_seed_is_refused(tmp_path, kind, solver, early_stopping):
    path = tmp_path / "checkpoint"
    settings = {"solver": solver, "early_stopping": early_stopping, "max_iter": 3, "tol": 0.0}
    kept = kind(hidden_layer_sizes=(5,), checkpoint=path, random_state=3, **settings).fit(X, THREE)
    resumed, content = clone(kept).set_params(resume=True, max_iter=4), path.read_bytes()
    with pytest.raises(
        ValueError, match=r"belongs to another training: random_state was another one there, and is 4 now"
    ):
        clone(resumed).set_params(random_state=4).fit(X, THREE)
    with pytest.raises(ValueError, match=r"belongs to another training: the layers were .* there, and are "):
        clone(resumed).set_params(random_state=4, hidden_layer_sizes=(6,)).fit(X, THREE)
    assert path.read_bytes() == content
    whole = clone(kept).set_params(checkpoint=None, max_iter=4).fit(X, THREE)
    for random_state in (None, np.random.RandomState(9), 3):
        path.write_bytes(content)
        found = clone(resumed).set_params(random_state=random_state).fit(X, THREE)
        assert np.array_equal(found.network_.engine.parameters, whole.network_.engine.parameters)


def test_a_warm_start_goes_on_from_its_own_checkpoint(tmp_path):
    path = tmp_path / "checkpoint"
    model = MLPClassifier((5,), random_state=3, warm_start=True, max_iter=2).fit(X, THREE)
    model.set_params(checkpoint=path).fit(X, THREE)
    again = model.set_params(resume=True).fit(X, THREE)
    assert len(again.loss_curve_) == 6


def test_partial_fit_writes_no_checkpoint(tmp_path):
    path = tmp_path / "checkpoint"
    model = MLPClassifier((5,), checkpoint=path, resume=True, random_state=0)
    plain = clone(model).set_params(checkpoint=None)
    for each in (model, plain):
        for _ in range(2):
            each.partial_fit(X, THREE, classes=range(3))
    assert not path.exists()
    assert np.array_equal(model.coefs_[0], plain.coefs_[0])


def test_checkpoint_every(tmp_path):
    times = []
    path = tmp_path / "checkpoint"

    def look(event):
        times.append((path.stat().st_mtime_ns, event.epoch))

    model = MLPClassifier((5,), checkpoint=path, checkpoint_every=3, callbacks=look, max_iter=7, random_state=0)
    model.fit(X, THREE)
    changes = [epoch for (before, _), (after, epoch) in pairwise(times) if after != before]
    assert changes == [4, 7]
    with pytest.raises(ValueError, match="checkpoint_every must be"):
        clone(model).set_params(checkpoint_every="soon", resume=True).fit(X, THREE)


# ---------------------------------------------------------------------------------------- schedules of partial_fit


@pytest.mark.parametrize(
    "schedule",
    ["step", "exponential", "invscaling", cmlp.Adaptive(rate=0.5, patience=1, tolerance=9.0), lambda step: 0.9**step],
    ids=str,
)
def test_partial_fit_goes_on_with_the_schedule(schedule):
    settings = STILL | {"shuffle": False, "learning_rate_init": ETA, "schedule": schedule}
    whole = MLPClassifier(**settings | {"max_iter": 5}).fit(X, THREE)
    stream = MLPClassifier(**settings)
    after = MLPClassifier(**settings | {"max_iter": 2}).fit(X, THREE)
    for _ in range(5):
        stream.partial_fit(X, THREE, classes=range(3))
    for _ in range(3):
        after.partial_fit(X, THREE)
        after = pickle.loads(pickle.dumps(after)) if isinstance(schedule, str) else after
    for model in (stream, after):
        assert np.array_equal(model.network_.engine.parameters, whole.network_.engine.parameters)


def test_partial_fit_refuses_a_schedule_that_needs_the_number_of_epochs():
    for schedule in ("cosine", cmlp.OneCycle()):
        model = MLPClassifier((3,), schedule=schedule)
        with pytest.raises(ValueError, match=r"^partial_fit does not know how many epochs there will be"):
            model.partial_fit(X, THREE, classes=range(3))
        assert not hasattr(model, "network_")
        model.fit(X, THREE)


def test_partial_fit_takes_another_schedule_from_its_beginning():
    model = MLPClassifier(**STILL | {"learning_rate_init": ETA, "schedule": lambda step: 0.0})
    model.partial_fit(X, THREE, classes=range(3))
    before = model.network_.engine.parameters.copy()
    model.set_params(schedule=cmlp.Step(epochs=1, rate=1e-300)).partial_fit(X, THREE)
    between = model.network_.engine.parameters.copy()
    assert not np.array_equal(before, between)  # in its first epoch
    assert np.array_equal(model.partial_fit(X, THREE).network_.engine.parameters, between)


# -------------------------------------------------------------------------------------- as scikit-learn has them


def test_loss_is_the_first_argument_of_a_regressor():
    model = MLPRegressor("poisson", (5,), "tanh")
    assert (model.loss, model.hidden_layer_sizes, model.activation) == ("poisson", (5,), "tanh")
    with pytest.warns(DeprecationWarning, match="the first argument of MLPRegressor is loss, as in scikit-learn"):
        old = MLPRegressor((5,), "tanh")
    assert (old.loss, old.hidden_layer_sizes, old.activation) == ("squared_error", (5,), "tanh")


ORDERS = {  # of positional arguments, with what they are taken for: loss, sizes, activation
    "sizes": (((5,),), ("squared_error", (5,), "relu")),
    "one size": ((5,), ("squared_error", 5, "relu")),
    "no sizes": (((),), ("squared_error", (), "relu")),
    "list": (([5], "tanh"), ("squared_error", [5], "tanh")),
    "integer of numpy": ((np.int64(5), "tanh"), ("squared_error", 5, "tanh")),
    "names": (((5, 4), ["tanh", "relu"]), ("squared_error", (5, 4), ["tanh", "relu"])),
    "loss last": (((5,), "tanh", "huber"), ("huber", (5,), "tanh")),
    "names and loss last": (((5,), ["tanh"], "poisson"), ("poisson", (5,), ["tanh"])),
}


@pytest.mark.parametrize(("given", "meant"), ORDERS.values(), ids=ORDERS)
def test_arguments_in_the_old_order_lose_none(given, meant):
    with pytest.warns(DeprecationWarning, match="the first argument of MLPRegressor is loss") as caught:
        old = MLPRegressor(*given)
    assert caught[0].filename == __file__
    assert (old.loss, old.hidden_layer_sizes, old.activation) == meant
    assert clone(old).get_params() == old.get_params()
    old.set_params(max_iter=1).fit(X, NUMBERS[:, 0])


def test_an_array_of_sizes_comes_first_too():
    with pytest.warns(DeprecationWarning):
        old = MLPRegressor(np.array([5, 4]), "tanh")
    assert (old.loss, list(old.hidden_layer_sizes), old.activation) == ("squared_error", [5, 4], "tanh")


NO_ORDERS = {
    "sizes twice": ((5,), (4,)),
    "a solver last": ((5,), "tanh", "adam"),
    "activation twice": ((5,), "tanh", "logistic"),
    "loss before activation": ((5,), "huber", "tanh"),
    "loss instead of activation": ((5,), "huber"),
    "activation first": ("tanh", (5,)),
    "activation before sizes": ("squared_error", "tanh", (5,)),
    "nothing": (None,),
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("given", NO_ORDERS.values(), ids=NO_ORDERS)
def test_arguments_in_no_order_are_refused(given):
    model = MLPRegressor(*given)
    with pytest.raises(
        ValueError, match=r"^The '(loss|hidden_layer_sizes|activation)' parameter of MLPRegressor must be"
    ):
        model.fit(X, NUMBERS[:, 0])


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_poisson_loss_of_several_outputs_takes_the_same_steps(solver):
    if "loss" not in neural_network.MLPRegressor().get_params():
        pytest.skip("scikit-learn has no Poisson loss before 1.7")
    settings = {"solver": solver, "batch_size": BATCH, "shuffle": False, "random_state": 1, "max_iter": 5, "alpha": 0.2}
    theirs, ours = (
        library.MLPRegressor("poisson", (6,), **settings).fit(X, NUMBERS) for library in (neural_network, cmlp)
    )
    for their, our in zip(theirs.coefs_ + theirs.intercepts_, ours.coefs_ + ours.intercepts_, strict=True):
        np.testing.assert_allclose(our, their, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum_may_be_1(nesterov):
    settings = {"solver": "sgd", "momentum": 1.0, "nesterovs_momentum": nesterov, "shuffle": False, "max_iter": 5}
    theirs, ours = (
        library.MLPClassifier((6,), random_state=1, **settings).fit(X, THREE) for library in (neural_network, cmlp)
    )
    for their, our in zip(theirs.coefs_, ours.coefs_, strict=True):
        np.testing.assert_allclose(our, their, rtol=1e-10)


@pytest.mark.parametrize("kind", ["MLPClassifier", "MLPRegressor"])
def test_lbfgs_without_an_iteration_has_the_loss_of_its_first_weights(kind):
    fits = [
        getattr(library, kind)(hidden_layer_sizes=(4,), solver="lbfgs", tol=1e9, random_state=0).fit(X, THREE)
        for library in (neural_network, cmlp)
    ]
    assert fits[1].n_iter_ == fits[0].n_iter_ == 0
    assert fits[1].loss_ == fits[1].best_loss_ == pytest.approx(fits[0].loss_, rel=1e-12)


def test_ctrl_c_ends_a_fit_with_a_warning_and_keeps_what_was_learned():
    def press(event):
        if event.epoch == 3:
            os.kill(os.getpid(), signal.SIGINT)

    settings = {"random_state": 0, "batch_size": 5}
    for solver in ("adam", "lbfgs"):
        model = MLPClassifier((5,), solver=solver, max_iter=50, callbacks=press, **settings)
        with pytest.warns(UserWarning, match=r"^Training interrupted by user\.$"):
            model.fit(X, THREE)
        expected = MLPClassifier((5,), solver=solver, max_iter=3, **settings).fit(X, THREE)
        assert model.n_iter_ == 3 and model.loss_curve_ == expected.loss_curve_
        assert np.array_equal(model.predict_proba(X), expected.predict_proba(X))


# ------------------------------------------------------------------------------------------------------- copies

NEW = {
    "schedule": cmlp.Step(3), "l1": 0.01, "max_norm": 3.0, "clip_value": 0.5, "clip_norm": 2.0, "averaging": 0.5,
    "checkpoint_every": "5min", "resume": True, "progress": False, "threads": 1, "dropout": [0.1],
}  # fmt: skip


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_clones_and_pickles_have_the_new_parameters(kind, tmp_path):
    settings = (
        NEW
        | {"checkpoint": str(tmp_path / "checkpoint")}
        | ({"label_smoothing": 0.1, "class_weight": {0: 2.0}} if kind is MLPClassifier else {})
    )
    model = kind(hidden_layer_sizes=(4,), random_state=0, max_iter=3).set_params(**settings)
    assert {name: value for name, value in model.get_params().items() if name in settings} == settings
    assert clone(model).get_params() == model.get_params()
    model.fit(X, THREE)
    joblib.dump(model, tmp_path / "model")
    more = {"classes": range(3)} if kind is MLPClassifier else {}
    copies = [pickle.loads(pickle.dumps(model)), joblib.load(tmp_path / "model"), copy.deepcopy(model)]
    model.partial_fit(X, THREE, **more)
    for each in copies:
        assert each.get_params() == model.get_params()
        each.partial_fit(X, THREE, **more)
        assert np.array_equal(each.network_.engine.parameters, model.network_.engine.parameters)
