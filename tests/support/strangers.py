"""Data that the check was not made for: tables and pictures of other kinds, and what may be done to them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine

from cmlp import Dataset


@dataclass(frozen=True)
class Case:
    """A mistake, and what the check must call it.

    Attributes
    ----------
    what, code : str
    spoil : function of images and labels that returns both
    """

    what: str
    code: str
    spoil: Callable[..., tuple]


def split(x, y, share=0.6, seed=0):
    order = np.random.default_rng(seed).permutation(len(x))
    cut = int(share * len(x))
    return (x[order[:cut]], y[order[:cut]]), (x[order[cut:]], y[order[cut:]])


def clusters(rows, columns, classes, seed=0, spread=1.0):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(classes, columns))
    y = rng.permutation(np.arange(rows) % classes)
    return centres[y] + spread * rng.normal(size=(rows, columns)), y


def wine():
    return split(*load_wine(return_X_y=True), seed=3)


def cancer():
    return split(*load_breast_cancer(return_X_y=True), seed=3)


def iris():
    return split(*load_iris(return_X_y=True), seed=3)


def large_digits(rows=1797):
    """The digits as bytes of 24x24 pixels with a border."""
    bunch = load_digits()
    images = np.kron(bunch.images[:rows], np.ones((1, 2, 2))) * 255 / 16
    return split(np.pad(images.astype(np.uint8), ((0, 0), (4, 4), (4, 4))), bunch.target[:rows])


def datasets(*pairs):
    classes = int(max(labels.max() for _, labels in pairs)) + 1
    return [Dataset(images, labels, classes=classes) for images, labels in pairs]


def codes(report):
    return [finding.code for finding in report.problems]


# What is done to tables


def times_1000(x, y):
    x = x.copy()
    x[:, 6] *= 1000
    return x, y


def sentinels(x, y):
    return np.where(np.random.default_rng(0).random(x.shape) < 0.2, -999.0, x), y


def negated(x, y):
    return x * np.where(np.arange(x.shape[1]) % 2, -1, 1), y


def clipped(x, y):
    return np.minimum(x, np.quantile(x, 0.25, axis=0)), y


def lost(x, y):
    return np.where(np.random.default_rng(0).random(x.shape) < 0.7, x.mean(axis=0), x), y


TABLE_FAULTS = [
    Case("one column times 1,000", "other-units", times_1000),
    Case("-999 for a fifth of the values", "sentinel-values", sentinels),
    Case("half of the columns negated", "negated-columns", negated),
    Case("columns in another order", "permuted-columns", lambda x, y: (x[:, ::-1], y)),
    Case("values clipped", "clipped-values", clipped),
    Case("labels off by one", "labels-off-by-one", lambda x, y: (x, (y + 1) % 3)),
]

# What is done to pictures


def turned(degrees):
    return lambda x, y: (ndimage.rotate(x, degrees, axes=(1, 2), reshape=False, order=1), y)


def affine(matrix):
    def change(x, y):
        centre = (np.array(x.shape[1:]) - 1) / 2
        offset = centre - matrix @ centre
        return np.stack([ndimage.affine_transform(p, matrix, offset, order=1) for p in x]), y

    return change


PICTURE_FAULTS = [
    Case("turned by 40 degrees", "rotated", turned(40)),
    Case("turned by -30 degrees", "rotated", turned(-30)),
    Case("slanted", "slanted", affine(np.array([[1, 0], [0.7, 1]]))),
    Case("smaller", "zoomed", affine(1.7 * np.eye(2))),
    Case("half the size", "different-size", lambda x, y: (x[:, ::2, ::2], y)),
]
