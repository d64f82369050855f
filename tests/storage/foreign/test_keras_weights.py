"""Layers without weights, of which a file of weights alone says that they are there."""

import numpy as np
import pytest

from cmlp import ModelError, Network
from cmlp.storage.foreign.keras_weights import convention_of, silent_layers
from cmlp.storage.foreign.layers import Wanted

PREFIX = "layers/sequential/layers"


@pytest.mark.parametrize(
    ("names", "activation", "rescales"),
    [
        (["layers/re_lu", "layers/flatten", "layers/dropout_1"], "relu", False),
        (["layers/elu", "layers/elu_1", "layers/rescaling"], "elu", True),
        ([f"{PREFIX}/elu_12", "layers/softmax"], "elu", False),
        (["layers/elu", "layers/activation"], "relu", False),
        (["input_layer"], "relu", False),
    ],
)
def test_what_names_tell(names, activation, rescales):
    silent = silent_layers(names, Wanted())
    assert (convention_of(silent).activation, silent.rescales) == (activation, rescales)


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["layers/leaky_re_lu_1"], "it has a LeakyReLU layer, and not its slope: "),
        (["layers/re_lu", "layers/elu"], "it has layers of ReLU and ELU, and does not say where: "),
        (["layers/normalization"], "it has a Normalization layer, and not its numbers: "),
    ],
)
def test_what_is_refused(names, sentence):
    with pytest.raises(ModelError) as refused:
        silent_layers(names, Wanted())
    assert str(refused.value).startswith(sentence)
    if "normalization" not in names[0]:
        silent_layers(names, Wanted(activation="relu"))


@pytest.fixture
def saved(tmp_path, monkeypatch):
    """Return a function that saves the weights of layers and Dense ones, and returns path, inputs and answers."""
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras", reason="Keras is not installed")

    def save(make):
        layers = keras.layers
        model = keras.Sequential([keras.Input((6,)), *make(layers), layers.Dense(3, "softmax")])
        model.save_weights(tmp_path / "a.weights.h5")
        x = np.random.default_rng(0).integers(0, 256, (5, 6)).astype(np.uint8)
        return tmp_path / "a.weights.h5", x, model.predict(x.astype("f4"), verbose=0)

    return save


@pytest.mark.filterwarnings("ignore:(?!.*weights.h5)")
def test_rescaled_bytes(saved):
    path, x, answers = saved(lambda layers: [layers.Rescaling(1 / 255), layers.Dense(5), layers.ELU()])
    with pytest.warns(UserWarning) as said:
        network = Network.load(path)
    np.testing.assert_allclose(network(x), answers, atol=1e-6)
    texts = " ".join(str(each.message) for each in said)
    assert "has layers of ELU, and does not say where: elu-softmax" in texts
    assert "has a Rescaling layer, and not its factor: bytes are divided by 255, and floats taken as they are" in texts


@pytest.mark.filterwarnings("ignore")
def test_a_slope(saved):
    path, x, answers = saved(lambda layers: [layers.Dense(5), layers.LeakyReLU(negative_slope=0.01)])
    with pytest.raises(ModelError, match="it has a LeakyReLU layer, and not its slope"):
        Network.load(path)
    network = Network.load(path, activation="leaky_relu")
    np.testing.assert_allclose(network(x.astype("f4")), answers, atol=1e-5)
