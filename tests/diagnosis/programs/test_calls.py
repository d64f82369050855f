"""Which argument gets what, by names in several languages, by order, and by trial."""

import numpy as np
import pytest

from cmlp.diagnosis.programs.calls import FEW, Wish, arguments, data_parameters, setting_roles
from cmlp.diagnosis.programs.roles import by_value, parameters_of, required, role, role_in_test
from cmlp.diagnosis.programs.samples import Samples

N, DEPTH = 20, 6
X, Y = np.random.default_rng(0).random((N, DEPTH)), np.arange(N) % 3
ARRAYS, PAIRS = Samples((X, Y), "train"), Samples(list(zip(X, Y, strict=True)), "train")

ROLES = {
    "eta": "eta lr alpha learning_rate learning_rate_init learnRate taux taux_apprentissage lernrate tasa η",
    "epochs": "epochs n_epochs num_epochs max_iter iterations n_iters epoques epochen épocas iteraciones durchgaenge",
    "size": "batch_size mini_batch_size minibatch_size mb_size bs taille_lot stapelgroesse stapelgröße tamano_lote",
    "test": "test_data validation_data x_test y_val X_test testdaten donnees_test eval_set val_loader xtest",
    "images": "x X inputs images X_train train_x train_images training_inputs trainX input_vector features eingaben",
    "labels": "y Y t labels targets y_train train_y train_labels training_outputs targets_list ziele cibles etiquetas",
    "pairs": "training_data data dataset mini_batch batch train_set donnees daten datos dados pairs loader",
}
NO_ROLES = "verbose momentum values value evaluate valor self dropout callback hidden seed shuffle"


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in ROLES.items() for name in names.split()])
def test_names_have_roles(kind, name):
    assert role(name) == kind


@pytest.mark.parametrize("name", NO_ROLES.split())
def test_other_names_have_none(name):
    assert role(name) is None


def test_parts_of_test_data():
    parts = {"x_test": "images", "test_images": "images", "y_val": "labels", "test_labels": "labels", "xtest": "images"}
    assert {name: role_in_test(name) for name in parts} == parts
    assert role_in_test("test_data") == "pairs"
    assert role_in_test("test") is None


# signatures, and which of their arguments take which data; None: it is not understood
SIGNATURES = [
    (lambda training_data, epochs, mini_batch_size, eta, test_data=None: 0, {"training_data": "pairs"}),
    (lambda training_data, epochs, eta, test_data: 0, {"training_data": "pairs", "test_data": "test"}),
    (lambda mini_batch, eta: 0, {"mini_batch": "pairs"}),
    (lambda X, y, lr=0.1: 0, {"X": "images", "y": "labels"}),
    (lambda X, y=None, epochs=5: 0, {"X": "images", "y": "labels"}),
    (lambda inputs_list, targets_list: 0, {"inputs_list": "images", "targets_list": "labels"}),
    (lambda train_images, train_labels, x_test, y_test: 0,
     {"train_images": "images", "train_labels": "labels", "x_test": "test", "y_test": "test"}),
    (lambda donnees, epoques, taux: 0, {"donnees": "pairs"}),
    (lambda entrees, cibles, taux: 0, {"entrees": "images", "cibles": "labels"}),
    (lambda eingaben, ziele, lernrate: 0, {"eingaben": "images", "ziele": "labels"}),
    (lambda datos, epocas, tasa: 0, {"datos": "pairs"}),
    (lambda a, b: 0, {"a": "images", "b": "labels"}),
    (lambda a, b, epochs: 0, {"a": "images", "b": "labels"}),
    (lambda a: 0, {"a": "pairs"}),
    (lambda x: 0, {"x": "pairs"}),
    (lambda a, y: 0, {"a": "images", "y": "labels"}),
    (lambda x, b: 0, {"x": "images", "b": "labels"}),
    (lambda data, b: 0, {"data": "images", "b": "labels"}),
    (lambda data, labels: 0, {"data": "images", "labels": "labels"}),
    (lambda data, *, epochs=1: 0, {"data": "pairs"}),
    (lambda data, **options: 0, {"data": "pairs"}),
    (lambda x, y, batch_size: 0, {"x": "images", "y": "labels"}),
    (lambda a, b, c: 0, None),
    (lambda x, y, b, c: 0, None),
    (lambda: 0, None),
    (lambda epochs, lr: 0, None),
    (print, None),
]  # fmt: skip


@pytest.mark.parametrize(("function", "expected"), SIGNATURES, ids=[str(k) for k in range(len(SIGNATURES))])
def test_data_find_their_arguments(function, expected):
    assert data_parameters(function, {}) == expected


def test_settings_are_no_data():
    assert data_parameters(lambda x, y, train: 0, {"train": True}) == {"x": "images", "y": "labels"}
    assert data_parameters(lambda net, x, y: 0, {}, skip=1) == {"x": "images", "y": "labels"}


def test_roles_of_settings():
    assert setting_roles({"lr": 0.1, "epochs": 3, "verbose": False}) == {"lr": "eta", "epochs": "epochs"}
    assert setting_roles({"speed": 0.1, "rounds": 3}) == {"speed": "eta", "rounds": "epochs"}
    assert setting_roles({"lr": 0.1, "momentum": 0.9}) == {"lr": "eta"}
    found = [by_value("speed", value) for value in (True, "a", 2, 0.5)]
    assert found == [None, None, "epochs", "eta"]
    assert [by_value(name, 0.5) for name in ("lam", "weight_decay", "momentum", "keep_prob")] == [None] * 4


def call(function, wish, samples=ARRAYS, skip=0):
    return arguments(function, samples, samples.x, samples.y, wish, skip)


def test_wishes_come_before_settings_and_settings_before_defaults():
    def fit(X, y, epochs=5, lr=0.1, batch_size=10, momentum=0.5, verbose=True):
        pass

    made = call(fit, Wish(settings={"lr": 0.3, "momentum": 0.9}))
    np.testing.assert_array_equal(made.pop("X"), X)
    np.testing.assert_array_equal(made.pop("y"), Y)
    assert made == {"lr": 0.3, "momentum": 0.9}
    made = call(fit, Wish(eta=0.7, epochs=2, size=4, settings={"lr": 0.3}))
    assert {name: made[name] for name in ("lr", "epochs", "batch_size")} == {"lr": 0.7, "epochs": 2, "batch_size": 4}


def test_what_a_function_insists_on_is_given():
    made = call(lambda X, y, epochs, eta, batch_size: 0, Wish())
    assert (made["epochs"], made["eta"], made["batch_size"]) == (1, 0.1, N)


def test_other_keywords_get_all_settings():
    def fit(data, **options):
        pass

    made = call(fit, Wish(eta=0.7, settings={"lr": 0.3, "momentum": 0.9}))
    assert {name: made[name] for name in made if name != "data"} == {"lr": 0.7, "momentum": 0.9}
    assert set(call(lambda data: 0, Wish(eta=0.7, settings={"lr": 0.3, "momentum": 0.9}))) == {"data"}


def test_unknown_names_of_settings_have_the_roles_of_their_values():
    made = call(lambda X, y, tempo, rounds: 0, Wish(eta=0.7, settings={"tempo": 0.3, "rounds": 4}))
    assert (made["tempo"], made["rounds"]) == (0.7, 4)


@pytest.mark.parametrize("samples", [ARRAYS, PAIRS])
def test_test_data_are_few_and_in_their_form(samples):
    made = call(lambda X, y, X_test, y_test, epochs=1: 0, Wish(), samples)
    assert len(made["X_test"]) == len(made["y_test"]) == FEW
    np.testing.assert_array_equal(made["X_test"], X[:FEW])
    np.testing.assert_array_equal(made["y_test"], Y[:FEW])
    made = call(lambda X, y, test_data, test_labels: 0, Wish(), samples)
    np.testing.assert_array_equal(made["test_data"], X[:FEW])
    made = call(lambda training_data, test_data: 0, Wish(), samples)
    whole = made["test_data"]
    assert len(whole) == (FEW if samples is PAIRS else 2)


def test_one_sample_at_a_time():
    made = call(lambda x, y: 0, Wish(single=True))
    np.testing.assert_array_equal(made["x"], X[0])
    assert made["y"] == Y[0]
    image, label = call(lambda pair: 0, Wish(single=True), PAIRS)["pair"]
    np.testing.assert_array_equal(image, X[0])
    assert label == Y[0]


@pytest.mark.parametrize("form", [(X, Y), {"x": X, "y": Y}, list(zip(X, Y, strict=True))])
def test_data_may_be_given_in_their_own_form(form):
    samples = Samples(form, "train")
    assert call(lambda data: 0, Wish(given=form), samples)["data"] is form
    made = call(lambda x, y: 0, Wish(given=form), samples)
    np.testing.assert_array_equal(made["x"], X)
    np.testing.assert_array_equal(made["y"], Y)


def test_functions_that_nobody_knows():
    assert parameters_of(dict.update) == [] or required(dict.update) >= 1
    assert required(lambda a, b, c=1, *, d: 0) == 2
    assert [p.name for p in parameters_of(lambda a, *rest, b=1, **more: 0)] == ["a", "b"]
    assert call(print, Wish()) is None
