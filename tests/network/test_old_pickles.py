"""What version 0.1 pickled is read by today's, and answers the same; make_pickles.py wrote it."""

import json
import pickle

import numpy as np
import pytest
from support.make_pickles import BYTES, FOLDER, IMAGES, LABELS

from cmlp import Network

pytestmark = pytest.mark.filterwarnings("ignore:cmlp\\..* is now cmlp\\.:DeprecationWarning")
ANSWERS = json.loads((FOLDER / "answers.json").read_text())
NAMES = ("untrained", "float32", "pictures")


def read(name):
    return pickle.loads((FOLDER / f"{name}.pkl").read_bytes())


@pytest.mark.parametrize("name", NAMES)
def test_a_network_answers_as_it_did(name):
    network = read(name)
    assert [p.tolist() for p in (*network.weights, *network.biases)] == ANSWERS[name]["parameters"]
    assert network.predict(IMAGES[::8]).tolist() == ANSWERS[name]["answers"]


@pytest.mark.parametrize("name", NAMES)
def test_a_network_is_used_on(name, tmp_path):
    network = read(name)
    network.save(tmp_path / "network")
    assert Network.load(tmp_path / "network").class_names == (("a", "b", "c") if name == "pictures" else None)
    assert pickle.loads(pickle.dumps(network)).predict(IMAGES).tolist() == network.predict(IMAGES).tolist()
    assert len(network.train((BYTES, LABELS), 1, 0.1)) == 1


def test_the_weights_of_a_network():
    weights = read("weights")
    assert [w.tolist() for w in weights] == ANSWERS["untrained"]["parameters"][:2]
    weights[0] = np.ones((4, 6))
    assert weights[0].sum() == 24


def test_the_record_of_a_network():
    network = Network.from_model(read("model"))
    assert [p.tolist() for p in (*network.weights, *network.biases)] == ANSWERS["untrained"]["parameters"]
