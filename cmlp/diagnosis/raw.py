"""One set as its two files hold it: what the strict loader refuses is named and, where that is safe, put right.

Each step takes the set as the steps before it left it, and adds a finding for what it changes or cannot change.
What no step knows is left to the loader, whose complaint is then the finding.
"""

from collections import Counter
from dataclasses import dataclass, field
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.data.dataset import Dataset
from cmlp.diagnosis.evidence import Evidence
from cmlp.diagnosis.report import Finding, Severity
from cmlp.errors import DataError
from cmlp.utils.text import counted

Array = NDArray[Any]

HEADER = 16  # bytes before the pixels in an IDX file of images
FEW = 0.1  # share of rows that may be dropped
PIXEL_AT_FAULT = 0.5  # share of rows from which on a pixel that is not finite is no fault of the row
ENDS = 2000  # rows at either end that must belong together after a cut
TOGETHER = 0.9  # of the agreement of the other set
TOGETHER_ALONE = 0.6  # agreement beyond chance without another set: .87 on MNIST, .98 on the built-in digits
MOST_CLASSES = 1000  # of labels that are one-hot rows
KEEP = "{images}, {labels} = {images}[keep], {labels}[keep]"  # the end of a repair


@dataclass(eq=False)
class RawSet:
    """Images and labels of one set, on the way to a Dataset.

    Attributes
    ----------
    name : str
        "training data" or "test data".
    images, labels : object
        What the files hold; arrays wherever they are rows of one shape.
    files : (str, str)
        Their names.
    findings : list of Finding
    """

    name: str
    images: Any
    labels: Any
    files: tuple[str, str]
    findings: list[Finding] = field(default_factory=list)

    @property
    def prefix(self) -> str:
        """Name of the arrays in repairs: train or test."""
        return "train" if self.name == "training data" else "test"

    @property
    def arrays(self) -> bool:
        """Whether images and labels are arrays that have rows."""
        return all(isinstance(a, np.ndarray) and a.ndim and len(a) for a in (self.images, self.labels))

    def found(self, code: str, verdict: str, measured: str, repair: str | None = None) -> None:
        """Add an error: the loader refuses the set. ``{images}`` and ``{labels}`` in a repair are the arrays."""
        names = {"images": f"{self.prefix}_images", "labels": f"{self.prefix}_labels"}
        line = repair and repair.format(**names)
        self.findings.append(Finding(code, Severity.ERROR, self.name, verdict, measured, line))

    def dataset(self, classes: int | None = None, scale: float | None = None) -> Dataset | None:
        """Return the Dataset, or None where the loader complains, which is then a finding."""
        try:
            return Dataset(self.images, self.labels, scale=scale, classes=classes, names=self.files)
        except DataError as error:
            self.found("refused", f"The {self.name} cannot be loaded.", str(error))
            return None

    def keep(self, rows: Array) -> None:
        """Keep the rows of a mask or a range."""
        self.images, self.labels = self.images[rows], self.labels[rows]


# Arrays


def make_arrays(raw: RawSet) -> None:
    """Turn lists into arrays, without the images that have another shape than most."""
    raw.labels = as_array(raw.labels)
    shapes = [getattr(as_array(image), "shape", None) for image in raw.images] if isinstance(raw.images, list) else []
    (shape, count), *others = Counter(shapes).most_common() or [(None, 0)]
    odd = len(shapes) - count
    if others and odd <= FEW * len(shapes) and np.shape(raw.labels)[:1] == (len(shapes),):
        kept = np.array([other == shape for other in shapes])
        raw.images = [image for image, keep in zip(raw.images, kept, strict=True) if keep]
        raw.labels = raw.labels[kept]
        verdict = f"{odd:,} of {len(kept):,} images of the {raw.name} have another shape than the others."
        repair = (
            f"keep = np.array([np.shape(image) == {shape} for image in {{images}}]); "
            "{images}, {labels} = np.stack([image for image, k in zip({images}, keep) if k]), {labels}[keep]"
        )
        measured = f"{shape} in most, {others[0][0]} in another; they were left out"
        raw.found("ragged-images", verdict, measured, repair)
    raw.images = as_array(raw.images)
    if isinstance(raw.images, np.ndarray) and raw.images.dtype.kind in "US":
        _read_pixels(raw)


def as_array(value: Any) -> Any:
    """Return an array of numbers or strings, or the value itself where it is none."""
    try:
        array = np.asarray(value)
    except ValueError:  # ragged
        return value
    return array if array.dtype.kind in "biufUS" else value


def _read_pixels(raw: RawSet) -> None:
    try:
        pixels = raw.images.astype(np.float64)
    except ValueError:
        return
    verdict = f"The pixels of the {raw.name} are strings of digits."
    raw.found("string-pixels", verdict, f"dtype {raw.images.dtype}", "{images} = {images}.astype(np.float64)")
    raw.images = pixels


# Which file is which


def exchange_files(raw: RawSet) -> None:
    """Put images and labels into each other's place, or say that one of them is there twice."""
    if not raw.arrays:
        return
    images, labels = _are_labels(raw.images), _are_labels(raw.labels)
    shapes = f"{raw.files[0]} holds an array of shape {raw.images.shape}, and {raw.files[1]} one of {raw.labels.shape}"
    if images and not labels and len(raw.images) == len(raw.labels):
        raw.images, raw.labels = raw.labels, raw.images
        verdict = f"Images and labels of the {raw.name} are in each other's file."
        raw.found("files-swapped", verdict, shapes, "{images}, {labels} = {labels}, {images}")
    elif images and labels and len(raw.images) == len(raw.labels):
        raw.found("labels-twice", f"The file of images of the {raw.name} holds labels, too.", shapes)
    elif not images and not labels and raw.images.shape == raw.labels.shape:
        raw.found("images-twice", f"The file of labels of the {raw.name} holds images, too.", shapes)


def _are_labels(array: Array) -> bool:
    if array.ndim == 1 or array.dtype.kind in "US":
        return True
    rows = array[:, :, 0] if array.ndim == 3 and array.shape[2] == 1 else array
    if rows.ndim != 2 or rows.shape[1] > MOST_CLASSES:
        return False
    one_hot = (np.count_nonzero(rows, axis=1) == 1) & (rows.max(axis=1, initial=0) == 1)
    return rows.shape[1] == 1 or bool(one_hot.all())


def rows_first(raw: RawSet) -> None:
    """Give each image a row: the axis as long as the other file comes first."""
    if not raw.arrays:
        return
    images, labels = raw.images, raw.labels
    if labels.ndim == 2 and labels.shape[0] != len(images) == labels.shape[1]:
        raw.labels = labels.T
        verdict = f"The one-hot labels of the {raw.name} stand in columns."
        raw.found(
            "labels-in-columns", verdict, f"shape {labels.shape} for {len(images):,} images", "{labels} = {labels}.T"
        )
    n = len(raw.labels)
    if images.ndim >= 2 and images.shape[0] != n == images.shape[-1]:
        raw.images = np.ascontiguousarray(np.moveaxis(images, -1, 0))
        verdict = f"The images of the {raw.name} stand in columns."
        repair = "{images} = np.moveaxis({images}, -1, 0)"
        raw.found("images-in-columns", verdict, f"shape {images.shape} for {n:,} labels", repair)
    elif images.ndim == 1 and images.size != n:
        for header in (0, HEADER):
            pixels, rest = divmod(images.size - header, n)
            if rest == 0 and pixels > 1 and isqrt(pixels) ** 2 == pixels:
                raw.images = images[header:].reshape(n, pixels)
                after = " after a header" if header else ""
                verdict = f"The images of the {raw.name} are one long row of pixels{after}."
                pixels_only = f"[{header}:]" if header else ""
                repair = f"{{images}} = {{images}}{pixels_only}.reshape({n}, {pixels})"
                measured = f"{images.size:,} values for {counted(n, 'label')}"
                raw.found("images-in-one-row", verdict, measured, repair)
                return


# Counts


def cut(raw: RawSet, other: Evidence | None) -> None:
    """Leave out what is too many, if the rest then belongs together at both ends."""
    if not raw.arrays or len(raw.images) == len(raw.labels):
        return
    images, labels, n = len(raw.images), len(raw.labels), min(len(raw.images), len(raw.labels))
    verdict = f"The {raw.name} have {counted(images, 'image')} and {counted(labels, 'label')}."
    wanted = TOGETHER * other.excess if other is not None else TOGETHER_ALONE
    for name, line, rows in (("last", f"[:{n}]", slice(0, n)), ("first", f"[-{n}:]", slice(-n, None))):
        kept = RawSet(raw.name, raw.images[rows], raw.labels[rows], raw.files)
        agreement = _least_agreement(kept)
        if agreement is not None and agreement >= wanted:
            raw.images, raw.labels = kept.images, kept.labels
            measured = (
                f"without the {name} {abs(images - labels):,}, neighbours have equal labels by {agreement:.0%} of what "
                f"is possible beyond chance, at both ends of the rest; {wanted:.0%} show that it belongs together"
            )
            repair = f"{{images}}, {{labels}} = {{images}}{line}, {{labels}}{line}"
            raw.found("counts-differ", verdict, measured, repair)
            return
    measured = "no cut at the beginning or at the end leaves images and labels that belong together"
    raw.found("counts-differ", verdict, measured)


def _least_agreement(raw: RawSet) -> float | None:
    """Return the agreement of neighbours beyond chance at the worse of both ends, or None for what is no Dataset."""
    finite = np.nan_to_num(raw.images, posinf=0, neginf=0) if raw.images.dtype.kind == "f" else raw.images
    dataset = RawSet(raw.name, finite, raw.labels, raw.files).dataset()
    if dataset is None:
        return None
    ends = (dataset[:ENDS], dataset[-ENDS:])
    return min(Evidence(raw.name, end).excess for end in ends)


# Pixels


def make_finite(raw: RawSet) -> None:
    """Set pixels to 0 that are not finite in most images, and leave out images that still have such pixels."""
    if not raw.arrays or raw.images.dtype.kind != "f" or len(raw.images) != len(raw.labels):
        return
    rows = raw.images.reshape(len(raw.images), -1)
    wrong = ~np.isfinite(rows)
    pixels = wrong.mean(axis=0) >= PIXEL_AT_FAULT
    if pixels.any():
        rows = np.where(pixels & wrong, rows.dtype.type(0), rows)
        places = f"{pixels.sum():,} of {len(pixels):,} pixels"
        verdict = f"{places} of the {raw.name} are not finite in most images, as after a division by 0."
        measured = f"the first is pixel {pixels.argmax()}, in {wrong[:, pixels.argmax()].mean():.0%} of the images"
        raw.found("non-finite-pixels", verdict, measured, "{images} = np.nan_to_num({images}, posinf=0, neginf=0)")
        raw.images = rows.reshape(raw.images.shape)
        wrong = ~np.isfinite(rows)
    broken = wrong.any(axis=1)
    if not broken.any():
        return
    verdict = f"{broken.sum():,} of {len(broken):,} images of the {raw.name} have pixels that are not finite."
    measured = f"the first is {rows[broken.argmax()][wrong[broken.argmax()]][0]} in image {broken.argmax()}"
    if broken.mean() > FEW:
        raw.found("non-finite-images", verdict, f"{measured}; too many to leave them out")
        return
    raw.keep(~broken)
    repair = "keep = np.isfinite({images}).reshape(len({images}), -1).all(1); " + KEEP
    raw.found("non-finite-images", verdict, f"{measured}; they were left out", repair)
