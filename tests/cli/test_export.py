"""The command that writes networks for other programs."""

import json
import sys

import numpy as np
import pytest
from safetensors.numpy import save_file

from cmlp import Network
from cmlp.export import c_header, onnx_model


@pytest.fixture
def network():
    return Network([6, 5, 4], dtype="float32")


@pytest.fixture
def model(tmp_path, network):
    """Return the file of a network."""
    path = tmp_path / "my model.cmlp"
    network.save(path)
    return path


@pytest.fixture
def onnx():
    return pytest.importorskip("onnx", reason="onnx, of the extra cmlp[onnx], is not installed")


def test_both_at_once(tmp_path, run, network, model, onnx):
    first, second = tmp_path / "model.onnx", tmp_path / "model.h"
    status, out, err = run("export", model, "--onnx", first, "--c", second)
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        f"model     {model}: 6-5-4, sigmoid, quadratic loss, float32",
        f"onnx      {first}: {first.stat().st_size:,} bytes",
        "inputs    images uint8 (n, 6)",
        "outputs   labels int64 (n), outputs float32 (n, 4)",
        f"c         {second}: {second.stat().st_size:,} bytes, computes in float, 36 bytes of stack",
        "functions my_model_feedforward and my_model_predict; with _uint8 for pixels of bytes",
    ]
    assert first.read_bytes() == onnx_model(network.model)
    assert second.read_text() == c_header(network.model, "my_model", file="model.h")


def test_the_options(tmp_path, run, network, model, onnx):
    first, second = tmp_path / "model.onnx", tmp_path / "model.h"
    options = ("--input", "float", "--type", "double", "--name", "for you", "--json")
    status, out, err = run("export", model, "--onnx", first, "--c", second, *options)
    assert (status, err) == (0, "")
    report = json.loads(out)
    assert report.pop("version") and report.pop("model") == str(model)
    assert report == {
        "onnx": {
            "file": str(first),
            "bytes": first.stat().st_size,
            "inputs": {"images": "float64 (n, 6)"},
            "outputs": {"labels": "int64 (n)", "outputs": "float64 (n, 4)"},
        },
        "c": {
            "file": str(second),
            "bytes": second.stat().st_size,
            "type": "double",
            "stack_bytes": 72,
            "functions": [
                "void for_you_feedforward(const double pixels[6], double outputs[4])",
                "void for_you_feedforward_uint8(const uint8_t pixels[6], double outputs[4])",
                "int for_you_predict(const double pixels[6])",
                "int for_you_predict_uint8(const uint8_t pixels[6])",
            ],
        },
    }
    assert first.read_bytes() == onnx_model(network.model, input="float", dtype="float64")
    assert second.read_text() == c_header(network.model, "for_you", file="model.h", dtype="float64")


def test_numbers_have_no_predict(tmp_path, run):
    path = tmp_path / "numbers"
    Network([6, 5, 1], activation="tanh", loss="huber").save(path)
    status, out, _ = run("export", path, "--c", tmp_path / "numbers.h")
    assert status == 0
    assert out.endswith("functions numbers_feedforward; with _uint8 for pixels of bytes\n")


def test_nothing_is_replaced_unless_forced(tmp_path, run, model, onnx):
    first, second = tmp_path / "model.onnx", tmp_path / "model.h"
    second.write_text("precious")
    arguments = ("export", model, "--onnx", first, "--c", second)
    assert run(*arguments) == (
        2, "", f"cmlp export: {second} already exists, and --c replaces only a C header that cmlp wrote: "
        "--force replaces any file\n"
    )  # fmt: skip
    assert second.read_text() == "precious" and not first.exists()
    assert run(*arguments, "--force")[0] == 0
    assert second.read_text() != "precious" and first.exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ([], "give --onnx FILE, --c FILE or both"),
        (["--c", "x.h", "--input", "float"], "--input goes with --onnx: a C header has functions for both"),
        (["--onnx", "x", "--name", "y"], "--name goes with --c: the names in an ONNX model are fixed"),
        (["--onnx", "x", "--c", "./x"], "--c must name another file than --onnx, got ./x, the same file"),
        (["--c", "my model.cmlp", "--force"], "my model.cmlp is an input, and the output needs another name"),
    ],
)
def test_what_cannot_be_meant(tmp_path, run, model, monkeypatch, options, sentence):
    monkeypatch.chdir(tmp_path)
    content = model.read_bytes()
    hint = "" if " file" in sentence or "input," in sentence else " (see cmlp export --help)"
    assert run("export", model.name, *options) == (2, "", f"cmlp export: {sentence}{hint}\n")
    assert model.read_bytes() == content and len(list(tmp_path.iterdir())) == 1


def test_files_that_are_no_networks(tmp_path, run):
    (tmp_path / "file").write_bytes(b"\x7fELF")
    status, out, err = run("export", tmp_path / "file", "--c", tmp_path / "file.h")
    assert (status, out) == (2, "") and err.startswith(
        f"cmlp export: {tmp_path / 'file'} is no file of a network that is known here"
    )
    nowhere = tmp_path / "nowhere"
    assert run("export", nowhere, "--c", tmp_path / "file.h") == (
        2, "", f"cmlp export: {nowhere}: No such file or directory\n"
    )  # fmt: skip
    assert not (tmp_path / "file.h").exists()


def test_networks_of_other_programs(tmp_path, run):
    nielsens = {"sizes": [2, 1], "weights": [[[0.5, 1]]], "biases": [[[0.25]]], "cost": "QuadraticCost"}
    path = tmp_path / "nielsens.json"
    path.write_text(json.dumps(nielsens))
    assert run("export", path, "--c", tmp_path / "nielsens.h")[0] == 0
    assert (tmp_path / "nielsens.h").read_text() == c_header(Network.load(path).model, "nielsens", file="nielsens.h")
    save_file({"0.weight": np.ones((1, 2)), "0.bias": np.ones(1)}, tmp_path / "torch")
    status, out, err = run("export", tmp_path / "torch", "--c", tmp_path / "torch.h")
    assert status == 0 and out
    taken = "identity with the loss mean_squared_error is taken; --activation and --loss say otherwise\n"
    assert err == f"cmlp export: warning: {tmp_path / 'torch'} does not say its activations: {taken}"
    said = ("--activation", "tanh", "--loss", "poisson", "--force")
    assert run("export", tmp_path / "torch", "--c", tmp_path / "torch.h", *said)[::2] == (0, "")
    assert "exponential" in (tmp_path / "torch.h").read_text()
    message = "cmlp export: --activation must be a name, or 1 of them, one per layer, got ('tanh', 'relu')\n"
    assert run("export", tmp_path / "torch", "--c", "-", "--activation", "tanh,relu") == (2, "", message)


def test_a_folder_that_is_not_there(tmp_path, run, model):
    target = tmp_path / "nowhere" / "model.h"
    assert run("export", model, "--c", target) == (2, "", f"cmlp export: {target.parent}: No such file or directory\n")


def test_weights_that_cannot_be_exported(tmp_path, run, network):
    network.weights[0][...] = np.nan
    network.save(tmp_path / "nan")
    sentence = "weights[0] must be finite in float32 to be exported, got nan at (0, 0)"
    assert run("export", tmp_path / "nan", "--c", tmp_path / "nan.h") == (2, "", f"cmlp export: {sentence}\n")
    assert not (tmp_path / "nan.h").exists()


def test_without_onnx(tmp_path, run, model, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    arguments = ("export", model, "--onnx", tmp_path / "model.onnx", "--c", tmp_path / "model.h")
    sentence = 'the export to ONNX needs onnx: pip install "cmlp[onnx]"'
    assert run(*arguments) == (2, "", f"cmlp export: {sentence}\n")
    assert [path.name for path in tmp_path.iterdir()] == [model.name]
