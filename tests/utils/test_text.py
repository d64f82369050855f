"""Words of messages."""

import pytest

from cmlp.utils.text import counted


@pytest.mark.parametrize(
    ("number", "noun", "expected"),
    [
        (0, "image", "0 images"),
        (1, "image", "1 image"),
        (2000, "test image", "2,000 test images"),
        (1, "class", "1 class"),
        (3, "class", "3 classes"),
    ],
)
def test_one_and_many(number, noun, expected):
    assert counted(number, noun) == expected
