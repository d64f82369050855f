"""Score a network on images with labels: accuracy, confusions, precision, recall and calibration."""

from dataclasses import dataclass
from functools import cached_property
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.data.dataset import Dataset
from cmlp.errors import DataError, ModelError
from cmlp.model.architecture import Architecture
from cmlp.network import Network
from cmlp.utils.text import counted

Z = 1.959963984540054  # of the normal distribution, beyond which lie 2.5 % on either side
BINS = 10
ROUNDING = 1e-6  # by which outputs of softmax in float32 may exceed 1
ROWS = 4096  # images at a time


@dataclass(frozen=True)
class Bin:
    """The images whose confidence, the strongest output, is in a range.

    Attributes
    ----------
    low, high : float
        The range.
    count : int
        Number of images.
    confidence : float or None
        Their mean confidence; None without images.
    accuracy : float or None
        The share of right predictions; None without images.
    """

    low: float
    high: float
    count: int
    confidence: float | None
    accuracy: float | None

    @property
    def gap(self) -> float:
        """The difference of confidence and accuracy, times the number of images."""
        if self.confidence is None or self.accuracy is None:
            return 0.0
        return self.count * abs(self.accuracy - self.confidence)


@dataclass(frozen=True)
class Scores:
    """The predictions of a network compared with the labels; made by `score`.

    scikit-learn plots the same from labels and predictions, such as
    ``ConfusionMatrixDisplay.from_predictions(scores.labels, scores.answers)``.

    Parameters
    ----------
    labels : ndarray of intp (n,)
        The true labels.
    outputs : ndarray (n, classes)
        The outputs of the network.
    names : tuple of str
        The names of the classes.

    Examples
    --------
    >>> scores = Scores(np.array([0, 1]), np.array([[0.9, 0.1], [0.6, 0.4]]), ("cat", "dog"))
    >>> scores.accuracy
    50.0
    """

    labels: NDArray[np.intp]
    outputs: NDArray[Any]
    names: tuple[str, ...]

    @cached_property
    def answers(self) -> NDArray[np.intp]:
        """(n,): the predicted labels, those of the strongest outputs."""
        strongest: NDArray[np.intp] = self.outputs.argmax(axis=1)
        return strongest

    @property
    def right(self) -> int:
        """The number of right predictions."""
        return int(np.count_nonzero(self.answers == self.labels))

    @property
    def accuracy(self) -> float:
        """The accuracy in percent."""
        return 100 * (self.right / len(self.labels))

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval of the accuracy, in percent: Wilson's [1]_.

        References
        ----------
        .. [1] E. B. Wilson, Probable inference, the law of succession, and statistical inference, Journal of the
           American Statistical Association 22, 1927, pp. 209-212.
        """
        return wilson(self.right, len(self.labels))

    @cached_property
    def confusion(self) -> NDArray[np.intp]:
        """(classes, classes): the number of images of the row's class that were predicted as the column's."""
        classes = len(self.names)
        return np.bincount(self.labels * classes + self.answers, minlength=classes**2).reshape(classes, classes)

    @property
    def precision(self) -> NDArray[np.float64]:
        """(classes,): the share of a class's predictions that are right; NaN if it was never predicted."""
        return _ratio(self.confusion.diagonal(), self.confusion.sum(axis=0))

    @property
    def recall(self) -> NDArray[np.float64]:
        """(classes,): the share of a class's images that are found; NaN if it has none."""
        return _ratio(self.confusion.diagonal(), self.confusion.sum(axis=1))

    @property
    def f1(self) -> NDArray[np.float64]:
        """(classes,): the harmonic mean of precision and recall; NaN if the class never occurs."""
        matrix = self.confusion
        return _ratio(2 * matrix.diagonal(), matrix.sum(axis=0) + matrix.sum(axis=1))

    @cached_property
    def calibration(self) -> tuple[Bin, ...] | None:
        """The images by confidence, in ten bins; None if outputs are not in [0, 1]."""
        if self.outputs.min() < 0 or self.outputs.max() > 1 + ROUNDING:
            return None
        confidence, right = self.outputs.max(axis=1), self.answers == self.labels
        places = np.minimum((confidence * BINS).astype(np.intp), BINS - 1)
        return tuple(_bin(number, confidence[places == number], right[places == number]) for number in range(BINS))

    @property
    def calibration_error(self) -> float | None:
        """The mean difference of confidence and accuracy: the expected calibration error [1]_; None if not in [0, 1].

        References
        ----------
        .. [1] C. Guo et al., On calibration of modern neural networks, ICML 2017.
        """
        if self.calibration is None:
            return None
        return sum(part.gap for part in self.calibration) / len(self.labels)

    def worst(self, most: int) -> NDArray[np.intp]:
        """Return the wrong predictions, the most confident first.

        Parameters
        ----------
        most : int
            The most to return.

        Returns
        -------
        ndarray of intp
            Indices of images, ordered by how far the true label's output is below the strongest.
        """
        wrong = np.flatnonzero(self.answers != self.labels)
        outputs = self.outputs[wrong]
        rows = np.arange(len(wrong))
        lead = outputs[rows, self.answers[wrong]] - outputs[rows, self.labels[wrong]]
        return wrong[np.argsort(-lead, kind="stable")[:most]]

    def confusions(self, most: int) -> list[tuple[int, int, int]]:
        """Return the most frequent mistakes.

        Parameters
        ----------
        most : int
            The most to return.

        Returns
        -------
        list of (int, int, int)
            True label, predicted label and count, the most frequent first.
        """
        mistakes = self.confusion - np.diag(self.confusion.diagonal())
        order = np.argsort(-mistakes.ravel(), kind="stable")[:most]
        pairs = (divmod(int(place), len(self.names)) for place in order)
        return [(label, said, int(mistakes[label, said])) for label, said in pairs if mistakes[label, said]]

    def to_dict(self) -> dict[str, Any]:
        """Return all scores as values for JSON, without the outputs for each image."""
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
    """Score a network on images with labels.

    Parameters
    ----------
    network : Network
        One that predicts labels.
    data : Dataset
        The test data.

    Returns
    -------
    Scores

    Raises
    ------
    DataError
        If the network has not as many inputs as the images have pixels, or fewer outputs than there are classes.
    ModelError
        If the network does not predict labels, or its outputs are NaN.
    """
    check_predicts_labels(network.architecture)
    if data.classes > network.sizes[-1]:
        found = f"{counted(network.sizes[-1], 'output')} for {counted(data.classes, 'class')}"
        raise DataError(f"the network must have an output for each class, got {found}")
    if data.images.shape[1] != network.sizes[0]:
        found = f"{data.images.shape[1]:,}"
        raise DataError(f"images must have the network's {counted(network.sizes[0], 'pixel')}, got {found}")
    starts = range(0, len(data), ROWS)
    outputs = np.concatenate([network(data[start : start + ROWS].scaled()) for start in starts])
    if np.isnan(outputs).any():
        raise ModelError("the outputs must be numbers, got NaN: weights of the network are not finite")
    return Scores(data.labels, outputs, network.model.names)


def check_predicts_labels(architecture: Architecture) -> None:
    """Refuse a network whose outputs are no classes."""
    if not architecture.classifies:
        raise ModelError(f'scores need a network that predicts labels, got one with the loss "{architecture.loss}"')


def wilson(right: int, total: int) -> tuple[float, float]:
    """Return Wilson's 95 % confidence interval of a proportion, in percent."""
    share, z2 = right / total, Z * Z / total
    middle, half = share + z2 / 2, Z * sqrt(share * (1 - share) / total + z2 / (4 * total))
    return 100 * max(0.0, (middle - half) / (1 + z2)), 100 * min(1.0, (middle + half) / (1 + z2))


def _ratio(part: NDArray[np.intp], whole: NDArray[np.intp]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = np.full(len(whole), np.nan)
    return np.divide(part, whole, out=shares, where=whole > 0)


def _bin(number: int, confidence: NDArray[Any], right: NDArray[np.bool_]) -> Bin:
    low, high, count = number / BINS, (number + 1) / BINS, len(right)
    if not count:
        return Bin(low, high, 0, None, None)
    return Bin(low, high, count, float(confidence.mean()), float(right.mean()))
