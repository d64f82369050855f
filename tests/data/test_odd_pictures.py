"""Pictures that are no drawings are answered by an image or a sentence, and by no warning of NumPy's."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cmlp

SIDES = st.one_of(st.just(1), st.integers(1, 40), st.integers(64, 130))
LEVELS = st.integers(0, 255)


def sheet(rows, columns, times, gap):
    """Return a contact sheet of the built-in digits, bright on black."""
    train, _ = cmlp.load_digits()
    tiles = np.kron(train.images[: rows * columns].reshape(rows, columns, 8, 8), np.ones((times, times), np.uint8) * 15)
    padded = np.pad(tiles, ((0, 0), (0, 0), (gap, gap), (gap, gap)))
    return padded.transpose(0, 2, 1, 3).reshape(rows * padded.shape[2], -1)


def image_or_sentence(picture):
    """Read a picture, and return its image, or None if a sentence answers it."""
    with warnings.catch_warnings(), np.errstate(divide="raise", invalid="raise", over="raise"):
        warnings.simplefilter("error")
        try:
            image = cmlp.read_picture(picture)
        except cmlp.DataError as error:
            assert str(error).count("\n") == 0
            return None
    assert image.shape == (28, 28) and image.min() >= 0 and image.max() <= 1
    return image


@st.composite
def pictures(draw):
    """Return noise, stripes, squares, lines, gradients, one level, one pixel or a sheet, as bytes."""
    height, width = draw(SIDES), draw(SIDES)
    rows, columns = np.mgrid[:height, :width]
    step, low, high = draw(st.integers(1, 30)), draw(LEVELS), draw(LEVELS)
    random = np.random.default_rng(draw(st.integers(0, 1000)))
    noise = random.normal(0, draw(st.sampled_from([0, 0, 1, 40])), (height, width))
    kind = draw(st.integers(0, 7))
    chosen = (
        np.zeros((height, width), bool),
        rows // step % 2 == 0,
        (rows // step + columns // step) % 2 == 0,
        (rows % step == 0) | (columns % step == 0),
        (rows == step % height) & (columns == step % width),
        random.random((height, width)) < 0.01,
        (rows >= step) & (rows < step + 4),
    )
    values = np.where(chosen[kind], high, low) if kind < 7 else low + (high - low) * columns / width
    picture = np.clip(values + noise, 0, 255).astype(np.uint8)
    return picture.T if draw(st.booleans()) else picture


@settings(max_examples=15, deadline=None, derandomize=True)
@given(pictures())
def test_anything(picture):
    image_or_sentence(picture)
    image_or_sentence(picture / 255 if picture.size % 2 else picture > 128)


@pytest.mark.parametrize("layout", [(3, 10, 3, 1), (6, 20, 1, 1), (4, 8, 4, 4)])
def test_contact_sheets(layout):
    """Lines of digits begin and end like lines of paper, which most of their columns are."""
    bright = sheet(*layout)
    assert image_or_sentence(bright) is not None and image_or_sentence(255 - bright) is not None


def test_one_sheet_spoils_no_other_picture(tmp_path, monkeypatch, capsys):
    pillow = pytest.importorskip("PIL.Image")
    from cmlp.cli import main

    train, _ = cmlp.load_digits()
    network = cmlp.Network([64, 10])
    network.train(train, 2, 3.0, progress=False)
    network.save(tmp_path / "net.cmlp")
    (tmp_path / "pictures").mkdir()
    pillow.fromarray(sheet(3, 10, 3, 1)).save(tmp_path / "pictures" / "a.png")
    pillow.fromarray(np.full((40, 40), 9, np.uint8)).save(tmp_path / "pictures" / "b.png")
    pillow.fromarray(np.pad(np.kron(train.images[0].reshape(8, 8) * 15, np.ones((4, 4), np.uint8)), 9)).save(
        tmp_path / "pictures" / "c.png"
    )
    status = main(["predict", str(tmp_path / "net.cmlp"), str(tmp_path / "pictures")])
    out, err = capsys.readouterr()
    assert status == 1 and out.count("\n") == 2 and err.count("\n") == 1 and "b.png" in err
