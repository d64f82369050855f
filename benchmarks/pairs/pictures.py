"""Pictures: real ones and drawn ones, as bytes (n, height, width), and the forms in which people keep them."""

import gzip
import os
from functools import cache
from pathlib import Path

import numpy as np
from scipy import ndimage
from sklearn.datasets import load_digits

FASHION = Path("/usr/share/datasets/fashion-mnist")  # of Debian's package dataset-fashion-mnist
FILES = ("train", "t10k")


@cache
def _idx(folder):
    """Return training and test images and labels of a folder with four IDX files."""
    arrays = []
    for part in FILES:
        content = gzip.decompress((Path(folder) / f"{part}-images-idx3-ubyte.gz").read_bytes())
        labels = gzip.decompress((Path(folder) / f"{part}-labels-idx1-ubyte.gz").read_bytes())
        arrays += [np.frombuffer(content, np.uint8, offset=16).reshape(-1, 28, 28)]
        arrays += [np.frombuffer(labels, np.uint8, offset=8).astype(np.intp)]
    return arrays


def _drawn(rng, arrays, rows):
    images, labels = np.concatenate(arrays[::2]), np.concatenate(arrays[1::2])
    chosen = rng.permutation(len(labels))[:rows]
    return images[chosen], labels[chosen]


def mnist(rng, rows):
    return _drawn(rng, _idx(os.environ["CMLP_MNIST"]), rows)


def fashion(rng, rows):
    return _drawn(rng, _idx(FASHION), rows)


def digits(rng, rows):
    bunch = load_digits()
    chosen = rng.permutation(len(bunch.target))[:rows]
    return (bunch.images[chosen] * 255 / 16).astype(np.uint8), bunch.target[chosen]


def _grid(side):
    return np.mgrid[:side, :side] - (side - 1) / 2


def shapes(rng, rows, side=20):
    """Discs, squares, crosses, rings and triangles, near the centre and of several sizes: mostly symmetric."""
    down, right = _grid(side)
    y = rng.permutation(np.arange(rows) % 5)
    images = np.zeros((rows, side, side))
    for image, label in zip(images, y, strict=True):
        a, b = down - rng.normal(0, 1), right - rng.normal(0, 1)
        size = rng.uniform(side / 5, side / 3)
        distance = np.hypot(a, b)
        image[:] = (
            distance < size,
            np.maximum(abs(a), abs(b)) < size,
            np.minimum(abs(a), abs(b)) < size / 4,
            abs(distance - size) < size / 4,
            (a > -size) & (a < size) & (abs(b) < (a + size) / 2),
        )[label]
    return (255 * images).astype(np.uint8), y


def gratings(rng, rows, side=16):
    """Waves in six directions: turned by 90 degrees, they are other classes."""
    down, right = _grid(side)
    y = rng.permutation(np.arange(rows) % 6)
    angle = (y * np.pi / 6)[:, None, None]
    wave = np.sin(0.8 * (np.cos(angle) * down + np.sin(angle) * right) + rng.normal(0, 0.4, (rows, 1, 1)))
    return (127 + 100 * wave + 10 * rng.normal(size=wave.shape)).clip(0, 255).astype(np.uint8), y


def blobs(rng, rows, side=24):
    """Smooth clouds, each class with its own mean."""
    means = ndimage.gaussian_filter(rng.normal(size=(8, side, side)), (0, 3, 3))
    y = rng.permutation(np.arange(rows) % 8)
    clouds = means[y] + ndimage.gaussian_filter(rng.normal(size=(rows, side, side)), (0, 2, 2))
    return ((clouds - clouds.min()) / np.ptp(clouds) * 255).astype(np.uint8), y


def strokes(rng, rows, side=28):
    """Four classes of bent lines on white paper."""
    y = rng.permutation(np.arange(rows) % 4)
    time = np.linspace(-1, 1, 60)
    curves = (np.zeros(60), time**2 - 0.5, 0.6 * np.sin(3 * time), time**3)
    images = np.zeros((rows, side, side))
    for image, label in zip(images, y, strict=True):
        across = curves[label] * rng.uniform(0.7, 1.2) + rng.normal(0, 0.1)
        points = np.rint(side / 2 + side / 3 * np.stack([time, across]) + rng.normal(0, 1, (2, 1))).astype(int)
        image[tuple(points.clip(0, side - 1))] = 1
    smooth = ndimage.gaussian_filter(images, (0, 0.8, 0.8))
    return 255 - (255 * (smooth / smooth.max((1, 2), keepdims=True))).astype(np.uint8), y


def speckle(rng, rows, side=15):
    """Noisy spots whose place is the class; pixels are hardly alike."""
    down, right = _grid(side)
    y = rng.permutation(np.arange(rows) % 9)
    spot = np.exp(-((down - 4 * (y // 3 - 1)[:, None, None]) ** 2 + (right - 4 * (y % 3 - 1)[:, None, None]) ** 2) / 6)
    return (110 * spot + 40 * rng.normal(size=spot.shape) + 60).clip(0, 255).astype(np.uint8), y


def photos(rng, rows, side=32):
    """Patches with edges at several heights over a gradient, as landscapes have."""
    y = rng.permutation(np.arange(rows) % 5)
    down, right = _grid(side)
    height = (y - 2)[:, None, None] * 4 + rng.normal(0, 0.7, (rows, 1, 1))
    slope = rng.normal(0, 0.1, (rows, 1, 1))
    sky = (down + slope * right < height) * 90
    light = rng.uniform(60, 120, (rows, 1, 1)) + rng.normal(0, 1, (rows, 1, 1)) * right
    texture = ndimage.gaussian_filter(rng.normal(size=(rows, side, side)), (0, 1, 1)) * 30
    return (sky + light + texture).clip(0, 255).astype(np.uint8), y


TUNING = (mnist, digits, shapes, gratings, blobs, speckle)
HELD_OUT = (fashion, strokes, photos)
AVAILABLE = {"mnist": "CMLP_MNIST" in os.environ, "fashion": FASHION.is_dir()}


# Forms of one picture set: bytes (n, h, w) to whatever somebody keeps; the same for both sets


def unchanged(x):
    return x


def flat(x):
    return x.reshape(len(x), -1)


def unit_floats(x):
    return flat((x / 255).astype(np.float32))


def large_floats(x):
    return flat(x.astype(np.float64))


def signed(x):
    return flat((x / 127.5 - 1).astype(np.float32))


def standardised(x):
    return flat((x - 60.0) / 80.0)


def by_pixel(x):
    """Standardise every pixel with numbers that do not depend on the set."""
    place = np.linspace(0.5, 2, x[0].size)
    return flat(x) / 255 * place - place / 3


def oblong(x):
    return x[:, : max(5, x.shape[1] * 3 // 4)]


def strip(x):
    """Keep a quarter of the height: 7x28, whose number of pixels is a square."""
    return x[:, x.shape[1] // 3 : x.shape[1] // 3 + max(4, x.shape[1] // 4)]


def halved(x):
    return x[:, ::2, ::2]


def doubled(x):
    return np.kron(x, np.ones((1, 2, 2), np.uint8))


def padded(x):
    return np.pad(x, ((0, 0), (3, 3), (3, 3)))


def negative(x):
    return 255 - x


def binary(x):
    return flat((x > 100).astype(np.uint8))


def noisy(x):
    noise = np.random.default_rng(int(x.sum())).normal(0, 50, x.shape)  # of each set its own
    return (x + noise).clip(0, 255).astype(np.uint8)


def symmetric(x):
    return ((x.astype(int) + x[:, :, ::-1]) // 2).astype(np.uint8)


def turned(x):
    return np.rot90(x, 1, axes=(1, 2))


FORMS = (
    unchanged, flat, unit_floats, large_floats, signed, standardised, by_pixel, oblong, strip, halved, doubled, padded,
    negative, binary, noisy, symmetric, turned,
)  # fmt: skip
