"""A network beside a reference: what it must reach, outputs that are dead, and classes that are never answered."""

import numpy as np
import pytest

import cmlp
from cmlp.diagnosis.reference import Reference, doubt_about, fitting_network
from cmlp.diagnosis.training import examine_training

SIZES = (64, 16, 16, 10)


@pytest.fixture(scope="module")
def digits():
    return cmlp.load_digits()


def trained(train, epochs=25, eta=3.0, optimizer="sgd", sizes=SIZES, **kind):
    network = cmlp.Network(sizes, **kind)
    history = network.train(train, epochs, eta, mini_batch_size=10, optimizer=optimizer)
    return network, history


def without_outputs(digits, labels):
    """A trained network whose outputs for some labels are 0 whatever the image is."""
    network, _ = trained(digits[0])
    for label in labels:
        network.weights[-1][label], network.biases[-1][label] = 0, -40
    return network


def test_outputs_that_relu_has_killed_are_found_and_repaired(digits):
    network, history = trained(digits[0], 25, 0.003, "adam", activation=["relu"] * 3, seed=2)
    never = set(range(10)) - set(network.predict(digits[1].images))
    assert never and network.test(digits[1]) < 92
    (finding,) = cmlp.check(*digits, network, history).problems
    assert finding.code == "dead-outputs"
    dead = np.flatnonzero((network(digits[0].images) == 0).all(axis=0))
    assert never <= set(dead)
    named = ", ".join(map(str, dead))
    assert finding.verdict.startswith(
        f"The outputs for {named} are 0 for every image, so that the network cannot know "
    )
    assert finding.after > 95
    scope = {"cmlp": cmlp, "train": digits[0]}
    exec(finding.repair, scope)
    assert scope["network"].test(digits[1]) > 95


def test_half_right_is_never_sound_where_a_small_network_gets_all(digits):
    network, history = trained(digits[0], sizes=(64, 2, 10))
    assert 30 < network.test(digits[1]) < 70
    report = cmlp.check(*digits, network, history)
    assert not report.ok
    (finding,) = report.problems
    assert finding.code == "behind-reference" and finding.after > 95 and "(64, 32, 10)" in finding.repair


def test_a_network_that_learned_is_not_compared_in_vain(digits):
    network, history = trained(digits[0])
    assert doubt_about(network, *digits) is None
    assert examine_training(network, history, *digits) == []


def test_the_reference_sees_no_more_images_than_the_network(digits):
    network, _ = trained(digits[0], epochs=1)
    assert Reference(network, digits[0]).visits == len(digits[0])
    short = Reference(network, *digits).possible
    network.settings["epochs"] = 25
    assert Reference(network, *digits).possible > short + 5


@pytest.mark.parametrize("labels", [(3,), (0, 7)])
def test_classes_that_are_never_answered_are_named(digits, labels):
    doubt, blames_data = doubt_about(without_outputs(digits, labels), *digits)
    assert doubt.startswith(f"the network never answers {', '.join(map(str, labels))}, and has ")
    assert not blames_data


def test_chance_is_that_of_the_most_frequent_class():
    rng = np.random.default_rng(0)
    labels = np.array([0] * 900 + [1] * 100)
    data = cmlp.Dataset(rng.random((1000, 5)) + labels[:, np.newaxis], labels)
    network = cmlp.Network([5, 4, 2], initializer="zeros")
    network.biases[-1][:] = 1, -1
    assert network.test(data) == 90
    assert doubt_about(network, data) is None or "90.00 %" in doubt_about(network, data)[0]
    half = data[np.r_[0:100, 900:1000]]
    assert "the same answer, which is right for 50.00 %" in doubt_about(network, half)[0]


def test_what_the_line_says_is_what_was_tried(digits):
    line, parts = fitting_network(SIZES, "tanh", len(digits[0]), 5)
    scope = {"cmlp": cmlp, "train": digits[0]}
    exec(line, scope)
    network = cmlp.Network(SIZES, **parts["kind"])
    network.train(digits[0], **parts["training"])
    assert np.array_equal(network.engine.parameters, scope["network"].engine.parameters)


def test_networks_without_labels_are_not_compared(digits):
    train, test = digits
    assert doubt_about(cmlp.Network([64, 1], loss="huber"), train, test) is None
    assert doubt_about(cmlp.Network([3, 2]), train, test) is None
