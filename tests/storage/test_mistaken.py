"""A file of the other kind, data where a network belongs or the reverse: the message names what reads it."""

import gzip
import json
import pickle

import numpy as np
import pytest

import cmlp
from cmlp import DataError, ModelError, Network
from cmlp.data.formats.detection import detect_format

IMAGES, LABELS = np.zeros((3, 2)), np.array([0, 1, 0])


def write_data(folder):
    np.savez(folder / "npz", images=IMAGES, labels=LABELS)
    np.save(folder / "npy", IMAGES)
    (folder / "pickle").write_bytes(pickle.dumps((IMAGES, LABELS)))
    (folder / "pickle.gz").write_bytes(gzip.compress((folder / "pickle").read_bytes()))
    (folder / "CSV").write_text("label,a,b\n0,1,2\n1,3,4\n")


@pytest.mark.parametrize("name", ["npz.npz", "npy.npy", "pickle", "pickle.gz", "CSV"])
def test_data_where_a_network_belongs(name, tmp_path):
    write_data(tmp_path)
    with pytest.raises(ModelError) as error:
        Network.load(tmp_path / name)
    kind = name.partition(".")[0]
    own = ", or pickle.load if it is a network or an estimator of your own" if kind == "pickle" else ""
    assert str(error.value).endswith(f"; it looks like data in the format {kind}, which cmlp.load reads{own}")


@pytest.mark.parametrize("name", ["network", "checkpoint", "nielsen", "state_dict"])
def test_a_network_where_data_belong(name, tmp_path):
    network = Network([2, 2])
    network.train((IMAGES, LABELS), 1, 0.1, checkpoint=tmp_path / "checkpoint")
    network.save(tmp_path / "network")
    parts = {"sizes": [2, 2], "weights": [[[0, 0], [0, 0]]], "biases": [[[0], [0]]], "cost": "QuadraticCost"}
    (tmp_path / "nielsen").write_text(json.dumps(parts))
    pytest.importorskip("safetensors.numpy").save_file({"0.weight": IMAGES}, tmp_path / "state_dict")
    with pytest.raises(DataError, match=r"looks like a network, which cmlp\.Network\.load reads$"):
        cmlp.load(tmp_path / name)


@pytest.mark.parametrize("first", [0, 34, 123])
def test_labels_that_are_a_brace_are_no_network(first, tmp_path):
    (tmp_path / "idx").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, first, 34, 0]))
    assert detect_format(tmp_path / "idx").name == "IDX"


def test_neither(tmp_path):
    (tmp_path / "text").write_text("# A heading\n")
    for load, error in ((Network.load, ModelError), (cmlp.load, DataError)):
        with pytest.raises(error) as refusal:
            load(tmp_path / "text")
        assert "looks like" not in str(refusal.value)
