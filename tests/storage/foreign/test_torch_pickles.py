"""Files of ``torch.save``, written byte by byte here; test_real_files.py has some that PyTorch wrote."""

import pickle
import zipfile

import numpy as np
import pytest
from support import formulas
from support import torch_files as files
from support.torch_files import arrays, layer, legacy, mapping, parameter, storage, tensor, zipped

from cmlp import ModelError, Network
from cmlp.storage.foreign.checkpoints import activation_in, network_in

RNG = np.random.default_rng(7)
IMAGES = RNG.standard_normal((20, 4))
TENSORS = {
    "fc1.weight": RNG.standard_normal((3, 4)),
    "fc1.bias": RNG.standard_normal(3),
    "out.weight": RNG.standard_normal((2, 3)),
    "out.bias": RNG.standard_normal(2),
}
FLOATS = {name: array.astype("f4") for name, array in TENSORS.items()}
NONE = b"N"


def outputs(tensors, activations=("relu", "softmax")):
    """What the network of these tensors answers, in double precision."""
    x = IMAGES.T
    for name, activation in zip(("fc1", "out"), activations, strict=True):
        z = np.float64(tensors[f"{name}.weight"]) @ x + np.float64(tensors[f"{name}.bias"])[:, None]
        x = formulas.ACTIVATIONS[activation](z)
    return x.T


@pytest.fixture
def load(tmp_path):
    """Write a file, and read it as one of PyTorch and as any, with the same result."""

    def read(content, **said):
        (tmp_path / "model.pt").write_bytes(content)
        network = Network.from_torch(tmp_path / "model.pt", **said)
        again = Network.load(tmp_path / "model.pt", **({"activation": "relu"} | said))
        assert again.sizes == network.sizes
        return network

    return read


@pytest.fixture
def refusal(tmp_path):
    def read(content, **said):
        (tmp_path / "model.pt").write_bytes(content)
        with pytest.raises(ModelError) as refused:
            Network.from_torch(tmp_path / "model.pt", **said)
        assert "\n" not in str(refused.value) and str(refused.value).isprintable()
        return str(refused.value).replace(f"{tmp_path / 'model.pt'} does not hold Linear layers of PyTorch: ", "")

    return read


@pytest.mark.parametrize("kind", ["f8", "f4", "f2"])
@pytest.mark.parametrize("order", ["little", "big"])
def test_a_state_dict_in_the_present_format(load, kind, order):
    tensors = {name: array.astype(kind) for name, array in TENSORS.items()}
    body, storages = arrays(tensors)
    if order == "big":
        storages = {key: np.frombuffer(content, kind).byteswap().tobytes() for key, content in storages.items()}
    network = load(zipped(body, storages, byteorder=order))
    assert network.dtype == (np.float64 if kind == "f8" else np.float32)
    np.testing.assert_allclose(network(IMAGES), outputs(tensors), atol=1e-6)
    assert network.architecture.activations == ("relu", "softmax")


@pytest.mark.parametrize("little", [True, False])
def test_a_state_dict_in_the_older_format(load, little):
    body, storages = arrays(FLOATS, more=NONE)
    counts = {key: len(content) // 4 for key, content in storages.items()}
    if not little:
        storages = {key: np.frombuffer(content, "f4").byteswap().tobytes() for key, content in storages.items()}
    network = load(legacy(body, storages, counts, little=little))
    np.testing.assert_allclose(network(IMAGES), outputs(FLOATS), atol=1e-6)


def test_bfloat16(load):
    rounded = {name: (array.view("u4") & 0xFFFF0000).view("f4") for name, array in FLOATS.items()}
    body, storages = arrays({name: (array.view("u4") >> 16).astype("u2").view("f2") for name, array in FLOATS.items()})
    network = load(zipped(body.replace(b"HalfStorage", b"BFloat16Storage"), storages))
    assert network.dtype == np.float32
    np.testing.assert_array_equal(network.weights[0], rounded["fc1.weight"])


def test_views_of_one_storage_with_offsets_and_strides(load):
    """As of a flat vector of all parameters, whose second matrix is transposed."""
    flat = np.concatenate([array.ravel() for array in FLOATS.values()])
    whole = storage("0", flat.size)
    body = mapping(
        {
            "fc1.weight": tensor(whole, (3, 4), (4, 1)),
            "fc1.bias": tensor(whole, (3,), (1,), 12),
            "out.weight": tensor(whole, (2, 3), (1, 2), 15),
            "out.bias": tensor(whole, (2,), (0,), 21),
        }
    )
    network = load(zipped(body, {"0": flat.tobytes()}))
    np.testing.assert_array_equal(network.weights[0], FLOATS["fc1.weight"])
    np.testing.assert_array_equal(network.biases[0], FLOATS["fc1.bias"])
    np.testing.assert_array_equal(network.weights[1], flat[15:21].reshape(3, 2).T)
    np.testing.assert_array_equal(network.biases[1], [flat[21]] * 2)


@pytest.mark.parametrize("key", ["model_state_dict", "state_dict", "model", "my_net"])
def test_a_checkpoint(load, key):
    body, storages = arrays(FLOATS)
    moment = mapping({"exp_avg.weight": tensor(storage("0", 12), (3, 4), (4, 1))})
    options = files.instance("argparse", "Namespace", {"lr": files.number(1)})
    parts = {"epoch": files.number(3), key: body, "optimizer_state_dict": mapping({"state": moment}), "args": options}
    network = load(zipped(mapping(parts), storages))
    np.testing.assert_allclose(network(IMAGES), outputs(FLOATS), atol=1e-6)


def test_a_checkpoint_with_two_networks_is_refused(refusal):
    body, storages = arrays(FLOATS)
    message = refusal(zipped(mapping({"generator": body, "critic": body}), storages))
    assert message == "it holds several networks, generator and critic: save the one that you want in a file of its own"


@pytest.mark.parametrize(
    ("taken", "other"),
    [("net", "ema"), ("model", "ema_model"), ("model_state_dict", "target_state_dict"), ("my_net", "best_net")],
)
def test_another_network_in_a_checkpoint_is_named(load, taken, other):
    body, storages = arrays(FLOATS)
    halves, more = arrays({f"{name}": array / 2 for name, array in FLOATS.items()})
    for key in "0123":
        halves = halves.replace(files.text(key), files.text(f"1{key}"))
    storages |= {f"1{key}": content for key, content in more.items()}
    with pytest.warns(UserWarning, match=f"holds {other} beside {taken}, and the latter alone is taken"):
        network = load(zipped(mapping({other: halves, taken: body}), storages))
    np.testing.assert_allclose(network(IMAGES), outputs(FLOATS), atol=1e-6)


def modules(activations, container=("torch.nn.modules.container", "Sequential")):
    """The network as a module, with these activations between its layers and behind them."""
    _, storages = arrays(FLOATS)
    views = [parameter(tensor(storage(str(key), a.size), a.shape, (4, 1) if a.shape == (3, 4) else (3, 1)[-a.ndim :]))
             for key, a in enumerate(FLOATS.values())]  # fmt: skip
    linear = [layer("torch.nn.modules.linear", "Linear", {"weight": w, "bias": b}) for w, b in (views[:2], views[2:])]
    first, last = activations
    parts = [layer("torch.nn.modules.flatten", "Flatten"), linear[0], *first, linear[1], *last]
    return zipped(layer(*container, modules={str(place): part for place, part in enumerate(parts)}), storages)


def act(name, **settings):
    return layer("torch.nn.modules.activation", name, **settings)


def test_a_sequential_says_its_activations(load, tmp_path):
    network = load(modules(([act("Tanh"), layer("torch.nn.modules.dropout", "Dropout")], [act("Softmax")])))
    np.testing.assert_allclose(network(IMAGES), outputs(FLOATS, ("tanh", "softmax")), atol=1e-6)
    network = load(modules(([act("GELU", approximate=files.text("none"))], [])))
    np.testing.assert_allclose(network(IMAGES), outputs(FLOATS, ("gelu", "softmax")), atol=1e-6)
    network = load(modules(([], [act("Sigmoid")])))
    assert network.architecture.activations == ("identity", "sigmoid") and network.architecture.loss == "quadratic"
    (tmp_path / "said").write_bytes(modules(([act("Tanh")], [act("Softmax")])))
    assert not Network.load(tmp_path / "said").model.unsaid  # so that nothing is warned of


def test_a_module_of_ones_own_names_them_only(load, tmp_path):
    network = load(modules(([act("Tanh")], []), container=("__main__", "Net")), activation="tanh")
    np.testing.assert_allclose(network(IMAGES), outputs(FLOATS, ("tanh", "softmax")), atol=1e-6)
    (tmp_path / "own").write_bytes(modules(([act("Tanh")], []), container=("__main__", "Net")))
    with pytest.warns(
        UserWarning, match="names tanh, and is a module whose use of activations is in a program and not"
    ):
        network = Network.load(tmp_path / "own")
    np.testing.assert_allclose(network(IMAGES), outputs(FLOATS, ("tanh", "softmax")), atol=1e-6)


def test_a_module_that_names_two(load, refusal, tmp_path):
    """In the order in which it declares them, if there are as many as layers."""
    own = {"container": ("__main__", "Net")}
    (tmp_path / "own").write_bytes(modules(([act("Tanh")], [act("Sigmoid")]), **own))
    with pytest.warns(UserWarning, match="names tanh and sigmoid, and is a module whose use of activations is in a"):
        network = Network.load(tmp_path / "own")
    np.testing.assert_allclose(network(IMAGES), outputs(FLOATS, ("tanh", "sigmoid")), atol=1e-6)
    three = modules(([act("Tanh")], [act("ReLU"), act("ELU")]), **own)
    assert refusal(three).startswith(
        "it names tanh, relu and elu, and its program alone says which layer has which: say"
    )
    assert load(three, activation="elu").architecture.activations == ("elu", "softmax")


def checkpoint(settings):
    body, storages = arrays(FLOATS)
    return zipped(mapping({"model_state_dict": body} | settings), storages)


@pytest.mark.parametrize(
    "settings",
    [
        {"activation": files.text("tanh")},
        {"config": mapping({"hidden_activation": files.text("Tanh"), "out": files.text("relu")})},
        {"args": files.instance("argparse", "Namespace", {"act_fn": files.text("tanh")})},
    ],
)
def test_a_checkpoint_that_names_its_activation(tmp_path, settings):
    (tmp_path / "a.pt").write_bytes(checkpoint(settings))
    with pytest.warns(
        UserWarning, match="names tanh beside the weights, which was taken for the activation of the hid"
    ):
        network = Network.load(tmp_path / "a.pt")
    np.testing.assert_allclose(network(IMAGES), outputs(FLOATS, ("tanh", "softmax")), atol=1e-6)


def test_a_checkpoint_that_names_two(load, refusal):
    content = checkpoint({"activation": files.text("tanh"), "config": mapping({"nonlinearity": files.text("relu")})})
    assert refusal(content).startswith("it names tanh and relu beside the weights, and does not say which layer has wh")
    assert load(content, activation="tanh").architecture.activations == ("tanh", "softmax")


@pytest.mark.parametrize(
    ("activations", "sentence"),
    [
        (([act("LeakyReLU", negative_slope=b"K\x02")], []), "must have negative_slope 0.01, as in cmlp, got 2"),
        (([act("GELU", approximate=files.text("tanh"))], []), "GELU must have approximate none, as in cmlp, got tanh"),
        (([act("PReLU")], []), "a Sequential of Linear layers and activations is read, got PReLU where it stands"),
        (([act("Tanh"), act("ReLU")], []), "got ReLU after tanh"),
        (([act("Tanh")], [act("Softmax", dim=files.number(0))]), "Softmax must have dim 1, as in cmlp, got 0"),
        (([layer("torch.nn.modules.batchnorm", "BatchNorm1d")], []), "got BatchNorm1d"),
        (([layer("evil", "Linear")], []), "got Linear"),
    ],
)  # fmt: skip
def test_another_sequential_is_refused_by_name(refusal, activations, sentence):
    assert sentence in refusal(modules(activations))


def test_the_order_is_that_of_the_module(load, refusal):
    """The names of the alphabet would put hidden2 first, and the shapes tell the two apart no more."""
    square = {f"{name}.weight": np.full((3, 3), value, "f4") for name, value in (("mid", 1), ("after", 2))}
    tensors = {"fc1.weight": FLOATS["fc1.weight"]} | square | {"out.weight": FLOATS["out.weight"]}
    with pytest.warns(UserWarning, match='that in which it has them is taken, "fc1", "mid", "after", "out": '):
        network = load(zipped(*arrays(tensors)))
    assert [w[0, 0] for w in network.weights[1:3]] == [1, 2]
    network = load(zipped(*arrays(tensors)), layers=["fc1", "after", "mid", "out"])
    assert [w[0, 0] for w in network.weights[1:3]] == [2, 1]
    swapped = {f"hidden{2 - k}.weight": np.zeros((3, 3), "f4") for k in range(2)}
    message = refusal(zipped(*arrays(tensors | swapped)))
    assert message.startswith("its layers fit together in several orders") and "layers=[" in message
    message = refusal(zipped(*arrays(tensors)), layers=["fc1", "mid", "out"])
    assert message.startswith("layers must be the names of its layers in their order")


def test_compressed_and_without_a_byte_order(load):
    content = zipped(*arrays(FLOATS), byteorder=None, folder="any/name", compression=zipfile.ZIP_DEFLATED)
    np.testing.assert_allclose(load(content)(IMAGES), outputs(FLOATS), atol=1e-6)


def test_state_dicts_in_a_plain_pickle(tmp_path):
    """Where PyTorch puts storages as bytes into the pickle."""
    body = {}
    for name, array in FLOATS.items():
        inner = legacy(storage("5", array.size, more=NONE), {"5": array.tobytes()}, {"5": array.size})
        content = b"B" + len(inner).to_bytes(4, "little") + inner
        reference = files.called(files.named("torch.storage", "_load_from_bytes"), content)
        body[name] = tensor(reference, array.shape, [stride // 4 for stride in array.strides])
    (tmp_path / "a").write_bytes(files.whole(mapping(body), 3))
    (tmp_path / "b").write_bytes(pickle.dumps(FLOATS))
    for name in "ab":
        network = Network.load(tmp_path / name, activation="relu")
        np.testing.assert_allclose(network(IMAGES), outputs(FLOATS), atol=1e-6)


def test_a_program_is_refused(refusal):
    message = refusal(zipped(*arrays(FLOATS), more={"constants.pkl": b"\x80\x02).", "code/__torch__.py": b""}))
    assert message.startswith("it is a program of TorchScript")


def test_parts_that_are_shared_a_thousandfold():
    """A thousand to the fourth power, if each place were looked at."""
    value = {"activation": "tanh"}
    for _ in range(4):
        value = {f"k{n}": value for n in range(1000)}
    assert network_in(value) == (value, []) and activation_in(value) == "tanh"
