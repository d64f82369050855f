"""Each fault of a training is named and its repair tried, and trainings that went well are left in peace."""

from copy import deepcopy

import numpy as np
import pytest
from support.training_faults import (
    FAULTS,
    RELU,
    RNG,
    SOFTMAX,
    TANH,
    finding_of,
    held_back,
    other,
    outputs_renamed,
    raw,
    shuffled_apart,
    with_weights,
    without_fours,
)

import cmlp
from cmlp.diagnosis.report import Severity
from cmlp.diagnosis.training import EXAMINERS, Case, examine_training


@pytest.mark.parametrize(("code", "make"), FAULTS.values(), ids=FAULTS)
def test_the_fault_is_named_and_its_repair_helps(setting, code, make):
    net, history, train = make(setting)
    (finding,) = examine_training(net, history, train, setting.test)
    assert finding.code == code
    assert finding.severity == Severity.ERROR
    assert finding.where == "training"
    assert finding.before == net.test(setting.test) < 45
    assert finding.after > 80
    assert finding.repair.endswith("mini_batch_size=10)")


@pytest.mark.parametrize("make", [shuffled_apart], ids=["shuffled apart"])
def test_data_without_sense_are_not_blamed_on_the_network(setting, make):
    net, history, train = make(setting)
    (finding,) = examine_training(net, history, train, setting.test)
    assert finding.code == "nothing-to-learn"
    assert finding.where == "training data"
    assert finding.repair is None and finding.after is None
    assert finding.before == net.test(setting.test) < 20


def deep(s):
    return s.trained(cmlp.Network((64, 32, 32, 32, 32, 32, 10)))


def test_deep_networks_that_do_not_learn_are_named(digits):
    net, history, train = deep(digits)
    (finding,) = examine_training(net, history, train, digits.test)
    assert finding.code == "sizes-hardly-learn"
    assert finding.where == "network"
    assert finding.verdict == (
        "Networks of the sizes (64, 32, 32, 32, 32, 32, 10) hardly learn by plain steps (sgd), but by those of Adam."
    )
    assert finding.measured.startswith("the network answers ")
    assert finding.repair.startswith("network = cmlp.Network((64, 32, 32, 32, 32, 32, 10)); network.train(train, 26, ")
    assert finding.repair.endswith('optimizer="adam")')
    assert finding.before < 20 and finding.after > 80


def accused(net, history, train, test):
    """What is found, but that a small network has ten points more: that is true of some which learned slowly."""
    found = examine_training(net, history, train, test)
    behind = [finding for finding in found if finding.code == "behind-reference"]
    assert all(finding.after >= finding.before + 5 and net.test(train) < 90 for finding in behind)
    return [finding for finding in found if finding not in behind]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("eta", [0.5, 3.0, 10.0])
@pytest.mark.parametrize("hidden", [(16, 16), (30,)], ids=str)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_digits_that_were_learned_give_nothing(digits, hidden, eta, seed, dtype):
    net = cmlp.Network((64, *hidden, 10), seed=seed, dtype=dtype)
    for batches, epochs in ((10, 5), (10, 25), (125, 25)):
        _, history, train = digits.trained(net, eta, mini_batch_size=batches, epochs=epochs)
        if (
            net.test(train) > 60 and len(np.unique(net.predict(train.images))) == 10
        ):  # where eta 10 has killed no output
            assert not accused(net, history, train, digits.test)


@pytest.mark.parametrize(
    ("hidden", "eta", "mini_batch_size", "dtype"),
    [
        *[((16, 16), eta, 10, "float64") for eta in (0.5, 3.0, 10.0)],
        *[((16, 16), eta, 125, "float32") for eta in (3.0, 10.0)],
        *[((30,), 3.0, 10, "float32"), ((100,), 1.0, 10, "float64"), ((), 0.5, 10, "float64")],
        *[((4,), 1.0, 10, "float64"), ((16, 16, 16, 16), 3.0, 10, "float64")],
    ],
    ids=str,
)
def test_mnist_that_was_learned_gives_nothing(real, hidden, eta, mini_batch_size, dtype):
    net = cmlp.Network((784, *hidden, 10), dtype=dtype)
    for _ in range(2):
        _, history, train = real.trained(net, eta, mini_batch_size=mini_batch_size, epochs=1)
        if net.test(train) > 60:  # four layers take two epochs
            assert not accused(net, history, train, real.test)
    assert net.test(train) > 60


def test_saturated_layers_are_no_fault(real):
    net, history, train = real.trained(with_weights(RNG(1).standard_normal, real.sizes))
    net.feedforward(train.images[:1000] * train.scale)
    saturation = [np.mean((layer < 0.01) | (layer > 0.99)) for layer in net.activations[1:]]
    assert max(saturation) > 0.7
    assert examine_training(net, history, train, real.test) == []


@pytest.mark.parametrize(
    ("code", "eta", "optimizer", "architecture"),
    [
        ("hardly-trained", 0.001, "sgd", RELU),
        ("hardly-trained", 1e-5, "adam", RELU),
        ("hardly-trained", 1e-5, "adam", {"activation": "gelu"}),
        ("hardly-trained", 0.001, "sgd", SOFTMAX),
        ("stuck", 30.0, "sgd", RELU),
        ("stuck", 30.0, "sgd", TANH),
        ("eta-too-large", 30.0, "sgd", {"activation": ["relu", "relu", "sigmoid"]}),
    ],
    ids=str,
)
def test_faults_of_other_architectures(setting, code, eta, optimizer, architecture):
    net, history = other(setting, eta, optimizer, **architecture)
    (finding,) = examine_training(net, history, setting.train, setting.test)
    assert finding.code == code
    assert finding.before < 55 and finding.after > 80
    assert finding.repair.endswith(', mini_batch_size=10, optimizer="adam")')


@pytest.mark.parametrize("optimizer", [("sgd", 0.1), ("adam", 0.003), ("momentum", 0.01)], ids=str)
@pytest.mark.parametrize(
    "architecture",
    [RELU, TANH, {"activation": "gelu", "loss": "cross_entropy"}, RELU | {"dropout": 0.2, "dtype": "float32"}],
    ids=str,
)
def test_other_architectures_that_learned_give_nothing(setting, optimizer, architecture):
    name, eta = optimizer
    net, history = other(setting, eta, name, **architecture)
    assert net.test(setting.test) > 75
    assert examine_training(net, history, setting.train, setting.test) == []


@pytest.mark.parametrize("loss", ["mean_squared_error", "binary_cross_entropy"])
def test_networks_without_labels_are_not_examined(digits, loss):
    net = cmlp.Network((3, 5, 2), loss=loss)
    assert examine_training(net, None, digits.train, digits.test) == []
    net.weights[0][0, 0] = np.nan
    (finding,) = examine_training(net, None, digits.train, digits.test)
    assert finding.code == "non-finite-weights"
    assert finding.repair == f"network = cmlp.Network((3, 5, 2), loss={loss!r})"


# Faults that need no trial


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_weights_that_are_not_finite(digits, value, dtype):
    net, history, train = digits.trained(cmlp.Network(digits.sizes, dtype=dtype), epochs=1)
    net.weights[1][2, 3] = value
    net.biases[0][5] = value
    (finding,) = examine_training(net, history, train, digits.test)
    assert finding.code == "non-finite-weights"
    assert finding.where == "network"
    assert finding.verdict == "The network has weights that are not finite, so its outputs mean nothing."
    assert finding.measured.startswith("2 of 1,482 parameters are not numbers or infinite; a new network of the same ")
    assert float(finding.measured.split()[-2]) > 90
    assert finding.repair.startswith("network = cmlp.Network((64, 16, 16, 10)")
    assert finding.before is None


def test_a_network_of_other_sizes(digits):
    (finding,) = examine_training(cmlp.Network(), None, digits.train, None)
    assert finding.code == "network-misfit"
    assert finding.verdict == "The network has other sizes than the training data: (784, 16, 16, 10)."
    assert finding.measured == "784 inputs for images of 64 pixels, and 10 outputs for 10 classes"
    assert finding.repair == "network = cmlp.Network((64, 16, 16, 10))"


def test_a_network_with_too_few_outputs(digits):
    (finding,) = examine_training(cmlp.Network((64, 16, 5)), None, digits.train, None)
    assert finding.measured == "64 inputs for images of 64 pixels, and 5 outputs for 10 classes"
    assert finding.repair == "network = cmlp.Network((64, 16, 10))"


def test_bytes_that_are_scaled_otherwise(digits):
    net, history, train = digits.trained(cmlp.Network(digits.sizes))
    assert examine_training(net, history, train, digits.test) == []
    net.scale = 1 / 255
    (finding,) = examine_training(net, history, train, digits.test)
    assert finding.code == "network-scale"
    assert finding.where == "network"
    assert finding.verdict == "The network predicts from bytes as if they had another range than these data."
    assert finding.measured == "it multiplies bytes by 1/255, and the data need 1/16"
    assert finding.repair == "network.scale = 1 / 16"
    assert finding.before == 100 * np.mean(net.predict(digits.test.images) == digits.test.labels) < 60
    exec(finding.repair, {"network": net})
    assert finding.after == 100 * np.mean(net.predict(digits.test.images) == digits.test.labels) > 90


def test_images_in_another_range_than_in_training(digits):
    net, _, _ = digits.trained(cmlp.Network((64, 30, 10)), 0.01, data=raw(digits.train))
    net.scale = digits.train.scale
    (finding,) = examine_training(net, None, digits.train, digits.test)
    assert finding.code == "other-scale"
    assert finding.where == "network"
    assert finding.verdict == "The network was trained on images in another range than these."
    assert finding.measured.endswith("% of 16 * images") and "% of the training data right, and " in finding.measured
    assert finding.repair == "train_images, test_images = 16 * train_images, 16 * test_images"
    assert finding.before < 50 and finding.after > 80


def test_features_that_are_no_pictures_are_standardised():
    rng = RNG(0)
    labels = rng.integers(3, size=600)
    features = np.column_stack([1e4 * rng.random((600, 3)), labels + 0.1 * rng.standard_normal(600)])
    train = cmlp.Dataset(features, labels, scale=1.0)
    net = cmlp.Network((4, 8, 3))
    history = net.train(train, 5, 1.0, mini_batch_size=10, progress=False)
    (finding,) = examine_training(net, history, train, None)
    assert finding.code == "unscaled-inputs"
    assert finding.repair.startswith(
        "mean, deviation = train_images.mean(0), train_images.std(0).clip(1e-9); "
        "train_images = (train_images - mean) / deviation; train = cmlp.Dataset(train_images, train_labels); network = "
    )
    assert finding.before < 60 and finding.after > 90


# Manners


@pytest.mark.parametrize("name", ["eta 0.001", "eta 100", "zero weights", "raw pixels"])
def test_nothing_that_is_given_is_changed(digits, name):
    net, history, train = FAULTS[name][1](digits)
    net.feedforward(train.images[0])
    before = deepcopy(net), deepcopy(history), train.images.copy()
    examine_training(net, history, train, digits.test)
    for given, kept in ((net.weights, before[0].weights), (net.biases, before[0].biases)):
        assert all(np.array_equal(a, b) for a, b in zip(given, kept, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(net.activations, before[0].activations, strict=True))
    assert net.rng.bit_generator.state == before[0].rng.bit_generator.state
    assert (net.scale, history) == (before[0].scale, before[1])
    assert np.array_equal(train.images, before[2])


def test_the_same_every_time(digits):
    assert finding_of(digits, "10 N(0, 1)", digits.test) == finding_of(digits, "10 N(0, 1)", digits.test)


def test_few_rows_prove_nothing(digits):
    net = cmlp.Network(digits.sizes)
    assert examine_training(net, None, digits.train[:49], digits.test) == []
    assert examine_training(net, None, digits.train[:2], None) == []


def test_one_class_is_nothing_to_accuse_a_network_of(digits):
    zeros = cmlp.Dataset(digits.train.images[:200], np.zeros(200, int), classes=10)
    net = cmlp.Network(digits.sizes)
    net.train(zeros, 5, 1.0, mini_batch_size=10, progress=False)
    assert examine_training(net, None, zeros, None) == []


@pytest.mark.parametrize("hidden", [(2,), (2, 4), (3, 3)], ids=str)
def test_few_units_are_no_fault_of_the_training(digits, hidden):
    net, history, train = digits.trained(cmlp.Network((64, *hidden, 10)), 1.0)
    assert net.test(train) < 65
    (finding,) = examine_training(net, history, train, digits.test)
    assert finding.code == "behind-reference" and "of other sizes" in finding.measured
    assert finding.repair.startswith("network = cmlp.Network((64, 32, 10), ")
    assert finding.before < 65 and finding.after > 90


def test_every_examiner_names_a_fault(digits):
    """No examiner is there in vain: each finds something in the faults above."""
    named = {examine.__name__: 0 for examine in EXAMINERS}
    for make in (
        *[make for _, make in FAULTS.values()],
        shuffled_apart,
        outputs_renamed,
        held_back,
        deep,
        without_fours,
    ):
        net, history, train = make(digits)
        case = Case(net, history, train, digits.test)
        for examine in EXAMINERS:
            named[examine.__name__] += examine(case) is not None
    assert [name for name, count in named.items() if count == 0] == ["_other_scale"]  # tested by itself
