"""Files that earlier versions wrote, and their networks' answers; make_files.py wrote both."""

import json

import numpy as np
import pytest
from support.make_files import FOLDER, facts, images

from cmlp import Network

NAMES = [path.stem for path in sorted(FOLDER.glob("*.cmlp"))]


def test_the_files_are_there():
    assert len(NAMES) >= 4


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_old_gives_the_answers_of_old(name):
    network = Network.load(FOLDER / f"{name}.cmlp")
    kept = json.loads((FOLDER / f"{name}.json").read_text())
    assert facts(network.model) == kept["facts"]
    tolerance = 1e-12 if network.dtype == np.float64 else 1e-5
    for pixels, outputs in zip(images(), kept["outputs"], strict=True):
        np.testing.assert_allclose(network(pixels), outputs, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", NAMES)
def test_saving_it_gives_the_same_bytes_while_the_version_is_the_same(name, tmp_path):
    Network.load(FOLDER / f"{name}.cmlp").save(tmp_path / "again.cmlp")
    assert (tmp_path / "again.cmlp").read_bytes() == (FOLDER / f"{name}.cmlp").read_bytes()
