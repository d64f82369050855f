"""What is saved is loaded, bit by bit; what was damaged is refused; other programs read the files."""

import json
import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import load_file, save
from support.children import command, environment
from support.sealing import MODEL, TENSORS, sealed

from cmlp import ModelError, Network
from cmlp.data.framing import CENTRES, Framing
from cmlp.model.architecture import make_architecture
from cmlp.model.record import Model
from cmlp.storage.container import pack, unpack
from cmlp.storage.models import KIND, VERSION, describe, model_of, read_model, tensors_of, write_model

HIDDEN = ["identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "silu", "softplus", "exponential"]
OUTPUT = {"cross_entropy": "softmax", "binary_cross_entropy": "sigmoid"}
LOSSES = ["quadratic", *OUTPUT, "mean_squared_error", "half_squared_error", "mean_absolute_error", "huber", "poisson"]
BITS = {"float32": np.uint32, "float64": np.uint64}
NAMES = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8)  # printable
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
SEED = 3  # of the random flips


def parameters(model):
    return [(array.dtype, array.shape, array.tobytes()) for array in (*model.weights, *model.biases)]


def facts(model):
    """Return all of a model in a form that can be compared."""
    rest = (model.architecture, model.scale, model.class_names, model.framing, dict(model.training))
    return rest, parameters(model)


@st.composite
def models(draw):
    """Networks of all kinds, with weights of any bits: subnormal, -0.0, infinite, NaN with any payload."""
    sizes = draw(st.lists(st.integers(1, 5), min_size=2, max_size=5))
    loss = draw(st.sampled_from(LOSSES))
    activations = [draw(st.sampled_from(HIDDEN)) for _ in sizes[2:]]
    activations.append(OUTPUT.get(loss) or draw(st.sampled_from(HIDDEN)))
    dropout = [draw(st.floats(0, 1, exclude_max=True)) for _ in sizes[2:]]
    dtype = draw(st.sampled_from(sorted(BITS)))
    architecture = make_architecture(sizes, activations, loss, dropout, dtype)
    rng, special = np.random.default_rng(draw(st.integers(0, 2**32))), draw(st.booleans())
    numbers = np.array([0.0, -0.0, 5e-324, 1e-45, np.inf, -np.inf, np.nan, -np.nan], dtype)

    def array(*shape):
        bits = rng.integers(0, np.iinfo(BITS[dtype]).max, shape, BITS[dtype], endpoint=True)
        return rng.choice(numbers, shape) if special else bits.view(dtype)

    shapes = list(zip(sizes[1:], sizes, strict=False))
    side = draw(st.sampled_from([side for side in range(1, sizes[0] + 1) if sizes[0] % side == 0]))
    box, dark, centre = draw(st.integers(1, 30)), draw(st.booleans()), draw(st.sampled_from(CENTRES))
    return Model(
        architecture,
        [array(*shape) for shape in shapes],
        [array(fan_out) for fan_out, _ in shapes],
        abs(draw(NUMBERS)) or 1.0,
        draw(st.none() | st.lists(NAMES, min_size=sizes[-1], max_size=sizes[-1], unique=True).map(tuple)),
        draw(st.none() | st.just(Framing(side, sizes[0] // side, dark, box, centre))),
        draw(
            st.dictionaries(st.text(max_size=5), st.none() | st.floats(allow_nan=False, allow_infinity=False) | NAMES)
        ),
    )


def packed(model):
    return pack(KIND, VERSION, describe(model), tensors_of(model))


@settings(max_examples=1000, deadline=None)
@given(model=models())
def test_what_is_saved_is_loaded_bit_by_bit(model):
    content = packed(model)
    found = model_of(*unpack(content, KIND, VERSION, "it"), "it")
    assert facts(found) == facts(model)
    network = Network.from_model(found)
    assert facts(network.model) == facts(model)
    assert packed(network.model) == content


@settings(max_examples=100, deadline=None)
@given(model=models())
def test_other_programs_read_the_arrays(tmp_path_factory, model):
    path = tmp_path_factory.getbasetemp() / "model.safetensors"
    write_model(model, path)
    assert facts(read_model(path)) == facts(model)
    arrays = load_file(path)
    assert parameters(model) == [
        (array.dtype, array.shape, array.tobytes())
        for kind in ("weights", "biases")
        for array in (arrays.pop(f"{kind}.{layer}") for layer in range(len(model.weights)))
    ]
    assert arrays == {}
    with safe_open(path, framework="np") as file:
        entry = json.loads(file.metadata()["cmlp"])
    assert (entry["format"], entry["version"]) == ("cmlp-model", 1)
    assert entry["description"]["sizes"] == list(model.architecture.sizes)


def test_a_file_made_by_hand_is_read(tmp_path):
    path = tmp_path / "model.cmlp"
    path.write_bytes(sealed())
    network = Network.load(path)
    for layer in (0, 1):
        np.testing.assert_array_equal(network.weights[layer], TENSORS[f"weights.{layer}"])
        np.testing.assert_array_equal(network.biases[layer], TENSORS[f"biases.{layer}"])
    assert (network.scale, network.settings) == (MODEL["scale"], MODEL["training"])
    model = network.model
    assert (model.class_names, model.framing) == (tuple(MODEL["class_names"]), Framing(2, 2, False, 2, "mass"))
    relu = np.maximum(TENSORS["weights.0"] @ [0.5, 0.1, 0, -0.1] + TENSORS["biases.0"], 0)
    z = TENSORS["weights.1"] @ relu + TENSORS["biases.1"]
    outputs = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
    np.testing.assert_allclose(network.feedforward([0.5, 0.1, 0, -0.1]), outputs, rtol=1e-6)


def test_foreign_files_are_called_what_they_are(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(save({"a": np.zeros(3)}, {"format": "pt"}))
    with pytest.raises(ModelError, match=rf"^{path} is a safetensors file, but not one that cmlp wrote$"):
        Network.load(path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"class_names": ("one",)}, "class_names must be 2 different strings"),
        ({"class_names": ("one", "\x1b[2J")}, "class_names must be printable"),
        ({"framing": Framing(3, 3, False, 3, "box")}, "framing must have 4 pixels, got 3 by 3"),
        ({"scale": float("nan")}, "scale must be a positive number"),
    ],
)
def test_what_could_not_be_loaded_is_not_saved(tmp_path, changes, words):
    path = tmp_path / "model.cmlp"
    model = Network([4, 2]).model
    write_model(model, path)
    before = path.read_bytes()
    with pytest.raises(ModelError, match=f"^the model to save does not hold a network: {words}"):
        write_model(replace(model, **changes), path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def is_refused(content):
    try:
        unpack(content, KIND, VERSION, "it")
    except ModelError:
        return True
    return False


@pytest.fixture
def small(tmp_path):
    """The bytes of a small model that has everything, and where its numbers begin."""
    network = Network([4, 3, 2], activation="relu", loss="cross_entropy", dropout=0.1, dtype="float32", seed=1)
    names, framing = ("zero", "\u00e9\u0159\U0001f600"), Framing(2, 2, True, 2, "none")
    write_model(
        replace(network.model, class_names=names, framing=framing, training={"eta": 0.1}), tmp_path / "model.cmlp"
    )
    content = (tmp_path / "model.cmlp").read_bytes()
    assert not is_refused(content)
    return content, 8 + int.from_bytes(content[:8], "little")


def test_every_truncation_is_detected(small):
    content, _ = small
    assert [size for size in range(len(content)) if not is_refused(content[:size])] == []
    assert is_refused(content + b"\0")


def flipped(content, bit):
    damaged = bytearray(content)
    damaged[bit // 8] ^= 1 << bit % 8
    return bytes(damaged)


def test_every_flipped_bit_is_detected(small):
    """Those of the header and of the numbers: all that there are."""
    content, begin = small
    assert begin > 500
    assert [bit for bit in range(8 * len(content)) if not is_refused(flipped(content, bit))] == []


def test_ten_thousand_flipped_bits_of_numbers_are_detected(tmp_path):
    Network([784, 16, 16, 10], dtype="float32").save(tmp_path / "model.cmlp")
    content = (tmp_path / "model.cmlp").read_bytes()
    begin = 8 + int.from_bytes(content[:8], "little")
    bits = np.random.default_rng(SEED).integers(8 * begin, 8 * len(content), 10_000)
    assert all(is_refused(flipped(content, int(bit))) for bit in bits)


def test_two_damaged_numbers_are_detected(small):
    """Swapped numbers have the same sum."""
    content, begin = small
    for at in range(begin, len(content) - 8, 4):
        first, second = content[at : at + 4], content[at + 4 : at + 8]
        assert first == second or is_refused(content[:at] + second + first + content[at + 8 :])


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs a list of open files")
def test_no_file_stays_open(tmp_path):
    path = tmp_path / "model.cmlp"
    network = Network([4, 2])
    network.save(path)
    before = os.listdir("/proc/self/fd")  # noqa: PTH208 - these are no paths
    network.save(path)
    kept = Network.load(path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ModelError):
        Network.load(path)
    assert os.listdir("/proc/self/fd") == before  # noqa: PTH208
    path.unlink()
    kept.feedforward(np.zeros(4))  # would crash where the weights are a part of the file


MEMORY = """
import resource, sys
import numpy as np
import cmlp
def most():
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
small = cmlp.Network([4, 2])
small.save(sys.argv[1] + ".small")
cmlp.Network.load(sys.argv[1] + ".small").feedforward([0, 0, 0, 0])
before = most()
network = cmlp.Network([1000, 10000, 10], initializer="zeros", dtype=sys.argv[2])
made = most()
network.save(sys.argv[1])
saved = most()
del network
cmlp.Network.load(sys.argv[1])
print(made - before, saved - made, most() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="measures memory in kilobytes")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_memory(tmp_path, dtype):
    """To save takes no more than some blocks besides the network, and to load the file besides it."""
    path = tmp_path / "model.cmlp"
    program = [sys.executable, "-c", MEMORY, path, dtype]
    run = subprocess.run(program, capture_output=True, text=True, check=True, env=environment(), cwd=tmp_path)
    size, (made, saved, loaded) = path.stat().st_size, map(int, run.stdout.split())
    assert made < 1.3 * size
    assert saved < 0.3 * size + (12 << 20)
    assert loaded < size + 1.3 * size


def test_a_save_while_another_thread_trains_is_whole(tmp_path):
    network = Network([50, 40, 10], seed=1)
    images, labels = np.random.default_rng(0).random((500, 50)), np.arange(500) % 10
    trainer = threading.Thread(target=network.train, args=((images, labels), 10**6, 0.1), kwargs={"progress": False})
    before = network.engine.parameters.copy()
    trainer.start()
    try:
        for number in range(100):
            network.save(tmp_path / "model.cmlp")
            found = Network.load(tmp_path / "model.cmlp")
            if number > 20 and (found.engine.parameters != before).all():
                break
    finally:
        while trainer.is_alive():  # it may not have begun
            network.stop()
            trainer.join(0.01)


@pytest.mark.skipif(sys.platform != "linux", reason="faulty_saves.py needs limits of Linux")
@pytest.mark.parametrize("saves", [300, pytest.param(1000, marks=pytest.mark.exhaustive)])
def test_files_are_whole_while_another_process_saves(tmp_path, saves):
    path = tmp_path / "model.cmlp"
    program, seen = command("support.faulty_saves", "repeatedly", tmp_path, saves), set()
    with subprocess.Popen(program, env=environment()) as writer:
        while writer.poll() is None:
            if path.exists():
                first, second = read_model(path).weights
                assert (first == first[0, 0]).all() and (second == first[0, 0]).all()
                assert list(tmp_path.glob("*.cmlp")) == [path]
                seen.add(first[0, 0])
        assert writer.returncode == 0
    assert len(seen) > 1
