"""Files that PyTorch, Keras and ONNX's exporter wrote, and what these answered; make_foreign.py made both."""

import io
import warnings
import zipfile

import numpy as np
import pytest
from support.make_foreign import FILE

from cmlp import Network

with zipfile.ZipFile(FILE) as archive:
    CONTENTS = {name: archive.read(name) for name in archive.namelist()}
ANSWERS = np.load(io.BytesIO(CONTENTS.pop("answers.npz")))
UNSAID = (
    "state.pt",
    "older.pth",
    "checkpoint.pt",
    "state.safetensors",
    "state.pkl",
    "relu.weights.h5",
    "nested.weights.h5",
)


def load(path):
    if path.suffix == ".onnx":
        pytest.importorskip("onnx", reason="onnx, of the extra cmlp[onnx], is not installed")
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        return Network.load(path), warned


def test_the_files_are_there():
    assert {name.rpartition(".")[2] for name in CONTENTS} == {"pt", "pth", "pkl", "safetensors", "keras", "h5", "onnx"}
    assert set(ANSWERS) == {"inputs", *CONTENTS}


@pytest.mark.parametrize("name", CONTENTS)
def test_outputs_are_those_of_the_library(tmp_path, name):
    path = tmp_path / "any name"
    path.write_bytes(CONTENTS[name])
    network, warned = load(path.rename(tmp_path / name))
    np.testing.assert_allclose(network(ANSWERS["inputs"]), ANSWERS[name], atol=1e-6)
    assert len(warned) == (2 if name == "own.weights.h5" else name in UNSAID)  # the others say their activations


@pytest.mark.parametrize("name", CONTENTS)
def test_it_is_found_out_by_its_content_alone(tmp_path, name):
    (tmp_path / "file.onnx" if name.endswith("onnx") else tmp_path / "file.txt").write_bytes(CONTENTS[name])
    network, _ = load(next(tmp_path.iterdir()))
    network.save(tmp_path / "saved.cmlp")
    np.testing.assert_array_equal(Network.load(tmp_path / "saved.cmlp")(ANSWERS["inputs"]), network(ANSWERS["inputs"]))
