"""Repairs: each maps a Dataset to a repaired one and knows the line of Python that does the same to arrays.

A repair has the name of the fault that it undoes. ``{images}`` and ``{labels}`` in a line stand for the names of
the arrays, "test_images" for example, which have shape (n, pixels) and (n,), ``{other}`` for the other set's images.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import isqrt
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cmlp.data.dataset import Dataset
from cmlp.diagnosis.report import Finding

Array: TypeAlias = NDArray[Any]

BYTES = 256  # values of a byte; wrapping around and reading as signed are errors modulo this
MIDDLE = 128


@dataclass(frozen=True)
class Repair:
    """What undoes a fault.

    Attributes
    ----------
    code : str
        The fault, as in `Finding.code`.
    line : str
        One line of Python, with ``{images}`` and ``{labels}`` for the names of the arrays.
    apply : function of a Dataset that returns a new one
    back : function that returns the repair for the other set, or None
        Instead of undoing a fault in one set, one may undo the opposite fault in the other.
    """

    code: str
    line: str
    apply: Callable[[Dataset], Dataset]
    back: Callable[[], "Repair"] | None = None

    def written_for(self, prefix: str) -> str:
        """Return the line for the set whose arrays are prefix_images and prefix_labels; prefix is train or test."""
        other = "train_images" if prefix == "test" else "test_images"
        return self.line.format(prefix=prefix, images=f"{prefix}_images", labels=f"{prefix}_labels", other=other)


@dataclass(frozen=True)
class Diagnosis:
    """A finding, and the repair of the set that it speaks of."""

    finding: Finding
    repair: Repair | None = None


def with_images(dataset: Dataset, images: Array) -> Dataset:
    """Return the dataset with other images (n, pixels): bytes that wait for its scale, or floats as they are."""
    scale = dataset.scale if images.dtype == np.uint8 else 1.0
    return Dataset(images, dataset.labels, scale=scale, classes=dataset.classes)


def with_labels(dataset: Dataset, labels: Array, classes: int | None = None) -> Dataset:
    """Return the dataset with other labels (n,)."""
    scale = dataset.scale if dataset.images.dtype == np.uint8 else 1.0
    return Dataset(dataset.images, labels, scale=scale, classes=classes or dataset.classes)


def _of_images(
    code: str, line: str, change: Callable[[Array], Array], back: Callable[[], Repair] | None = None
) -> Repair:
    return Repair(code, "{images} = " + line, lambda dataset: with_images(dataset, change(dataset.images)), back)


def _of_pictures(
    code: str, line: str, change: Callable[[Array], Array], back: Callable[[], Repair] | None = None
) -> Repair:
    """Repair whose line and function work on (n, side, side)."""

    def apply(dataset: Dataset) -> Dataset:
        moved = change(dataset.pictures())
        return with_images(dataset, np.ascontiguousarray(moved).reshape(len(dataset), -1))

    return Repair(code, "{images} = " + line, apply, back)


# Where pixels went


def symmetries(side: int) -> list[Repair]:
    """Return the seven repairs that turn or mirror pictures of side x side pixels back."""
    pictures, flat = f"{{images}}.reshape(-1, {side}, {side})", f".reshape(-1, {side * side})"

    def turned(times: int) -> str:
        return f"np.rot90({pictures}, {times}, axes=(1, 2)){flat}"

    return [
        _of_pictures("transposed", f"{pictures}.transpose(0, 2, 1){flat}", lambda p: p.transpose(0, 2, 1)),
        _of_pictures("mirrored-left-right", f"{pictures}[:, :, ::-1]{flat}", lambda p: p[:, :, ::-1]),
        _of_pictures("mirrored-up-down", f"{pictures}[:, ::-1]{flat}", lambda p: p[:, ::-1]),
        _of_pictures("rotated-90", turned(-1), lambda p: np.rot90(p, -1, axes=(1, 2))),
        _of_pictures("rotated-180", turned(2), lambda p: np.rot90(p, 2, axes=(1, 2))),
        _of_pictures("rotated-270", turned(1), lambda p: np.rot90(p, 1, axes=(1, 2))),
        _of_pictures(
            "transposed-rotated-180",
            f"{pictures}[:, ::-1, ::-1].transpose(0, 2, 1){flat}",
            lambda p: p[:, ::-1, ::-1].transpose(0, 2, 1),
        ),
    ]


def shifted(side: int, down: int, right: int) -> Repair:
    """Undo a shift by moving pictures down and right, around the border."""
    line = f"np.roll({{images}}.reshape(-1, {side}, {side}), ({down}, {right}), axis=(1, 2)).reshape(-1, {side * side})"

    def move(pictures: Array) -> Array:
        return np.roll(pictures, (down, right), axis=(1, 2))

    return _of_pictures("shifted", line, move, lambda: shifted(side, -down, -right))


def header_bytes(count: int) -> Repair:
    """Undo a read that began `count` bytes too early (or -count too late): let all rows move up (or down)."""
    if count > 0:
        line = f"np.append({{images}}.ravel()[{count}:], np.zeros({count}, {{images}}.dtype)).reshape({{images}}.shape)"
    else:
        line = f"np.roll({{images}}, {-count})"

    def change(images: Array) -> Array:
        moved = np.roll(images, -count)
        if count > 0:
            moved[-1, -count:] = 0
        return moved

    return _of_images("header-bytes", line, change, lambda: header_bytes(-count))


def reshaped() -> Repair:
    """Undo ``images.reshape(pixels, n).T``, which deals the pixels of an image out to many rows."""
    return _of_images("reshaped", "{images}.T.reshape({images}.shape)", lambda x: x.T.reshape(x.shape))


def permuted_pixels(source: Array) -> Repair:
    """Undo one permutation of the pixels: pixel j of a repaired image is pixel source[j], shape (pixels,)."""
    line = "report.repaired_{prefix}.images"
    return _of_images("permuted-pixels", line, lambda x: x[:, source], lambda: permuted_pixels(np.argsort(source)))


def resized(old: int, new: int) -> Repair:
    """Cut or pad pictures around their centre, from old x old to new x new pixels."""
    cut, pad = max(0, old - new), max(0, new - old)
    first, last = cut // 2, cut // 2 + min(old, new)
    before, after = pad // 2, pad - pad // 2
    pictures = f"{{images}}.reshape(-1, {old}, {old})"
    if cut:
        line = f"{pictures}[:, {first}:{last}, {first}:{last}].reshape(-1, {new * new})"
    else:
        line = f"np.pad({pictures}, ((0, 0), ({before}, {after}), ({before}, {after}))).reshape(-1, {new * new})"

    def change(pictures: Array) -> Array:
        return np.pad(pictures[:, first:last, first:last], ((0, 0), (before, after), (before, after)))

    return _of_pictures("different-size", line, change)


def uncentred(side: int, row: int, column: int) -> Repair:
    """Undo images that lie anywhere: move the centre of mass of each to one place, around the border."""
    line = (
        f"np.stack([np.roll(p, np.subtract(({row}, {column}), np.rint(scipy.ndimage.center_of_mass(p))).astype(int), "
        f"(0, 1)) for p in {{images}}.reshape(-1, {side}, {side})]).reshape({{images}}.shape)"
    )
    return _of_pictures("uncentred", line, lambda p: _centred(p, row, column))


def _centred(pictures: Array, row: int, column: int) -> Array:
    n, side, _ = pictures.shape
    mass = np.maximum(pictures.sum(axis=(1, 2), dtype=np.float64), np.finfo(float).tiny)
    places = np.arange(side)
    down = row - np.rint(pictures.sum(axis=2, dtype=np.float64) @ places / mass).astype(np.intp)
    right = column - np.rint(pictures.sum(axis=1, dtype=np.float64) @ places / mass).astype(np.intp)
    rows = (places - down[:, None]) % side
    columns = (places - right[:, None]) % side
    moved: Array = pictures[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]
    return moved


# What values became


def inverted() -> Repair:
    """Swap the smallest and the largest value."""

    def change(images: Array) -> Array:
        opposite: Array = images.max() - images  # this order never leaves the range of bytes
        opposite += images.min()
        return opposite

    return _of_images("inverted", "{images}.max() + {images}.min() - {images}", change, inverted)


def rescaled(source: tuple[float, float], target: tuple[float, float] = (0.0, 1.0)) -> Repair:
    """Map values from one range to another.

    Parameters
    ----------
    source, target : (low, high)
        Of the values as a network sees them, that is with the scale of the Dataset applied.
    """
    low, high = source
    factor = (target[1] - target[0]) / (high - low)
    line = "({images} - {images}.min()) / ({images}.max() - {images}.min())"
    if target != (0.0, 1.0):
        line += f" * {target[1] - target[0]:.6g} + {target[0]:.6g}".replace("+ -", "- ")

    def apply(dataset: Dataset) -> Dataset:
        if dataset.images.dtype == np.uint8 and low == 0 == target[0]:
            return Dataset(dataset.images, dataset.labels, scale=dataset.scale * factor, classes=dataset.classes)
        values = scaled(dataset) - np.float32(low)
        values *= np.float32(factor)
        values += np.float32(target[0])
        return with_images(dataset, values)

    return Repair("different-scale", "{images} = " + line, apply)


def standardised(source: tuple[Array, Array], target: tuple[Array, Array]) -> Repair:
    """Give each feature the mean and the deviation that it has in the other set.

    Parameters
    ----------
    source, target : (means, deviations), each of shape (features,)
    """
    factor = target[1] / np.where(source[1] > 0, source[1], 1)
    offset = target[0] - source[0] * factor
    line = "({images} - {images}.mean(0)) / {images}.std(0).clip(1e-9) * {other}.std(0) + {other}.mean(0)"

    def apply(dataset: Dataset) -> Dataset:
        return with_images(dataset, (scaled(dataset) * factor + offset).astype(np.float32))

    return Repair("different-scale", "{images} = " + line, apply)


def wrapped_values(dtype: np.dtype[Any]) -> Repair:
    """Undo ``x - 128`` on bytes, or int8 stored as uint8, which are the same bits; perhaps divided by 255 since."""
    if dtype == np.uint8:
        return _of_images("wrapped-values", "{images} + np.uint8(128)", lambda x: x + np.uint8(MIDDLE))
    line = "(np.rint({images} * 255) + 128) % 256 / 255"
    return _of_images("wrapped-values", line, lambda x: ((np.rint(x * 255) + MIDDLE) % BYTES / 255).astype(x.dtype))


def signed_bytes() -> Repair:
    """Undo bytes read as int8: 128..255 became -128..-1."""

    def apply(dataset: Dataset) -> Dataset:
        images = (dataset.images.astype(np.int16) % BYTES).astype(np.uint8)
        return Dataset(images, dataset.labels, scale=1 / 255, classes=dataset.classes)

    return Repair("signed-bytes", "{images} = {images}.astype(np.int64) % 256", apply)


# What labels became


def shifted_labels(lag: int) -> Repair:
    """Undo labels that stand `lag` rows after their images."""
    line = f"{{labels}} = np.roll({{labels}}, {-lag}, axis=0)"
    return Repair("labels-shifted", line, lambda dataset: with_labels(dataset, np.roll(dataset.labels, -lag)))


def renamed_labels(code: str, names: Array) -> Repair:
    """Give label k the name names[k], shape (classes,)."""
    if code == "labels-off-by-one":
        line = f"{{labels}} = ({{labels}} {'+' if names[0] == 1 else '-'} 1) % {len(names)}"
    else:
        line = f"{{labels}} = np.array({names.tolist()})[{{labels}}]"

    def apply(dataset: Dataset) -> Dataset:
        return with_labels(dataset, names[dataset.labels], len(names))

    return Repair(code, line, apply, lambda: renamed_labels(code, np.argsort(names)))


def scaled(dataset: Dataset) -> NDArray[np.float32]:
    """Return a copy of the images as a network sees them, (n, pixels)."""
    values = dataset.images.astype(np.float32)
    if dataset.images.dtype == np.uint8:
        values *= np.float32(dataset.scale)
    return values


def side_of(dataset: Dataset) -> int | None:
    """Return the side of square images, or None where they are not square."""
    pixels = dataset.images.shape[1]
    side = isqrt(pixels)
    return side if side * side == pixels else None
