"""What model files tell of the inputs: their names, means and limits in the training data."""

import numpy as np
import pytest

import cmlp
from cmlp.model.ranges import checked_ranges
from cmlp.storage.models import read_model

RNG = np.random.default_rng(0)


def trained(images, labels, **settings):
    network = cmlp.Network([np.shape(images)[1], 3, 2])
    network.train((images, labels), 1, 0.1, progress=False, **settings)
    return network


def test_means_and_limits_are_saved(tmp_path):
    images = RNG.normal(size=(40_000, 3)) * [1, 10, 100] + [5, 0, -7]
    trained(images, RNG.integers(2, size=40_000), mini_batch_size=1000).save(tmp_path / "model")
    ranges = read_model(tmp_path / "model").input_ranges
    np.testing.assert_allclose(ranges["mean"], images.mean(axis=0))
    np.testing.assert_array_equal(ranges["low"], images.min(axis=0))
    np.testing.assert_array_equal(ranges["high"], images.max(axis=0))


def test_bytes_are_as_the_network_gets_them():
    images = RNG.integers(256, size=(50, 4), dtype=np.uint8)
    ranges = trained(images, [0, 1] * 25).model.input_ranges
    np.testing.assert_allclose(ranges["mean"], images.mean(axis=0) / 255)
    np.testing.assert_allclose(ranges["high"], images.max(axis=0) / 255)


def test_validation_data_are_no_training_data():
    images = np.repeat([[0.0, 1.0], [1.0, 1.0]], 20, axis=0)
    ranges = trained(images, [0, 1] * 20, validation_data=0.5).model.input_ranges
    assert ranges["mean"][1] == ranges["low"][1] == ranges["high"][1] == 1


def test_many_inputs_and_huge_ones_are_not_kept():
    assert trained(RNG.random((4, 257)), [0, 1] * 2).model.input_ranges is None
    assert checked_ranges({"mean": [1e301], "low": [0.0], "high": [1e301]}, 1) is None


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_estimators():
    images = RNG.normal(size=(60, 3))
    labels = [0, 1] * 30
    fitted = cmlp.MLPClassifier(max_iter=2).fit(images, labels)
    np.testing.assert_allclose(fitted.network_.model.input_ranges["mean"], images.mean(axis=0))
    fitted.partial_fit(images[:5], labels[:5])
    assert fitted.network_.model.input_ranges is None


@pytest.mark.parametrize(
    "hostile",
    [
        [], "x", {}, {"mean": [0.0], "low": [0.0]}, {"mean": [2.0], "low": [0.0], "high": [1.0]},
        {"mean": [True], "low": [0], "high": [1]}, {"mean": ["0"], "low": [0], "high": [1]},
        {"mean": [0], "low": [0], "high": [10**400]}, {"mean": [float("nan")], "low": [0], "high": [1]},
        {"mean": [0, 0], "low": [0, 0], "high": [1, 1]}, {"mean": {}, "low": {}, "high": {}},
    ],
)  # fmt: skip
def test_whatever_a_file_says(hostile):
    network = cmlp.Network([1, 2])
    network.settings = {"inputs": hostile}
    assert network.model.input_ranges is None


def test_names_of_the_columns_of_a_table(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("Age,income,species\n" + "".join(f"{i},{i * 1.5},{'ab'[i % 2]}\n" for i in range(2, 22)))
    train = cmlp.load(path).train
    assert train.feature_names == ("Age", "income") and train[:3].feature_names == train.feature_names
    network = cmlp.Network([2, 3, 2])
    network.train(train, 1, 0.1, progress=False)
    network.save(tmp_path / "model")
    assert cmlp.Network.load(tmp_path / "model").model.feature_names == ("Age", "income")


def test_numbered_columns_have_no_names(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("label,pixel0,pixel1\n" + "".join(f"{i % 2},{i},{i * 3}\n" for i in range(2, 22)))
    assert cmlp.load(path).train.feature_names is None


@pytest.mark.parametrize("names", ["ab", ["a"], ["a", 1], ["a", "b\n"], {"a", "b"}, 3])
def test_names_that_are_none(names):
    with pytest.raises(cmlp.DataError, match="feature_names must be 2 strings"):
        cmlp.Dataset([[0, 1]], [0], feature_names=names)
