"""How pictures lie in their frame, and how a drawing gets there."""

import numpy as np
import pytest

import cmlp
from cmlp.data.framing import Framing, frame, framing_of, measure
from cmlp.errors import DataError, ModelError

MNIST = Framing(28, 28, False, 20, "mass")
BOXED = Framing(28, 28, False, 20, "box")

# ------------------------------------------------------------------------------------------------------ measured


def test_mnist(mnist):
    for images in (mnist["training images"], mnist["test images"], mnist["test images"] / 255):
        assert measure(images, 28, 28) == MNIST
    assert measure(255 - mnist["test images"], 28, 28) == Framing(28, 28, True, 20, "mass")
    narrow = mnist["test images"].reshape(-1, 28, 28)[:, :, 4:24].reshape(-1, 560)
    assert measure(narrow, 28, 20) == Framing(28, 20, False, 20, "mass")


def test_the_digits_that_come_with_cmlp():
    for data in cmlp.load_digits():
        assert measure(data.images, 8, 8, data.scale) == Framing(8, 8, False, 8, "box")
        assert measure(1 - data.images / 16, 8, 8) == Framing(8, 8, True, 8, "box")


def rectangles(places, height=6, width=10):
    images = np.zeros((len(places), 20, 24), np.uint8)
    for image, (top, left) in zip(images, places, strict=True):
        image[top : top + height, left : left + width] = 255
    return images.reshape(len(places), -1)


def test_ink_that_lies_anywhere_has_no_centre():
    rng = np.random.default_rng(0)
    places = np.column_stack([rng.integers(0, 14, 100), rng.integers(0, 14, 100)])
    assert measure(rectangles(places), 20, 24) == Framing(20, 24, False, 10, "none")
    assert measure(rectangles([(7, 7)] * 3), 20, 24) == Framing(20, 24, False, 10, "box")


def test_tables_are_no_pictures():
    rng = np.random.default_rng(0)
    tables = {
        "normal": rng.normal(size=(100, 64)),
        "uniform": rng.random((100, 64)),
        "yes and no": (rng.random((100, 64)) < 0.1) * 1.0,
        "zeros": np.zeros((100, 64)),
        "bytes": rng.integers(0, 256, (100, 64), np.uint8),
        "too large": cmlp.load_digits()[0].images * 1.0,
        "negative": cmlp.load_digits()[0].images / 16.0 - 0.01,
    }
    for name, table in tables.items():
        assert measure(table, 8, 8) is None, name
    assert measure(np.array([[0, 0, 0, 1.0]]), 2, 2) is None


def test_a_network_knows_how_its_training_images_lie():
    train, test = cmlp.load_digits()
    net = cmlp.Network((64, 10))
    assert net.framing is None
    net.train(train, 1, 1.0)
    assert net.framing == Framing(8, 8, False, 8, "box")
    net.train((test.images / 16, test.labels), 1, 1.0)
    assert net.framing == Framing(8, 8, False, 8, "box")
    rng = np.random.default_rng(0)
    net.train((rng.normal(size=(20, 64)), np.arange(20) % 10), 1, 1.0)
    assert net.framing is None
    oblong = cmlp.Dataset(train.pictures()[:, :, 1:7], train.labels)
    net = cmlp.Network((48, 10))
    net.train(oblong, 1, 1.0)
    assert net.framing is not None and (net.framing.height, net.framing.width) == (8, 6)


def test_what_is_no_picture_has_no_framing():
    from scipy.sparse import csr_array

    images = cmlp.load_digits()[0].images
    assert framing_of(csr_array(images), None, 1 / 16) is None
    assert framing_of(images[:, :60], None, 1 / 16) is None
    assert framing_of(images, (8, 8), 1 / 16) == framing_of(images, None, 1 / 16) != None  # noqa: E711


def test_class_names_stay_with_a_network():
    train = cmlp.load_digits()[0]
    named = cmlp.Dataset(train.images, train.labels, class_names=[f"the {digit}" for digit in range(10)])
    net = cmlp.Network((64, 10))
    net.train(named, 1, 1.0)
    assert net.class_names == net.model.names == named.class_names
    more = cmlp.Network((64, 12))
    more.train(named, 1, 1.0)
    assert more.class_names is None


@pytest.mark.parametrize("change", [{"height": 0}, {"box": 2.5}, {"dark": 1}, {"centre": "middle"}])
def test_other_settings_are_refused(change):
    with pytest.raises(ModelError):
        Framing(**({"height": 28, "width": 28, "dark": False, "box": 20, "centre": "mass"} | change))


# -------------------------------------------------------------------------------------------------------- framed


def drawn(height=40, width=20, top=30, left=90, shape=(120, 160)):
    """Return a black rectangle on white paper."""
    picture = np.full(shape, 255, np.uint8)
    picture[top : top + height, left : left + width] = 0
    return picture


def framed_rectangle(top, left, height=20, width=10, shape=(28, 28)):
    expected = np.zeros(shape)
    expected[top : top + height, left : left + width] = 255
    return expected


def test_a_rectangle():
    np.testing.assert_array_equal(frame(drawn(), BOXED), framed_rectangle(4, 9))
    np.testing.assert_array_equal(frame(drawn(20, 40), BOXED), framed_rectangle(9, 4, 10, 20))
    # The centre of mass lies in the middle of a pixel, so each edge falls on two pixels, half on each.
    low = framed_rectangle(4, 9)
    by_mass = (low + np.roll(low, 1, 0) + np.roll(low, 1, 1) + np.roll(low, (1, 1), (0, 1))) / 4
    np.testing.assert_allclose(frame(drawn(), MNIST), by_mass, atol=0.5)


def test_whatever_the_light_the_place_and_the_size():
    expected = frame(drawn(), BOXED)
    rows, columns = np.mgrid[0:1:120j, 0:1:160j]
    lit = drawn() / 255 * (0.6 + 0.3 * rows - 0.2 * columns)
    grey = {
        "inverted": 255 - drawn(),
        "moved": drawn(top=2, left=3),
        "tight": drawn()[29:71, 89:111],
        "faint": (255 - 0.2 * (255.0 - drawn())).astype(np.uint8),
        "16 bits": drawn().astype(np.uint16) * 257,
        "fractions": drawn() / 255,
        "two values": drawn() == 255,
        "large": np.kron(drawn(), np.ones((4, 4), np.uint8)),
        "transposed twice": np.asfortranarray(drawn()),
    }
    for name, picture in grey.items():
        np.testing.assert_array_equal(frame(picture, BOXED), expected, name)
    np.testing.assert_allclose(frame(lit, BOXED), expected, atol=40)


def test_dirt_noise_and_the_edge_of_the_table():
    rng = np.random.default_rng(0)
    picture = drawn() * 0.7 + 20
    picture[100:102, 20:22] = 20
    picture[:, :5] = 20
    noisy = np.clip(picture + rng.normal(0, 6, picture.shape), 0, 255).astype(np.uint8)
    assert np.abs(frame(noisy, BOXED).astype(int) - framed_rectangle(4, 9)).mean() < 5


def test_thin_strokes_are_not_fainter():
    picture = np.full((200, 200), 255, np.uint8)
    picture[20:180, 100:102] = picture[100:102, 20:180] = 0  # a cross of two pixels, a quarter of a pixel in the frame
    assert frame(picture, BOXED).max() == 255 and np.count_nonzero(frame(picture, BOXED) > 200) > 20


def test_dark_ink():
    dark = Framing(28, 28, True, 20, "box")
    np.testing.assert_array_equal(frame(drawn(), dark), 255 - frame(drawn(), BOXED))


def test_nothing_leaves_the_frame():
    picture = np.full((100, 100), 255, np.uint8)
    picture[10:90, 10:14] = 0  # a stroke with a heavy foot: the centre of mass is far from the middle
    picture[80:90, 10:90] = 0
    whole = frame(picture, Framing(28, 28, False, 28, "mass"))
    assert whole[0, 0] and whole[-1, 0] and whole[-1, -1]
    np.testing.assert_allclose(whole, frame(picture, Framing(28, 28, False, 28, "box")), atol=1)
    np.testing.assert_array_equal(frame(drawn(20, 40), Framing(27, 10, False, 20, "box"))[11:16], np.full((5, 10), 255))


def test_small_pictures_grow_smoothly():
    picture = np.zeros((6, 6), np.uint8)
    picture[2:4, 2:4] = 255
    grown = frame(picture, Framing(12, 12, False, 8, "box")).astype(float)
    np.testing.assert_array_equal(grown, grown.T)
    np.testing.assert_array_equal(grown, grown[::-1, ::-1])
    # Linear interpolation: a new pixel is a quarter of an old one, and the edge fades over four of them.
    fading = [31.875, 95.625, 159.375, 223.125]
    np.testing.assert_allclose(grown[6], [*fading, 255, 255, 255, 255, *fading[::-1]], atol=0.5)


@pytest.mark.parametrize(
    "picture",
    [
        np.full((50, 60), 255, np.uint8),
        np.zeros((1, 1), np.uint8),
        np.random.default_rng(0).normal(0.5, 0.05, (90, 80)),
        np.random.default_rng(0).normal(0.5, 0.15, (90, 80)).clip(0, 1),
    ],
    ids=["paper", "one pixel", "noise", "much noise"],
)
def test_empty_pictures(picture):
    with pytest.raises(DataError, match=r"^the picture must show something on a plain background, got an empty one$"):
        frame(picture, MNIST)


@pytest.mark.parametrize(
    ("picture", "complaint"),
    [
        (np.zeros((2, 3, 3), np.uint8), r"an array of grey values \(height, width\), got uint8 of shape \(2, 3, 3\)"),
        (np.zeros((0, 3)), "got float64 of shape"),
        (np.zeros((3, 3), np.int8), "got int8"),
        (np.full((3, 3), 1.5), r"must be in \[0, 1\], got 1\.5 to 1\.5"),
        (np.full((3, 3), np.nan), r"must be in \[0, 1\], got nan to nan"),
    ],
)
def test_what_is_no_picture(picture, complaint):
    with pytest.raises(DataError, match=complaint):
        frame(picture, MNIST)


# --------------------------------------------------------------------------------------------------- recognised


def placed(digit, rng, times=7, shape=(300, 400)):
    """Return a digit (height, width) of 0 to 1 on a large canvas, as ink of 0 to 1."""
    large = np.kron(digit, np.ones((times, times)))
    canvas = np.zeros(shape)
    top, left = (int(rng.integers(5, side - inner - 5)) for side, inner in zip(shape, large.shape, strict=True))
    canvas[top : top + large.shape[0], left : left + large.shape[1]] = large
    return canvas


def photographed(ink, rng):
    """Return a photograph of ink: light from one side, and noise."""
    height, width = ink.shape
    rows, columns = np.mgrid[-0.5 : 0.5 : height * 1j, -0.5 : 0.5 : width * 1j]
    angle = rng.uniform(0, 2 * np.pi)
    light = 0.65 + 0.25 * (rows * np.cos(angle) + columns * np.sin(angle))
    return np.clip(light * (1 - 0.75 * ink) + rng.normal(0, 0.03, ink.shape), 0, 1)


@pytest.fixture(scope="module")
def reader(mnist):
    """Return a network that reads MNIST."""
    net = cmlp.Network((784, 32, 10), activation="relu", loss="cross_entropy")
    net.train((mnist["training images"], mnist["training labels"]), 3, 0.5)
    return net


@pytest.mark.parametrize(
    ("count", "picture", "least"),
    [
        (120, lambda ink, rng: 1 - ink, 98),
        (60, photographed, 95),
        pytest.param(500, lambda ink, rng: 1 - ink, 98, marks=pytest.mark.exhaustive),
        pytest.param(500, photographed, 95, marks=pytest.mark.exhaustive),
    ],
    ids=["drawings", "photographs", "many drawings", "many photographs"],
)
def test_mnist_is_read_as_before(mnist, reader, count, picture, least):
    assert reader.framing == MNIST
    rng = np.random.default_rng(1)
    images = mnist["test images"][:count]
    pictures = (picture(placed(image.reshape(28, 28) / 255, rng), rng) for image in images)
    framed = np.stack([frame(each, reader.framing) for each in pictures])
    assert 100 * np.mean(reader.predict(framed.reshape(count, -1)) == reader.predict(images)) >= least


def test_the_digits_are_read_as_before():
    train, test = cmlp.load_digits()
    net = cmlp.Network((64, 30, 10))
    net.train(train, 20, 3.0, mini_batch_size=10)
    rng = np.random.default_rng(1)
    framed = [frame(1 - placed(image / 16, rng, 20, (200, 240)), net.framing) for image in test.pictures()[:100]]
    assert 100 * np.mean(net.predict(np.stack(framed) / 255) == net.predict(test.images[:100])) >= 95
