"""ONNX as cmlp and others write it, against ONNX Runtime and the network that was exported."""

import numpy as np
import pytest
from support import formulas

from cmlp import ModelError, Network
from cmlp.export import onnx_model

onnx = pytest.importorskip("onnx", reason="onnx, of the extra cmlp[onnx], is not installed")
RNG = np.random.default_rng(8)
X = RNG.standard_normal((9, 6)).astype(np.float32)
W1, B1, W2, B2 = (RNG.standard_normal(shape).astype("f4") for shape in ((5, 6), (5,), (3, 5), (3,)))
LOSSES = ("quadratic", "cross_entropy", "binary_cross_entropy", "mean_squared_error", "poisson")


@pytest.fixture
def load(tmp_path):
    def read(content, **said):
        content = content if isinstance(content, bytes) else content.SerializeToString()
        (tmp_path / "model.onnx").write_bytes(content)
        network = Network.from_onnx(tmp_path / "model.onnx", **said)
        assert Network.load(tmp_path / "model.onnx", **said).architecture == network.architecture
        return network

    return read


def graph(*nodes, shape=("n", 6), element=onnx.TensorProto.FLOAT, outputs=("y",), **constants):
    """A model of nodes (operator, inputs, output, attributes), from x to y."""
    made = [onnx.helper.make_node(kind, inputs.split(), [output], **more) for kind, inputs, output, more in nodes]
    values = {"W1": W1, "B1": B1, "W2": W2, "B2": B2} | constants
    tensors = [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in values.items()]
    inputs = [onnx.helper.make_tensor_value_info("x", element, shape)]
    ends = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in outputs]
    made = onnx.helper.make_graph(made, "g", inputs, ends, tensors)
    return onnx.helper.make_model(made, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)


def between(*nodes, last="softmax"):
    """Two layers with what lies between z and a, and softmax behind them."""
    first = ("Gemm", "x W1 B1", "z", {"transB": 1})
    return graph(first, *nodes, ("Gemm", "a W2 B2", "v", {"transB": 1}), ("Softmax", "v", "y", {"axis": -1}))


def outputs(activation, x=X, last="softmax"):
    hidden = formulas.ACTIVATIONS[activation](W1 @ np.float64(x).T + B1[:, None])
    return formulas.ACTIVATIONS[last](W2 @ hidden + B2[:, None]).T


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("input", ["uint8", "float"])
def test_what_was_exported_comes_back(load, input, dtype, loss):
    for activation in formulas.PRIMES:
        if activation == "exponential":
            continue
        network = Network([6, 5, 4, 3], activation=activation, loss=loss, dtype=dtype)
        formulas.jitter(network, np.random.default_rng(1))
        network.scale = 1 / 200
        again = load(onnx_model(network.model, input=input))
        assert again.architecture == network.architecture
        x = RNG.integers(0, 256, (9, 6), np.uint8) if input == "uint8" else X
        np.testing.assert_allclose(again(x), network(x), rtol=1e-6, atol=1e-6)


def test_names_come_back(load):
    network = Network([6, 5, 3], loss="cross_entropy")
    network.class_names, network.settings = ("a", "b", "c"), {"feature_names": list("uvwxyz")}
    again = load(onnx_model(network.model))
    assert again.class_names == ("a", "b", "c") and again.model.feature_names == tuple("uvwxyz")


def mul(a, b, out):
    return ("Mul", f"{a} {b}", out, {})


COMPOSED = {
    "gelu": [("Div", "z root", "d", {}), ("Erf", "d", "e", {}), ("Add", "e one", "f", {}), mul("z", "f", "g"),
             mul("g", "half", "a")],
    "silu": [("Sigmoid", "z", "s", {}), mul("z", "s", "a")],
    "relu": [("Max", "z zero", "a", {})],
    "leaky_relu": [("LeakyRelu", "z", "a", {"alpha": 0.01})],
    "elu": [("Elu", "z", "a", {})],
    "tanh": [("Tanh", "z", "t", {}), ("Identity", "t", "a", {})],
    "softplus": [("Exp", "z", "e", {}), ("Add", "e one", "f", {}), ("Log", "f", "a", {})],
    "sigmoid": [("Neg", "z", "m", {}), ("Exp", "m", "e", {}), ("Add", "one e", "f", {}), ("Reciprocal", "f", "a", {})],
}  # fmt: skip
NUMBERS = {"root": np.float32(2**0.5), "one": np.float32(1), "half": np.float32(0.5), "zero": np.float32(0)}


@pytest.mark.parametrize("activation", COMPOSED)
def test_activations_are_told_by_what_they_compute(load, activation):
    model = between(*COMPOSED[activation])
    model.graph.initializer.extend(onnx.numpy_helper.from_array(value, name) for name, value in NUMBERS.items())
    network = load(model)
    assert network.architecture.activations == (activation, "softmax")
    np.testing.assert_allclose(network(X), outputs(activation), atol=1e-6)


RELU = ("Relu", "z", "a", {})
REST = RELU, ("Gemm", "a W2 B2", "v", {"transB": 1}), ("Softmax", "v", "y", {})
FORMS = {
    "MatMul and Add": graph(("MatMul", "x T1", "m", {}), ("Add", "m B1", "z", {}), RELU, ("MatMul", "a T2", "n", {}),
                            ("Add", "B2 n", "v", {}), ("Softmax", "v", "y", {}), T1=W1.T.copy(), T2=W2.T.copy()),
    "Flatten of pictures": graph(("Flatten", "x", "f", {"axis": 1}), ("Gemm", "f W1 B1", "z", {"transB": 1}), *REST,
                                 shape=("n", 1, 2, 3)),
    "transposed constants": graph(("Transpose", "W1", "T", {"perm": [1, 0]}), ("Gemm", "x T B1", "z", {}), *REST),
    "factors of Gemm": graph(("Gemm", "x W1 B1", "z", {"transB": 1, "alpha": 0.5, "beta": 0.25}), RELU,
                             ("Gemm", "a W2 B2", "v", {"transB": 1}), ("Softmax", "v", "y", {}), W1=2 * W1, B1=4 * B1),
    "Dropout and labels": graph(("Gemm", "x W1 B1", "z", {"transB": 1}), RELU, ("Dropout", "a", "d", {}),
                                ("Gemm", "d W2 B2", "v", {"transB": 1}), ("Softmax", "v", "y", {}),
                                ("ArgMax", "y", "l", {}), outputs=("l", "y")),
}  # fmt: skip


@pytest.mark.parametrize("model", FORMS.values(), ids=FORMS)
def test_forms_of_layers(load, model):
    np.testing.assert_allclose(load(model)(X), outputs("relu"), atol=1e-6)


@pytest.mark.parametrize("mean", [np.float32(0.5), np.linspace(0, 1, 6, dtype="f4")], ids=["one number", "a row"])
def test_scaled_inputs(load, mean):
    layers = (
        ("Gemm", "s W1 B1", "z", {"transB": 1}),
        RELU,
        ("Gemm", "a W2 B2", "v", {"transB": 1}),
        ("Softmax", "v", "y", {}),
    )
    model = graph(("Sub", "x mean", "c", {}), ("Div", "c spread", "s", {}), *layers, mean=mean, spread=np.float32(3))
    network = load(model)
    np.testing.assert_allclose(network(X), outputs("relu", (X - mean) / 3), atol=1e-6)
    pixels = RNG.integers(0, 256, (5, 6), np.uint8)
    np.testing.assert_allclose(network(pixels), outputs("relu", (pixels - np.float64(mean)) / 3), atol=1e-6)


ONE = np.float32(1)
Z, V = ("Gemm", "x W1 B1", "z", {"transB": 1}), ("Gemm", "a W2 B2", "y", {"transB": 1})
REFUSED = {
    "another layer": (graph(("Conv", "x W1", "y", {})), "got the operator Conv"),
    "another activation": (between(("Gelu", "z", "a", {"approximate": "tanh"})), "and another follows z"),
    "another slope": (between(("LeakyRelu", "z", "a", {"alpha": 0.2})), "and another follows z"),
    "a shortcut": (graph(Z, ("Gemm", "z S B1", "u", {}), ("Add", "u z", "a", {}), V, S=np.eye(5, dtype="f4")),
                   "of two others"),
    "with and without biases": (graph(("MatMul", "x T", "m", {}), ("Add", "m B1", "z", {}), ("Mul", "z m", "a", {}), V,
                                      T=W1.T.copy()), "values are used with and without biases"),
    "no layers": (graph(("Relu", "x", "y", {})), "got the operator Relu"),
    "nothing at all": (graph(("Identity", "x", "y", {})), "must have products with weights"),
    "weights that are computed": (graph(("MatMul", "x x", "y", {})), "weights must be constant"),
    "NaN": (graph(Z, ("Relu", "z", "a", {}), V, W2=W2 * np.nan), "must be finite"),
}  # fmt: skip


@pytest.mark.parametrize(("model", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(load, tmp_path, model, sentence):
    with pytest.raises(ModelError, match=f"does not hold a chain of layers in ONNX: .*{sentence}") as refused:
        load(model)
    assert str(refused.value).startswith(str(tmp_path / "model.onnx"))


def test_weights_in_another_file(load):
    model = FORMS["MatMul and Add"].__class__.FromString(FORMS["MatMul and Add"].SerializeToString())
    tensor = model.graph.initializer[0]
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    with pytest.raises(ModelError, match=r"lies in another file: onnx.save\(onnx.load\(path\), path\)"):
        load(model)


def test_constants_that_claim_too_much(load):
    model = between(("Relu", "z", "a", {}))
    model.graph.initializer[0].dims[:] = [2**40, 2**40]
    with pytest.raises(ModelError):
        load(model)
    model.graph.initializer[0].dims[:] = [5, 7]
    with pytest.raises(ModelError, match=r"W1 of shape \(5, 7\) needs 35 numbers and has 30"):
        load(model)


def test_any_bytes_are_read_or_refused(tmp_path):
    content = onnx_model(Network([3, 2, 2], activation="gelu", dtype="float32").model)
    fates = set()
    for number in range(600):
        rng = np.random.default_rng(number)
        mutant = bytearray(content)
        for _ in range(rng.integers(1, 4)):
            mutant[rng.integers(len(mutant))] = rng.integers(256)
        path = tmp_path / "model.onnx"
        path.write_bytes(mutant[: rng.integers(1, len(mutant))] if number % 5 == 0 else mutant)
        try:
            Network.from_onnx(path)
            fates.add("read")
        except ModelError as error:
            fates.add("refused")
            assert str(error).isprintable(), number
    assert fates == {"read", "refused"}
