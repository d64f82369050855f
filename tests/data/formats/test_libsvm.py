"""Files of LIBSVM: with which number their features begin, in all files of a source."""

import warnings

import numpy as np
import pytest
from support.peoples_files import write

from cmlp.data.formats import load

TABLE = np.random.default_rng(0).integers(1, 9, (24, 5)) / 4
LABELS = np.arange(24) % 3


def text(table, first, comment=""):
    """A table as LIBSVM has it, without its zeros."""
    rows = [" ".join(f"{at + first}:{value}" for at, value in enumerate(row) if value) for row in table.tolist()]
    return comment + "".join(f"{label} {row}\n" for label, row in zip(LABELS, rows, strict=False))


def without(*columns):
    table = TABLE.copy()
    table[:, columns] = 0
    return table


@pytest.mark.parametrize(
    ("first", "train", "test"),
    [
        (0, TABLE, without(0)),
        (0, without(0), TABLE),
        (0, without(0, 1), without(4)),
        (1, TABLE, without(0)),
        (1, without(0, 4), TABLE),
        (1, without(0), without(0, 4)),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_training_and_test_data_begin_with_the_same_feature(tmp_path, first, train, test):
    write(tmp_path / "data.svm", text(train, first))
    write(tmp_path / "data.svm.t", text(test, first))
    found = load(tmp_path)
    told = first == 1 or train[:, 0].any() or test[:, 0].any()
    for data, table in zip(found, (train, test), strict=True):
        np.testing.assert_array_equal(data.images, table if told else table[:, 1:])


def test_what_is_said(tmp_path):
    write(tmp_path / "data.svm", text(TABLE, 0))
    write(tmp_path / "data.svm.t", text(without(0), 0))
    with pytest.warns(UserWarning, match=r"images in .*\.t were numbered from 0, as those of the images in .*svm$"):
        load(tmp_path)
    with pytest.warns(UserWarning, match="were numbered from 1, as LIBSVM does, and 3 is the first that occurs"):
        load(write(tmp_path / "alone", text(without(0, 1), 1)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load(write(tmp_path / "usual", text(TABLE, 1)))
        load(write(tmp_path / "from_0", text(TABLE, 0)))


def test_a_comment_of_scikit_learn_tells(tmp_path):
    for first, word in enumerate(("zero", "one")):
        path = write(tmp_path / "a", text(without(0), first, f"# Column indices are {word}-based\n"))
        np.testing.assert_array_equal(load(path).train.images, without(0))


def test_pictures_are_square(tmp_path, digits):
    """Those of scikit-learn have no ink in their first pixel, and it numbers them from 0."""
    images = digits[0].images[:24] * np.uint8(1)
    images[:, 0], images[:, 63] = 0, 1
    with pytest.warns(UserWarning, match="were numbered from 0, as they make pictures of 8x8 pixels then"):
        train, _ = load(write(tmp_path / "a", text(images, 0)))
    np.testing.assert_array_equal(train.images, images / 16)
    with pytest.warns(UserWarning, match="were numbered from 1, as LIBSVM does"):
        train, _ = load(write(tmp_path / "a", text(images, 1)))
    np.testing.assert_array_equal(train.images, images / 16)
