"""The ONNX model, run by ONNX Runtime, against the network and against formulas in NumPy."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from support import formulas

import cmlp
from cmlp import CmlpError, ModelError, Network
from cmlp.export import onnx_model
from cmlp.export.onnx import signature

onnx = pytest.importorskip("onnx", reason="onnx, of the extra cmlp[onnx], is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

TOLERANCE = {"float64": 1e-12, "float32": 1e-6}


def random_network(activation="sigmoid", loss="quadratic", dtype="float64", sizes=(20, 7, 5, 6, 4)):
    """Return a network with weights and biases of some size; what is for outputs only is in the last layer only."""
    hidden = "tanh" if activation in ("softmax", "exponential") else activation
    network = Network(sizes, activation=[*[hidden] * (len(sizes) - 2), activation], loss=loss, dtype=dtype)
    formulas.jitter(network, np.random.default_rng(1))
    network.scale = 1 / 200
    return network


def images_of(kind, network, n=1000):
    rng = np.random.default_rng(2)
    if kind == "uint8":
        return rng.integers(0, 256, (n, network.sizes[0]), np.uint8)
    return rng.standard_normal((n, network.sizes[0])).astype(network.dtype)


def run_onnx(content, images):
    """Check a model, and return its outputs by their names."""
    onnx.checker.check_model(onnx.load_from_string(content), full_check=True)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"images": images}), strict=True))


def assert_close(found, expected, tolerance):
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= tolerance * max(1, np.abs(expected).max())


@pytest.mark.parametrize("kind", ["uint8", "float"])
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("activation", formulas.ACTIVATIONS)
def test_outputs_and_labels_are_those_of_the_network(activation, dtype, kind):
    network = random_network(activation, dtype=dtype)
    images = images_of(kind, network)
    found = run_onnx(onnx_model(network.model, input=kind), images)
    assert list(found) == ["labels", "outputs"]
    assert found["outputs"].dtype == dtype and found["labels"].dtype == np.int64
    assert_close(found["outputs"], network(images), TOLERANCE[dtype])
    np.testing.assert_array_equal(found["labels"], found["outputs"].argmax(axis=1))


@pytest.mark.parametrize("n", [0, 1, 7])
@pytest.mark.parametrize("sizes", [(1, 1), (3, 2), (9, 33, 1)], ids=str)
@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy", "mean_squared_error"])
def test_answers_of_every_kind(loss, sizes, n):
    output = {"cross_entropy": "softmax", "binary_cross_entropy": "sigmoid"}.get(loss, "identity")
    network = random_network(output, loss, sizes=sizes)
    images = images_of("uint8", network, n)
    found = run_onnx(onnx_model(network.model), images)
    np.testing.assert_allclose(found["outputs"], network(images).reshape(n, sizes[-1]), rtol=1e-12)
    if loss == "mean_squared_error":
        assert list(found) == ["outputs"]
    else:
        np.testing.assert_array_equal(found["labels"], network.predict(images))
        assert found["labels"].dtype == (np.int64 if loss == "cross_entropy" else np.bool_)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("activation", formulas.ACTIVATIONS)
def test_activations_far_out(activation, dtype):
    """Nothing overflows that must not; the error is a rounding, of the value or of 1."""
    network = Network([2, 2], activation=[activation], dtype=dtype)
    network.weights[0], network.biases[0] = np.eye(2), np.zeros(2)
    far = np.concatenate([np.linspace(0, 9, 91), [1e-6, 20, 30, 80] + [1000] * (activation != "exponential")])
    images = np.stack([np.concatenate([-far, far]), np.full(2 * len(far), 1.5)], axis=1).astype(dtype)
    expected = formulas.ACTIVATIONS[activation](images.T.astype(float)).T
    found = run_onnx(onnx_model(network.model, input="float"), images)["outputs"]
    tolerance = 1e-14 if dtype == "float64" else 1e-6
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


def test_gelu_in_float64_keeps_its_digits_where_it_vanishes():
    network = Network([1, 1], activation=["gelu"])
    network.weights[0] = [[1]]
    z = np.linspace(-8, 0, 1001)[:, None]
    found = run_onnx(onnx_model(network.model, input="float"), z)["outputs"]
    np.testing.assert_allclose(found, formulas.ACTIVATIONS["gelu"](z), rtol=1e-11)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("given", TOLERANCE)
def test_the_type_can_be_chosen(dtype, given):
    network = random_network("elu", dtype=given)
    images = images_of("uint8", network)
    found = run_onnx(onnx_model(network.model, dtype=dtype), images)
    assert found["outputs"].dtype == dtype
    assert_close(found["outputs"], network(images), 1e-6 if "float32" in (dtype, given) else 1e-12)


@pytest.mark.parametrize("kind", ["uint8", "float"])
@pytest.mark.parametrize("loss", ["quadratic", "binary_cross_entropy", "huber"])
def test_the_signature_is_that_of_the_graph(loss, kind):
    model = random_network(loss=loss, dtype="float32").model
    session = onnxruntime.InferenceSession(onnx_model(model, input=kind), providers=["CPUExecutionProvider"])
    sides = (session.get_inputs(), session.get_outputs())
    names = {"uint8": "uint8", "int64": "int64", "bool": "bool", "float": "float32"}
    found = [
        {value.name: f"{names[value.type[7:-1]]} ({', '.join(map(str, value.shape))})" for value in side}
        for side in sides
    ]
    assert found == list(signature(model.architecture, kind))


def test_what_the_file_says_of_itself():
    model = replace(random_network().model, class_names=("\u6570", "b", '"', "d"))
    proto = onnx.load_from_string(onnx_model(model))
    assert [(opset.domain, opset.version) for opset in proto.opset_import] == [("", 13)]
    assert proto.ir_version == 7
    assert proto.producer_name == "cmlp" and proto.producer_version == cmlp.__version__
    [entry] = proto.metadata_props
    assert entry.key == "class_names" and json.loads(entry.value) == ["\u6570", "b", '"', "d"]
    [entry] = onnx.load_from_string(onnx_model(random_network().model)).metadata_props
    assert json.loads(entry.value) == ["0", "1", "2", "3"]
    assert not onnx.load_from_string(onnx_model(random_network(loss="huber").model)).metadata_props


def test_the_same_network_gives_the_same_bytes(tmp_path):
    model = random_network("gelu").model
    assert onnx_model(model) == onnx_model(model)
    Network.from_model(model).to_onnx(tmp_path / "network.onnx")
    assert (tmp_path / "network.onnx").read_bytes() == onnx_model(model)


def test_to_onnx_takes_floats_too(tmp_path):
    network = random_network()
    network.to_onnx(tmp_path / "network.onnx", input="float")
    assert (tmp_path / "network.onnx").read_bytes() == onnx_model(network.model, input="float")


def test_what_cannot_be_exported(tmp_path, monkeypatch):
    path = tmp_path / "network.onnx"
    path.write_text("precious")
    network = random_network()
    message = """input must be one of "uint8" or "float", got 'int8': did you mean "uint8"?"""
    with pytest.raises(ModelError, match=f"^{re.escape(message)}$"):
        network.to_onnx(path, input="int8")
    network.weights[0][1, 2] = np.nan
    with pytest.raises(
        ModelError, match=r"^weights\[0\] must be finite in float64 to be exported, got nan at \(1, 2\)$"
    ):
        network.to_onnx(path)
    monkeypatch.setattr("cmlp.export.onnx.LARGEST_FILE", 2000)
    with pytest.raises(ModelError, match=r"^an ONNX file must be smaller than 2 GiB, got parameters of 2,0\d\d bytes$"):
        random_network().to_onnx(path)
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    monkeypatch.setattr("cmlp.export.onnx.LARGEST_FILE", 10000)
    with pytest.raises(CmlpError, match=r'^the export to ONNX needs onnx: pip install "cmlp\[onnx\]"$'):
        random_network().to_onnx(path)
    assert path.read_text() == "precious" and [file.name for file in tmp_path.iterdir()] == ["network.onnx"]
