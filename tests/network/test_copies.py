"""A copy is equal in everything, and shares nothing."""

import copy
import pickle

import numpy as np
import pytest

import cmlp


@pytest.fixture(scope="module")
def digits():
    return cmlp.load_digits()


class Named(cmlp.Network):
    """A network with arguments and attributes of its own."""

    def __init__(self, name):
        super().__init__([64, 8, 10], activation="tanh", loss="cross_entropy", dropout=0.2, dtype="float32", seed=5)
        self.name, self.log = name, ["made"]


def trained(net, digits, **settings):
    net.train(digits[0], 2, 0.3, mini_batch_size=20, **settings)
    return net


WAYS = [cmlp.Network.copy, copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))]


@pytest.mark.parametrize("way", WAYS, ids=["copy", "deepcopy", "pickle"])
def test_all_is_copied(way, digits):
    net = trained(Named("first"), digits)
    net.class_names = tuple("abcdefghij")
    net.feedforward(digits[1].images[:3])
    twin = way(net)
    assert type(twin) is Named and (twin.name, twin.log) == ("first", ["made"])
    assert twin.engine.parameters.tobytes() == net.engine.parameters.tobytes()
    assert twin.architecture == net.architecture
    assert (twin.scale, twin.class_names, twin.settings, twin.framing) == (
        net.scale, net.class_names, net.settings, net.framing,
    )  # fmt: skip
    assert all(map(np.array_equal, twin.activations, net.activations))
    assert twin.rng.bit_generator.state == net.rng.bit_generator.state
    assert vars(twin).keys() == vars(net).keys(), "an attribute that is not copied has no test"


@pytest.mark.parametrize("way", WAYS, ids=["copy", "deepcopy", "pickle"])
def test_nothing_is_shared(way, digits):
    net = trained(Named("first"), digits)
    before = net.engine.parameters.tobytes(), net.rng.bit_generator.state, copy.deepcopy(net.settings)
    twin = way(net)
    assert not any(map(np.shares_memory, twin.weights + twin.biases, net.weights + net.biases))
    trained(twin, digits)
    twin.log.append("x")
    twin.settings["optimizer"]["name"] = "x"
    twin.weights[0][...] = 0
    assert (net.engine.parameters.tobytes(), net.rng.bit_generator.state, net.settings) == before
    assert net.log == ["made"]


def test_both_train_to_the_same_bits(digits):
    net = trained(cmlp.Network([64, 8, 10], seed=np.random.default_rng(3)), digits)
    twin = net.copy()
    trained(net, digits)
    trained(twin, digits)
    assert twin.engine.parameters.tobytes() == net.engine.parameters.tobytes()


def test_a_copy_within_a_training_is_of_the_present_step_and_free(digits):
    copies = []

    def keep(event):
        copies.append(event.network.copy())
        copies[-1].stop()

    net = cmlp.Network([64, 8, 10])
    assert len(net.train(digits[0], 3, 1.0, callbacks=keep)) == 3
    assert copies[-1].engine.parameters.tobytes() == net.engine.parameters.tobytes()
    assert copies[0].engine.parameters.tobytes() != copies[1].engine.parameters.tobytes()
    assert len(trained(copies[0], digits).settings) == len(net.settings)
