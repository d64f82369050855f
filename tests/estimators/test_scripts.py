"""Scripts that were written for scikit-learn's multilayer perceptron, with the import changed."""

import numpy as np
import pytest
from sklearn import neural_network
from sklearn.datasets import load_diabetes, load_digits, load_iris, make_multilabel_classification
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import cmlp

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore:scipy.optimize. The:DeprecationWarning",  # of an older scikit-learn with a newer SciPy
)

LIBRARIES = pytest.mark.parametrize("library", [neural_network, cmlp], ids=["sklearn", "cmlp"])


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return train_test_split(X / 16, y, random_state=0)


@LIBRARIES
def test_digits_with_early_stopping(library, digits):
    X_train, X_test, y_train, y_test = digits
    model = library.MLPClassifier((64, 32), early_stopping=True, random_state=0, max_iter=300)
    model.fit(X_train, y_train)
    assert model.score(X_test, y_test) > 0.9
    assert len(model.validation_scores_) == len(model.loss_curve_) == model.n_iter_
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert model.best_loss_ is None
    assert model.loss_ == model.loss_curve_[-1]
    assert model.out_activation_ == "softmax" and model.n_layers_ == 4 and model.n_outputs_ == 10


@LIBRARIES
def test_grid_search_in_a_pipeline(library, digits):
    X_train, X_test, y_train, y_test = digits
    pipeline = make_pipeline(StandardScaler(), library.MLPClassifier(max_iter=30, random_state=1))
    grid = {"mlpclassifier__hidden_layer_sizes": [(4,), (32,)]}
    search = GridSearchCV(pipeline, grid, cv=2, n_jobs=2).fit(X_train[:500], y_train[:500])
    assert search.best_params_ == {"mlpclassifier__hidden_layer_sizes": (32,)}
    assert search.score(X_test, y_test) > 0.65


@LIBRARIES
def test_diabetes_with_lbfgs(library):
    X, y = load_diabetes(return_X_y=True)
    model = library.MLPRegressor(hidden_layer_sizes=(5,), solver="lbfgs", alpha=50, max_iter=300, random_state=0)
    assert cross_val_score(make_pipeline(StandardScaler(), model), X, y, cv=3).mean() > 0.3


@LIBRARIES
def test_partial_fit_loop(library, digits):
    X_train, X_test, y_train, y_test = digits
    model = library.MLPClassifier((32,), random_state=0, learning_rate_init=0.01)
    for _ in range(10):
        for begin in range(0, len(X_train), 100):
            model.partial_fit(X_train[begin : begin + 100], y_train[begin : begin + 100], classes=np.arange(10))
    assert model.score(X_test, y_test) > 0.9
    assert model.t_ == 10 * len(X_train) and model.n_iter_ == 1


@LIBRARIES
def test_texts(library):
    texts = ["the cat purrs", "a cat sleeps", "dogs bark", "the dog barks"] * 20
    kinds = np.array(["cat", "cat", "dog", "dog"] * 20)
    model = make_pipeline(TfidfVectorizer(), library.MLPClassifier((8,), learning_rate_init=0.02, random_state=0))
    model.fit(texts, kinds)
    assert list(model.predict(["purrs", "bark"])) == ["cat", "dog"]
    assert model.predict_proba(["purrs"]).shape == (1, 2)


@LIBRARIES
def test_several_labels(library):
    X, y = make_multilabel_classification(300, n_classes=4, random_state=0)
    model = library.MLPClassifier((32,), random_state=0, max_iter=200, learning_rate_init=0.01).fit(X, y)
    assert model.score(X, y) > 0.75
    assert model.predict(X).shape == model.predict_proba(X).shape == (300, 4)
    assert set(np.unique(model.predict(X))) == {0, 1}
    assert model.out_activation_ == "logistic" and list(model.classes_) == [0, 1, 2, 3]


@LIBRARIES
def test_warm_start(library, digits):
    X_train, _, y_train, _ = digits
    model = library.MLPClassifier((16,), warm_start=True, max_iter=5, random_state=0)
    losses = []
    for _ in range(3):
        losses.append(model.fit(X_train, y_train).loss_)
    assert losses[0] > losses[1] > losses[2]
    assert len(model.loss_curve_) == 15 and model.n_iter_ == 5 and model.t_ == 15 * len(X_train)


@pytest.mark.parametrize("task", ["digits", "iris", "diabetes"])
def test_scores_are_as_good(task, digits):
    """Means over three seeds; the margin is a few times the standard error of their difference."""
    if task == "digits":
        X_train, X_test, y_train, y_test = digits
        kind, settings, margin = "MLPClassifier", {"hidden_layer_sizes": (32,), "max_iter": 40}, 0.02
    else:
        X, y = (load_iris if task == "iris" else load_diabetes)(return_X_y=True)
        X_train, X_test, y_train, y_test = train_test_split(StandardScaler().fit_transform(X), y, random_state=1)
        kind = "MLPClassifier" if task == "iris" else "MLPRegressor"
        settings = {
            "hidden_layer_sizes": (10,),
            "solver": "lbfgs",
            "max_iter": 200,
            "alpha": 1 if task == "iris" else 50,
        }
        margin = 0.05
    scores = {}
    for library in (neural_network, cmlp):
        models = [getattr(library, kind)(random_state=seed, **settings).fit(X_train, y_train) for seed in range(3)]
        scores[library] = np.mean([model.score(X_test, y_test) for model in models])
    assert scores[cmlp] > scores[neural_network] - margin
