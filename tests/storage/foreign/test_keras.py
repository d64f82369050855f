"""Configurations of Keras, in the forms of its versions 2 and 3, around the weights of a file that it wrote."""

import io
import json
import zipfile

import numpy as np
import pytest
from support import formulas
from support.make_foreign import FILE

from cmlp import ModelError, Network
from cmlp.storage.foreign.hdf5 import File
from cmlp.storage.foreign.keras_config import described

with zipfile.ZipFile(FILE) as outer, zipfile.ZipFile(io.BytesIO(outer.read("sequential.keras"))) as inner:
    WEIGHTS = inner.read("model.weights.h5")
    H5 = outer.read("sequential.h5")
X = np.random.default_rng(5).standard_normal((8, 6)).astype(np.float32)
SIZES = 6, 5, 4, 3


def parameters():
    """Weights (fan_in, fan_out) and biases of the three layers in the file."""
    layers = File(WEIGHTS).root.children()["layers"].children()
    held = [layers[name].children()["vars"].children() for name in ("dense", "dense_1", "dense_2")]
    return [(each["0"].array("0"), each["1"].array("1")) for each in held]


def outputs(activations, x=X):
    for (w, b), activation in zip(parameters(), activations, strict=True):
        x = formulas.ACTIVATIONS[activation]((np.float64(x) @ w + b).T).T
    return x


def dense(number, activation=None, **more):
    return {
        "class_name": "Dense",
        "config": {"name": f"d{number}", "units": SIZES[number], "activation": activation, **more},
    }


def other(kind, **settings):
    return {"class_name": kind, "config": {"name": kind.lower(), **settings}}


def sequential(*layers):
    return {"class_name": "Sequential", "config": {"layers": [other("InputLayer"), *layers]}}


@pytest.fixture
def load(tmp_path):
    def read(config, **said):
        with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
            archive.writestr("config.json", json.dumps(config))
            archive.writestr("model.weights.h5", WEIGHTS)
            archive.writestr("metadata.json", "{}")
        return Network.load(tmp_path / "model.keras", **said)

    return read


@pytest.mark.parametrize(
    ("given", "name"),
    [
        *[(name, name) for name in ("sigmoid", "tanh", "relu", "elu", "gelu", "silu", "softplus", "exponential")],
        *[("linear", "identity"), (None, "identity"), ("swish", "silu")],
        ({"module": "builtins", "class_name": "function", "config": "tanh", "registered_name": "function"}, "tanh"),
        ({"class_name": "LeakyReLU", "config": {"negative_slope": 0.01}}, "leaky_relu"),
    ],
)  # fmt: skip
def test_activations(load, given, name):
    network = load(sequential(dense(1, given), dense(2, given), dense(3, "softmax")))
    assert network.architecture.activations == (name, name, "softmax") and network.dtype == np.float32
    np.testing.assert_allclose(network(X), outputs((name, name, "softmax")), atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        (other("Activation", activation="gelu"), "gelu"),
        (other("ReLU", max_value=None, negative_slope=0.0, threshold=0.0), "relu"),
        (other("LeakyReLU", alpha=0.009999999776482582), "leaky_relu"),
        (other("ELU", alpha=1.0), "elu"),
    ],
)
def test_activations_that_are_layers(load, layer, name):
    network = load(
        sequential(dense(1), layer, other("Dropout", rate=0.5), dense(2, "tanh"), dense(3), other("Softmax", axis=-1))
    )
    np.testing.assert_allclose(network(X), outputs((name, "tanh", "softmax")), atol=1e-6)


def test_rescaling_becomes_the_scale_of_bytes(load):
    network = load(
        sequential(other("Flatten"), other("Rescaling", scale=1 / 127.5, offset=-1.0), *map(dense, (1, 2, 3)))
    )
    pixels = np.random.default_rng(1).integers(0, 256, (5, 6), np.uint8)
    np.testing.assert_allclose(network(pixels), outputs(["identity"] * 3, pixels / 127.5 - 1), atol=1e-5)
    assert network.scale == 1 / 127.5


def functional(inbound):
    layers = [other("InputLayer"), dense(1, "relu"), dense(2, "relu"), dense(3, "softmax")]
    names = ["inputlayer", "d1", "d2", "d3"]
    for place, layer in enumerate(layers):
        layer["name"] = names[place]
        layer["inbound_nodes"] = inbound(names[place - 1]) if place else []
    order = layers[2], layers[0], layers[3], layers[1]
    return {"class_name": "Functional", "config": {"layers": list(order)}}


FORMS = {
    "Keras 2": lambda name: [[[name, 0, 0, {}]]],
    "Keras 3": lambda name: [
        {"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": [name, 0, 0]}}], "kwargs": {}}
    ],
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_functional_models_follow_the_connections(form):
    assert [layer.name for layer in described(functional(form)).layers] == ["d1", "d2", "d3"]
    two = functional(form)
    two["config"]["layers"][2]["inbound_nodes"] = form("d1")
    with pytest.raises(ModelError, match="each layer must follow on one other, as in a chain"):
        described(two)


@pytest.mark.parametrize(
    ("compiled", "last", "loss"),
    [
        ("sparse_categorical_crossentropy", "softmax", "cross_entropy"),
        ({"class_name": "SparseCategoricalCrossentropy", "config": {"from_logits": True}}, None, "quadratic"),
        ("mse", None, "mean_squared_error"),
        ("binary_crossentropy", "sigmoid", "binary_cross_entropy"),
        ("mse", "sigmoid", "quadratic"),
        ("mae", "tanh", "mean_absolute_error"),
        (None, None, "quadratic"),
    ],
)
def test_losses(load, compiled, last, loss):
    config = sequential(dense(1, "relu"), dense(2, "relu"), dense(3, last)) | {"compile_config": {"loss": compiled}}
    assert load(config).architecture.loss == loss
    assert load(config, loss="huber" if last is None else loss).architecture.loss == ("huber" if last is None else loss)


@pytest.mark.parametrize(
    ("layers", "sentence"),
    [
        ([other("Conv2D")], "got the layer conv2d, Conv2D"),
        ([other("BatchNormalization"), dense(1)], "got the layer batchnormalization, BatchNormalization"),
        ([dense(1), other("Rescaling", scale=2)], "got the layer rescaling, Rescaling"),
        ([dense(1, "relu"), other("ReLU")], "got the layer relu, ReLU after relu"),
        ([dense(1, "leaky_relu")], r"got leaky_relu \(its slope is 0.2 there, and 0.01 here\)"),
        (
            [dense(1), other("LeakyReLU", negative_slope=0.3)],
            "LeakyReLU must have negative_slope 0.01, as here, got 0.3",
        ),
        ([dense(1, "selu")], "are read, got selu"),
        ([dense(1), dense(1)], "the layer d1 must have a matrix for 5 units and as many biases, got"),
        ([dense(1, use_bias=False)], r"the layer d1 must have a matrix for 5 units, got \[\(6, 5\), \(5,\)\]"),
    ],
)
def test_what_is_refused(load, layers, sentence):
    with pytest.raises(ModelError, match=f"does not hold Dense layers of Keras: .*{sentence}"):
        load(sequential(*layers))


def test_what_the_file_says_is_not_said_again(load):
    with pytest.raises(ModelError, match=r"^a model of Keras says its activations and the order of its layers itself"):
        load(sequential(dense(1), dense(2), dense(3)), activation="relu")


def test_any_byte_of_hdf5(tmp_path):
    """Each fifth byte of the older form in turn: the network, another one, or a refusal."""
    fates = set()
    for at in range(0, len(H5), 37):
        content = bytearray(H5)
        content[at] ^= 1 << at % 8
        (tmp_path / "model.h5").write_bytes(content)
        try:
            Network.load(tmp_path / "model.h5", loss="cross_entropy")
            fates.add("read")
        except ModelError as error:
            fates.add("refused")
            assert str(error).isprintable()
    assert fates == {"read", "refused"}
