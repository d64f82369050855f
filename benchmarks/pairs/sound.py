"""Sound pairs: training and test data drawn from one source and prepared alike."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn import datasets, preprocessing

from cmlp import Dataset
from pairs import pictures, tables

SIZES = ((30, 20), (50, 30), (100, 50), (150, 150), (300, 100), (600, 300), (1200, 600), (2500, 1000), (4000, 1000))
SQUARES = (16, 25, 36, 49, 64, 100, 256, 1024)
COLUMNS = (2, 3, 5, 8, 13, 30, 60, 120, 400)
CLASSES = (2, 2, 3, 5, 10, 26, 60)
REAL = (datasets.load_iris, datasets.load_wine, datasets.load_breast_cancer)


@dataclass(frozen=True)
class Case:
    """A pair to be checked.

    Attributes
    ----------
    name, family : str
        Which one it is, and the generator that it is from.
    held_out : bool
        Whether thresholds must not be tuned on it.
    make : function that returns ((images, labels), (test images, test labels))
    picture : bool
    """

    name: str
    family: str
    held_out: bool
    make: Callable[[], tuple]
    picture: bool

    def datasets(self):
        """Return both Datasets, as somebody makes them who knows nothing of scales."""
        (x, y), (a, b) = self.make()
        classes = int(max(y.max(), b.max())) + 1
        return Dataset(x, y, classes=classes), Dataset(a, b, classes=classes)


def split(x, y, train):
    return (x[:train], y[:train]), (x[train:], y[train:])


# Tables, and how they are scaled: fitted on the training set, as one should


def scaled_by(scaler):
    def scale(x, test):
        fitted = scaler().fit(x)
        return fitted.transform(x), fitted.transform(test)

    return scale


SCALINGS = {
    "raw": lambda x, test: (x, test),
    "float32": lambda x, test: (x.astype(np.float32), test.astype(np.float32)),
    "standard": scaled_by(preprocessing.StandardScaler),
    "minmax": scaled_by(preprocessing.MinMaxScaler),
    "maxabs": scaled_by(preprocessing.MaxAbsScaler),
    "robust": scaled_by(preprocessing.RobustScaler),
    "quantile": scaled_by(lambda: preprocessing.QuantileTransformer(n_quantiles=20)),
    "rows": scaled_by(preprocessing.Normalizer),
    "times 100": lambda x, test: (x * 100.0, test * 100.0),
}


def table(kind, scaling, sizes, columns, classes, seed, held_out):
    def make():
        rng = np.random.default_rng([seed, 1])
        x, y = kind(rng, sum(sizes), columns, classes)
        (x, y), (a, b) = split(x, y, sizes[0])
        if seed % 5 == 0:
            order = np.argsort(y, kind="stable")
            x, y = x[order], y[order]
        x, a = SCALINGS[scaling](x, a)
        return (x, y), (a, b)

    name = f"{kind.__name__} {sizes[0]}+{sizes[1]}x{columns}, {classes} classes, {scaling}, {seed}"
    return Case(name, kind.__name__, held_out, make, picture=False)


def real_table(load, scaling, share, seed):
    def make():
        bunch = load()
        order = np.random.default_rng(seed).permutation(len(bunch.data))
        train = max(20, int(share * len(order)))
        (x, y), (a, b) = split(bunch.data[order], bunch.target[order], train)
        x, a = SCALINGS[scaling](x, a)
        return (x, y), (a, b)

    name = f"{load.__name__} {share:.0%}, {scaling}, {seed}"
    return Case(name, load.__name__, False, make, picture=False)


def picture(kind, form, sizes, seed, held_out):
    def make():
        rng = np.random.default_rng([seed, 2])
        x, y = kind(rng, sum(sizes))
        share = min(1, len(y) / sum(sizes))
        (x, y), (a, b) = split(x, y, int(share * sizes[0]))
        if seed % 5 == 0:
            order = np.argsort(y, kind="stable")
            x, y = x[order], y[order]
        return (form(x), y), (form(a), b)

    name = f"{kind.__name__} {sizes[0]}+{sizes[1]}, {form.__name__}, {seed}"
    return Case(name, kind.__name__, held_out, make, picture=True)


def large_pictures():
    """Return some of 160x160 and 120x160 pixels."""
    for seed, form in enumerate((pictures.unchanged, pictures.oblong, pictures.signed)):

        def kind(rng, rows):
            return pictures.shapes(rng, rows, side=160)

        kind.__name__ = "large shapes"
        yield picture(kind, form, (400, 200), seed, True)


def sound_pairs():
    """Return all sound pairs, always the same."""
    cases = []
    for number, load in enumerate(REAL):
        for at, scaling in enumerate(SCALINGS):
            for step, share in enumerate((0.14, 0.3, 0.5, 0.66, 0.8)):
                cases.append(real_table(load, scaling, share, 100 * number + 10 * at + step))
    rng = np.random.default_rng(0)
    scalings = list(SCALINGS)
    for held_out, kinds, times in ((False, tables.TUNING, 20), (True, tables.HELD_OUT, 20)):
        for kind in kinds:
            for seed in range(times):
                width = SQUARES if seed % 2 else COLUMNS
                classes = int(rng.choice(CLASSES))
                sizes = [size for size in SIZES if size[1] >= min(3 * classes, 60)]
                cases.append(
                    table(kind, str(rng.choice(scalings)), sizes[rng.integers(len(sizes))], int(rng.choice(width)),
                          classes, seed, held_out)
                )  # fmt: skip
    for held_out, kinds in ((False, pictures.TUNING), (True, pictures.HELD_OUT)):
        for kind in kinds:
            if not pictures.AVAILABLE.get(kind.__name__, True):
                continue
            for seed, form in enumerate(pictures.FORMS):
                for size in rng.choice(len(SIZES), 2, replace=False):
                    cases.append(picture(kind, form, SIZES[size], seed, held_out))
    return cases + list(large_pictures())
