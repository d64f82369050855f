import numpy as np
import pytest

from cmlp.data import load_digits
from cmlp.data.formats import load
from cmlp.errors import DataError


@pytest.fixture(scope="session")
def digits():
    """The built-in digits: training and test data."""
    return load_digits()


@pytest.fixture(scope="session")
def same():
    """Return a function that compares two Datasets."""

    def compare(found, expected):
        np.testing.assert_array_equal(found.images, expected.images)
        np.testing.assert_array_equal(found.labels, expected.labels)
        assert (found.images.dtype, found.scale, found.classes) == (
            expected.images.dtype, expected.scale, expected.classes
        )  # fmt: skip

    return compare


@pytest.fixture(scope="session")
def complaint():
    """Return a function that loads a source that is refused, and returns the sentence."""

    def call(source, function=load):
        with pytest.raises(DataError) as caught:
            function(source)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return call
