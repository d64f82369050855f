"""Files that the installed PyTorch and Keras write now; test_real_files.py has those of one version of each."""

import numpy as np
import pytest
from support.make_foreign import INPUTS, keras_files, torch_files

from cmlp import Network

pytestmark = pytest.mark.filterwarnings("ignore")  # of the libraries, and that activations are taken


def compare(folder, answers):
    """Load each file, and compare the outputs with those of its library."""
    for name, answer in answers:
        np.testing.assert_allclose(Network.load(folder / name)(INPUTS), answer, atol=1e-6, err_msg=name)


def test_torch(tmp_path):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    compare(tmp_path, torch_files(tmp_path))


def test_keras(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    pytest.importorskip("keras", reason="Keras is not installed")
    compare(tmp_path, keras_files(tmp_path))
