"""The faults that the check must name, as what people do to arrays by mistake."""

import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cmlp import Dataset

RENAMED = np.array([3, 1, 4, 0, 5, 9, 2, 6, 8, 7])


@dataclass(frozen=True)
class Fault:
    """A mistake, and what the check must call it.

    Attributes
    ----------
    what : str
        For people.
    spoil : function of images (n, pixels) of uint8, labels (n,) and the largest value
        Returns a Dataset.
    in_test, in_train, in_both : tuple of str or None
        Codes to be found, all of them, if it happens to one set or to both; None where that is not tried.
    repaired : bool
        Whether the accuracy can be restored.
    digits : bool
        Whether it can happen to the 8x8 digits, which have 17 values and few rows.
    """

    what: str
    spoil: Callable[[np.ndarray, np.ndarray, int], Dataset]
    in_test: tuple[str, ...]
    in_train: tuple[str, ...] | None
    in_both: tuple[str, ...] | None = ()
    repaired: bool = True
    digits: bool = True


def pictures(x):
    side = int(x.shape[1] ** 0.5)
    return x.reshape(-1, side, side)


def rows(p):
    return np.ascontiguousarray(p).reshape(len(p), -1)


def enlarge(x):
    """The 8x8 digits of 0..16 as 28x28 pixels of 0..255, with a border as MNIST has it."""
    large = np.kron(pictures(x), np.ones((1, 2, 2))) * 255 / 16
    return rows(np.pad(large.astype(np.uint8), ((0, 0), (6, 6), (6, 6))))


def rng():
    return np.random.default_rng(7)


def floats(x, top):
    return (x / top).astype(np.float32)


def turned(x, times):
    return rows(np.rot90(pictures(x), times, axes=(1, 2)))


def transposed(x):
    return rows(pictures(x).transpose(0, 2, 1))


def shifted(x, down, right):
    return rows(np.roll(pictures(x), (down, right), axis=(1, 2)))


def with_header(x, count):
    side = int(x.shape[1] ** 0.5)
    header = np.array([0, 0, 8, 3, 0, 0, *divmod(len(x) % 65536, 256), 0, 0, 0, side, 0, 0, 0, side], np.uint8)
    return np.concatenate([header[16 - count :], x.ravel()])[: x.size].reshape(x.shape)


def standardised(values):
    return (values - values.mean()) / values.std()


def standardised_by_pixel(values):
    deviation = values.std(axis=0)
    return (values - values.mean(axis=0)) / np.where(deviation > 0, deviation, 1)


def moved_each(x):
    draw = rng()
    return np.stack([np.roll(p, draw.integers(-4, 5, 2), (0, 1)) for p in pictures(x)]).reshape(x.shape)


def shuffled_in_place(x, y, top):
    """What random.shuffle does to a 2-D array: rows are views, so swapping them loses some."""
    x, y = x.copy(), y.copy()
    for array in (x, y):
        random.Random(0).shuffle(array)
    return Dataset(x, y, classes=10)


def without(x, y, label):
    return Dataset(x[y != label], y[y != label], classes=10)


def half_shuffled(y):
    half = len(y) // 2
    return np.append(rng().permutation(y[:half]), y[half:])


def of_images(change):
    return lambda x, y, top: Dataset(change(x), y, classes=10, scale=1 / top)


def of_values(change):
    return lambda x, y, top: Dataset(change(floats(x, top)), y, classes=10, scale=1.0)


def of_labels(change):
    return lambda x, y, top: Dataset(x, change(y), classes=10)


# fmt: off
FAULTS = [
    # between the sets
    Fault("0..255 beside 0..1", lambda x, y, top: Dataset(x, y, scale=1.0, classes=10),
          ("different-scale",), ("different-scale",)),
    Fault("divided by 255 twice", of_values(lambda v: v / np.float32(255)), ("different-scale",), ("different-scale",)),
    Fault("standardised", of_values(standardised), ("different-scale",), ("different-scale",)),
    Fault("standardised by pixel", of_values(standardised_by_pixel), ("different-scale",), ("different-scale",),
          digits=False),
    Fault("-1..1 beside 0..1", of_values(lambda v: 2 * v - 1), ("different-scale",), ("different-scale",)),
    Fault("integer division", lambda x, y, top: Dataset(x // top, y, classes=10),
          ("integer-division",), ("integer-division",), None, repaired=False),
    Fault("inverted", lambda x, y, top: Dataset(top - x, y, classes=10), ("inverted",), ("inverted",)),
    Fault("inverted, floats", of_values(lambda v: 1 - v), ("inverted",), ("inverted",)),
    Fault("transposed", of_images(transposed), ("transposed",), ("transposed",)),
    Fault("rotated by 90 degrees", of_images(lambda x: turned(x, 1)), ("rotated-90",), ("rotated-270",)),
    Fault("rotated by 180 degrees", of_images(lambda x: turned(x, 2)), ("rotated-180",), ("rotated-180",)),
    Fault("rotated by 270 degrees", of_images(lambda x: turned(x, 3)), ("rotated-270",), ("rotated-90",)),
    Fault("mirrored, left and right", of_images(lambda x: rows(pictures(x)[:, :, ::-1])),
          ("mirrored-left-right",), ("mirrored-left-right",)),
    Fault("mirrored, top and bottom", of_images(lambda x: rows(pictures(x)[:, ::-1])),
          ("mirrored-up-down",), ("mirrored-up-down",)),
    Fault("shifted by 3 and 2 pixels", of_images(lambda x: shifted(x, 3, 2)), ("shifted",), ("shifted",)),
    Fault("each shifted by up to 4 pixels", of_images(moved_each), ("uncentred",), None, digits=False, repaired=False),
    Fault("padded by 2 pixels", of_images(lambda x: rows(np.pad(pictures(x), ((0, 0), (2, 2), (2, 2))))),
          ("different-size",), ("different-size",)),
    Fault("16 header bytes as pixels", lambda x, y, top: Dataset(with_header(x, 16), y, classes=10),
          ("header-bytes",), ("header-bytes",), ("header-bytes",) * 2, digits=False),
    Fault("8 header bytes as pixels", lambda x, y, top: Dataset(with_header(x, 8), y, classes=10),
          ("header-bytes",), ("header-bytes",), ("header-bytes",) * 2, digits=False),
    Fault("header bytes, floats", of_values(lambda v: with_header((v * 255).astype(np.uint8), 16) / np.float32(255)),
          ("header-bytes",), ("header-bytes",), digits=False),
    Fault("pixels in another order", of_images(lambda x: x[:, rng().permutation(x.shape[1])]),
          ("permuted-pixels",), ("permuted-pixels",), digits=False),
    Fault("labels off by one", of_labels(lambda y: (y + 1) % 10), ("labels-off-by-one",), ("labels-off-by-one",)),
    Fault("labels 1..10", lambda x, y, top: Dataset(x, y.astype(int) + 1, classes=11),
          ("labels-off-by-one",), ("labels-off-by-one",)),
    Fault("labels renamed", of_labels(lambda y: RENAMED[y]), ("labels-renamed",), ("labels-renamed",)),
    Fault("a class is missing", lambda x, y, top: without(x, y, 7),
          ("missing-classes",), ("missing-classes",), repaired=False),
    # inside a set
    Fault("reshaped instead of transposed", of_images(lambda x: x.reshape(x.shape[1], -1).T),
          ("reshaped",), ("reshaped",), ("reshaped",) * 2),
    Fault("labels rolled by 1 row", of_labels(lambda y: np.roll(y, 1)),
          ("labels-shifted",), ("labels-shifted",), ("labels-shifted",) * 2),
    Fault("labels rolled by -37 rows", of_labels(lambda y: np.roll(y, -37)),
          ("labels-shifted",), ("labels-shifted",), ("labels-shifted",) * 2),
    Fault("labels shuffled apart", of_labels(lambda y: rng().permutation(y)),
          ("labels-mismatched",), ("labels-mismatched",), ("labels-mismatched",) * 2, repaired=False),
    Fault("random labels", of_labels(lambda y: rng().integers(0, 10, len(y))),
          ("labels-mismatched",), ("labels-mismatched",), ("labels-mismatched",) * 2, repaired=False),
    Fault("half of the labels shuffled", of_labels(half_shuffled),
          ("labels-partly-wrong",), ("labels-partly-wrong",), None, repaired=False, digits=False),
    Fault("pixels shuffled in each image", of_images(lambda x: rng().permuted(x, axis=1)),
          ("scrambled-pixels",), ("scrambled-pixels",), ("scrambled-pixels",) * 2, repaired=False),
    Fault("random.shuffle on 2-D arrays", shuffled_in_place, ("duplicate-rows",), ("duplicate-rows",),
          ("duplicate-rows",) * 2, repaired=False),
    Fault("bytes wrapped around", lambda x, y, top: Dataset(x - np.uint8(128), y, classes=10),
          ("wrapped-values",), ("wrapped-values",), ("wrapped-values",) * 2, digits=False),
    Fault("bytes wrapped, then / 255", lambda x, y, top: Dataset(floats(x - np.uint8(128), 255), y, classes=10),
          ("wrapped-values",), ("wrapped-values",), ("wrapped-values",) * 2, digits=False),
    Fault("bytes read as int8", lambda x, y, top: Dataset(x.view(np.int8), y, classes=10),
          ("signed-bytes",), ("signed-bytes",), ("signed-bytes",) * 2, digits=False),
    Fault("a quarter of the images empty", of_images(lambda x: x * (np.arange(len(x))[:, None] % 4 > 0)),
          ("constant-images",), ("constant-images",), ("constant-images",) * 2, repaired=False),
    # harmless
    Fault("sorted by label", lambda x, y, top: Dataset(x[np.argsort(y)], np.sort(y), classes=10), (), (),
          repaired=False),
    # several at once
    Fault("transposed, inverted and 0..255", lambda x, y, top: Dataset(transposed(top - x), y, scale=1.0, classes=10),
          ("different-scale", "inverted", "transposed"), ("different-scale", "inverted", "transposed")),
    Fault("shifted, then rotated", of_images(lambda x: turned(shifted(x, 3, 1), 1)),
          ("rotated-90", "shifted"), ("rotated-270", "shifted"), digits=False),
    Fault("inverted, labels off by one", lambda x, y, top: Dataset(top - x, (y + 1) % 10, classes=10),
          ("inverted", "labels-off-by-one"), ("inverted", "labels-off-by-one")),
    Fault("transposed, labels rolled by 1", lambda x, y, top: Dataset(transposed(x), np.roll(y, 1), classes=10),
          ("labels-shifted", "transposed"), ("labels-shifted", "transposed"), ("labels-shifted",) * 2),
]
# fmt: on
