"""`cmlp.read_picture`: one image for all forms of a picture, and a sentence for what is none."""

import io
from pathlib import Path

import numpy as np
import pytest

import cmlp
from cmlp.data.framing import Framing, frame

MNIST = Framing(28, 28, False, 20, "mass")


def drawn():
    """Return a four in black on white."""
    picture = np.full((120, 160), 255, np.uint8)
    picture[20:70, 40:50] = picture[60:70, 40:110] = picture[30:110, 80:90] = 0
    return picture


EXPECTED = frame(drawn(), MNIST) / 255
BLUE, YELLOW, GREEN = (40, 60, 170), (250, 240, 60), (60, 160, 90)


def coloured(ink, paper):
    return np.where(drawn()[..., np.newaxis] == 0, np.uint8(ink), np.uint8(paper))


def transparent(grey, channels):
    picture = np.full((*drawn().shape, channels), grey, np.uint8)
    picture[..., -1] = 255 - drawn()
    return picture


ARRAYS = {
    "uint8": drawn(),
    "uint16": drawn().astype(np.uint16) * 257,
    "bytes in 16 bits": drawn().astype(np.uint16),
    "bytes in 16 bits of another machine": drawn().astype(">u2"),
    "of another machine": (drawn().astype(np.uint16) * 257).astype(">u2"),
    "bool": drawn() > 0,
    "float32": (drawn() / 255).astype(np.float32),
    "float16": (drawn() / 255).astype(np.float16),
    "int64": drawn().astype(np.int64),
    "list": drawn().tolist(),
    "bright on dark": 255 - drawn(),
    "one channel": drawn()[..., np.newaxis],
    "RGB": np.stack([drawn()] * 3, axis=-1),
    "blue on white": coloured(BLUE, (250, 250, 250)),
    "yellow on white": coloured(YELLOW, (255, 255, 255)),
    "red on green of the same brightness": coloured((200, 60, 60), GREEN),
    "yellow on a board": coloured(YELLOW, (20, 60, 40)),
    "transparent": transparent(0, 2),
    "transparent, in colours": transparent(0, 4),
    "white on nothing": transparent(255, 4),
    "RGBA floats": transparent(0, 4) / 255,
    "not contiguous": np.asfortranarray(drawn())[::-1][::-1],
    "read only": np.frombuffer(drawn().tobytes(), np.uint8).reshape(120, 160),
    "large": np.kron(drawn(), np.ones((20, 20), np.uint8)),
}


@pytest.mark.parametrize("form", ARRAYS)
def test_arrays(form):
    picture = ARRAYS[form]
    before = np.array(picture)
    image = cmlp.read_picture(picture)
    assert image.dtype == np.float64
    np.testing.assert_allclose(image, EXPECTED, atol=0.06 if form == "large" else 0.02)
    np.testing.assert_array_equal(picture, before)


def test_files_and_images(tmp_path):
    pillow = pytest.importorskip("PIL.Image", reason="Pillow, of the extra cmlp[images], is not installed")
    picture = pillow.fromarray(drawn())
    turned = picture.rotate(90, expand=True)
    exif = turned.getexif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    turned.save(tmp_path / "four.jpg", exif=exif, quality=95)
    picture.save(tmp_path / "four.png")
    content = (tmp_path / "four.png").read_bytes()
    forms = [
        tmp_path / "four.png",
        str(tmp_path / "four.png"),
        io.BytesIO(content),
        content,
        bytearray(content),
        memoryview(content),
        picture,
        picture.convert("CMYK"),
        picture.convert("P"),
        picture.convert("I"),
        picture.convert("I;16"),
        picture.convert("F"),
        pillow.fromarray(drawn().astype(np.uint16) * 257),
        tmp_path / "four.jpg",
    ]
    for form in forms:
        np.testing.assert_allclose(cmlp.read_picture(form), EXPECTED, atol=0.05, err_msg=str(form))
    with (tmp_path / "four.png").open("rb") as file:
        np.testing.assert_array_equal(cmlp.read_picture(file), EXPECTED)
    with pillow.open(tmp_path / "four.jpg") as unloaded:
        np.testing.assert_allclose(cmlp.read_picture(unloaded), EXPECTED, atol=0.05)
        assert unloaded.size == (120, 160)


def test_a_picture_of_too_many_pixels_is_no_damaged_one(tmp_path):
    pillow = pytest.importorskip("PIL.Image", reason="Pillow, of the extra cmlp[images], is not installed")
    for side in (12_000, 14_000):  # Pillow itself opens the first only
        pillow.new("1", (side, side), 1).save(tmp_path / "large.png")
        with pytest.raises(cmlp.DataError, match=r"large.png must have at most 134,217,728 pixels, got"):
            cmlp.read_picture(tmp_path / "large.png")


def test_like_the_images_of_a_network():
    train, _ = cmlp.load_digits()
    net = cmlp.Network((64, 10))
    net.train(train, 1, 1.0)
    image = cmlp.read_picture(drawn(), net)
    np.testing.assert_array_equal(image, frame(drawn(), net.framing) / 255)
    assert net(image).shape == (10,) and net.predict(image) in range(10)


def test_a_network_of_no_drawings_takes_pictures_as_they_are():
    net = cmlp.Network((6, 3))
    pixels = np.array([[0, 51, 102], [153, 204, 255]], np.uint8)
    for picture in (pixels, pixels / 255, pixels.astype(np.uint16) * 257):
        np.testing.assert_allclose(cmlp.read_picture(picture, net), [[0, 0.2, 0.4], [0.6, 0.8, 1]])
    rule = r"^the network was not trained on drawings on a plain background, and takes 6 pixels: .* got 160x120$"
    with pytest.raises(cmlp.DataError, match=rule):
        cmlp.read_picture(drawn(), net)


class Broken:
    def __array__(self, *_):
        raise RuntimeError("no values")


REFUSED = {
    "nothing": (None, "must be a path, bytes, an image or an array of numbers, got None"),
    "an object": (object(), "must be a path, bytes, an image or an array of numbers, got <object"),
    "an object that fails": (Broken(), "must be a path, bytes, an image or an array"),
    "a row": (np.zeros(784), r"must have the shape \(height, width\), or .* got \(784,\)"),
    "channels first": (np.zeros((3, 28, 28), np.uint8), r"got \(3, 28, 28\): transpose\(1, 2, 0\) moves the channels"),
    "five channels": (np.zeros((9, 9, 5)), r"with 1 to 4 channels, got \(9, 9, 5\)"),
    "many": (np.zeros((4, 3, 28, 28)), r"got \(4, 3, 28, 28\)"),
    "empty": (np.zeros((0, 5)), r"got \(0, 5\)"),
    "complex": (np.zeros((5, 5), complex), "an array of numbers"),
    "text": (np.full((5, 5), "a"), "an array of numbers"),
    "objects": (np.full((5, 5), None), "an array of numbers"),
    "ragged": ([[1, 2], [3]], "must be a path, bytes, an image or an array"),
    "masked": (np.ma.masked_less(drawn(), 5), "an array of numbers"),
    "floats up to 255": (drawn() * 1.0, r"floats must be in \[0, 1\], got 0 to 255: divide them by 255"),
    "negative floats": (drawn() / 255 - 0.5, r"floats must be in \[0, 1\], got -0.5 to 0.5$"),
    "not a number": (np.full((9, 9), np.nan), r"floats must be in \[0, 1\], got nan to nan"),
    "large integers": (np.full((9, 9), 70000), r"integers must be in 0\.\.255, or of type uint16, got 70000"),
    "negative integers": (np.full((9, 9), -1), r"got -1 to -1 of int"),
    "plain": (np.full((90, 90), 200, np.uint8), "must show something on a plain background, got an empty one"),
    "no picture's bytes": (b"not a picture", "the picture must be a picture in a format that Pillow knows"),
    "text file": (io.StringIO("not bytes"), "a file must be open in binary mode"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_picture(case):
    picture, complaint = REFUSED[case]
    if case == "no picture's bytes":
        pytest.importorskip("PIL.Image", reason="Pillow, of the extra cmlp[images], is not installed")
    with pytest.raises(cmlp.DataError, match=complaint) as error:
        cmlp.read_picture(picture)
    assert "\n" not in str(error.value)


def test_paths_that_lead_nowhere(tmp_path):
    with pytest.raises(FileNotFoundError):
        cmlp.read_picture(tmp_path / "missing.png")
    with pytest.raises(IsADirectoryError):
        cmlp.read_picture(tmp_path)
    with pytest.raises(cmlp.DataError, match="network must be a Network, or None"):
        cmlp.read_picture(drawn(), network="digits.cmlp")


def test_size_limits(monkeypatch):
    monkeypatch.setattr("cmlp.data.any_picture.MOST_PIXELS", 100)
    with pytest.raises(cmlp.DataError, match=r"the picture must have at most 100 pixels, got \(120, 160\)"):
        cmlp.read_picture(drawn())
    monkeypatch.setattr("cmlp.data.picture.MOST_BYTES", 100)
    pytest.importorskip("PIL.Image", reason="Pillow, of the extra cmlp[images], is not installed")
    with pytest.raises(cmlp.DataError, match=r"the picture must have at most 100 bytes"):
        cmlp.read_picture(bytes(200))


def test_the_command_line_sees_the_same(tmp_path, monkeypatch, capsys):
    pillow = pytest.importorskip("PIL.Image", reason="Pillow, of the extra cmlp[images], is not installed")
    from cmlp.cli import main

    monkeypatch.chdir(tmp_path)
    train, _ = cmlp.load_digits()
    net = cmlp.Network((64, 10))
    net.train(train, 1, 1.0)
    net.save("net.cmlp")
    pillow.fromarray(coloured(BLUE, (240, 230, 200))).save("four.png")
    assert main(["predict", "net.cmlp", "four.png", "-o", "seen.png"]) == 0
    capsys.readouterr()
    seen = np.asarray(pillow.open("seen.png")) / 255
    np.testing.assert_array_equal(seen, cmlp.read_picture(Path("four.png"), net))


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("dark", [False, True], ids=["bright", "dark"])
def test_digits_that_touch_the_border(times, dark):
    """The built-in digits reach the border of their 8x8 pixels, and are no light on the paper."""
    train, test = cmlp.load_digits()
    net = cmlp.Network([64, 16, 16, 10])
    net.train(train, 25, 3.0, mini_batch_size=10)
    right = np.flatnonzero(net.predict(test.images) == test.labels)[:150]
    pictures = np.rint(test.images[right].reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    pictures = np.kron(255 - pictures if dark else pictures, np.ones((1, times, times), np.uint8))
    read = [int(net.predict(cmlp.read_picture(picture, net))) for picture in pictures]
    assert np.mean(read == test.labels[right]) > 0.97
