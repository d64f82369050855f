"""Files as people's tools write them: the right values, or the right sentence."""

import warnings

import numpy as np
import pytest
from support.peoples_files import DIGITS, NAMED, NAMES

from cmlp.data.formats import load

COUNT = 150


@pytest.fixture
def quiet():
    """Leave out what is said about columns that were taken for labels."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


@pytest.fixture(scope="module")
def some(digits):
    """Some digits: images (n, 64) of bytes and labels."""
    return np.array(digits[0].images[:COUNT]), np.array(digits[0].labels[:COUNT])


@pytest.mark.parametrize("make", DIGITS.values(), ids=DIGITS)
def test_digits(tmp_path, quiet, some, make):
    train, test = load(make(tmp_path, *some))
    assert test is None
    np.testing.assert_allclose(train.scaled(), some[0] / 16, atol=1e-4)
    np.testing.assert_array_equal(train.labels, some[1])
    assert (train.classes, train.class_names) == (10, None)


@pytest.mark.parametrize("make", NAMED.values(), ids=NAMED)
def test_names(tmp_path, quiet, some, make):
    train, _ = load(make(tmp_path, *some))
    np.testing.assert_allclose(train.scaled(), some[0] / 16, atol=1e-4)
    assert [train.class_names[label] for label in train.labels] == [NAMES[label] for label in some[1]]
    assert sorted(train.class_names) == sorted(NAMES)
