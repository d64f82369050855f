"""Pictures of one source as bytes: one scale for all that have more bits, and one ground for bright ink on nothing."""

import warnings

import numpy as np
import pytest

from cmlp import read_picture
from cmlp.data.formats import load

Image = pytest.importorskip("PIL.Image", reason="Pillow, of the extra cmlp[images], is not installed")

STROKE = np.zeros((12, 12), np.uint8)
STROKE[3:9, 5:7] = 255


def ink_on_nothing(grey, mode):
    """A stroke of one grey; what is transparent has the same grey, as drawing programs leave it."""
    if mode == "P":
        picture = Image.fromarray(STROKE // 255, "P")
        picture.putpalette([grey] * 6)
        picture.info["transparency"] = 0
        return picture
    picture = Image.fromarray(np.dstack([np.full_like(STROKE, grey)] * (len(mode) - 1) + [STROKE]))
    assert picture.mode == mode
    return picture


def loaded(folder, pictures, kind="png"):
    (folder / "0").mkdir()
    for number, picture in enumerate(pictures):
        options = {"transparency": 0} if picture.mode == "P" else {}
        picture.save(folder / "0" / f"{number}.{kind}", **options)
    return load(folder).train.pictures()


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_bright_ink_on_nothing_lies_on_black(tmp_path, mode):
    (found,) = loaded(tmp_path, [ink_on_nothing(255, mode)])
    np.testing.assert_array_equal(found, STROKE)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_predict_sees_the_same(tmp_path, mode):
    for grey in (0, 255):
        ink_on_nothing(grey, mode).save(tmp_path / "a.png", **({"transparency": 0} if mode == "P" else {}))
        image = read_picture(tmp_path / "a.png")
        assert image.max() == 1 and 0.02 < (image > 0.5).mean() < 0.3


def test_one_ground_for_all(tmp_path):
    """A grey that could be seen on white, and an empty page, lie on the black that others need."""
    empty = Image.fromarray(np.zeros((12, 12, 2), np.uint8), "LA")
    grey, white, nothing, opaque = loaded(
        tmp_path, [ink_on_nothing(200, "LA"), ink_on_nothing(250, "LA"), empty, Image.fromarray(255 - STROKE)]
    )
    assert (grey[4, 5], grey[0, 0], white[4, 5], white[0, 0], nothing.max()) == (200, 0, 250, 0, 0)
    np.testing.assert_array_equal(opaque, 255 - STROKE)


def test_dark_and_bright_ink_are_both_seen(tmp_path):
    with pytest.warns(UserWarning, match="some are bright ink on a transparent ground, and others dark ink"):
        dark, bright = loaded(tmp_path, [ink_on_nothing(0, "LA"), ink_on_nothing(255, "LA")])
    np.testing.assert_array_equal(dark, 255 - STROKE)
    np.testing.assert_array_equal(bright, STROKE)


def flat(*values, dtype):
    return [Image.fromarray(np.array([[0, value], [value, value]], dtype)) for value in values]


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([0.2, 0.6, 1.0], np.float32, [51, 153, 255]),
        ([0.2, 0.4, 0.6], np.float32, [51, 102, 153]),
        ([51, 102, 153], np.float32, [51, 102, 153]),
        ([0x3300, 0x9900, 0xFFFF], np.uint16, [0x33, 0x99, 255]),
        ([0x330, 0x990, 0xFFF], np.uint16, [0x33, 0x99, 255]),
        ([10, 100, 200], np.uint16, [10, 100, 200]),
        ([10, 100, 200], np.int32, [10, 100, 200]),
        ([0x3300, 0x9900, 0xFFFF], np.int32, [0x33, 0x99, 255]),
    ],
)
def test_the_same_grey_is_the_same_byte_in_all_pictures(tmp_path, values, dtype, expected):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = loaded(tmp_path, flat(*values, dtype=dtype), "tiff")
    assert found[:, 0, 0].tolist() == [0, 0, 0] and found[:, 1, 1].tolist() == expected


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([500.0, 1000.0], np.float32, [128, 255]),
        ([-1.0, 1.0], np.float32, [0, 255]),
        ([2**20, 2**21], np.int32, [128, 255]),
    ],
)
def test_one_scale_for_values_that_are_no_grey(tmp_path, values, dtype, expected):
    with pytest.warns(UserWarning, match="which became black and white: one scale for all of them"):
        found = loaded(tmp_path, flat(*values, dtype=dtype), "tiff")
    assert found[:, 1, 1].tolist() == expected


def test_training_and_test_data_have_one_scale(tmp_path):
    for part, value in (("train", 4000), ("test", 200)):
        (tmp_path / part / "0").mkdir(parents=True)
        flat(value, dtype=np.uint16)[0].save(tmp_path / part / "0" / "a.png")
    train, test = load(tmp_path)
    assert (train.pictures()[0, 1, 1], test.pictures()[0, 1, 1]) == (4000 >> 4, 200 >> 4)


def test_values_that_are_not_finite(tmp_path, complaint):
    (tmp_path / "0").mkdir()
    flat(np.nan, dtype=np.float32)[0].save(tmp_path / "0" / "a.tiff")
    assert complaint(tmp_path) == f"{tmp_path / '0' / 'a.tiff'} is a damaged picture: its values are not finite"
