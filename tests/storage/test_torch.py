"""Files of PyTorch's Linear layers, as `safetensors.torch.save_file(module.state_dict(), path)` writes them."""

from functools import partial

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save, save_file
from support import formulas

from cmlp import ModelError, Network

SIZES = (6, 5, 4, 3)


def state_dict(names, *, sizes=SIZES, bias=True, dtype=np.float64):
    """Return weights (fan_out, fan_in) and biases (fan_out,), uniform as torch draws them, by torch's names."""
    rng = np.random.default_rng(1)
    tensors = {}
    for name, fan_in, fan_out in zip(names, sizes, sizes[1:], strict=False):
        limit = fan_in**-0.5
        tensors[f"{name}weight"] = rng.uniform(-limit, limit, (fan_out, fan_in)).astype(dtype)
        if bias:
            tensors[f"{name}bias"] = rng.uniform(-limit, limit, fan_out).astype(dtype)
    return tensors


def expected_outputs(tensors, names, activations, images):
    """Return what torch computes: x @ W.T + b, and the activation."""
    x = images
    for name, activation in zip(names, activations, strict=True):
        z = x @ tensors[f"{name}weight"].T + tensors.get(f"{name}bias", 0)
        x = formulas.ACTIVATIONS[activation](z.T).T
    return x


NAMES = {
    "Sequential": ("0.", "2.", "4."),
    "attributes": ("fc1.", "fc2.", "fc3."),
    "past nine": ("net.8.", "net.9.", "net.10."),
    "zeros": ("l08.", "l9.", "l010."),
    "wrapped": ("module.hidden1.", "module.hidden2.", "module.out."),
}


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
def test_outputs_are_those_of_the_layers(tmp_path, names, bias):
    tensors = state_dict(names, bias=bias)
    save_file(tensors, tmp_path / "mlp.safetensors")
    network = Network.from_torch(tmp_path / "mlp.safetensors")
    images = np.random.default_rng(2).standard_normal((50, 6))
    assert network.sizes == SIZES and network.dtype == np.float64
    expected = expected_outputs(tensors, names, ["relu", "relu", "softmax"], images)
    np.testing.assert_allclose(network(images), expected, rtol=1e-12)
    np.testing.assert_array_equal(network.predict(images), expected.argmax(axis=1))


@pytest.mark.parametrize("activation", sorted(formulas.PRIMES))
def test_activation_and_loss_are_said(tmp_path, activation):
    names = NAMES["Sequential"]
    tensors = state_dict(names)
    save_file(tensors, tmp_path / "mlp.safetensors")
    images = np.random.default_rng(2).standard_normal((50, 6))
    network = Network.from_torch(tmp_path / "mlp.safetensors", activation, "binary_cross_entropy")
    expected = expected_outputs(tensors, names, [activation, activation, "sigmoid"], images)
    np.testing.assert_allclose(network(images), expected, rtol=1e-12)
    logits = Network.from_torch(tmp_path / "mlp.safetensors", [activation] * 2 + ["identity"], "quadratic")
    expected = expected_outputs(tensors, names, [activation, activation, "identity"], images)
    np.testing.assert_allclose(logits(images), expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_layer_alone(tmp_path, dtype):
    tensors = state_dict([""], sizes=(3, 2), dtype=dtype)
    assert tensors.keys() == {"weight", "bias"}
    save_file(tensors, tmp_path / "linear.safetensors")
    network = Network.from_torch(tmp_path / "linear.safetensors", loss="mean_squared_error")
    assert network.sizes == (3, 2) and network.dtype == dtype
    np.testing.assert_array_equal(network.weights[0], tensors["weight"])
    np.testing.assert_array_equal(network.biases[0], tensors["bias"])


def test_against_torch(tmp_path):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    from safetensors.torch import save_file as save_module

    layers = [torch.nn.Linear(6, 5), torch.nn.GELU(), torch.nn.Linear(5, 4, bias=False), torch.nn.GELU()]
    module = torch.nn.Sequential(*layers, torch.nn.Linear(4, 3)).double()
    save_module(module.state_dict(), tmp_path / "mlp.safetensors")
    images = np.random.default_rng(2).standard_normal((50, 6))
    expected = torch.softmax(module(torch.from_numpy(images)), 1).detach().numpy()
    np.testing.assert_allclose(Network.from_torch(tmp_path / "mlp.safetensors", "gelu")(images), expected, rtol=1e-12)


def test_it_trains_on(tmp_path):
    save_file(state_dict(NAMES["Sequential"]), tmp_path / "mlp.safetensors")
    network = Network.from_torch(tmp_path / "mlp.safetensors")
    rng = np.random.default_rng(2)
    images, labels = rng.standard_normal((50, 6)), rng.integers(3, size=50)
    before = network.loss(images, labels)
    network.train((images, labels), 20, 0.5, mini_batch_size=10, progress=False)
    assert network.loss(images, labels) < before
    network.save(tmp_path / "network.cmlp")
    np.testing.assert_array_equal(Network.load(tmp_path / "network.cmlp")(images), network(images))


def test_load_reads_it_and_says_what_it_takes(tmp_path):
    path = tmp_path / "mlp.safetensors"
    for names in (NAMES["Sequential"], [""]):
        save_file(state_dict(names), path, {"format": "pt"})
        with pytest.warns(UserWarning) as warned:
            network = Network.load(path)
        hidden = "relu-" * (len(names) - 1)
        assert str(warned[0].message) == (
            f"{path} does not say its activations: {hidden}softmax with the loss cross_entropy is taken; "
            "activation= and loss= say otherwise"
        )
        assert network.model.architecture == Network.from_torch(path).architecture
    network = Network.load(path, loss="quadratic", activation=["tanh"])
    assert network.architecture.activations == ("tanh",)
    save_file({"layer": np.zeros(3)}, path)
    with pytest.raises(ModelError, match="is a safetensors file, but not one that cmlp wrote"):
        Network.load(path)


def test_one_output_is_a_number(tmp_path):
    save_file(state_dict(["0.", "2."], sizes=(3, 4, 1)), tmp_path / "mlp.safetensors")
    assert Network.from_torch(tmp_path / "mlp.safetensors").architecture.loss == "mean_squared_error"


def test_a_file_of_cmlp_stays_one_whatever_its_names(tmp_path):
    network = Network([3, 2])
    network.class_names = ('.weight":', '"weight":')
    network.settings = {"0.weight": 1, "weight": {".weight": 2}}
    network.save(tmp_path / "network")
    assert Network.load(tmp_path / "network").class_names == network.class_names


FINE = state_dict(NAMES["attributes"])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"conv.weight": np.zeros((2, 1, 3, 3))}, r"conv.weight, F64 of shape \(2, 1, 3, 3\)"),
        ({"bn.weight": np.ones(5)}, r"bn.weight, F64 of shape \(5,\)"),
        ({"bn.running_mean": np.ones(5)}, r"bn.running_mean, F64 of shape \(5,\)"),
        ({"bn.num_batches_tracked": np.array(3)}, r"bn.num_batches_tracked, I64 of shape \(\)"),
        ({"fc2.weight": np.zeros((4, 5), np.int8)}, r"fc2.weight, I8 of shape \(4, 5\)"),
        ({"fc2.weight": np.zeros((0, 5))}, r"fc2.weight, F64 of shape \(0, 5\)"),
        ({"fc2.bias": np.zeros(4, np.float32)}, "all numbers must have the same type, got F64 and F32"),
        ({"fc2.bias": np.array([0, 1, np.nan, 2])}, "all numbers must be finite, got NaN or infinity in fc2.bias"),
        ({"fc2.bias": np.zeros(5)}, r"as many biases as outputs, got fc2.weight \(4, 5\) and fc2.bias \(5,\)"),
        ({"fc4.bias": np.zeros(5)}, "each bias must have a weight, got fc4.bias"),
        (
            {"fc4.weight": np.zeros((2, 2))},
            r"each layer must have as many inputs as the one before it has outputs, got fc3.weight \(3, 4\) and "
            r"then fc4.weight \(2, 2\)",
        ),
    ],
)
def test_what_is_no_chain_of_linear_layers_is_refused_by_name(tmp_path, changes, sentence):
    path = tmp_path / "mlp.safetensors"
    save_file(FINE | changes, path)
    with pytest.raises(ModelError, match=f"^{path} does not hold Linear layers of PyTorch: .*{sentence}$"):
        Network.from_torch(path)


@pytest.mark.parametrize("kind", ["F16", "BF16"])
def test_halves_become_floats(tmp_path, kind):
    """NumPy has no bfloat16: its numbers are the upper halves of floats, so that these lose the lower ones."""
    tensors = state_dict(NAMES["attributes"], dtype=np.float32)
    if kind == "F16":
        halves = {name: tensor.astype(np.float16) for name, tensor in tensors.items()}
        expected = {name: tensor.astype(np.float32) for name, tensor in halves.items()}
    else:
        halves = {name: (tensor.view("u4") >> 16).astype("u2").view("f2") for name, tensor in tensors.items()}
        expected = {name: (tensor.view("u4") & 0xFFFF0000).view("f4") for name, tensor in tensors.items()}
    content = save(halves)
    end = 8 + int.from_bytes(content[:8], "little")
    header = content[8:end].replace(b'"F16"', f'"{kind}"'.encode())
    (tmp_path / "mlp").write_bytes(len(header).to_bytes(8, "little") + header + content[end:])
    network = Network.from_torch(tmp_path / "mlp")
    assert network.dtype == np.float32
    for name, w, b in zip(NAMES["attributes"], network.weights, network.biases, strict=True):
        np.testing.assert_array_equal(w, expected[f"{name}weight"])
        np.testing.assert_array_equal(b, expected[f"{name}bias"])


def test_files_that_are_none(tmp_path):
    path = tmp_path / "mlp.safetensors"
    for content in (b"", b"PK\x03\x04 a pickle of torch", save(FINE)[:-1], save({})):
        path.write_bytes(content)
        with pytest.raises(ModelError, match=f"^{path} does not hold Linear layers of PyTorch: "):
            Network.from_torch(path)
    with pytest.raises(FileNotFoundError):
        Network.from_torch(tmp_path / "nowhere")
    save_file(FINE, path)
    with pytest.raises(ModelError, match=r"^activation must be one of"):
        Network.from_torch(path, "swish")
    with pytest.raises(ModelError, match=r"^loss must be one of"):
        Network.from_torch(path, loss="nll")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_bytes_are_read_or_refused(tmp_path, data):
    content = bytearray(save(state_dict(NAMES["attributes"], sizes=(2, 2, 2, 2))))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "mlp.safetensors"
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content)
    for read in (Network.from_torch, partial(Network.load, activation="relu")):
        try:
            read(path)
        except ModelError as error:
            assert str(error).startswith(str(path))
