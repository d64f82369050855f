"""How well a network does on images with labels: not only how many are right."""

from dataclasses import dataclass
from functools import cached_property
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.data.dataset import Dataset
from cmlp.errors import DataError, ModelError
from cmlp.network import Network

Z = 1.959963984540054  # of the normal distribution, beyond which lie 2.5 % on either side
BINS = 10
ROUNDING = 1e-6  # by which outputs of softmax in float32 may exceed 1
ROWS = 4096  # images at a time


@dataclass(frozen=True)
class Bin:
    """The images whose strongest output lies between two values.

    Attributes
    ----------
    low, high : float
    count : int
    confidence : float or None
        The mean of their strongest outputs; None without images.
    accuracy : float or None
        The share of them that is right.
    """

    low: float
    high: float
    count: int
    confidence: float | None
    accuracy: float | None

    @property
    def gap(self) -> float:
        """How far both are apart, for each image, summed."""
        if self.confidence is None or self.accuracy is None:
            return 0.0
        return self.count * abs(self.accuracy - self.confidence)


@dataclass(frozen=True)
class Scores:
    """What a network said of each image, held against the labels.

    Made by `score`. scikit-learn's displays draw the same from labels and answers, such as
    ``ConfusionMatrixDisplay.from_predictions(scores.labels, scores.answers)``.

    Parameters
    ----------
    labels : ndarray (n,)
    outputs : ndarray (n, classes)
    names : tuple of str
        What the classes are called.
    """

    labels: NDArray[np.intp]
    outputs: NDArray[Any]
    names: tuple[str, ...]

    @cached_property
    def answers(self) -> NDArray[np.intp]:
        """The label (n,) of the strongest output."""
        strongest: NDArray[np.intp] = self.outputs.argmax(axis=1)
        return strongest

    @property
    def right(self) -> int:
        """How many answers are right."""
        return int(np.count_nonzero(self.answers == self.labels))

    @property
    def accuracy(self) -> float:
        """Percent."""
        return 100 * (self.right / len(self.labels))

    @property
    def interval(self) -> tuple[float, float]:
        """Where the accuracy on all images of this kind lies, in percent, with a confidence of 95 %: Wilson's [1]_.

        References
        ----------
        .. [1] E. B. Wilson, Probable inference, the law of succession, and statistical inference, Journal of the
           American Statistical Association 22, 1927, pp. 209-212.
        """
        return wilson(self.right, len(self.labels))

    @cached_property
    def confusion(self) -> NDArray[np.intp]:
        """(classes, classes): how many images of the row's label got the column's answer."""
        classes = len(self.names)
        return np.bincount(self.labels * classes + self.answers, minlength=classes**2).reshape(classes, classes)

    @property
    def precision(self) -> NDArray[np.float64]:
        """(classes,): the share of a class's answers that is right; NaN where it was never the answer."""
        return _share(self.confusion.diagonal(), self.confusion.sum(axis=0))

    @property
    def recall(self) -> NDArray[np.float64]:
        """(classes,): the share of a class's images that is found; NaN where it has none."""
        return _share(self.confusion.diagonal(), self.confusion.sum(axis=1))

    @property
    def f1(self) -> NDArray[np.float64]:
        """(classes,): the harmonic mean of precision and recall; NaN for a class that nowhere occurs."""
        matrix = self.confusion
        return _share(2 * matrix.diagonal(), matrix.sum(axis=0) + matrix.sum(axis=1))

    @cached_property
    def calibration(self) -> tuple[Bin, ...] | None:
        """The images by their strongest output, in ten bins, or None where outputs are not in 0..1."""
        if self.outputs.min() < 0 or self.outputs.max() > 1 + ROUNDING:
            return None
        confidence, right = self.outputs.max(axis=1), self.answers == self.labels
        places = np.minimum((confidence * BINS).astype(np.intp), BINS - 1)
        return tuple(_bin(number, confidence[places == number], right[places == number]) for number in range(BINS))

    @property
    def calibration_error(self) -> float | None:
        """How far the strongest output is from the share that is right, on average: the ECE of Guo et al. [1]_.

        References
        ----------
        .. [1] C. Guo et al., On calibration of modern neural networks, ICML 2017.
        """
        if self.calibration is None:
            return None
        return sum(part.gap for part in self.calibration) / len(self.labels)

    def worst(self, most: int) -> NDArray[np.intp]:
        """Return which images got a wrong answer, those first whose right output was furthest below the answer's."""
        wrong = np.flatnonzero(self.answers != self.labels)
        outputs = self.outputs[wrong]
        rows = np.arange(len(wrong))
        lead = outputs[rows, self.answers[wrong]] - outputs[rows, self.labels[wrong]]
        return wrong[np.argsort(-lead, kind="stable")[:most]]

    def confusions(self, most: int) -> list[tuple[int, int, int]]:
        """Return the most frequent mistakes: label, answer, and how many."""
        mistakes = self.confusion - np.diag(self.confusion.diagonal())
        order = np.argsort(-mistakes.ravel(), kind="stable")[:most]
        pairs = (divmod(int(place), len(self.names)) for place in order)
        return [(label, said, int(mistakes[label, said])) for label, said in pairs if mistakes[label, said]]

    def to_dict(self) -> dict[str, Any]:
        """Return all figures as JSON has them, but not the images' outputs."""
        classes = zip(self.names, self.confusion.sum(axis=1), self.precision, self.recall, self.f1, strict=True)
        return {
            "images": len(self.labels),
            "right": self.right,
            "accuracy": self.accuracy,
            "interval": list(self.interval),
            "confusion": self.confusion.tolist(),
            "classes": [
                {"name": name, "images": int(count)}
                | {
                    key: None if np.isnan(value) else float(value)
                    for key, value in zip(("precision", "recall", "f1"), values, strict=True)
                }
                for name, count, *values in classes
            ],
            "calibration": self.calibration and [vars(part) for part in self.calibration],
            "calibration_error": self.calibration_error,
        }


def score(network: Network, data: Dataset) -> Scores:
    """Test a network on images with labels.

    Raises
    ------
    DataError
        If the images have another number of pixels, or labels without an output.
    ModelError
        If the network was not trained with labels, or its outputs are not numbers.
    """
    architecture = network.architecture
    if not architecture.classifies:
        raise ModelError(f'scores need labels, and a network with the loss "{architecture.loss}" has none')
    if data.classes > network.sizes[-1]:
        found = f"{data.classes:,} classes for {network.sizes[-1]:,}"
        raise DataError(f"the labels must have an output of the network each, got {found}")
    if data.images.shape[1] != network.sizes[0]:
        found = f"{data.images.shape[1]:,}"
        raise DataError(f"images must have the network's {network.sizes[0]:,} pixels, got {found}")
    starts = range(0, len(data), ROWS)
    outputs = np.concatenate([network(data[start : start + ROWS].scaled()) for start in starts])
    if np.isnan(outputs).any():
        raise ModelError("outputs of the network are not numbers, because its weights are not finite")
    return Scores(data.labels, outputs, network.model.names)


def wilson(right: int, total: int) -> tuple[float, float]:
    """Return Wilson's interval of a share, in percent, with a confidence of 95 %."""
    share, z2 = right / total, Z * Z / total
    middle, half = share + z2 / 2, Z * sqrt(share * (1 - share) / total + z2 / (4 * total))
    return 100 * max(0.0, (middle - half) / (1 + z2)), 100 * min(1.0, (middle + half) / (1 + z2))


def _share(part: NDArray[np.intp], whole: NDArray[np.intp]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = np.full(len(whole), np.nan)
    return np.divide(part, whole, out=shares, where=whole > 0)


def _bin(number: int, confidence: NDArray[Any], right: NDArray[np.bool_]) -> Bin:
    low, high, count = number / BINS, (number + 1) / BINS, len(right)
    if not count:
        return Bin(low, high, 0, None, None)
    return Bin(low, high, count, float(confidence.mean()), float(right.mean()))
