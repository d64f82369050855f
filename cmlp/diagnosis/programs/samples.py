"""Images and labels, and the way back to the very form in which somebody's program takes them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.data.dataset import Dataset
from cmlp.diagnosis.programs.access import has_attribute
from cmlp.diagnosis.programs.axes import number_of_samples, square_columns
from cmlp.diagnosis.programs.containers import Container, again_like, container_of, label_first
from cmlp.diagnosis.programs.forms import Form, own_copy, plain_of
from cmlp.diagnosis.programs.loaders import loader_of, whole_of
from cmlp.diagnosis.programs.records import records_of
from cmlp.diagnosis.programs.sample_objects import SampleObjects, sample_objects
from cmlp.errors import DataError

MAKE = "pass (images, labels), or a list of (image, label) pairs"


class Samples:
    """Rows of numbers with the numbers of their classes, and how to give them back in their own form.

    Parameters
    ----------
    given : object
        A Dataset, two arrays (images, labels), a dict of both, or pairs (image, label) in any container, or objects
        that hold one pair each; arrays may hold the samples as rows, as columns, as pictures; labels may be numbers,
        one-hot or any other vectors, words.
    name : str
        Of the argument, for messages.

    Attributes
    ----------
    x : ndarray of shape (n, depth)
    y : ndarray of int of shape (n,)
        Numbers of classes, from 0 on.
    values : ndarray
        What each class is called.
    vectors : bool
        Whether labels are vectors with one number for each class.
    templates : dict
        One label of each class, as it was given.
    """

    def __init__(self, given: Any, name: str) -> None:
        self.name = name
        self.turned = False  # whether pairs begin with the label
        self.many: Form | None = None  # the form of all images; pairs have only that of one
        self.iterator = has_attribute(given, "__next__")
        self.container: Container | None = None  # of all images and all labels
        self.outer: Any = type(given)  # what pairs are in
        self.unclear: NDArray[Any] = np.zeros(0, dtype=int)  # rows whose label vectors have several largest numbers
        self.objects: SampleObjects | None = None  # what makes them, where they are objects
        self.loader: Any = None  # what gives mini-batches of arrays, where that is the form
        self.records = records_of(given)
        self.table = Form(given) if self.records is not None and self.records.whole else None
        given = self._taken_apart(given)
        self.pairs = not isinstance(given, tuple)
        if not len(given if self.pairs else given[0]):
            raise DataError(f"{name} must not be empty; {MAKE}")
        self._read_pairs(given) if self.pairs else self._read_arrays(*given)
        self.depth = self.x.shape[1]
        finite = self.x[np.isfinite(self.x)]
        self.low, self.high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
        self.one.set_highest(self.high)
        if self.many is not None:
            self.many.set_highest(self.high)

    def _taken_apart(self, given: Any) -> Any:
        """Return a tuple of two arrays, or a list of pairs."""
        if self.records is not None:
            labels = self.records.labels
            return self.records.images, labels.astype(int) if labels.dtype.kind == "f" else labels
        if isinstance(given, Dataset):
            return given.images, given.labels
        self.container = container_of(given)
        if self.container is not None:
            return self.container.images, self.container.labels
        if isinstance(given, dict):
            raise DataError(f"{self.name} must have images and labels, got a dict of {len(given)} parts; {MAKE}")
        if isinstance(given, (tuple, list)) and len(given) == 2:
            self._refuse_unread(given[0])
        if isinstance(given, np.ndarray) and given.dtype == object:
            self.outer = given.shape
        try:
            items = list(given) if not isinstance(given, (str, bytes)) else self._refuse(given)
        except TypeError:
            return self._refuse(given)
        self.objects = sample_objects(items)
        if self.objects is not None:
            return [self.objects.pair(item) for item in items]
        whole = whole_of(items)
        self.loader = None if whole is None else items if self.iterator else given
        return items if whole is None else whole

    def _refuse_unread(self, images: Any) -> None:
        """Refuse images that NumPy holds as objects, or that a sparse matrix holds, and say how they are converted."""
        if has_attribute(images, "toarray"):
            raise DataError(f"{self.name} must have images in an array, got a sparse matrix: pass images.toarray()")
        if isinstance(images, np.ndarray) and images.dtype == object and images.size and np.ndim(images.flat[0]) < 2:
            advice = "pass np.array(images.tolist(), dtype=float)"
            raise DataError(f"{self.name} must have images of numbers, got an array of objects: {advice}")

    def _refuse(self, given: Any) -> Any:
        raise DataError(f"{self.name} must hold images and labels, got {type(given).__name__}; {MAKE}")

    def _read_pairs(self, pairs: list[Any]) -> None:
        try:
            whole = all(len(pair) == 2 and not isinstance(pair, (str, bytes, dict)) for pair in pairs)
        except TypeError:  # an item without a length
            whole = False
        if not whole:
            raise DataError(f"{self.name} must have pairs of one image and one label; {MAKE}")
        self.turned, self.pair = label_first(pairs), again_like(pairs[0])
        if self.turned:
            pairs = [(image, label) for label, image in pairs]
        self.one = Form(pairs[0][0])
        try:
            self.x = np.array([np.asarray(plain_of(image)).ravel() for image, _ in pairs], dtype=float)
        except (ValueError, TypeError) as error:
            raise DataError(f"{self.name} must have images of numbers, all of one size: {error}; {MAKE}") from error
        self._read_labels([plain_of(label) for _, label in pairs], [label for _, label in pairs])

    def _read_arrays(self, images: Any, labels: Any) -> None:
        try:
            table, answers = np.asarray(plain_of(images)), np.asarray(plain_of(labels))
        except (ValueError, TypeError) as error:
            raise DataError(f"{self.name} must have images and labels of one size each: {error}; {MAKE}") from error
        n = number_of_samples(table.shape, answers.shape)
        if n is None:
            shapes = f"images of shape {table.shape} and labels of shape {answers.shape}"
            raise DataError(f"{self.name} must have one label for each image, got {shapes}; {MAKE}")
        self.columns = table.shape[0] != n or square_columns(table, answers)
        self.label_columns = answers.shape[0] != n or (self.columns and answers.shape == (n, n))
        rows = np.moveaxis(table, -1, 0) if self.columns else table
        try:
            self.x = rows.reshape(n, -1).astype(float)
        except (ValueError, TypeError) as error:
            raise DataError(f"{self.name} must have images of numbers: {error}; {MAKE}") from error
        self.one = Form(rows[0] if self.columns or has_attribute(images, "iloc") else images[0])
        self.one.dtype = table.dtype
        self.many, self.answers = Form(images), Form(labels)
        turned = list(np.moveaxis(answers, -1, 0) if self.label_columns else answers)
        self._read_labels(turned, turned)

    def _read_labels(self, plain: list[Any], own: list[Any]) -> None:
        """Give each class a number, and keep one label of each as it was given."""
        try:
            rows = self.given_labels = np.array([np.ravel(label) for label in plain])
            self.vectors = rows.ndim == 2 and rows.shape[1] > 1
            if self.vectors:
                table = rows.astype(float)
                self.y, self.values = table.argmax(axis=1), np.arange(rows.shape[1])
                self.unclear = np.flatnonzero((table == table.max(axis=1, keepdims=True)).sum(axis=1) > 1)
            else:
                self.values, self.y = _classes_of(rows.reshape(len(own)))
        except (ValueError, TypeError) as error:
            kinds = "must have labels that are numbers, words or vectors of one size"
            raise DataError(f"{self.name} {kinds}: {error}; {MAKE}") from error
        found = zip(*np.unique(self.y, return_index=True), strict=True)
        self.templates = {int(number): own[index] for number, index in found}
        self.classes = len(self.values)

    def __len__(self) -> int:
        return len(self.y)

    @property
    def from_one(self) -> bool:
        """Whether labels are whole numbers of which the smallest is 1."""
        return not self.vectors and self.values.dtype.kind in "iu" and self.values[0] == 0 and self.y.min() == 1

    def count_from_one(self) -> None:
        """Take the label 1 for the first class, and not for the second one of classes of which the first is empty."""
        self.values, self.y, self.classes = self.values[1:], self.y - 1, self.classes - 1
        self.templates = {number - 1: label for number, label in self.templates.items()}

    @property
    def plain(self) -> bool:
        """Whether images come first, in pairs or beside all labels."""
        return not self.turned if self.pairs else self.container is None or self.container.plain

    def dataset(self) -> Dataset:
        """Return the same as a Dataset, for the check of the data."""
        images = self.x.astype(self.one.dtype) if self.one.dtype.kind in "iu" else self.x
        names = [str(value) for value in self.values] if self.values.dtype.kind in "US" else None
        shape = self.one.shape if len(self.one.shape) == 2 and min(self.one.shape) > 1 else (-1,)
        return Dataset(images.reshape(len(images), *shape), self.y, classes=self.classes, class_names=names)

    def numbers_of(self, answers: Any) -> NDArray[Any]:
        """Return labels as a program gives them, as numbers of classes; -1 for those that are none."""
        answers = np.asarray(answers).ravel()
        if answers.dtype.kind in "fiub" and self.values.dtype.kind in "fiub":
            places = np.searchsorted(self.values, answers).clip(0, len(self.values) - 1)
            return np.where(self.values[places] == answers, places, -1)
        known = {str(value): number for number, value in enumerate(self.values)}
        return np.array([known.get(str(answer), -1) for answer in answers], dtype=int)

    # In their own form

    def label(self, number: int) -> Any:
        """Return the label of a class, as it was given."""
        if int(number) in self.templates:
            return own_copy(self.templates[int(number)])
        return self._unseen(int(number))

    def _unseen(self, number: int) -> Any:
        """Return the label of a class of which there are no samples, in the form of those that there are."""
        template = next(iter(self.templates.values()))
        made = np.array(plain_of(template))
        if self.vectors:
            low, high = made.min(), made.max()
            made[...] = low
            made.reshape(-1)[number] = high
        else:
            made[...] = self.values[number]
        return Form(template).made(made) if made.ndim else type(template)(made.item())

    def image(self, row: NDArray[Any]) -> Any:
        """Return one image."""
        return self.one.made(np.asarray(row).reshape(self.one.shape))

    def images(self, x: NDArray[Any]) -> Any:
        """Return images in the array form; for pairs a list of them."""
        table = np.asarray(x).reshape((len(x), *self.one.shape))
        if self.many is None:
            return self.one.each(table)
        return self.many.made(np.moveaxis(table, 0, -1) if self.columns else table)

    def labels(self, y: Sequence[int] | NDArray[Any]) -> Any:
        """Return labels in the array form; for pairs a list of them."""
        known = {int(number): self.label(number) for number in np.unique(y)}
        made = [own_copy(known[number]) for number in np.asarray(y).tolist()]
        if self.many is None:
            return made
        table = np.array([plain_of(label) for label in made])
        return self.answers.made(np.moveaxis(table, 0, -1) if self.label_columns else table)

    def make(self, x: NDArray[Any], y: Sequence[int] | NDArray[Any], *, listed: bool = False) -> Any:
        """Return samples in the form that was given: pairs in their container, or images and labels in theirs."""
        images, labels = self.images(x), self.labels(y)
        if not self.pairs:
            if self.records is not None:
                made = self.records.made(images, labels)
                return made if self.table is None else self.table.made(made)
            if self.loader is not None:
                loader = loader_of(self.loader, images, labels)
                return iter(loader) if self.iterator and not listed else loader
            return (images, labels) if self.container is None else self.container.put(images, labels)
        if self.objects is not None:
            samples = [self.objects.made(image, label) for image, label in zip(images, labels, strict=True)]
            return iter(samples) if self.iterator and not listed else samples
        if self.iterator and not listed:
            return zip(*((labels, images) if self.turned else (images, labels)), strict=True)
        both = zip(images, labels, strict=True)
        pairs = [self.pair(label, image) if self.turned else self.pair(image, label) for image, label in both]
        if isinstance(self.outer, tuple):
            return _object_array(pairs, len(self.outer))
        return tuple(pairs) if self.outer is tuple else pairs


def _object_array(pairs: list[Any], dimensions: int) -> NDArray[Any]:
    """Return an array of pairs: of shape (n,), or of shape (n, 2)."""
    made = np.empty((len(pairs), 2)[:dimensions], dtype=object)
    for number, pair in enumerate(pairs):
        if dimensions == 1:
            made[number] = pair
        else:
            made[number, 0], made[number, 1] = pair
    return made


def _classes_of(labels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the values of labels, and the number of the value of each: whole numbers from 0 on are numbers already."""
    if labels.dtype.kind in "fiub" and labels.size:
        with np.errstate(invalid="ignore"):
            whole = labels.astype(int)
        if np.all(whole == labels) and whole.min() >= 0 and whole.max() < 1000:
            return np.arange(whole.max() + 1), whole
    values, numbers = np.unique(labels, return_inverse=True)
    return values, numbers.ravel()
