"""Each fault of a training is named and its repair tried, and trainings that went well are left in peace."""

import re
from copy import deepcopy

import numpy as np
import pytest

import cmlp
from cmlp.diagnosis.behaviour import ALL_OFF, ALL_ON, AT_SHARES, Behaviour, landmarks
from cmlp.diagnosis.report import Severity
from cmlp.diagnosis.training import EXAMINERS, Case, examine_training
from cmlp.diagnosis.trials import Trials, beyond_luck, described

RNG = np.random.default_rng
UNITS = "units that do not depend on the image (deviation below 0.001), layer by layer: "


def raw(data):
    """Return data whose pixels were never scaled."""
    return cmlp.Dataset(data.images.astype(np.float64), data.labels, scale=1.0)


def with_weights(draw, sizes, biases=None, dtype="float64"):
    """Return a network whose weights and biases are what draw(shape) returns."""
    net = cmlp.Network(sizes, dtype=dtype)
    for w in net.weights:
        w[...] = draw(w.shape)
    for b in net.biases:
        b[...] = 0 if biases is None else biases(b.shape)
    return net


def up_the_gradient(net, data):
    """Train with the sign of the gradient reversed."""
    for _ in range(100):
        nabla_w, nabla_b = net.gradient(data.images * data.scale, data.labels)
        for parameters, nablas in ((net.weights, nabla_w), (net.biases, nabla_b)):
            for parameter, nabla in zip(parameters, nablas, strict=True):
                parameter += 3 * nabla
    return None


class Setting:
    """Data, and how long networks have to be trained on them."""

    def __init__(self, train, test, epochs):
        self.train, self.test, self.epochs = train, test, epochs
        self.sizes = (train.images.shape[1], 16, 16, 10)

    def trained(self, net, eta=3.0, data=None, mini_batch_size=10, epochs=None):
        data = self.train if data is None else data
        history = net.train(data, epochs or self.epochs, eta, mini_batch_size=mini_batch_size, progress=False)
        return net, history, data


@pytest.fixture(scope="module")
def digits():
    return Setting(*cmlp.load_digits(), epochs=25)


@pytest.fixture(scope="module")
def real(mnist):
    sets = (cmlp.Dataset(mnist[f"{part} images"], mnist[f"{part} labels"]) for part in ("training", "test"))
    return Setting(*sets, epochs=2)


@pytest.fixture(params=["digits", "real"])
def setting(request):
    return request.getfixturevalue(request.param)


def untrained(s):
    return cmlp.Network(s.sizes), None, s.train


def positive(s, mini_batch_size=10):
    net = with_weights(RNG(5).random, s.sizes, RNG(6).random)
    return s.trained(net, mini_batch_size=mini_batch_size)


def shuffled_apart(s):
    data = cmlp.Dataset(s.train.images, RNG(3).permutation(s.train.labels))
    return s.trained(cmlp.Network(s.sizes), data=data)


def climbing(s):
    net, data = cmlp.Network(s.sizes), s.train[:1400]
    return net, up_the_gradient(net, data), data


FAULTS = {
    "eta 0.001": ("hardly-trained", lambda s: s.trained(cmlp.Network(s.sizes), 1e-3)),
    "eta 0.001, N(0, 1)": ("hardly-trained", lambda s: s.trained(with_weights(RNG(5).standard_normal, s.sizes), 1e-3)),
    "eta 0.001, float32": ("hardly-trained", lambda s: s.trained(cmlp.Network(s.sizes, dtype="float32"), 1e-3)),
    "never trained": ("hardly-trained", untrained),
    "eta 30": ("eta-too-large", lambda s: s.trained(cmlp.Network(s.sizes), 30.0)),
    "eta 100": ("eta-too-large", lambda s: s.trained(cmlp.Network(s.sizes), 100.0)),
    "eta 100, batches of 125": (
        "eta-too-large",
        lambda s: s.trained(cmlp.Network(s.sizes), 100.0, mini_batch_size=125),
    ),
    "eta 100, float32": ("eta-too-large", lambda s: s.trained(cmlp.Network(s.sizes, dtype="float32"), 100.0)),
    "eta 30, one layer": ("eta-too-large", lambda s: s.trained(cmlp.Network((s.sizes[0], 100, 10)), 30.0)),
    "zero weights": ("equal-units", lambda s: s.trained(with_weights(np.zeros, s.sizes))),
    "weights of 0.5": ("equal-units", lambda s: s.trained(with_weights(lambda shape: np.full(shape, 0.5), s.sizes))),
    "U(0, 1)": ("one-sided-weights", positive),
    "U(0, 1), batches of 125": ("one-sided-weights", lambda s: positive(s, 125)),
    "10 N(0, 1)": ("stuck", lambda s: s.trained(with_weights(lambda n: 10 * RNG(5).standard_normal(n), s.sizes))),
    "raw pixels": ("unscaled-inputs", lambda s: s.trained(cmlp.Network(s.sizes, seed=1), data=raw(s.train))),
    "up the gradient": ("gradient-reversed", climbing),
}


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


def test_deep_networks_that_do_not_learn_are_named(digits):
    net, history, train = digits.trained(cmlp.Network((64, 32, 32, 32, 32, 32, 10)))
    (finding,) = examine_training(net, history, train, digits.test)
    assert finding.code == "sizes-hardly-learn"
    assert finding.where == "network"
    assert finding.verdict == (
        "Networks of the sizes (64, 32, 32, 32, 32, 32, 10) learn slowly, if at all: fewer or wider layers do better."
    )
    assert finding.measured.startswith("the network answers ")
    assert " a new network of these sizes reaches " in finding.measured
    assert finding.measured.endswith("% on rows it was not trained on")
    assert finding.repair.startswith("network = cmlp.Network((64, 32, 10)); network.train(train, 26, ")
    assert finding.before < 20 and finding.after > 90


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
            assert examine_training(net, history, train, digits.test) == []


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
            assert examine_training(net, history, train, real.test) == []
    assert net.test(train) > 60


def test_saturated_layers_are_no_fault(real):
    net, history, train = real.trained(with_weights(RNG(1).standard_normal, real.sizes))
    net.feedforward(train.images[:1000] * train.scale)
    saturation = [np.mean((layer < 0.01) | (layer > 0.99)) for layer in net.activations[1:]]
    assert max(saturation) > 0.7
    assert examine_training(net, history, train, real.test) == []


# Other architectures


def other(s, eta, optimizer="sgd", **architecture):
    """Return a network of another architecture, trained for 10 epochs of the digits or one of MNIST."""
    net = cmlp.Network(s.sizes, **architecture)
    settings = {"mini_batch_size": 32, "optimizer": optimizer, "progress": False}
    return net, net.train(s.train, 10 if len(s.train) < 10_000 else 1, eta, **settings)


SOFTMAX = {"loss": "cross_entropy"}
RELU = {"activation": "relu", "loss": "cross_entropy"}
TANH = {"activation": "tanh"}


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


def test_weights_that_large_steps_left_too_large(digits):
    net, history = other(digits, 30.0, **SOFTMAX)
    (finding,) = examine_training(net, history, digits.train, digits.test)
    assert finding.code == "weights-too-large"
    assert finding.verdict == "The weights are too large: the steps (eta) were, or the weights were from the beginning."
    factors = r"layer by layer they are (\d+\.\d, ){2}\d+\.\d times as large as in a new network"
    assert re.match(f"{factors}; {ANSWER}", finding.measured)
    assert finding.repair == (
        "network = cmlp.Network((64, 16, 16, 10), loss='cross_entropy'); "
        'network.train(train, 26, 0.003, mini_batch_size=10, optimizer="adam")'
    )
    assert finding.before < 20 and finding.after > 90


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


@pytest.mark.parametrize(
    "architecture",
    [
        {},
        RELU,
        {"dtype": "float32"},
        {"activation": ["relu", "tanh", "sigmoid"], "dropout": [0.1, 0.2]},
        {"activation": "relu", "loss": "mean_squared_error"},
    ],
    ids=str,
)
def test_a_repair_makes_the_same_architecture(architecture):
    net = cmlp.Network((4, 3, 3, 2), **architecture)
    assert eval(described(net), {"cmlp": cmlp}).architecture == net.architecture
    assert Trials(net, None).new().architecture == net.architecture


# Texts


def finding_of(digits, name, test=None):
    net, history, train = FAULTS[name][1](digits)
    (finding,) = examine_training(net, history, train, test)
    return finding


TRAINING = "network.train(train, 26, 1.0, mini_batch_size=10)"
NEW = f"network = cmlp.Network((64, 16, 16, 10)); {TRAINING}"
REACHED = r"a new network of the same sizes reaches \d\d\.\d % on rows it was not trained on"
ANSWER = r"the network answers \d for \d+% of the images, its loss is \d\.\d{3}"
COURSE = r"; in 25 epochs the loss went from \d\.\d{3} to \d\.\d{3}"
LAYERS = UNITS.replace("(", r"\(").replace(")", r"\)") + r"\d+%, \d+%, \d+%"


@pytest.mark.parametrize(
    ("name", "verdict", "measured", "repair"),
    [
        (
            "eta 0.001",
            "The network learns when it is trained further: its steps were too small (eta) or too few (epochs).",
            f"{ANSWER}{COURSE}; a copy that is trained further reaches .* % on rows it was not trained further on",
            TRAINING,
        ),
        (
            "eta 100",
            "The steps were too large (eta): they drove the outputs to 0 for every image, where no gradient is left.",
            rf"{ANSWER}, and outputs that are all 0 have 1\.000; {LAYERS}{COURSE}; {REACHED}",
            NEW,
        ),
        (
            "zero weights",
            "Units of a layer are equal to each other, as after a start with zeros or another constant.",
            f"16 of 16 units of layer 1 have the same weights; {ANSWER}; {REACHED}",
            NEW,
        ),
        (
            "U(0, 1)",
            "The weights of the first layer are positive, and their sums saturate its units.",
            f"100% of them are positive, 40 % to 70 % in networks that learn; {LAYERS}; {ANSWER}.*; {REACHED}",
            NEW,
        ),
        (
            "10 N(0, 1)",
            "The network is stuck: its steps (eta) or its initial weights were too large.",
            rf"{ANSWER}; {LAYERS}{COURSE}; trained further, a copy reaches \d+\.\d %; {REACHED}",
            NEW,
        ),
        (
            "raw pixels",
            "The images were not scaled before training, and large inputs saturate the first layer.",
            r"values in 0\.\.16; on rows they were not trained on, a new network of the same sizes reaches \d+\.\d % "
            rf"with scaled images and \d+\.\d % with these; {LAYERS}",
            f"train_images = train_images / 16; {NEW}",
        ),
        (
            "up the gradient",
            "The outputs are nearly all wrong, as after steps up the gradient instead of down.",
            rf"{ANSWER}.*; outputs that are all 1 have 9; {REACHED}",
            NEW.replace("26", "27"),
        ),
    ],
)
def test_what_a_finding_says(digits, name, verdict, measured, repair):
    finding = finding_of(digits, name, digits.test)
    assert finding.verdict == verdict
    assert re.fullmatch(measured, finding.measured), finding.measured
    assert finding.repair == repair


def test_repairs_keep_the_type_of_the_network(digits):
    assert finding_of(digits, "eta 100, float32").repair.startswith(
        "network = cmlp.Network((64, 16, 16, 10), dtype='float32'); "
    )


def test_a_repair_line_does_what_it_says(digits):
    net, _, train = FAULTS["raw pixels"][1](digits)
    (finding,) = examine_training(net, None, train, digits.test)
    line = finding.repair.replace("network.train(train,", "network.train(cmlp.Dataset(train_images, train_labels),")
    names = {"cmlp": cmlp, "train_images": train.images, "train_labels": train.labels}
    exec(line, names)
    assert names["network"].test(digits.test) > 90


def test_without_test_data_held_out_rows_are_judged(digits):
    finding = finding_of(digits, "eta 100")
    assert finding.before < 20 and finding.after > 90


def test_test_data_that_do_not_fit_are_not_used(digits):
    net, history, train = FAULTS["eta 100"][1](digits)
    other = cmlp.Dataset(np.eye(9), range(9))
    assert examine_training(net, history, train, other) == examine_training(net, history, train, None)


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
        "train_images = (train_images - train_images.mean(0)) / train_images.std(0).clip(1e-9); network = "
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


def test_networks_too_large_to_be_tried_are_left_alone():
    net = with_weights(lambda shape: np.zeros(shape), (4, 2500, 2500, 2))
    data = cmlp.Dataset(RNG(0).random((100, 4)), RNG(0).integers(2, size=100))
    assert not Trials(net, data).possible
    assert examine_training(net, None, data, None) == []


def test_one_class_is_nothing_to_accuse_a_network_of(digits):
    zeros = cmlp.Dataset(digits.train.images[:200], np.zeros(200, int), classes=10)
    net = cmlp.Network(digits.sizes)
    net.train(zeros, 5, 1.0, mini_batch_size=10, progress=False)
    assert examine_training(net, None, zeros, None) == []


def test_landmarks_of_unequal_classes():
    found = landmarks(np.array([0.5, 0.3, 0.2]), "quadratic")
    assert {name: round(cost, 9) for name, (_, cost) in found.items()} == {ALL_OFF: 1.0, AT_SHARES: 0.62, ALL_ON: 2.0}


def test_the_landmark_of_cross_entropy():
    assert landmarks(np.full(10, 0.1), "cross_entropy")[AT_SHARES][1] == pytest.approx(np.log(10))
    assert landmarks(np.array([0.5, 0.5, 0.0]), "cross_entropy")[AT_SHARES][1] == pytest.approx(np.log(2))


@pytest.mark.parametrize(
    ("bias", "landmark"), [(-30.0, ALL_OFF), (30.0, ALL_ON), (np.log(1 / 9), AT_SHARES), (0.0, None)]
)
def test_outputs_at_a_landmark(digits, bias, landmark):
    net = with_weights(np.zeros, (64, 10), lambda shape: np.full(shape, bias))
    behaviour = Behaviour(net, digits.train)
    assert behaviour.landmark == landmark
    assert behaviour.constant == [1.0]
    assert behaviour.units == UNITS + "100%"
    assert behaviour.answer.startswith("the network answers 0 for 100% of the images, its loss is ")


def test_what_convinces(digits):
    trials = Trials(cmlp.Network(digits.sizes), digits.train)
    assert trials.constant == pytest.approx(10, abs=5)
    assert trials.convincing(20, 60)
    assert not trials.convincing(45, 70)  # more than half of what can be learned
    assert not trials.convincing(12, 21)  # too little
    assert not trials.convincing(60, 20)


@pytest.mark.parametrize(("reached", "code"), [(90.0, "hardly-trained"), (60.0, "stuck")])
def test_further_training_has_to_get_where_a_new_network_gets(digits, monkeypatch, reached, code):
    net, history, train = FAULTS["10 N(0, 1)"][1](digits)
    monkeypatch.setattr(Trials, "continued", (deepcopy(net), reached))
    (finding,) = examine_training(net, history, train, digits.test)
    assert finding.code == code


def test_the_second_eta_is_tried_where_the_first_is_too_small(digits):
    (finding,) = examine_training(cmlp.Network((64, 16, 16, 16, 16, 10)), None, digits.train, digits.test)
    assert finding.repair == "network.train(train, 26, 3.0, mini_batch_size=10)"


@pytest.mark.parametrize("hidden", [(2,), (2, 4), (3, 3)], ids=str)
def test_few_units_are_no_fault(digits, hidden):
    net, history, train = digits.trained(cmlp.Network((64, *hidden, 10)), 1.0)
    assert net.test(train) < 65
    assert examine_training(net, history, train, digits.test) == []


def test_what_is_beyond_luck():
    assert beyond_luck(10, 90, 2000, 10.0) == 10.0
    assert beyond_luck(40, 60, 50, 10.0) == pytest.approx(40.0)


def test_every_examiner_names_a_fault(digits):
    """No examiner is there in vain: each finds something in the faults above."""
    named = {examine.__name__: 0 for examine in EXAMINERS}
    for make in (*[make for _, make in FAULTS.values()], shuffled_apart):
        net, history, train = make(digits)
        case = Case(net, history, train, digits.test)
        for examine in EXAMINERS:
            named[examine.__name__] += examine(case) is not None
    assert [name for name, count in named.items() if count == 0] == ["_other_scale"]  # tested by itself
