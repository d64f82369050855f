"""Folders of pictures by class."""

import sys
from io import BytesIO

import numpy as np
import pytest

from cmlp.data.formats import load
from cmlp.data.framing import Framing, frame
from cmlp.errors import CmlpError

Image = pytest.importorskip("PIL.Image", reason="Pillow, of the extra cmlp[images], is not installed")


def picture(array, kind="PNG", **options):
    stream = BytesIO()
    Image.fromarray(array).save(stream, kind, **options)
    return stream.getvalue()


def write(folder, dataset, kind="PNG"):
    for index, (pixels, label) in enumerate(zip(dataset.images, dataset.labels, strict=True)):
        (folder / str(label)).mkdir(parents=True, exist_ok=True)
        file = folder / str(label) / f"{index:05}.{kind.lower()}"
        file.write_bytes(picture(pixels.reshape(8, 8), kind))


def by_class(dataset):
    return dataset[np.argsort(dataset.labels, kind="stable")]


@pytest.fixture
def few(digits):
    return [part[:200] for part in digits]


@pytest.mark.parametrize("kind", ["PNG", "BMP"])
@pytest.mark.parametrize("parts", [("train", "test"), ("training", "testing")])
def test_training_and_test_pictures(tmp_path, few, same, kind, parts):
    for part, dataset in zip(parts, few, strict=True):
        write(tmp_path / part, dataset, kind)
    train, test = load(tmp_path)
    same(train, by_class(few[0]))
    same(test, by_class(few[1]))


def test_one_set(tmp_path, few, same):
    write(tmp_path, few[0])
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "0" / ".hidden").write_text("no picture")
    (tmp_path / "empty").mkdir()
    with pytest.warns(UserWarning, match="empty is no folder of pictures of a class, and was left out"):
        sets = load(tmp_path)
    same(sets.train, by_class(few[0]))
    assert sets.test is None


def test_jpeg_is_nearly_the_same(tmp_path):
    image = np.linspace(0, 255, 64).astype(np.uint8).reshape(8, 8)
    (tmp_path / "0").mkdir()
    (tmp_path / "0" / "a").write_bytes(picture(image, "JPEG", quality=95))
    found = load(tmp_path).train.images
    assert np.abs(found.astype(int) - image.reshape(1, 64)).max() < 9


@pytest.mark.parametrize(
    ("array", "grey"),
    [
        (np.full((2, 2, 3), 200, np.uint8), 200),
        (np.full((2, 2, 4), 200, np.uint8), 212),  # 200 / 255 of 200, and the rest of white
        (np.full((2, 2), 51200, np.uint16), 200),
        (np.full((2, 2), True), 255),
    ],
    ids=["RGB", "RGBA", "16 bits", "1 bit"],
)
def test_pictures_become_grey_bytes(tmp_path, array, grey):
    (tmp_path / "0").mkdir()
    (tmp_path / "0" / "a.png").write_bytes(picture(array))
    assert load(tmp_path).train.images.tolist() == [[grey] * 4]


def test_names_of_classes_are_numbered_in_order(tmp_path):
    for part, names in (("train", ["dog", "cat", "eel"]), ("test", ["eel"])):
        for name in names:
            (tmp_path / part / name).mkdir(parents=True)
            (tmp_path / part / name / "a.png").write_bytes(picture(np.full((2, 2), ord(name[0]), np.uint8)))
    train, test = load(tmp_path)
    assert [(chr(image[0]), label) for image, label in zip(train.images, train.labels, strict=True)] == [
        ("c", 0), ("d", 1), ("e", 2)
    ]  # fmt: skip
    assert test.labels.tolist() == [2]


def test_two_sizes(tmp_path, complaint):
    (tmp_path / "0").mkdir()
    for name, shape in (("a", (2, 3)), ("b", (3, 2))):
        (tmp_path / "0" / name).write_bytes(picture(np.zeros(shape, np.uint8)))
    first, second = tmp_path / "0" / "a", tmp_path / "0" / "b"
    rule = "resize them to one size first, as only drawings on a plain background are framed alike"
    assert complaint(tmp_path) == f"pictures must all have one size, got 3x2 in {first} and 2x3 in {second}: {rule}"


def test_no_picture(tmp_path, complaint):
    (tmp_path / "0").mkdir()
    file = tmp_path / "0" / "a.png"
    file.write_text("no picture")
    assert complaint(tmp_path) == f"{file} must be a PNG, JPEG, BMP, GIF, WEBP, TIFF or PPM picture"
    file.write_bytes(picture(np.zeros((2, 2), np.uint8), "TGA"))
    assert complaint(tmp_path) == f"{file} must be a PNG, JPEG, BMP, GIF, WEBP, TIFF or PPM picture"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP"])
def test_a_damaged_picture(tmp_path, complaint, kind):
    (tmp_path / "0").mkdir()
    file = tmp_path / "0" / "a.png"
    content = picture(np.random.default_rng(0).integers(0, 255, (64, 64), dtype=np.uint8), kind)
    file.write_bytes(content[: len(content) // 2])
    assert complaint(tmp_path).startswith(f"{file} is a damaged picture: ")


def test_pictures_that_are_too_large(tmp_path, complaint, monkeypatch):
    monkeypatch.setattr("cmlp.data.formats.image_folder.size_limit", lambda size: 20)
    (tmp_path / "0").mkdir()
    for name in "abcdefg":
        (tmp_path / "0" / name).write_bytes(picture(np.zeros((2, 2), np.uint8)))
    assert complaint(tmp_path) == f"pictures in {tmp_path / '0'} must have at most 20 pixels"
    (tmp_path / "0" / "a").write_bytes(picture(np.zeros((3, 3), np.uint8)))
    assert complaint(tmp_path) == f"{tmp_path / '0' / 'a'} must have at most 5 pixels, got 9"


def test_without_pillow(tmp_path, monkeypatch):
    (tmp_path / "0").mkdir()
    (tmp_path / "0" / "a.png").write_bytes(picture(np.zeros((2, 2), np.uint8)))
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(CmlpError) as caught:
        load(tmp_path)
    assert str(caught.value) == 'reading pictures needs Pillow: pip install "cmlp[images]"'


def test_folders_say_what_the_labels_are_called(tmp_path):
    for part, names in (("train", ("cat", "an apple", "dog")), ("test", ("dog", "cat"))):
        for name in names:
            (tmp_path / part / name).mkdir(parents=True)
            (tmp_path / part / name / "a.png").write_bytes(picture(np.zeros((3, 5), np.uint8)))
    train, test = load(tmp_path)
    assert train.class_names == test.class_names == ("an apple", "cat", "dog")
    assert test.labels.tolist() == [1, 2]
    assert train.picture_shape == test.picture_shape == (3, 5)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "TIFF", "PPM"])
def test_other_formats(tmp_path, few, same, kind):
    train = few[0][:20]
    for index, (pixels, label) in enumerate(zip(train.images, train.labels, strict=True)):
        (tmp_path / str(label)).mkdir(exist_ok=True)
        options = {"lossless": True} if kind == "WEBP" else {}
        (tmp_path / str(label) / f"{index:05}").write_bytes(picture(pixels.reshape(8, 8), kind, **options))
    same(load(tmp_path, classes=10).train, by_class(train))


def test_black_ink_on_a_transparent_ground_is_black_on_white(tmp_path):
    """As `cmlp predict` reads it."""
    (tmp_path / "0").mkdir()
    drawing = np.zeros((9, 9, 4), np.uint8)
    drawing[2:7, 4, 3] = 255
    (tmp_path / "0" / "a.png").write_bytes(picture(drawing))
    (tmp_path / "0" / "b.png").write_bytes(picture_of_palette(drawing[..., 3] // 255))
    for found in load(tmp_path).train.pictures():
        np.testing.assert_array_equal(found, 255 - drawing[..., 3])


def picture_of_palette(indices):
    """Return a PNG with a palette, whose first colour is transparent."""
    image = Image.fromarray(indices, "P")
    image.putpalette([0, 0, 0, 0, 0, 0])
    stream = BytesIO()
    image.save(stream, "PNG", transparency=0)
    return stream.getvalue()


def test_strangers_among_pictures_are_named(tmp_path, few):
    train = few[0][:20]
    write(tmp_path, train)
    for name in ("Thumbs.db", "desktop.ini", ".DS_Store"):
        (tmp_path / "0" / name).write_bytes(b"no picture")
    with pytest.warns(UserWarning, match=r"0/Thumbs\.db, .*0/desktop\.ini are no pictures, and were left out"):
        assert len(load(tmp_path).train) == 20


def test_what_lies_beside_the_classes_is_named(tmp_path, few):
    for part in ("train", "test"):
        write(tmp_path / part, few[0][:20])
    (tmp_path / "readme.md").write_text("Digits.")
    (tmp_path / "train" / "0" / "more").mkdir()
    (tmp_path / "test" / "lost.png").write_bytes(picture(np.zeros((8, 8), np.uint8)))
    with pytest.warns(
        UserWarning, match=r"readme\.md, .*lost\.png, .*0/more hold no pictures of a class, and were left"
    ):
        load(tmp_path)


def test_one_picture_above_the_classes_is_no_class(tmp_path, few):
    write(tmp_path / "all" / "train", few[0][:20])
    (tmp_path / "all" / "lost.png").write_bytes(picture(np.zeros((8, 8), np.uint8)))
    with pytest.warns(UserWarning, match=r"lost\.png is no folder of pictures of a class"):
        assert load(tmp_path).train.classes == load(tmp_path / "all").train.classes > 1


def test_drawings_of_different_sizes_are_framed_as_by_predict(tmp_path):
    (tmp_path / "0").mkdir()
    expected = []
    for size in (30, 45, 64):
        drawing = np.full((size, size + 3), 255, np.uint8)
        drawing[size // 4 : -size // 4, size // 2 : size // 2 + 4] = 0
        (tmp_path / "0" / f"{size}.png").write_bytes(picture(drawing))
        expected.append(frame(drawing, Framing(28, 28, dark=False, box=20, centre="mass")))
    with pytest.warns(UserWarning, match=r"different sizes .*, and were cropped, resized and centred to 28x28 pixels"):
        train, _ = load(tmp_path)
    np.testing.assert_array_equal(train.pictures(), expected)


def test_numbers_are_no_names(tmp_path, few):
    write(tmp_path, few[0])
    assert load(tmp_path).train.class_names is None


def test_pictures_are_turned_and_opaque(tmp_path):
    (tmp_path / "0").mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6  # the orientation: to be turned by 90 degrees
    upright = np.array([[[0, 0, 0, 0], [0, 0, 0, 255]], [[99, 99, 99, 255], [50, 50, 50, 255]]], np.uint8)
    (tmp_path / "0" / "a.png").write_bytes(picture(upright, exif=exif))
    assert load(tmp_path).train.pictures().tolist() == [[[99, 255], [50, 0]]]
