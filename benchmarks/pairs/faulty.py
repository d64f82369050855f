"""Faulty pairs: one thing done to one set of a sound pair, or to both, that costs accuracy or makes it lie."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from cmlp import Dataset, MLPClassifier
from pairs import pictures, tables
from pairs.sound import REAL, picture, real_table, table


@dataclass(frozen=True)
class Faulty:
    """A sound pair, and what is done to it.

    Attributes
    ----------
    name, fault, where : str
        Where is "train", "test" or "both".
    held_out : bool
    sound : function that returns two pairs of arrays
    spoil : function of (rng, images, labels) that returns images and labels
    picture : bool
    """

    name: str
    fault: str
    where: str
    held_out: bool
    sound: Callable[[], tuple]
    spoil: Callable[..., tuple]
    picture: bool

    def arrays(self):
        train, test = self.sound()
        draws = np.random.default_rng(5), np.random.default_rng(6)
        if self.where in ("train", "both"):
            train = self.spoil(draws[0], *train)
        if self.where in ("test", "both"):
            test = self.spoil(draws[1], *test)
        return train, test

    def datasets(self):
        return tuple(as_datasets(self.arrays()))

    def cost(self):
        """Return by how many points a network is worse on the spoiled pair."""
        return reference(*self.sound(), self.picture) - reference(*self.arrays(), self.picture)


def as_datasets(pair):
    classes = int(max(labels.max() for _, labels in pair)) + 1
    return [Dataset(images, labels, classes=classes) for images, labels in pair]


def reference(train, test, picture):
    """Return the accuracy in percent of a network that is trained on one set and tested on the other."""
    (x, y), (a, b) = ((d.images * np.float32(d.scale) if d.images.dtype == np.uint8 else d.images, d.labels)
                      for d in as_datasets((train, test)))  # fmt: skip
    if x.shape[1] != a.shape[1]:
        return 100 * float(np.bincount(b).max()) / len(b)
    offset, divisor = x.mean(axis=0), x.std(axis=None if picture else 0) * (3 if picture else 1)
    divisor = np.where(divisor > 0, divisor, 1)
    rows = slice(3000)
    fitted = MLPClassifier((32,), max_iter=40, random_state=0, n_iter_no_change=40, learning_rate_init=0.005)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that more epochs might help
        fitted.fit(((x - offset) / divisor)[rows], y[rows])
    return 100 * float(np.mean(fitted.predict((a - offset) / divisor) == b))


# What happens to labels


def off_by_one(rng, x, y):
    return x, (y + 1) % (y.max() + 1)


def shuffled(rng, x, y):
    return x, rng.permutation(y)


def rolled(rng, x, y):
    return x, np.roll(y, int(rng.integers(1, 9)))


def renamed(rng, x, y):
    names = np.roll(np.random.default_rng(1).permutation(y.max() + 1), 1)
    return x, names[y]


def two_swapped(rng, x, y):
    return x, np.where(y == 0, 1, np.where(y == 1, 0, y))


def noise_40(rng, x, y):
    return x, np.where(rng.random(len(y)) < 0.4, rng.permutation(y), y)


def one_class_wrong(rng, x, y):
    return x, np.where(y == y.max(), 0, y)


def last_part_shuffled(rng, x, y):
    start = int(0.8 * len(y))
    return x, np.append(y[:start], rng.permutation(y[start:]))


def only_one_class(rng, x, y):
    return x, np.full_like(y, y[0])


LABELS = (off_by_one, renamed, two_swapped, one_class_wrong)  # in both sets these make another task, and no fault
DISORDER = (shuffled, rolled, noise_40, last_part_shuffled)

# What happens to pictures of bytes (n, height, width)


def inverted(rng, x, y):
    return 255 - x, y


def transposed(rng, x, y):
    return np.ascontiguousarray(x.transpose(0, 2, 1)).reshape(x.shape), y


def mirrored(rng, x, y):
    return x[:, :, ::-1], y


def upside_down(rng, x, y):
    return x[:, ::-1], y


def half_turn(rng, x, y):
    return x[:, ::-1, ::-1], y


def shifted(rng, x, y):
    return np.roll(x, (x.shape[1] // 8, -(x.shape[2] // 9)), axis=(1, 2)), y


def permuted(rng, x, y):
    order = np.random.default_rng(3).permutation(x[0].size)
    return x.reshape(len(x), -1)[:, order].reshape(x.shape), y


def scrambled(rng, x, y):
    return rng.permuted(x.reshape(len(x), -1), axis=1).reshape(x.shape), y


def rotated(rng, x, y):
    return ndimage.rotate(x, 25, axes=(1, 2), reshape=False, order=1, mode="nearest"), y


def rotated_the_other_way(rng, x, y):
    return ndimage.rotate(x, -40, axes=(1, 2), reshape=False, order=1, mode="nearest"), y


def _affine(x, matrix):
    centre = (np.array(x.shape[1:]) - 1) / 2
    offset = centre - matrix @ centre
    return np.stack([ndimage.affine_transform(p, matrix, offset, order=1, mode="nearest") for p in x])


def slanted(rng, x, y):
    return _affine(x, np.array([[1, 0], [0.5, 1]])), y


def smaller(rng, x, y):
    return _affine(x, np.eye(2) * 1.5), y


def larger(rng, x, y):
    return _affine(x, np.eye(2) / 1.5), y


def half_size(rng, x, y):
    return x[:, ::2, ::2], y


def other_padding(rng, x, y):
    return np.pad(x, ((0, 0), (0, 6), (0, 6)), mode="edge")[:, 6:, 6:], y


def wrapped(rng, x, y):
    return x - np.uint8(128), y


def as_signed_bytes(rng, x, y):
    return x.view(np.int8).astype(np.int16), y


def integer_division(rng, x, y):
    return (x // 255).astype(np.uint8), y


def unit_range(rng, x, y):
    return x / 255.0 / 255.0, y


def standardised_alone(rng, x, y):
    return (x - x.mean()) / x.std(), y


def values_lost(rng, x, y):
    return np.where(rng.random(x.shape) < 0.3, 0, x).astype(x.dtype), y


def tenth_inverted(rng, x, y):
    chosen = rng.random(len(x)) < 0.15
    return np.where(chosen[:, None, None], 255 - x, x), y


def last_part_turned(rng, x, y):
    start = int(0.85 * len(x))
    return np.concatenate([x[:start], np.rot90(x[start:], 2, axes=(1, 2))]), y


def one_class_inverted(rng, x, y):
    return np.where((y == 1)[:, None, None], 255 - x, x), y


def reshaped(rng, x, y):
    return x.reshape(-1, len(x)).T.reshape(x.shape), y


def a_quarter_empty(rng, x, y):
    return x * (np.arange(len(x)) % 4 > 0).astype(np.uint8)[:, None, None], y


def header(rng, x, y):
    flat = np.concatenate(
        [np.array([0, 0, 8, 3, 0, 0, 3, 1, 0, 0, 0, x.shape[1], 0, 0, 0, x.shape[2]], np.uint8), x.ravel()]
    )
    return flat[: x.size].reshape(x.shape), y


PICTURES = (
    inverted, transposed, mirrored, upside_down, half_turn, shifted, permuted, scrambled, rotated, slanted, smaller,
    wrapped, as_signed_bytes, integer_division, unit_range, standardised_alone, tenth_inverted, last_part_turned,
    reshaped, a_quarter_empty, header, half_size,
)  # fmt: skip
PICTURES_HELD_OUT = (rotated_the_other_way, larger, other_padding, values_lost, one_class_inverted)

# What happens to tables (n, columns) of floats


def one_column_in_other_units(rng, x, y):
    x = x.astype(float)
    best = int(np.argmax(np.abs([np.corrcoef(column, y)[0, 1] if column.std() else 0 for column in x.T])))
    x[:, best] *= 1000
    return x, y


def columns_permuted(rng, x, y):
    return x[:, np.random.default_rng(3).permutation(x.shape[1])], y


def columns_reversed(rng, x, y):
    return x[:, ::-1], y


def column_negated(rng, x, y):
    x = x.astype(float)
    x[:, : max(1, x.shape[1] // 3)] *= -1
    return x, y


def sentinels(rng, x, y):
    return np.where(rng.random(x.shape) < 0.2, -999.0, x), y


def lost(rng, x, y):
    return np.where(rng.random(x.shape) < 0.3, 0.0, x), y


def clipped(rng, x, y):
    return np.minimum(x, np.quantile(x, 0.3, axis=0)), y


def all_in_other_units(rng, x, y):
    return x * 25.4, y


def fitted_to_itself(rng, x, y):
    return (x - x.mean(axis=0)) / np.where(x.std(axis=0) > 0, x.std(axis=0), 1), y


def column_of_labels(rng, x, y):
    """Put the label, in another unit, in the place of a column."""
    x = x.astype(float)
    x[:, 0] = (y - y.mean()) / max(y.std(), 1e-9) * x.std()
    return x, y


def columns_rolled(rng, x, y):
    return np.roll(x, 1, axis=1), y


def last_part_negated(rng, x, y):
    start = int(0.85 * len(x))
    return np.concatenate([x[:start], -x[start:]]), y


def shuffled_within_rows(rng, x, y):
    return rng.permuted(x, axis=1), y


def column_shuffled(rng, x, y):
    x = x.astype(float)
    half = max(1, x.shape[1] // 2)
    x[:, :half] = rng.permutation(x[:, :half])
    return x, y


def offset(rng, x, y):
    return x + 2 * x.std(axis=0), y


TABLES = (
    one_column_in_other_units, columns_permuted, column_negated, sentinels, lost, clipped, all_in_other_units,
    fitted_to_itself, column_of_labels, columns_rolled, shuffled_within_rows,
)  # fmt: skip
TABLES_HELD_OUT = (columns_reversed, last_part_negated, column_shuffled, offset)
SIZES = ((3000, 1000), (1000, 500), (2000, 500), (600, 300), (400, 200))
PLACES = ("test", "train", "both")


def _cases(faults, sounds, held_out, places):
    for number, (fault, sound) in enumerate((fault, sound) for fault in faults for sound in sounds):
        where = places[number % len(places)]
        name = f"{fault.__name__} in {where}: {sound.name}"
        yield Faulty(name, fault.__name__, where, held_out or sound.held_out, sound.make, fault, sound.picture)


def faulty_pairs():
    """Return all faulty pairs, always the same."""
    kinds = [*pictures.TUNING[:2], pictures.fashion, pictures.shapes, pictures.photos]
    kinds = [kind for kind in kinds if pictures.AVAILABLE.get(kind.__name__, True)]
    of_pictures = [
        picture(kind, pictures.unchanged, size, 11 + number, kind in pictures.HELD_OUT)
        for number, (kind, size) in enumerate(zip(kinds, SIZES, strict=False))
    ]
    of_tables = [
        *(real_table(load, "raw", 0.6, 3) for load in REAL),
        *(table(kind, scaling, size, columns, classes, 11, kind in tables.HELD_OUT)
          for kind, scaling, size, columns, classes in (
              (tables.clusters, "standard", (600, 300), 16, 5),
              (tables.spectra, "minmax", (300, 100), 49, 4),
              (tables.counts, "raw", (1200, 600), 30, 10),
              (tables.units, "raw", (600, 300), 20, 3),
              (tables.walks, "raw", (600, 300), 30, 4),
              (tables.mixed, "raw", (1200, 600), 25, 6),
          )),
    ]  # fmt: skip
    return [
        *_cases(PICTURES, of_pictures, False, ("test", "train", "test")),
        *_cases(PICTURES_HELD_OUT, of_pictures, True, ("test", "train")),
        *_cases(LABELS, of_pictures + of_tables, False, ("test", "train")),
        *_cases(DISORDER, of_pictures + of_tables, False, PLACES),
        *_cases(TABLES, of_tables, False, ("test", "train", "test")),
        *_cases(TABLES_HELD_OUT, of_tables, True, ("test", "train")),
    ]
