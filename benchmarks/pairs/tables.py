"""Generated tables: each function takes (rng, rows, columns, classes) and returns features and labels."""

import numpy as np
from sklearn import datasets


def labels_of(rng, rows, classes):
    """Return random labels in which every class occurs."""
    return rng.permutation(np.arange(rows) % classes)


def clusters(rng, rows, columns, classes):
    centres = rng.normal(size=(classes, columns)) * rng.uniform(0.6, 2)
    y = labels_of(rng, rows, classes)
    return centres[y] + rng.normal(size=(rows, columns)), y


def classification(rng, rows, columns, classes):
    informative = int(np.ceil(np.log2(2 * classes))) + 1
    columns = max(columns, informative)
    return datasets.make_classification(
        rows, columns, n_informative=min(columns, informative + 2), n_redundant=0, n_classes=classes,
        n_clusters_per_class=1, class_sep=rng.uniform(0.7, 2), random_state=int(rng.integers(1000)),
    )  # fmt: skip


def quantiles(rng, rows, columns, classes):
    return datasets.make_gaussian_quantiles(
        n_samples=rows, n_features=min(columns, 6), n_classes=min(classes, 4), random_state=int(rng.integers(1000))
    )


def moons(rng, rows, columns, classes):
    return datasets.make_moons(rows, noise=rng.uniform(0.05, 0.3), random_state=int(rng.integers(1000)))


def circles(rng, rows, columns, classes):
    return datasets.make_circles(rows, noise=0.1, factor=0.5, random_state=int(rng.integers(1000)))


def counts(rng, rows, columns, classes):
    rates = rng.gamma(2, rng.uniform(1, 6), (classes, columns))
    y = labels_of(rng, rows, classes)
    return rng.poisson(rates[y]), y


def one_hot(rng, rows, columns, classes):
    """Categories of several features as columns of 0 and 1."""
    y = labels_of(rng, rows, classes)
    levels = int(rng.integers(3, 7))
    features = max(2, columns // levels)
    chances = rng.dirichlet(np.full(levels, 0.4), (classes, features))
    drawn = (rng.random((rows, features, 1)) > chances[y].cumsum(axis=2)).sum(axis=2).clip(max=levels - 1)
    return np.eye(levels)[drawn].reshape(rows, -1), y


def series(rng, rows, columns, classes):
    """Waves, whose class is the frequency and whose phase varies a little."""
    columns = max(columns, 16)
    y = labels_of(rng, rows, classes)
    frequency = np.linspace(1, max(2, columns / 5), classes)[y][:, None]
    phase = rng.normal(0, 0.5, (rows, 1))
    time = np.linspace(0, 2 * np.pi, columns)
    return np.sin(frequency * time + phase) + 0.3 * rng.normal(size=(rows, columns)), y


def spectra(rng, rows, columns, classes):
    """Return a few peaks per class over a smooth background."""
    columns = max(columns, 25)
    y = labels_of(rng, rows, classes)
    at = np.arange(columns)
    peaks = rng.uniform(0, columns, (classes, 3))
    lines = np.exp(-((at - peaks[:, :, None]) ** 2) / (columns / 20) ** 2).sum(axis=1)
    background = rng.uniform(0.5, 1.5, (rows, 1)) * np.exp(-at / columns)
    heights = rng.uniform(0.6, 1.4, (rows, 1))
    return heights * lines[y] + background + 0.05 * rng.normal(size=(rows, columns)), y


def units(rng, rows, columns, classes):
    """Columns in very different units, some constant, some skewed."""
    x, y = clusters(rng, rows, columns, classes)
    x[:, ::3] = np.exp(x[:, ::3])
    if columns > 4:
        x[:, 4] = 7
    return x * 10.0 ** rng.integers(-3, 5, x.shape[1]) + rng.integers(0, 50, x.shape[1]), y


def integers(rng, rows, columns, classes):
    x, y = clusters(rng, rows, columns, classes)
    return np.rint(x * rng.uniform(5, 60) + 130).clip(0).astype(int), y


def unbalanced(rng, rows, columns, classes):
    centres = rng.normal(size=(classes, columns))
    shares = 0.5 ** np.arange(min(classes, 5))
    y = rng.choice(len(shares), rows, p=shares / shares.sum())
    return centres[y] + rng.normal(size=(rows, columns)), y


def heavy_tails(rng, rows, columns, classes):
    x, y = clusters(rng, rows, columns, classes)
    return x + 0.3 * rng.standard_t(1.2, x.shape), y


def equal_columns(rng, rows, columns, classes):
    """Hundreds of columns of one kind without an order, as genes have."""
    active = rng.random((classes, columns)) < 0.15
    y = labels_of(rng, rows, classes)
    return np.abs(rng.normal(size=(rows, columns))) + 1.2 * active[y], y


# Families that are held out from tuning


def walks(rng, rows, columns, classes):
    """Random walks with a drift per class: neighbouring columns are alike."""
    columns = max(columns, 16)
    y = labels_of(rng, rows, classes)
    drift = np.linspace(-1, 1, classes)[y][:, None]
    return (rng.normal(size=(rows, columns)) + drift).cumsum(axis=1), y


def words(rng, rows, columns, classes):
    """Return counts of words, most of them 0."""
    columns = max(columns, 20)
    topics = rng.dirichlet(np.full(columns, 0.2), classes)
    y = labels_of(rng, rows, classes)
    return np.stack([rng.multinomial(rng.integers(20, 60), topics[label]) for label in y]), y


def survey(rng, rows, columns, classes):
    """Answers from 1 to 5."""
    x, y = clusters(rng, rows, columns, classes)
    return np.rint(x + 3).clip(1, 5).astype(int), y


def chessboard(rng, rows, columns, classes):
    x = rng.uniform(0, 2, (rows, 2))
    y = np.floor(x).sum(axis=1).astype(int) % 2
    return np.column_stack([x, rng.normal(size=(rows, max(0, min(columns, 5) - 2)))]), y


def pulses(rng, rows, columns, classes):
    """One pulse per row, whose width and height are the class's, at a place that varies."""
    columns = max(columns, 30)
    y = labels_of(rng, rows, classes)
    width = np.linspace(columns / 30, columns / 5, classes)[y][:, None]
    place = columns / 2 + rng.normal(0, columns / 40, (rows, 1))
    pulse = np.exp(-((np.arange(columns) - place) ** 2) / (2 * width**2))
    return pulse + 0.02 * rng.normal(size=(rows, columns)), y


def repeated(rng, rows, columns, classes):
    """Few different rows, as a table of categories has."""
    kinds = rng.integers(0, 3, (max(2 * classes, 20), columns))
    owner = rng.permutation(np.arange(len(kinds)) % classes)
    chosen = rng.integers(0, len(kinds), rows)
    return kinds[chosen], owner[chosen]


def mixed(rng, rows, columns, classes):
    """Numbers, categories and flags beside each other."""
    x, y = clusters(rng, rows, columns, classes)
    third = columns // 3
    x[:, :third] = np.rint(20 * x[:, :third]) + 40
    x[:, third : 2 * third] = x[:, third : 2 * third] > 0
    return x, y


def labelled_by_a_line(rng, rows, columns, classes):
    """Two classes on either side of a plane, with a few labels wrong."""
    x = rng.normal(size=(rows, columns))
    y = (x @ rng.normal(size=columns) > 0).astype(int)
    return x, np.where(rng.random(rows) < 0.03, 1 - y, y)


TUNING = (
    clusters, classification, quantiles, moons, circles, counts, one_hot, series, spectra, units, integers, unbalanced,
    heavy_tails, equal_columns,
)  # fmt: skip
HELD_OUT = (walks, words, survey, chessboard, pulses, repeated, mixed, labelled_by_a_line)
