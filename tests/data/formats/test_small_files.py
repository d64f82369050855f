"""Small files made of the digits by other programs, in the folder that CMLP_CASES names: read right, or refused."""

import os
import warnings
from pathlib import Path

import numpy as np
import pytest

import cmlp

FOLDER = os.environ.get("CMLP_CASES")
pytestmark = pytest.mark.skipif(FOLDER is None, reason="CMLP_CASES does not name the folder of the small files")
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@pytest.fixture(scope="module")
def digits():
    datasets = pytest.importorskip("sklearn.datasets", reason="scikit-learn, of the extra cmlp[sklearn], is missing")
    return datasets.load_digits(return_X_y=True)


def load(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return cmlp.load(Path(FOLDER) / name)


def assert_digits(data, digits, begin, end):
    np.testing.assert_array_equal(data.images, digits[0][begin:end])
    np.testing.assert_array_equal(data.labels, digits[1][begin:end])


@pytest.mark.parametrize(
    ("name", "train", "test"),
    [
        ("arr_0_to_3.npz", 40, 60),
        ("two_pickles_in_one_file.pkl", 40, 60),
        ("comment_first_line.tra", 60, None),
        ("imgs_labs.npz", 60, None),
        ("input_target.npz", 60, None),
        ("onehot_first.csv", 60, None),
        ("pandas_concat_header_0_0_1_2.csv", 60, None),
        ("pipe.csv", 60, None),
        ("utf16.csv", 60, None),
        ("xy_csv", 40, None),
        ("kaggle", 19, None),
    ],
)
def test_the_digits_are_read(name, train, test, digits):
    first, second = load(name)
    assert_digits(first, digits, 0, train)
    assert (second is None) == (test is None)
    if test is not None:
        assert_digits(second, digits, train, test)


def test_one_hot_labels_at_the_end(digits):
    train, _ = load("semeion_onehot_last.data")
    np.testing.assert_array_equal(train.labels, digits[1][:60])
    assert set(np.unique(train.images)) == {0, 1}
    assert np.corrcoef(train.images.ravel(), digits[0][:60].ravel())[0, 1] > 0.8


def test_labels_in_words(digits):
    train, _ = load("text_labels_first.csv")
    np.testing.assert_array_equal(train.images, digits[0][:60])
    assert [train.class_names[label] for label in train.labels] == [WORDS[label] for label in digits[1][:60]]


def test_a_matrix_of_the_course(digits):
    """Its ten is the digit 0, and its pictures lie on their sides."""
    train, _ = load("coursera_like.mat")
    assert train.labels.tolist() == list(range(10))
    assert all(image.sum() > 0 for image in train.images)


def test_black_ink_on_nothing():
    train, _ = load("transparent")
    assert train.labels.tolist() == [0, 1]
    assert all(image.max() == 255 and image.min() == 0 for image in train.images)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("X_train.csv", "looks like pictures of 8x8 pixels alone: put the labels into a file beside it"),
        ("two_names_folder", "must hold training and test data of one name, got digits_train.csv and other_test.csv"),
        ("git_lfs_pointer.pkl", 'the pointer of Git LFS to a file that was not downloaded: "git lfs pull"'),
        ("not_found.pkl", "looks like the error message of a server in the place of the file: download it again"),
        ("blank.png", "looks like one picture: give the folder"),
    ],
)
def test_what_is_refused(name, words):
    with pytest.raises(cmlp.DataError) as error:
        load(name)
    assert words in str(error.value)
