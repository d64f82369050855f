"""The digits that come with cmlp are those of UCI, split as their README says."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import sklearn.datasets

import cmlp.data
from cmlp.data import load_digits, load_test_data, load_training_data
from cmlp.data.loading import DATA_FILES

DATA = Path(__file__).parents[2] / "data"
PACKAGED = Path(cmlp.data.__file__).with_name("digits")


def rows(images, labels):
    """Sorted list of (pixels, label): equal for equal multisets of labelled images."""
    return sorted((image.tobytes(), int(label)) for image, label in zip(images, labels, strict=True))


def test_counts_and_classes():
    train, test = load_digits()
    assert repr(train) == "Dataset(1,437 images of 64 pixels, uint8 x 1/16, 10 classes)"
    assert repr(test) == "Dataset(360 images of 64 pixels, uint8 x 1/16, 10 classes)"
    assert train.pictures().shape == (1437, 8, 8)


def test_the_split_is_stratified():
    train, test = (np.bincount(part.labels, minlength=10) for part in load_digits())
    assert np.all(np.abs(test - (train + test) / 5) < 1)


def test_together_they_are_the_images_of_scikit_learn():
    train, test = load_digits()
    original = sklearn.datasets.load_digits()
    assert rows(np.concatenate([train.images, test.images]), np.concatenate([train.labels, test.labels])) == rows(
        original.data.astype(np.uint8), original.target
    )


def test_the_data_folder_holds_the_same_digits():
    for ours, packaged in zip((load_training_data(DATA), load_test_data(DATA)), load_digits(), strict=True):
        np.testing.assert_array_equal(ours.images, packaged.images)
        np.testing.assert_array_equal(ours.labels, packaged.labels)


@pytest.fixture(scope="module")
def remade(tmp_path_factory):
    root = tmp_path_factory.mktemp("checkout")
    subprocess.run([sys.executable, DATA / "make_digits.py", root], check=True)
    return root


@pytest.mark.parametrize("file", DATA_FILES)
def test_the_script_makes_the_same_bytes(remade, file):
    content = (DATA / file).read_bytes()
    assert (PACKAGED / file).read_bytes() == content
    assert (remade / "data" / file).read_bytes() == content
    assert (remade / "cmlp" / "data" / "digits" / file).read_bytes() == content


@pytest.mark.parametrize("folder", [DATA, PACKAGED], ids=["data", "package"])
def test_the_readme_names_authors_source_and_licence(folder):
    text = (folder / "README.md").read_text(encoding="utf-8")
    for mention in ("Alpaydin, E. and Kaynak, C. (1998)", "https://doi.org/10.24432/C50P49", "CC BY 4.0"):
        assert mention in text
