"""Pictures in a row, as PNG; another reader of PNG says what is in them."""

import re
from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest
from support.markup import read

from cmlp.notebook.pictures import SIDE, averaged, png, strip

PIL = pytest.importorskip("PIL.Image", reason="Pillow, of the extra cmlp[images], is not installed")


def decoded(html):
    return np.asarray(PIL.open(BytesIO(b64decode(re.search("base64,([^']+)", html)[1]))))


def test_a_row_of_pictures():
    pictures = np.arange(2 * 5 * 6).reshape(2, 5, 6) / 59
    html = strip(pictures, (0.0, 1.0), "two pictures")
    pixels = decoded(html)
    assert pixels.shape == (5, 14, 2)
    expected = np.rint(255 * pictures)
    np.testing.assert_array_equal(pixels[:, :6, 0], expected[0])
    np.testing.assert_array_equal(pixels[:, 7:13, 0], expected[1])
    assert (pixels[:, [6, 13], 1] == 0).all() and (pixels[:, :6, 1] == 255).all()
    [(tag, attributes)] = read(html)[0]
    assert (tag, attributes["alt"], attributes["width"], attributes["height"]) == ("img", "two pictures", "70", "25")


@pytest.mark.parametrize("shape", [(64, 64), (33, 33), (100, 7), (1, 1), (32, 32), (97, 131)])
def test_large_pictures_become_smaller(shape):
    small = averaged(np.ones((2, *shape)))
    assert max(small.shape[1:]) <= SIDE
    np.testing.assert_allclose(small, 1)


def test_a_mean_of_squares():
    large = np.zeros((1, 64, 64))
    large[0, 0, 0] = 4
    assert averaged(large)[0, 0, 0] == 1


def test_values_beyond_the_limits_and_what_is_not_finite():
    values = np.array([[[-5.0, 0.5, np.nan], [np.inf, -np.inf, 9.0]]])
    assert decoded(strip(values, (0.0, 1.0), ""))[..., 0][:, :3].tolist() == [[0, 128, 0], [255, 0, 255]]
    assert decoded(strip(values, (2.0, 2.0), "")).shape == (2, 4, 2)


def test_the_file_is_what_another_program_would_write():
    pixels = np.random.default_rng(0).integers(0, 256, (9, 5, 2), dtype=np.uint8)
    image = PIL.open(BytesIO(png(pixels)))
    image.verify()
    np.testing.assert_array_equal(np.asarray(PIL.open(BytesIO(png(pixels)))), pixels)
