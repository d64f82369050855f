"""Values that are missing: they are refused at every door, and never become numbers unnoticed."""

import re

import numpy as np
import pytest

import cmlp
from cmlp import DataError, ModelError, Network
from cmlp.data.arrays import plain

RNG = np.random.default_rng(0)
X, Y, ONES = RNG.random((30, 6)), np.arange(30) % 3, np.ones(30)
REFUSAL = r"must have no masked values, got \d+: fill them first, as values\.filled\(0\) does$"


def network(**settings):
    return Network([6, 4, 3], seed=1, **settings)


def numbers():
    return Network([6, 1], loss="mean_squared_error")


def masked(values, place=3):
    mask = np.zeros(np.shape(values), bool)
    mask[place] = True
    return np.ma.array(values, mask=mask)


def classifier():
    return pytest.importorskip("cmlp.estimators").MLPClassifier((3,), max_iter=1)


def regressor():
    return pytest.importorskip("cmlp.estimators").MLPRegressor(hidden_layer_sizes=(3,), max_iter=1)


def fitted():
    return classifier().partial_fit(X, Y, classes=[0, 1, 2])


DOORS = {
    "train images": lambda: network().train((masked(X), Y), 1, 0.1),
    "train labels": lambda: network().train((X, masked(Y)), 1, 0.1),
    "train one-hot labels": lambda: network().train((X, masked(np.eye(3)[Y])), 1, 0.1),
    "train targets": lambda: numbers().train((X, masked(ONES)), 1, 0.1),
    "train pairs": lambda: network().train(list(zip(masked(X), Y, strict=True)), 1, 0.1),
    "train weights": lambda: network().train((X, Y), 1, 0.1, sample_weight=masked(ONES)),
    "validation data": lambda: network().train((X, Y), 1, 0.1, validation_data=(masked(X), Y)),
    "test data": lambda: network().train((X, Y), 1, 0.1, test_data=(X, masked(Y))),
    "mini-batches": lambda: network().train_on_batches([(masked(X), Y)], 0.1),
    "predict": lambda: network().predict(masked(X)),
    "predict one": lambda: network().predict(masked(X[0])),
    "predict a list": lambda: network().predict(list(masked(X))),
    "call": lambda: network()(masked(X)),
    "feedforward": lambda: network().feedforward(masked(X)),
    "test": lambda: network().test((masked(X), Y)),
    "loss": lambda: network().loss(masked(X), Y),
    "loss of one": lambda: numbers().loss(X[0], masked([1.0], 0)),
    "gradient": lambda: network().gradient(X, masked(Y)),
    "gradient_step": lambda: network().gradient_step((masked(X), Y), 0.1),
    "Dataset images": lambda: cmlp.Dataset(masked(X), Y),
    "Dataset labels": lambda: cmlp.Dataset(X, masked(Y)),
    "like a Dataset": lambda: network().train(Like(masked(X)), 1, 0.1),
    "weights": lambda: setattr(network(), "weights", [masked(np.ones((4, 6))), np.ones((3, 4))]),
    "biases": lambda: network().biases.__setitem__(1, masked(np.ones(3), 0)),
    "classifier X": lambda: classifier().fit(masked(X), Y),
    "classifier y": lambda: classifier().fit(X, masked(Y)),
    "classifier weights": lambda: classifier().fit(X, Y, sample_weight=masked(ONES)),
    "classifier predict": lambda: fitted().predict_proba(masked(X)),
    "regressor y": lambda: regressor().fit(X, masked(ONES)),
}


class Like:
    labels, scale = Y, 1.0

    def __init__(self, images):
        self.images = images


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_masked_values_are_refused(door):
    with pytest.raises((DataError, ModelError), match=REFUSAL):
        door()


def test_a_mask_of_nothing_is_no_mask():
    network().train((np.ma.array(X, mask=False), np.ma.array(Y)), 1, 0.1, sample_weight=np.ma.array(ONES))
    assert network().predict(np.ma.array(X)).shape == (30,)


class TestColumnsOfPandas:
    @pytest.fixture
    def pd(self):
        return pytest.importorskip("pandas")

    @pytest.mark.parametrize("dtype", ["Int64", "UInt8", "Float64", "boolean"])
    def test_nullable_columns_are_numbers(self, pd, dtype):
        values = RNG.integers(0, 2, (30, 6)) * (255 if dtype == "UInt8" else 1)
        table, labels = pd.DataFrame(values).astype(dtype), pd.Series(Y, dtype="Int64")
        assert np.array_equal(cmlp.Dataset(table, labels).scaled(), cmlp.Dataset(values, Y).scaled())
        one, other = network(), network()
        one.train((table, labels), 1, 0.1, sample_weight=pd.Series(ONES, dtype="Float64"))
        other.train((values, Y), 1, 0.1)
        assert np.array_equal(one.predict(table), other.predict(values))

    @pytest.mark.parametrize("dtype", ["Int8", "UInt8", "Int64", "Float32", "Float64", "boolean"])
    def test_nullable_columns_have_a_type_of_numpy_and_never_become_objects(self, pd, dtype, monkeypatch):
        table, made, convert = pd.DataFrame(np.eye(3)).astype(dtype), [], pd.DataFrame.__array__
        ours = {"Int8": np.int8, "UInt8": np.uint8, "Float32": np.float32, "boolean": bool}.get(dtype)
        monkeypatch.setattr(
            pd.DataFrame, "__array__", lambda frame, *a, **k: made.append(frame) or convert(frame, *a, **k)
        )
        for given in (table, table[0], table[0].array, pd.Index(table[0])):
            array = plain(given, "images")
            assert array.dtype == (dtype.lower() if ours is None else ours)
            assert np.array_equal(array, np.eye(3) if array.ndim == 2 else np.eye(3)[0])
        assert all(isinstance(each, np.dtype) for frame in made for each in frame.dtypes)  # what isna() returns

    def test_columns_of_several_types(self, pd):
        table = pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5], "c": [True, False]})
        mixed = table.astype({"a": "Int64", "c": "boolean"})
        assert np.array_equal(plain(mixed, "images"), [[1, 0.5, 1], [2, 1.5, 0]])
        assert plain(mixed, "images").dtype == np.float64

    @pytest.mark.parametrize(
        ("door", "name", "row"),
        [
            (lambda table, labels: network().train((table, Y), 1, 0.1), "images of training_data", 3),
            (lambda table, labels: network().train((X, labels), 1, 0.1), "labels of training_data", 4),
            (lambda table, labels: network().train((X, Y), 1, 0.1, sample_weight=labels), "sample_weight", 4),
            (lambda table, labels: network().predict(table), "images", 3),
            (lambda table, labels: cmlp.Dataset(table, Y), "images", 3),
            (lambda table, labels: cmlp.Dataset(X, labels), "labels", 4),
        ],
    )
    def test_missing_values_are_refused(self, pd, door, name, row):
        table, labels = pd.DataFrame(X).round().astype("Int64"), pd.Series(Y, dtype="Int64")
        table.iloc[3, 2] = labels[4] = pd.NA
        rule = f"{name} must have no missing values, got 1, the first in row {row}: fill them first, as fillna does"
        with pytest.raises(DataError, match=f"^{re.escape(rule)}$"):
            door(table, labels)

    def test_a_table_with_its_labels(self, pd):
        table = pd.DataFrame(X).assign(label=Y)
        with pytest.raises(DataError, match=r"one column too many, which may be the labels$"):
            network().predict(table)
        with pytest.raises(DataError, match=r"one column too many, which may be the labels$"):
            network().train((table, Y), 1, 0.1)
        with pytest.raises(DataError, match=r"^training_data must be .* got DataFrame: give its labels apart$"):
            network().train(table, 1, 0.1)

    def test_words_are_no_numbers(self, pd):
        table = pd.DataFrame(X).assign(name="a").iloc[:, 1:]
        with pytest.raises(DataError, match=r"^images of training_data must be numbers, got dtype <U"):
            network().train((table, Y), 1, 0.1)


OBJECTS = {
    "images of training_data": lambda: network().train((X.astype(object), Y), 1, 0.1),
    "labels of training_data": lambda: network().train((X, Y.astype(object)), 1, 0.1),
    "sample_weight": lambda: network().train((X, Y), 1, 0.1, sample_weight=ONES.astype(object)),
    "images": lambda: network()(X.astype(object)),
    "labels": lambda: cmlp.Dataset(X, Y.astype(object)),
    "weights[0]": lambda: network().weights.__setitem__(0, network().weights[0].astype(object)),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_objects_that_are_numbers_are_refused_with_a_hint(name):
    with pytest.raises(cmlp.CmlpError) as error:
        OBJECTS[name]()
    rule = f"{name} must be an array of numbers, got one of objects"
    assert str(error.value) == f"{rule}: give what its .astype(float) returns"
