"""What a callback, or another thread, may do with an estimator that is being fitted."""

import copy
import pickle
from threading import Event, Thread

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from cmlp import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 5))
THREE, TWO = np.arange(60) % 3, np.arange(60) % 2
SETTINGS = {"hidden_layer_sizes": (4,), "max_iter": 5, "random_state": 0}
REFUSAL = (
    r"^an estimator cannot be fitted while its fit is under way, .*: fit sklearn\.base\.clone\(estimator\) instead$"
)


class Meddler:
    """A callback that does something to the estimator, once; it is left behind in copies."""

    def __init__(self, work):
        self.work, self.model, self.found = work, None, []

    def on_epoch_end(self, event):
        if not self.found:
            self.found.append(self.work(self.model))

    def __deepcopy__(self, memo):
        return type(self)(self.work)

    def __reduce__(self):
        return list, ()


def state_of(model):
    known = {name: value for name, value in vars(model).items() if name not in model.get_params() and name[0] != "_"}
    shown = {name: repr(value) for name, value in known.items() if name != "history_"}
    return shown | {"parameters": model.network_.engine.parameters.tobytes(), "losses": model.history_.loss}


def meddled(work, solver="adam", kind=MLPClassifier, y=THREE, **more):
    """Return an estimator that was meddled with, what the callback got, and what it is without."""
    meddler = Meddler(work)
    model = kind(**SETTINGS | {"solver": solver} | more)
    expected = clone(model).fit(X, y)
    meddler.model = model.set_params(callbacks=meddler)
    model.fit(X, y)
    return model, meddler.found[0], expected


def refused(call):
    def work(model):
        before = state_of(model)
        with pytest.raises(ValueError, match=REFUSAL):
            call(model)
        assert state_of(model) == before

    return work


FITS = {
    "fit": lambda model: model.fit(X, THREE),
    "fit to others": lambda model: model.fit(X[:, :3], TWO),
    "partial_fit": lambda model: model.partial_fit(X, THREE),
    "partial_fit to others": lambda model: model.partial_fit(X[:, :3], TWO, classes=[0, 1]),
}


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("warm_start", [False, True])
@pytest.mark.parametrize(
    ("call", "solver"),
    [(call, solver) for call in FITS for solver in ("adam", "lbfgs") if "partial" not in call or solver == "adam"],
)
def test_a_fit_within_the_fit_is_refused_and_changes_nothing(call, solver, warm_start, early_stopping):
    settings = {"warm_start": warm_start, "early_stopping": early_stopping}
    model, _, expected = meddled(refused(FITS[call]), solver, **settings)
    assert state_of(model) == state_of(expected)
    assert state_of(model.set_params(callbacks=None).fit(X, THREE)) == state_of(expected.fit(X, THREE))


def test_a_partial_fit_within_a_partial_fit():
    meddler = Meddler(refused(FITS["partial_fit"]))
    model = MLPClassifier(**SETTINGS)
    expected = clone(model).partial_fit(X, THREE, classes=range(3))
    meddler.model = model.set_params(callbacks=meddler)
    assert state_of(model.partial_fit(X, THREE, classes=range(3))) == state_of(expected)


WORKS = {
    "predict": lambda model: model.predict(X).shape == (60,),
    "score": lambda model: 0 <= model.score(X, THREE) <= 1,
    "get_params": lambda model: model.get_params()["max_iter"] == 5,
    "clone": lambda model: clone(model).get_params().keys() == model.get_params().keys(),
    "clone and fit": lambda model: clone(model).set_params(callbacks=None).fit(X, TWO).n_iter_ == 5,
    "copy and fit": lambda model: copy.deepcopy(model).set_params(callbacks=None).fit(X, TWO).n_iter_ == 5,
    "shallow copy and fit": lambda model: copy.copy(model).set_params(callbacks=None).fit(X, TWO).n_iter_ == 5,
    "pickle and fit": lambda model: pickle.loads(pickle.dumps(model)).set_params(callbacks=None).fit(X, TWO).n_iter_,
    "to_sklearn": lambda model: len(model.to_sklearn().predict(X)) == 60,
    "set_params": lambda model: model.set_params(
        max_iter=3, alpha=0.5, hidden_layer_sizes=(7,), verbose=True, tol=9.0, n_iter_no_change=1, batch_size=7,
        learning_rate_init=0.5, early_stopping=True, random_state=9, warm_start=True, solver="sgd", threads=2,
    ),
    "set another solver": lambda model: model.set_params(solver="adam" if model.solver == "lbfgs" else "lbfgs"),
}  # fmt: skip


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("work", WORKS.values(), ids=WORKS)
def test_what_a_callback_may_do(work, solver, capsys):
    model, found, expected = meddled(work, solver)
    assert found
    assert state_of(model) == state_of(expected)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_the_warning_is_about_the_parameters_of_this_fit(solver):
    meddler = Meddler(lambda model: model.set_params(max_iter=1000))
    meddler.model = MLPRegressor(**SETTINGS | {"solver": solver}, callbacks=meddler)
    with pytest.warns(ConvergenceWarning, match="5"):
        meddler.model.fit(X, X[:, 0])


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_the_network_stops_its_fit(solver):
    def stop(event):
        if event.epoch == 2:
            event.network.stop()

    model = MLPClassifier(**SETTINGS | {"solver": solver})
    expected = clone(model).set_params(max_iter=2).fit(X, THREE)
    assert model.set_params(callbacks=stop).fit(X, THREE).n_iter_ == 2
    assert np.array_equal(model.network_.engine.parameters, expected.network_.engine.parameters)


def test_a_training_of_its_network_within_the_fit_is_no_part_of_it():
    lengths = []

    def train(event):
        if event.epoch == 2:
            lengths.append(len(event.network.train((X * 9, THREE), 3, 0.1, callbacks=lambda inner: inner.epoch == 2)))

    model = MLPClassifier(**SETTINGS).fit(X, THREE)
    names, settings = model.network_.class_names, model.network_.settings
    model.set_params(callbacks=train).fit(X, THREE)
    assert lengths == [2] and model.n_iter_ == 5
    assert (model.network_.class_names, model.network_.settings) == (names, settings)


def test_a_fit_in_another_thread_is_refused():
    inside, go_on, complaints = Event(), Event(), []

    def wait(event):
        inside.set()
        go_on.wait(60)

    model = MLPClassifier(**SETTINGS | {"max_iter": 1}, callbacks=wait)
    first = Thread(target=model.fit, args=(X, THREE))
    first.start()
    inside.wait(60)
    try:
        model.fit(X, TWO)
    except ValueError as error:
        complaints.append(str(error))
    go_on.set()
    first.join()
    assert len(complaints) == 1 and "under way" in complaints[0]
    assert len(model.classes_) == 3 and model.fit(X, TWO).n_iter_ == 1


@pytest.mark.parametrize("arguments", [(X[:, :0], THREE), (X, THREE[:5])], ids=["refused", "refused late"])
def test_after_a_refusal_or_an_exception_it_can_be_fitted(arguments):
    def fail(event):
        raise OSError("the lights go out")

    model = MLPClassifier(**SETTINGS)
    with pytest.raises(ValueError, match=r"0 feature|inconsistent"):
        model.fit(*arguments)
    assert vars(model) == vars(MLPClassifier(**SETTINGS))
    with pytest.raises(OSError, match="lights"):
        model.set_params(callbacks=fail).fit(X, THREE)
    assert state_of(model.set_params(callbacks=None).fit(X, THREE)) == state_of(MLPClassifier(**SETTINGS).fit(X, THREE))


@pytest.mark.parametrize("refusal", [{"schedule": lambda step: float("nan")}, {"schedule": lambda: 1.0}])
@pytest.mark.parametrize("warm_start", [False, True])
def test_a_schedule_without_a_first_factor_leaves_the_fit_before(refusal, warm_start):
    model = MLPClassifier(**SETTINGS, warm_start=warm_start).fit(X, THREE)
    before, random = dict(vars(model)), np.random.RandomState(3)
    parameters, drawn = model.network_.engine.parameters.copy(), random.get_state()[1].tolist()
    model.set_params(random_state=random, **refusal)
    with pytest.raises(ValueError, match=r"^schedule must"):
        model.fit(X, THREE)
    assert vars(model) == before | {"random_state": random} | refusal
    assert np.array_equal(model.network_.engine.parameters, parameters)
    assert random.get_state()[1].tolist() == drawn


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, SystemExit])
def test_the_counters_are_those_of_the_steps_when_a_callback_raises(error, solver):
    def fail(event):
        if len(event.history) == most:
            raise error

    def seen(model):
        return model.network_.engine.parameters.tolist(), model.t_, model.n_iter_, model.loss_curve_, model.loss_

    model, twin = (MLPClassifier(**SETTINGS, warm_start=True, solver=solver) for _ in range(2))
    most = 2 + len(model.fit(X, THREE).history_)
    twin.fit(X, THREE).set_params(callbacks=lambda event: len(event.history) == most).fit(X, THREE)
    with pytest.warns(UserWarning, match="interrupted") if error is KeyboardInterrupt else pytest.raises(error):
        model.set_params(callbacks=fail).fit(X, THREE)
    assert seen(model) == seen(twin) and model.n_iter_ == 2
