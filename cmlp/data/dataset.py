"""Images and their labels, validated once and then immutable."""

from collections.abc import Iterator, Sequence
from math import isqrt
from numbers import Real
from typing import Any, Self, TypeAlias, overload

import numpy as np
from numpy.typing import DTypeLike, NDArray

from cmlp.data.gallery import gallery
from cmlp.data.origin import Origin
from cmlp.data.pixels import native, scaled, value_range
from cmlp.data.validation import Pixels, check_class_names, check_feature_names, check_images, check_labels
from cmlp.errors import DataError
from cmlp.utils.text import counted, shown

Image: TypeAlias = NDArray[np.float32 | np.float64]


class Dataset(Sequence[tuple[Image, int]]):
    """Images with their labels: an immutable sequence of pairs (image, label) that is also two arrays.

    The arrays are read-only and share memory with the given ones where no conversion is needed. The given arrays are
    never changed.

    Parameters
    ----------
    images : array_like
        Of shape (n, pixels), (n, pixels, 1), (n, height, width) or (n, height, width, 1); integers, bools or floats.
    labels : array_like
        Integers of shape (n,) or (n, 1), or one-hot rows (n, classes) or columns (n, classes, 1).
    scale : float, optional
        Factor that scales the pixels to [0, 1]. By default one over the smallest of 1, 16, 255 and, for integers only,
        65535 that is not below the largest pixel. Pixels are bytes, unsigned integers of 16 bits, and other whole
        numbers that look like it: their largest value is 255 or 65535, or their neighbours are alike as in pictures.
        All other values are not scaled (scale 1).
    classes : int, optional
        Number of classes. By default that of `class_names` or the width of one-hot labels, otherwise the largest
        label plus one.
    class_names : sequence of str, optional
        The name of each class, all different. By default the classes have no names.
    feature_names : sequence of str, optional
        The name of each pixel or feature, as the columns of a table have them. By default they have no names.
    names : tuple of str, default ("images", "labels")
        What error messages call the images and the labels.

    Raises
    ------
    DataError
        If images or labels are invalid, or differ in number; the message names the value and its index.

    Examples
    --------
    >>> dataset = cmlp.Dataset([[0, 255], [51, 0]], [1, 0])
    >>> dataset
    Dataset(2 images of 2 pixels, uint8 x 1/255, 2 classes)
    >>> dataset[0]
    (array([0., 1.]), 1)
    """

    __slots__ = (
        "_class_names", "_classes", "_feature_names", "_images", "_labels", "_origin", "_picture_shape", "_scale"
    )  # fmt: skip

    _images: Pixels
    _labels: NDArray[np.intp]
    _scale: float
    _classes: int
    _class_names: tuple[str, ...] | None
    _picture_shape: tuple[int, int] | None
    _feature_names: tuple[str, ...] | None
    _origin: Origin | None

    def __init__(
        self,
        images: object,
        labels: object,
        *,
        scale: float | None = None,
        classes: int | None = None,
        class_names: Sequence[str] | None = None,
        feature_names: Sequence[str] | None = None,
        names: tuple[str, str] = ("images", "labels"),
    ) -> None:
        if not isinstance(names, tuple | list) or len(names) != 2 or not all(isinstance(name, str) for name in names):
            raise DataError(f"names must be two strings, what to call images and labels, got {shown(names)}")
        pixels, factor = check_images(images, scale, names[0])
        called = None if class_names is None else check_class_names(class_names)
        if called is not None and classes is None:
            classes = len(called)
        targets, count = check_labels(labels, classes, names[1])
        if len(pixels) != len(targets):
            found = f"{counted(len(pixels), 'image')} and {counted(len(targets), 'label')}"
            raise DataError(f"{names[0]} and {names[1]} must have the same length, got {found}")
        if called is not None:
            check_class_names(called, count)
        features = None if feature_names is None else check_feature_names(feature_names, pixels.shape[1])
        self._assign(pixels, targets, factor, count, called, _picture_shape(images, pixels.shape[1]), features)

    def _assign(
        self,
        images: Pixels,
        labels: NDArray[np.intp],
        scale: float,
        classes: int,
        class_names: tuple[str, ...] | None,
        picture_shape: tuple[int, int] | None,
        feature_names: tuple[str, ...] | None = None,
    ) -> None:
        self._images, self._labels = _read_only(images), _read_only(labels)
        self._scale, self._classes = scale, classes
        self._class_names, self._picture_shape = class_names, picture_shape
        self._feature_names = feature_names
        self._origin = None

    @classmethod
    def _of_checked(cls, *parts: Any) -> Self:
        dataset = cls.__new__(cls)
        dataset._assign(*parts)
        return dataset

    def _from_origin(self, origin: Origin) -> Self:
        """Return the same data with the source that they come from, which a network trained on them remembers."""
        dataset = self._with(self._images, self._labels)
        dataset._origin = origin
        return dataset

    def _with(self, images: Pixels, labels: NDArray[np.intp]) -> Self:
        return self._of_checked(images, labels, *self._rest())

    def _rest(self) -> tuple[Any, ...]:
        """Return all but images and labels, in the order of `_assign`."""
        return self._scale, self._classes, self._class_names, self._picture_shape, self._feature_names

    @property
    def images(self) -> Pixels:
        """(n, pixels), read-only: uint8 as given, or float32 or float64 already multiplied by `scale`."""
        return self._images.view()

    @property
    def labels(self) -> NDArray[np.intp]:
        """(n,), read-only; integers in 0..classes - 1."""
        return self._labels.view()

    @property
    def scale(self) -> float:
        """Factor that scales the given pixels to [0, 1]: not yet applied to uint8 `images`, but to all others."""
        return self._scale

    @property
    def classes(self) -> int:
        """Number of classes."""
        return self._classes

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """The name of each class, or None."""
        return self._class_names

    @property
    def feature_names(self) -> tuple[str, ...] | None:
        """The name of each pixel or feature, or None."""
        return self._feature_names

    @property
    def picture_shape(self) -> tuple[int, int] | None:
        """(height, width) as given, or of a square; None if the images have neither."""
        return self._picture_shape

    def pictures(self) -> NDArray[np.uint8 | np.float32 | np.float64]:
        """Return the images as pictures.

        Returns
        -------
        ndarray of shape (n, height, width)
            A view of `images`.

        Raises
        ------
        DataError
            If the images have no `picture_shape`.
        """
        if self._picture_shape is None:
            pixels = self._images.shape[1]
            raise DataError(f"images must be square or have a height and a width, got {counted(pixels, 'pixel')} each")
        return self._images.reshape(-1, *self._picture_shape)

    def scaled(self, dtype: DTypeLike | None = None) -> NDArray[Any]:
        """Return the images as a network sees them; scale large data one slice at a time.

        Parameters
        ----------
        dtype : dtype, optional
            Type of the result, float32 or float64. By default float64 for uint8 `images`, otherwise the type that they
            have.

        Returns
        -------
        ndarray of shape (n, pixels)
            The pixels in [0, 1]: uint8 `images` multiplied by `scale`, others unchanged, as they are scaled already.

        Raises
        ------
        DataError
            If the type is another.

        Examples
        --------
        >>> cmlp.Dataset([[0, 255], [51, 0]], [1, 0]).scaled()
        array([[0. , 1. ],
               [0.2, 0. ]])
        """
        return scaled(self._images, self._scale, None if dtype is None else _check_float_type(dtype))

    @property
    def value_range(self) -> tuple[float, float]:
        """The smallest and the largest of the `scaled` pixels."""
        return value_range(self._images, self._scale)

    def __len__(self) -> int:
        return len(self._labels)

    @overload
    def __getitem__(self, index: int) -> tuple[Image, int]: ...
    @overload
    def __getitem__(self, index: slice | Sequence[int] | NDArray[Any]) -> Self: ...
    def __getitem__(self, index: int | slice | Sequence[int] | NDArray[Any]) -> tuple[Image, int] | Self:
        """Return the scaled (image, label) at an integer index, or the `Dataset` of a slice, index array or mask."""
        if isinstance(index, int | np.integer):
            row = int(index)  # NumPy would take True for a mask
            return scaled(self._images[row], self._scale), int(self._labels[row])
        labels = self._labels[index]
        if labels.ndim != 1:
            raise IndexError("an index array or mask must have one dimension")
        return self._with(self._images[index], labels)

    def __iter__(self) -> Iterator[tuple[Image, int]]:
        return zip((scaled(image, self._scale) for image in self._images), self._labels.tolist(), strict=True)

    def __contains__(self, pair: object) -> bool:
        return self.count(pair) > 0

    def count(self, value: Any) -> int:
        """Return how often a pair (image, label) is in the dataset.

        Parameters
        ----------
        value : (array_like, int)
            A scaled image and its label.

        Returns
        -------
        int
            At least 0.
        """
        return sum(1 for _ in self._places(value, range(len(self))))

    def index(self, value: Any, start: int = 0, stop: int | None = None) -> int:
        """Return the first index of a pair (image, label).

        Parameters
        ----------
        value : (array_like, int)
            A scaled image and its label.
        start : int, default 0
            Where the search begins, as in a list.
        stop : int, optional
            Where it ends; by default at the end.

        Returns
        -------
        int
            Counted from 0.

        Raises
        ------
        ValueError
            If it is not there.
        """
        for place in self._places(value, range(len(self))[start:stop]):
            return place
        raise ValueError("the pair (image, label) must be in the dataset to have an index, and is not")

    def _places(self, pair: Any, among: range) -> Iterator[int]:
        """Yield the indices of a pair, in ascending order; whatever is no pair of an image and a label has none."""
        if not isinstance(pair, tuple | list) or len(pair) != 2 or not isinstance(pair[1], Real):
            return
        for place in np.array(among, np.intp)[self._labels[among.start : among.stop] == pair[1]].tolist():
            if np.array_equal(self[place][0], pair[0]):
                yield place

    def __reduce__(self) -> tuple[Any, ...]:
        # Arrays come back from a pickle writable; this way they pass through _read_only again.
        return self._of_checked, (self._images, self._labels, *self._rest())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self._content())})"

    def _repr_html_(self) -> str:
        return gallery(self, type(self).__name__, self._content())

    def _content(self) -> list[str]:
        count, pixels = self._images.shape
        applied = "x" if self._images.dtype == np.uint8 else "scaled by"
        scale = "" if self._scale == 1 else f" {applied} {_fraction(self._scale)}"
        return [
            f"{counted(count, 'image')} of {counted(pixels, 'pixel')}",
            f"{self._images.dtype}{scale}",
            counted(self._classes, "class"),
        ]


def _check_float_type(dtype: Any) -> np.dtype[Any]:
    """Check the type of scaled pixels, of any byte order."""
    found: np.dtype[Any]
    try:
        found = np.dtype(dtype)
    except (TypeError, ValueError):
        found = np.dtype(object)
    if native(found) not in (np.float32, np.float64):
        raise DataError(f"dtype must be float32 or float64, which holds pixels in [0, 1], got {shown(dtype)}")
    return found


def _picture_shape(images: Any, pixels: int) -> tuple[int, int] | None:
    """Return the height and width of the images, or None if they are not pictures."""
    shape = np.shape(images[0]) if isinstance(images, list | tuple) else np.shape(images)[1:]
    height, width = (*shape, 1, 1)[:2]
    if height > 1 and width > 1:
        return height, width
    side = isqrt(pixels)
    return (side, side) if side * side == pixels else None


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view()
    view.setflags(write=False)
    return view


def _fraction(scale: float) -> str:
    full = round(1 / scale) if scale <= 1 else 0
    return f"1/{full}" if full and scale == 1 / full else f"{scale:g}"
