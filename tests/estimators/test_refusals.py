"""What does not fit together is refused before anything changes, and nothing trains on nothing."""

import pickle
import re

import numpy as np
import pytest
import scipy.sparse
from sklearn import neural_network
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from cmlp import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
N = 40
RNG = np.random.default_rng(0)
X = RNG.standard_normal((N, 5))
TWO, THREE = np.arange(N) % 2, np.arange(N) % 3
FLAGS = RNG.integers(0, 2, (N, 3))
SETTINGS = {"hidden_layer_sizes": (4,), "max_iter": 3, "random_state": 0}


def classifier(**settings):
    return MLPClassifier(**SETTINGS | settings)


def regressor(**settings):
    return MLPRegressor(**SETTINGS | settings)


def state_of(model):
    """Return all that a model is, as bytes."""
    return pickle.dumps(model)


# ------------------------------------------------------------------------------------------------- kinds of answers

FORMS = {
    "integers": lambda flags: flags,
    "bools": lambda flags: flags.astype(bool),
    "floats": lambda flags: flags.astype(float),
    "by columns": np.asfortranarray,
    "lists": lambda flags: flags.tolist(),
    **{name: getattr(scipy.sparse, name) for name in ("csr_matrix", "csc_array", "coo_matrix", "lil_matrix")},
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("outputs", [2, 3])
def test_several_labels_in_every_form_are_the_same(form, outputs):
    flags = FLAGS[:, :outputs]
    expected = classifier().fit(X, flags)
    found = classifier().fit(X, form(flags))
    for n in (1, N):
        assert found.predict(X[:n]).shape == (n, outputs)
        np.testing.assert_array_equal(found.predict(X[:n]), expected.predict(X[:n]))
    stream, twin = classifier(), classifier()
    for _ in range(3):
        stream.partial_fit(X, form(flags), classes=range(outputs))
        twin.partial_fit(X, flags)
    np.testing.assert_array_equal(stream.predict_proba(X), twin.predict_proba(X))
    assert stream.loss_ == twin.loss_ and stream.predict(X[:1]).shape == (1, outputs)
    expected_loss = -np.log(np.where(flags, twin.predict_proba(X), 1 - twin.predict_proba(X))).sum(axis=1).mean()
    assert twin.partial_fit(X, flags).loss_ == pytest.approx(expected_loss, rel=1e-2)


@pytest.mark.parametrize("form", [np.asarray, scipy.sparse.csr_matrix], ids=["dense", "sparse"])
def test_one_column_is_two_classes(form):
    with pytest.warns(UserWarning, match="A column-vector y was passed when a 1d array was expected"):
        found = classifier().fit(X, form(TWO[:, None]))
    np.testing.assert_array_equal(found.predict_proba(X), classifier().fit(X, TWO).predict_proba(X))


# What is fitted first, what then comes, and what is said.
CLASSES = r"must have the shape \(n,\) of the classes"
LABELS = r"must have the shape \(n, \d\) of 0 and 1 of the classes"
OTHERS = {
    "several labels for classes": (classifier, THREE, FLAGS, CLASSES),
    "sparse labels for classes": (classifier, THREE, scipy.sparse.csr_matrix(FLAGS), CLASSES),
    "several labels for two classes": (classifier, TWO, FLAGS, CLASSES),
    "classes for two labels": (classifier, FLAGS[:, :2], TWO, LABELS),
    "three labels for two": (classifier, FLAGS[:, :2], FLAGS, LABELS),
    "two labels for three": (classifier, FLAGS, FLAGS[:, :2], LABELS),
    "another class": (classifier, THREE, THREE + 1, "must have the classes .* only, got .*3|same classes as in"),
    "words for numbers": (
        classifier,
        TWO,
        np.array(["0", "1"])[TWO],
        "must have the classes .* only|same classes as in",
    ),
    "numbers for words": (
        classifier,
        np.array(["0", "1"])[TWO],
        TWO,
        "must have the classes .* only|same classes as in",
    ),
    "two outputs for one": (regressor, X[:, 0], X[:, :2], "must have 1 output for each sample, as the fit has, got 2"),
    "one output for two": (regressor, X[:, :2], X[:, 0], "must have 2 outputs for each sample, as the fit has, got 1"),
    "three outputs for two": (regressor, X[:, :2], X[:, :3], "must have 2 outputs for each sample, .* got 3"),
}


@pytest.mark.parametrize(("make", "before", "after", "sentence"), OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("call", ["partial_fit", "warm fit"])
def test_other_answers_than_those_of_the_fit(make, before, after, sentence, call):
    model = make(warm_start=call == "warm fit").fit(X, before)
    then = state_of(model)
    with pytest.raises(ValueError, match=f"^(y|warm_start can only be used where `y` has the) ({sentence})"):
        (model.fit if call == "warm fit" else model.partial_fit)(X, after)
    assert state_of(model) == then
    assert len(model.predict(X[:2])) == 2


@pytest.mark.parametrize(("make", "before", "after", "sentence"), OTHERS.values(), ids=OTHERS)
def test_validation_data_with_other_answers(make, before, after, sentence):
    model = make()
    with pytest.raises(ValueError, match=f"^y_val {sentence}"):
        model.fit(X, before, X_val=X, y_val=after)
    assert vars(model) == vars(make())


@pytest.mark.parametrize(("make", "y"), [(classifier, THREE), (classifier, FLAGS), (regressor, X[:, 0])])
def test_one_sample_is_no_validation_data(make, y):
    with pytest.raises(ValueError, match=r"^X_val and y_val must have at least 2 samples, got 1$"):
        make().fit(X, y, X_val=X[:1], y_val=y[:1])


@pytest.mark.parametrize("classes", [[0, 1], [0, 1, 2, 3], [1, 2, 3], ["a", "b", "c"]], ids=str)
def test_classes_of_several_labels_are_their_columns(classes):
    with pytest.raises(ValueError, match=r"^classes must be \[0 1 2\] where y has several labels per sample, got "):
        classifier().partial_fit(X, FLAGS, classes=classes)


# ------------------------------------------------------------------------------------------------- nothing changes

REFUSED = {
    "features": (lambda: (X[:, :0], THREE), {}),
    "length": (lambda: (X, THREE[:-1]), {}),
    "nan": (lambda: (np.where(X > 1, np.nan, X), THREE), {}),
    "kind": (lambda: (X, X[:, 0]), {}),
    "parameter": (lambda: (X, THREE), {"alpha": -1}),
    "hidden": (lambda: (X, THREE), {"hidden_layer_sizes": (0,)}),
    "late parameter": (lambda: (X, THREE), {"label_smoothing": 0.5, "callbacks": [3]}),
    "l1": (lambda: (X, THREE), {"l1": -1.0}),
    "solver": (lambda: (X, THREE), {"solver": "lbfgs", "clip_value": 1.0}),
    "checkpoint": (lambda: (X, THREE), {"checkpoint": "/no/such/folder/file"}),
    "weights": (lambda: (X, THREE, np.full(N, np.nan)), {}),
}


@pytest.mark.parametrize(("arguments", "settings"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("warm_start", [False, True])
def test_a_refused_fit_leaves_the_estimator_as_it_was(arguments, settings, warm_start):
    words = np.array(["cat", "dog", "lynx", "sheep"])
    random = np.random.RandomState(3)
    model = classifier(warm_start=warm_start, random_state=random).fit(X, words[np.arange(N) % 4])
    model.set_params(**settings)
    before, answers = state_of(model), model.predict_proba(X)
    with pytest.raises((ValueError, OSError)):
        model.fit(*arguments())
    assert state_of(model) == before
    assert model.random_state is random  # of which nothing was drawn
    assert np.array_equal(model.predict_proba(X), answers) and model.predict(X).shape == (N,)


def test_a_refused_first_fit_leaves_nothing_behind():
    model = classifier(callbacks=[3])
    with pytest.raises(ValueError, match="callbacks must be"):
        model.fit(X, THREE)
    assert vars(model) == vars(classifier(callbacks=[3]))


# ------------------------------------------------------------------------------------------------------- weights


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ({0: 0, 1: 0, 2: 0}, "must not make every weight 0, got {0: 0, 1: 0, 2: 0}"),
        ({0: -1}, "must be numbers of at least 0, got -1 for class 0"),
        ({1: np.nan}, "must be numbers of at least 0, got nan for class 1"),
        ({2: np.inf}, "must be numbers of at least 0, got inf for class 2"),
        ({0: "1"}, "must be numbers of at least 0, got '1' for class 0"),
        ({7: 1}, r"must be of the classes \[0, 1, 2\], got 7"),
        ({"0": 1}, r"must be of the classes \[0, 1, 2\], got '0'"),
        ([1, 2, 3], "must hold dicts of class and weight, got 1"),
        ({0: 10**400}, "must be numbers of at least 0, got 10+ for class 0"),
        ({0: True}, "must be numbers of at least 0, got True for class 0"),
        ({0: 1j}, "must be numbers of at least 0, got 1j for class 0"),
        ([], r'must be a dict or "balanced" where each sample has one class, got \[\]'),
        ([{0: 1}], r'must be a dict or "balanced" where each sample has one class, got \[{0: 1}\]'),
    ],
    ids=str,
)
@pytest.mark.parametrize("call", ["fit", "partial_fit"])
def test_weights_of_classes(weights, sentence, call):
    model = classifier(class_weight=weights)
    given = {"classes": range(3)} if call == "partial_fit" else {}
    with pytest.raises(ValueError, match=f"^class_weight {sentence}$"):
        getattr(model, call)(X, THREE, **given)
    assert not hasattr(model, "network_")


def test_a_class_of_weight_0_is_not_there():
    model = classifier(class_weight={2: 0}, shuffle=False, batch_size=N, alpha=0.0)
    some = THREE < 2
    expected = (
        clone(model)
        .set_params(class_weight=None, batch_size="auto")
        .partial_fit(X[some], THREE[some], classes=range(3))
    )
    np.testing.assert_allclose(model.partial_fit(X, THREE, classes=range(3)).coefs_[0], expected.coefs_[0], rtol=1e-9)


@pytest.mark.parametrize("weight", [1e-200, 1e-44, 0.0, 1e300], ids=str)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("make", [classifier, regressor])
def test_weights_that_vanish_in_the_type_of_the_computation(make, solver, weight):
    with pytest.raises(ValueError, match=r"weights .*(not all be 0|at least one non-zero)"):
        make(solver=solver).fit(X.astype(np.float32), TWO, sample_weight=np.full(N, weight))


@pytest.mark.parametrize(("dtype", "weight"), [(np.float64, 1e-320), (np.float64, 1e308)], ids=str)
def test_weights_that_vanish_or_overflow_in_double_precision(dtype, weight):
    with pytest.raises(
        ValueError, match=r"^the weights of the data must not all be 0, and have a finite sum, in float64"
    ):
        classifier().fit(X.astype(dtype), TWO, sample_weight=np.full(N, weight))


def weights(at_3, others=1.0):
    return np.where(np.arange(N) == 3, at_3, others)


WEIGHTS = {
    "negative": (weights(-1), "^sample_weight must be numbers of at least 0, and not all 0, got -1 at index 3$"),
    "all negative": (np.full(N, -2), "^sample_weight must be numbers of at least 0, and not all 0, got -2 at index 0$"),
    "one negative number": (-1.0, "^sample_weight must be numbers of at least 0"),
    "nan": (weights(np.nan), "NaN"),
    "one nan": (np.nan, "^the weights of the data must not all be 0, and have a finite sum, in float32, got nan"),
    "none": ([None] * N, "NaN"),
    "infinite": (weights(np.inf), "infinity"),
    "zeros": (np.zeros(N), "non-zero|not all 0"),
    "one zero": (0.0, "non-zero|not all 0"),
    "vanish": (np.full(N, 1e-44), "^the weights of the data must not all be 0, and have a finite sum, in float32"),
    "overflow": (np.full(N, 1e39), "^the weights of the data must not all be 0, and have a finite sum, in float32"),
    "few": (np.ones(N - 1), "sample_weight.shape"),
    "table": (np.ones((N, 2)), "1D array or scalar"),
    "no numbers": (["one"] * N, "could not convert string to float"),
    "complex": (np.full(N, 1j), "Complex data not supported"),
}


@pytest.mark.parametrize(("weights", "sentence"), WEIGHTS.values(), ids=WEIGHTS)
@pytest.mark.parametrize("make", [classifier, regressor])
@pytest.mark.parametrize("call", ["fit", "partial_fit"])
def test_weights_of_samples(weights, sentence, make, call):
    single = X.astype(np.float32)
    for model in (make(), make(warm_start=True).fit(single, TWO)):
        before = state_of(model)
        more = {"classes": [0, 1]} if make is classifier and call == "partial_fit" else {}
        with pytest.raises(ValueError, match=sentence):
            getattr(model, call)(single, TWO, sample_weight=weights, **more)
        assert state_of(model) == before


def test_weights_below_1_are_not_0_because_the_features_are_bytes():
    pixels = (X * 20 + 100).astype(np.uint8)
    fits = [classifier(alpha=0.0).fit(pixels, TWO, sample_weight=np.full(N, weight)) for weight in (0.25, 1.0)]
    np.testing.assert_allclose(fits[0].coefs_[0], fits[1].coefs_[0], rtol=1e-9)


@pytest.mark.parametrize("make", [classifier, regressor])
def test_weights_of_the_parts(make):
    """Of one sample with a weight, wherever it falls, one of the parts has none."""
    said = set()
    for seed in range(8):
        weights = np.zeros(N)
        weights[0] = 1
        model = make(early_stopping=True, validation_fraction=0.5, random_state=seed)
        with pytest.raises(ValueError, match=r"^the (weights of the )?(training|validation) part must ") as caught:
            model.fit(X, TWO, sample_weight=weights)
        said.add(str(caught.value).split(" part ")[0])
    assert len(said) == 2


def test_one_sample_with_a_weight_validates_nothing():
    weights = np.ones(N)
    refused = 0
    for seed in range(20):
        weights[: N - 8] = 0
        try:
            regressor(early_stopping=True, random_state=seed, validation_fraction=0.1).fit(X, X[:, 0], weights)
        except ValueError as error:
            refused += "must have at least 2 samples whose weight is not 0" in str(error)
    assert 0 < refused < 20


@pytest.mark.parametrize("words", [np.array([3, 5, 9]), np.array(["a", "b", "c"])], ids=["numbers", "words"])
def test_of_two_classes_one_of_one_sample_cannot_be_split(words):
    y = words[np.zeros(N, int)]
    y[4] = words[2]
    with pytest.raises(ValueError, match=r"^The least populated class.* only 1 member.*, some of each class") as caught:
        classifier(early_stopping=True).fit(X, y)
    if "too few members are" in str(caught.value):  # not before scikit-learn 1.8
        assert str(words[2]) in str(caught.value)


def rare(*counts):
    """Return labels of which the last class has what is left."""
    return np.repeat(np.arange(len(counts) + 1), [*counts, N - sum(counts)])


SPLITS = {
    "two classes": (rare(20), 0.1), "a rare one of two": (rare(1), 0.1), "one class": (rare(), 0.1),
    "a rare one of three": (rare(1, 20), 0.1), "rare ones": (rare(1, 1, 1), 0.1),
    "all but one rare": (rare(*[1] * 15), 0.1),
    "more classes than samples to validate with": (np.arange(N) % 20, 0.1),
    "more classes than samples to train with": (np.arange(N) % 20, 0.9),
    "no fraction": (THREE, 0.0), "one of two": (TWO, 0.0), "small": (THREE, 0.03), "small, of two": (TWO, 0.03),
    "flags": (FLAGS, 0.1), "a rare flag": (np.c_[rare(1), TWO], 0.1), "no fraction of flags": (FLAGS, 0.0),
}  # fmt: skip


@pytest.mark.parametrize(("y", "fraction"), SPLITS.values(), ids=SPLITS)
def test_what_scikit_learn_splits_is_split_here(y, fraction):
    said = []
    for kind in (neural_network.MLPClassifier, MLPClassifier):
        try:
            kind(**SETTINGS, early_stopping=True, validation_fraction=fraction).fit(X, y)
            said.append("")
        except ValueError as error:
            said.append(re.sub(r"\[.*?\]", "[]", str(error)).rstrip("."))  # the classes, which it calls otherwise
    theirs, ours = said
    assert bool(ours) == bool(theirs)
    assert ours.startswith(theirs) or fraction == 0  # which its sentence calls test_size


def test_an_output_that_is_not_finite_is_no_answer():
    model = classifier(activation="identity").fit(X, THREE)
    model.coefs_ = [np.full_like(w, 1e300) * np.where(np.arange(w.shape[1]) % 2, 1, -1) for w in model.coefs_]
    huge = np.full((2, 5), 1e300)
    for answer in (model.predict, model.predict_proba, lambda given: model.score(given, [0, 1])):
        with pytest.raises(ValueError, match=r"^image 0 has outputs that are not numbers, because"):
            answer(huge)
    model.coefs_ = [np.full_like(w, np.nan) for w in model.coefs_]
    with pytest.raises(ValueError, match="because the network's weights are not finite"):
        model.predict(X)


def test_lbfgs_refuses_what_it_would_not_do():
    for settings in ({"max_norm": 1.0}, {"clip_norm": 1.0}, {"clip_value": 1.0}, {"averaging": 0.5}):
        with pytest.raises(ValueError, match="lbfgs has no mini-batches and so no"):
            classifier(solver="lbfgs", **settings).fit(X, THREE)
    with pytest.raises(ValueError, match="lbfgs finds its step lengths itself and has no schedule, got Cosine"):
        classifier(solver="lbfgs", schedule="cosine").fit(X, THREE)


def test_warnings_are_those_that_one_searches_for():
    with pytest.warns(ConvergenceWarning, match=r"^Stochastic Optimizer: Maximum iterations \(3\) reached and the"):
        classifier().fit(X, THREE)
    with pytest.raises(ValueError, match=r"^The validation set is too small"):
        regressor(early_stopping=True, validation_fraction=0.02).fit(X, X[:, 0])
