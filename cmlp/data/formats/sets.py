"""Training and test data, before and after validation."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from cmlp.data.dataset import Dataset
from cmlp.data.formats.digit_pictures import read_digits
from cmlp.data.formats.labels import as_words, number_from_0, number_words
from cmlp.data.formats.names import TEST, TRAIN, VALIDATION, Part
from cmlp.data.gallery import gallery
from cmlp.data.pixels import ROUNDING
from cmlp.errors import DataError
from cmlp.utils.text import counted

TITLES = {TRAIN: "training", VALIDATION: "validation", TEST: "test"}


class Sets(NamedTuple):
    """Training and test data of a source.

    Parameters
    ----------
    train : Dataset
        The training data, or the only data that the source holds.
    test : Dataset or None
        The test data, or None if the source has none.

    Examples
    --------
    >>> train, test = cmlp.Sets(cmlp.Dataset([[0], [1]], [0, 1]), None)
    """

    train: Dataset
    test: Dataset | None

    def _repr_html_(self) -> str:
        parts = {"Training data": self.train, "Test data": self.test}
        return "".join(gallery(data, name, data._content()) for name, data in parts.items() if data is not None)


class Unchecked(NamedTuple):
    """Images and labels as a source holds them, with their names for error messages.

    `class_names` and `feature_names` are those that the source tells, `mapping` what the source calls its labels.
    `of_matlab` says that pictures may lie on their side, and that labels may count from 1; `grows`, that pixels which
    are 0 in all images at the end are missing, and that the columns begin with feature 0, where `first` says with which
    they should, 0 or 1, if the source tells it. `columns` are what a table calls the columns of the images.
    """

    images: Any
    labels: Any
    names: tuple[str, str]
    class_names: tuple[str, ...] | None = None
    mapping: Mapping[int, str] | None = None
    of_matlab: bool = False
    grows: bool = False
    first: int | None = None
    feature_names: tuple[str, ...] | None = None
    columns: tuple[str, ...] | None = None


Parts = dict[Part, Unchecked]


def unchecked(images: object, labels: object, source: object, part: Part | None = None) -> Unchecked:
    """Pair images and labels that have no names of their own."""
    title = f"{TITLES[part]} " if part else ""
    return Unchecked(images, labels, (f"{title}images in {source}", f"{title}labels in {source}"))


def check_parts(parts: Parts, classes: int | None) -> Sets:
    """Validate the parts of a source; validation data become part of the training data.

    Raises
    ------
    DataError
        If a part is invalid as a `Dataset`, or test images differ from training images in size.
    """
    parts = with_numbers(parts, classes)
    training = [parts[part] for part in (TRAIN, VALIDATION) if part in parts]
    tests = [parts[TEST]] if TEST in parts else []
    if not training:
        training, tests = tests, []
    train = _dataset(training[0] if len(training) == 1 else _joined(*training), classes)
    return Sets(train, _test(tests[0], train, training[0]) if tests else None)


def name_words(parts: Parts) -> Parts:
    """Put numbers in the place of words, alike in all parts, and make these the names of the classes."""
    found = {part: each._replace(labels=as_words(each.labels)) for part, each in parts.items()}
    titles = [each.names[1] for each in found.values()]
    labels, called = number_words([each.labels for each in found.values()], titles)
    return _replaced(found, [each.images for each in found.values()], labels, called)


def with_numbers(parts: Parts, classes: int | None) -> Parts:
    """Put numbers from 0 in the place of words and of other numbers, alike in all parts."""
    found = name_words(parts)
    titles = [each.names[1] for each in found.values()]
    names = [each.names for each in found.values()]
    first = next(iter(found.values()))
    labels: list[Any] = [each.labels for each in found.values()]
    called: tuple[str, ...] | None = None
    images = [each.images for each in found.values()]
    if first.class_names is None:
        images, labels = read_digits(images, labels, names, turn=first.of_matlab, open=_is_open(labels, classes))
    if _is_open(labels, classes):
        labels, called = number_from_0(labels, titles, _names_of_numbers(first))
    if called is None and first.mapping is not None:
        called = _names_from_0(first.mapping)
    return _replaced(found, images, labels, called)


def _names_of_numbers(part: Unchecked) -> Mapping[int, str] | None:
    """Return what labels that count from 1 are called."""
    return part.mapping or (dict(enumerate(part.class_names, 1)) if part.class_names else None)


def _names_from_0(mapping: Mapping[int, str]) -> tuple[str, ...] | None:
    """Return the names of labels 0, 1, 2, ..., unless they are called what they are."""
    names = tuple(mapping[label] for label in sorted(mapping))
    plain = sorted(mapping) != list(range(len(mapping))) or names == tuple(map(str, range(len(names))))
    return None if plain else names


def _is_open(labels: list[Any], classes: int | None) -> bool:
    """Say whether labels may mean something else: one for each image, and not known to be in 0..classes - 1."""
    arrays = [label for label in labels if isinstance(label, np.ndarray | list | tuple)]
    if len(arrays) < len(labels) or not all(_is_flat(array) for array in arrays):
        return False
    return classes is None or any(np.max(array) >= classes or np.min(array) < 0 for array in arrays)


def _is_flat(labels: Any) -> bool:
    """Whether labels are one number each."""
    try:
        return np.size(labels) == len(labels)
    except ValueError:  # lists of several lengths, which the check of the data answers
        return False


def _replaced(parts: Parts, images: list[Any], labels: list[Any], called: tuple[str, ...] | None) -> Parts:
    return {
        part: each._replace(images=pictures, labels=label, class_names=called or each.class_names)
        for (part, each), pictures, label in zip(parts.items(), images, labels, strict=True)
    }


def split(dataset: Dataset, test_fraction: float, seed: int = 0) -> Sets:
    """Split data into training and test data, stratified by class.

    Parameters
    ----------
    dataset : Dataset
        The data.
    test_fraction : float
        The fraction of the test data, in (0, 1).
    seed : int
        Random seed, 0 by default; the same seed gives the same split.

    Returns
    -------
    Sets
        Training and test data, each in the order of `dataset`.

    Raises
    ------
    DataError
        If either would be empty.

    Examples
    --------
    >>> split(Dataset([[0], [1], [2], [3]], [0, 0, 1, 1]), 0.5).test.labels
    array([0, 1])
    """
    if not 0 < test_fraction < 1:
        raise DataError(f"test_fraction must be in (0, 1), got {test_fraction!r}")
    total = len(dataset)
    count = round(test_fraction * total)
    if not 0 < count < total:
        few = f"{counted(total, 'image')} {'is' if total == 1 else 'are'} too few"
        raise DataError(f"{few} to split off a test fraction of {test_fraction:g}")
    # The images of each class stand side by side, in random order; every few places one goes to the test data.
    # The raw stream of a bit generator is the same in every NumPy; a Generator's permutation is not promised.
    by_class = np.lexsort((np.random.PCG64(seed).random_raw(total), dataset.labels))
    chosen = np.zeros(total, bool)
    chosen[by_class[(2 * np.arange(count) + 1) * total // (2 * count)]] = True
    return Sets(dataset[~chosen], dataset[chosen])


def _dataset(part: Unchecked, classes: int | None, scale: float | None = None) -> Dataset:
    called = part.class_names if part.class_names and classes in (None, len(part.class_names)) else None
    return Dataset(
        part.images, part.labels, classes=classes, scale=scale, class_names=called,
        feature_names=part.feature_names, names=part.names,
    )  # fmt: skip


def _test(part: Unchecked, train: Dataset, training: Unchecked) -> Dataset:
    test = _dataset(part, train.classes)
    if test.images.shape[1] != train.images.shape[1]:
        sizes = f"{train.images.shape[1]:,} and {test.images.shape[1]:,}"
        raise DataError(f"{training.names[0]} and {part.names[0]} must have the same number of pixels, got {sizes}")
    return test if _are_alike(test, train) else _dataset(part, train.classes, train.scale)


def _are_alike(test: Dataset, train: Dataset) -> bool:
    """Say whether test data have the scale of the training data, of which they may have neither smallest nor largest.

    A few dark images are no images of fewer bits, and a table of whole numbers may hold larger ones than another.
    """
    if test.scale == train.scale:
        return True
    if train.images.dtype == np.uint8:
        return test.scale < train.scale or (test.images.dtype != np.uint8 and test.value_range[1] <= ROUNDING)
    low, high = train.value_range
    return train.scale != 1 or (low >= 0 and high <= ROUNDING)


def _joined(train: Unchecked, validation: Unchecked) -> Unchecked:
    images = _concatenated(train.images, validation.images, train.names[0], validation.names[0])
    labels = _concatenated(train.labels, validation.labels, train.names[1], validation.names[1])
    return Unchecked(images, labels, train.names, train.class_names, feature_names=train.feature_names)


def _concatenated(first: Any, second: Any, *names: str) -> Any:
    if isinstance(first, list | tuple) and isinstance(second, list | tuple):
        return [*first, *second]
    try:
        return np.concatenate([first, second])
    except (TypeError, ValueError) as error:
        raise DataError(f"{names[0]} and {names[1]} must be arrays of one shape to be joined") from error
