"""What is said of a training that went wrong, and that its repair does what it says."""

import re

import numpy as np
import pytest
from support.training_faults import ANSWER, FAULTS, RELU, SOFTMAX, UNITS, finding_of, other

import cmlp
from cmlp.diagnosis.training import examine_training
from cmlp.diagnosis.trials import Trials, described


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


TRAINING = "network.train(train, 26, 1.0, mini_batch_size=10)"
NEW = f"network = cmlp.Network((64, 16, 16, 10)); {TRAINING}"
REACHED = r"a new network of the same sizes reaches \d\d\.\d % on rows it was not trained on"
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
            "train_images, test_images = train_images / 16, test_images / 16; train, test = cmlp.Dataset(train_images, "
            f"train_labels), cmlp.Dataset(test_images, test_labels); {NEW}",
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


@pytest.mark.parametrize("with_test", [True, False])
def test_a_repair_line_does_what_it_says(digits, with_test):
    net, _, train = FAULTS["raw pixels"][1](digits)
    (finding,) = examine_training(net, None, train, digits.test if with_test else None)
    names = {"cmlp": cmlp, "train_images": train.images, "train_labels": train.labels}
    names |= {"test_images": digits.test.images, "test_labels": digits.test.labels} if with_test else {}
    exec(finding.repair, names)
    assert names["network"].test(names["test"] if with_test else digits.test) > 90


def test_without_test_data_held_out_rows_are_judged(digits):
    finding = finding_of(digits, "eta 100")
    assert finding.before < 20 and finding.after > 90


def test_test_data_that_do_not_fit_are_not_used(digits):
    net, history, train = FAULTS["eta 100"][1](digits)
    other = cmlp.Dataset(np.eye(9), range(9))
    assert examine_training(net, history, train, other) == examine_training(net, history, train, None)
