"""Repairs: each maps a Dataset to a repaired one and knows the line of Python that does the same to arrays.

A repair has the name of the fault that it undoes. ``{images}`` and ``{labels}`` in a line stand for the names of
the arrays, "test_images" for example, which have shape (n, pixels) and (n,), ``{other}`` for the other set's images.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cmlp.data.dataset import Dataset
from cmlp.diagnosis.report import Finding, Severity

Array: TypeAlias = NDArray[Any]

KEEP_SHAPE = {"mirrored-left-right", "mirrored-up-down", "rotated-180"}
BYTES = 256  # values of a byte; wrapping around and reading as signed are errors modulo this
MIDDLE = 128
QUANTILES = 0.005, 0.995
FAR = 20  # times the range between these, from which on there are outliers
LARGEST = 1e15  # in float32, whose squares must have finite sums


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
    of_values : bool
        Whether the line holds numbers that stand for pixels as a network sees them, and not for bytes.
    """

    code: str
    line: str
    apply: Callable[[Dataset], Dataset]
    back: Callable[[], "Repair"] | None = None
    of_values: bool = False

    def written_for(self, prefix: str, own: Dataset | None = None, others: Dataset | None = None) -> str:
        """Return the line for the set whose arrays are prefix_images and prefix_labels; prefix is train or test.

        The sets tell whether their arrays are bytes, which a network sees divided by 255.
        """
        other = f"{'train' if prefix == 'test' else 'test'}_images"
        line = f"{{images}} = {{images}}{_divisor(own)}; {self.line}" if self.of_values and _divisor(own) else self.line
        line = f"import scipy.ndimage; {line}" if "scipy.ndimage." in line else line
        names = {"images": f"{prefix}_images", "labels": f"{prefix}_labels"}
        return line.format(prefix=prefix, other=f"({other}{_divisor(others)})" if _divisor(others) else other, **names)


def _divisor(dataset: Dataset | None) -> str:
    if dataset is None or dataset.images.dtype != np.uint8 or dataset.scale == 1:
        return ""
    return f" / {1 / dataset.scale:g}"


@dataclass(frozen=True)
class Diagnosis:
    """A finding, and the repair of the set that it speaks of."""

    finding: Finding
    repair: Repair | None = None

    @classmethod
    def of(
        cls, where: str, severity: Severity, code: str, verdict: str, measured: str, repair: Repair | None = None
    ) -> "Diagnosis":
        """Return a diagnosis of one set, with the repair's line for it."""
        line = repair.written_for("train" if where == "training data" else "test") if repair else None
        return cls(Finding(code, severity, where, verdict, measured, line), repair)


def with_images(dataset: Dataset, images: Array) -> Dataset:
    """Return the dataset with other images: bytes that wait for its scale, or floats as they are.

    `images` may be (n, height, width), or (n, pixels), which are then pictures of the shape that they had.
    """
    scale = dataset.scale if images.dtype == np.uint8 else 1.0
    shape = dataset.picture_shape
    if images.ndim == 2 and shape is not None and images.shape[1] == shape[0] * shape[1]:
        images = images.reshape(len(images), *shape)
    names, classes = dataset.class_names, dataset.classes
    return Dataset(images, dataset.labels, scale=scale, classes=classes, class_names=names)


def with_labels(dataset: Dataset, labels: Array, classes: int | None = None) -> Dataset:
    """Return the dataset with other labels (n,)."""
    names = dataset.class_names if classes in (None, dataset.classes) else None
    whole = shaped(dataset)
    scale = dataset.scale if dataset.images.dtype == np.uint8 else 1.0
    return Dataset(whole, labels, scale=scale, classes=classes or dataset.classes, class_names=names)


def shaped(dataset: Dataset) -> Array:
    """Return the images as pictures where they are, so that a new Dataset knows their shape, otherwise as rows."""
    return dataset.images if dataset.picture_shape is None else dataset.pictures()


def _of_images(
    code: str, line: str, change: Callable[[Array], Array], back: Callable[[], Repair] | None = None
) -> Repair:
    return Repair(code, "{images} = " + line, lambda dataset: with_images(dataset, change(dataset.images)), back)


def _of_pictures(
    code: str, line: str, change: Callable[[Array], Array], back: Callable[[], Repair] | None = None
) -> Repair:
    """Repair whose line and function work on (n, height, width)."""

    def apply(dataset: Dataset) -> Dataset:
        return with_images(dataset, np.ascontiguousarray(change(dataset.pictures())))

    return Repair(code, "{images} = " + line, apply, back)


# Where pixels went


def symmetries(shape: tuple[int, int]) -> list[Repair]:
    """Return the seven repairs that turn or mirror pictures back, or the three of them that keep an oblong's shape."""
    height, width = shape
    pictures, flat = f"{{images}}.reshape(-1, {height}, {width})", f".reshape(-1, {height * width})"

    def turned(times: int) -> str:
        return f"np.rot90({pictures}, {times}, axes=(1, 2)){flat}"

    repairs = [
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
    return repairs if height == width else [repair for repair in repairs if repair.code in KEEP_SHAPE]


def shifted(shape: tuple[int, int], down: int, right: int) -> Repair:
    """Undo a shift by moving pictures down and right, around the border."""
    height, width = shape
    pictures, flat = f"{{images}}.reshape(-1, {height}, {width})", f".reshape(-1, {height * width})"
    line = f"np.roll({pictures}, ({down}, {right}), axis=(1, 2)){flat}"

    def move(pictures: Array) -> Array:
        return np.roll(pictures, (down, right), axis=(1, 2))

    return _of_pictures("shifted", line, move, lambda: shifted(shape, -down, -right))


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


def uncentred(shape: tuple[int, int], row: int, column: int) -> Repair:
    """Undo images that lie anywhere: move the centre of mass of each to one place, around the border."""
    line = (
        f"np.stack([np.roll(p, np.subtract(({row}, {column}), np.rint(scipy.ndimage.center_of_mass(p))).astype(int), "
        f"(0, 1)) for p in {{images}}.reshape(-1, {shape[0]}, {shape[1]})]).reshape({{images}}.shape)"
    )
    return _of_pictures("uncentred", line, lambda p: _centred(p, row, column))


def _centred(pictures: Array, row: int, column: int) -> Array:
    n, height, width = pictures.shape
    weights = pictures.astype(np.float64)
    mass = weights.sum(axis=(1, 2))
    sure = np.abs(mass) > np.finfo(np.float32).eps * np.abs(weights).sum(axis=(1, 2))
    mass = np.where(sure, mass, np.inf)  # images without a centre of mass stay where they are
    down = np.where(sure, row - np.rint(weights.sum(axis=2) @ np.arange(height) / mass), 0)
    right = np.where(sure, column - np.rint(weights.sum(axis=1) @ np.arange(width) / mass), 0)
    rows = (np.arange(height) - down[:, None]).astype(np.int64) % height
    columns = (np.arange(width) - right[:, None]).astype(np.int64) % width
    moved: Array = pictures[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]
    return moved


# What values became


def inverted() -> Repair:
    """Swap the smallest and the largest value."""

    def change(images: Array) -> Array:
        opposite: Array = images.max() - images  # this order never leaves the range of bytes
        opposite += images.min()
        return opposite

    return _of_images("inverted", "{images}.max() - {images} + {images}.min()", change, inverted)


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
            return Dataset(shaped(dataset), dataset.labels, scale=dataset.scale * factor, **names_of(dataset))
        values = scaled(dataset) - np.float32(low)
        values *= np.float32(factor)
        values += np.float32(target[0])
        return with_images(dataset, values)

    return Repair("different-scale", "{images} = " + line, apply)


def standardised(
    source: tuple[Array, Array], target: tuple[Array, Array], bounds: tuple[float, float] | None = None
) -> Repair:
    """Give each feature the mean and the deviation that it has in the other set.

    Parameters
    ----------
    source, target : (means, deviations), each of shape (features,)
    bounds : (low, high), optional
        Within which all values are to lie.
    """
    factor = target[1] / np.where(source[1] > 0, source[1], 1)
    offset = target[0] - source[0] * factor
    line = "({images} - {images}.mean(0)) / {images}.std(0).clip(1e-9) * {other}.std(0) + {other}.mean(0)"
    if bounds is not None:
        line = f"({line}).clip({bounds[0]:.6g}, {bounds[1]:.6g})"

    def apply(dataset: Dataset) -> Dataset:
        values = (scaled(dataset) * factor + offset).astype(np.float32)
        return with_images(dataset, values if bounds is None else values.clip(*bounds))

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
        return Dataset(with_images(dataset, images).pictures(), dataset.labels, scale=1 / 255, **names_of(dataset))

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


def names_of(dataset: Dataset) -> dict[str, Any]:
    """Return how many classes there are and what they are called, as arguments of a Dataset."""
    return {"classes": dataset.classes, "class_names": dataset.class_names}


def scaled(dataset: Dataset) -> NDArray[np.float32]:
    """Return a copy of the images as a network sees them, (n, pixels)."""
    if dataset.images.dtype == np.uint8:
        values = dataset.images.astype(np.float32)
        values *= np.float32(dataset.scale)
        return values
    if max(-dataset.images.min(), dataset.images.max()) > LARGEST:
        return np.clip(dataset.images, -LARGEST, LARGEST).astype(np.float32)
    return dataset.images.astype(np.float32)


def usual_range(values: NDArray[np.float32]) -> tuple[float, float] | None:
    """Return the range of nearly all values where a few outliers are far away, and otherwise None."""
    low, high = (float(quantile) for quantile in np.quantile(values, QUANTILES))
    return (low, high) if 0 < high - low < float(values.max() - values.min()) / FAR else None
