"""Networks of other programs in commands: options say what their files do not."""

import json
import pickle

import numpy as np
import pytest
from scipy.io import savemat

from cmlp import Network

RNG = np.random.default_rng(2)
W1, W2 = RNG.standard_normal((8, 64)), RNG.standard_normal((10, 8))
B1, B2 = RNG.standard_normal((8, 1)), RNG.standard_normal((10, 1))


@pytest.fixture
def weights(tmp_path):
    (tmp_path / "weights.pkl").write_bytes(pickle.dumps({"W1": W1, "b1": B1, "W2": W2, "b2": B2}))
    return tmp_path / "weights.pkl"


@pytest.mark.parametrize("command", [["info"], ["test"], ["export", "--c", "-"]], ids=["info", "test", "export"])
def test_commands_read_them_and_say_what_they_take(run, weights, command):
    status, out, err = run(command[0], weights, *command[1:])
    taken = "relu-softmax with the loss cross_entropy is taken; --activation and --loss say otherwise"
    assert status == 0 and out
    assert err.startswith(f"cmlp {command[0]}: warning: {weights} does not say its activations: {taken}\n")
    status, out, err = run(command[0], weights, *command[1:], "--activation", "tanh,sigmoid", "--loss", "quadratic")
    assert status == 0 and "does not say" not in err and ("tanh-sigmoid" in out + err or command == ["test"])


def test_the_check_reads_them_too(run, weights, tmp_path):
    status, out, err = run("check", "--model", weights, "--activation", "tanh", "--loss", "quadratic")
    assert status in (0, 1, 3) and out and "warning: " not in err


def test_a_network_that_says_it_is_not_told(run, tmp_path):
    Network([64, 8, 10]).save(tmp_path / "net.cmlp")
    sentence = "says itself what activations and loss its network has: give the file alone"
    expected = (2, "", f"cmlp info: {tmp_path / 'net.cmlp'} {sentence}\n")
    assert run("info", tmp_path / "net.cmlp", "--activation", "relu") == expected


def test_weights_of_matlab_see_the_pictures_as_commands_read_them(run, tmp_path):
    """The same answers for upright pictures, by digit, as the formula has for those that lie on their side."""
    from cmlp.storage import Wanted, read_model, upright

    savemat(tmp_path / "weights.mat", {"Theta1": np.hstack([B1, W1]), "Theta2": np.hstack([B2, W2])})
    status, out, err = run("info", tmp_path / "weights.mat")
    assert status == 0 and "classes     0, 1, 2, 3, 4, 5, 6, 7, 8, 9" in out and err.count("warning: ") == 1
    rows = RNG.random((5, 64))
    on_side = rows.reshape(5, 8, 8).transpose(0, 2, 1).reshape(5, 64)
    sigmoid = lambda z: 1 / (1 + np.exp(-z))  # noqa: E731
    expected = sigmoid(W2 @ sigmoid(W1 @ on_side.T + B1) + B2).T
    model = read_model(tmp_path / "weights.mat", Wanted())
    np.testing.assert_allclose(Network.from_model(model)(on_side), expected, atol=1e-12)
    np.testing.assert_allclose(Network.from_model(upright(model))(rows), np.roll(expected, 1, axis=1), atol=1e-12)


def test_a_network_that_takes_bytes_gets_them(run, tmp_path):
    """As of ONNX files that divide their inputs themselves, whose pictures are numbers up to 255."""
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    network = Network([64, 8, 10])
    network.scale = 1.0
    network.weights[0][...] /= 255
    network.save(tmp_path / "net.cmlp")
    pixels = RNG.integers(0, 256, (8, 8), np.uint8)
    image.fromarray(pixels).save(tmp_path / "picture.png")
    status, out, _ = run("predict", tmp_path / "net.cmlp", tmp_path / "picture.png", "--json")
    found = json.loads(out)["predictions"][0]["outputs"]
    assert status == 0
    np.testing.assert_allclose(found, network(pixels.ravel()), atol=1e-12)
