"""What outputs mean: answers, and how many of them are right."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.core.data_source import DataSource
from cmlp.core.engine import Engine
from cmlp.errors import DataError, ModelError
from cmlp.model.architecture import MULTILABEL, Architecture
from cmlp.model.samples import Samples
from cmlp.model.threads import WORTH_SHARING_FORWARDS, number_of_threads
from cmlp.utils.text import counted


@dataclass(frozen=True)
class Evaluation:
    """How good a network is on data; made by `Network.evaluate`.

    It unpacks into loss and accuracy: ``loss, accuracy = net.evaluate(test)``.

    Parameters
    ----------
    loss : float
        The mean loss, without penalties.
    accuracy : float or None
        In percent: of labels, or of all single answers yes and no; None with a loss for numbers, which are never right,
        only near.
    r2 : float or None
        With a loss for numbers, the coefficient of determination, whose mean over the outputs it is: 1 is perfect, and
        0 no better than the mean of the targets. None otherwise, and for a single sample.
    samples : int
        The number of images or rows.

    Examples
    --------
    >>> net = cmlp.Network([1, 1], loss="mean_squared_error", initializer=[[[2.0]]])
    >>> net.evaluate([([1.0], [1.0]), ([2.0], [4.0]), ([3.0], [6.0])])
    Evaluation(loss 0.3333, R² 0.9211, 3 samples)
    """

    loss: float
    accuracy: float | None
    r2: float | None
    samples: int

    def __iter__(self) -> Iterator[float | None]:
        return iter((self.loss, self.accuracy))

    def __repr__(self) -> str:
        parts = [f"loss {self.loss:.4g}"]
        parts += [] if self.accuracy is None else [f"accuracy {self.accuracy:.2f} %"]
        parts += [] if self.r2 is None else [f"R² {self.r2:.4g}"]
        return f"{type(self).__name__}({', '.join(parts)}, {counted(self.samples, 'sample')})"


def compute_outputs(source: DataSource, engine: Engine, threads: int | None = None) -> NDArray[Any]:
    """Return the output activations (n, outputs)."""
    return engine.outputs(source, number_of_threads(threads, engine, source.n, WORTH_SHARING_FORWARDS))


def evaluate(source: DataSource, engine: Engine, threads: int | None = None) -> tuple[NDArray[Any], float]:
    """Return the output activations (n, outputs) and the weighted mean loss."""
    shared_by = number_of_threads(threads, engine, source.n, WORTH_SHARING_FORWARDS)
    outputs, loss, weight = engine.evaluate(source, shared_by)
    return outputs, loss / (weight or 1.0)


def decide(outputs: NDArray[Any], architecture: Architecture, engine: Engine) -> NDArray[Any]:
    """Return the labels (n,), the yes or no of each output (n, outputs), or the outputs themselves.

    Raises
    ------
    DataError
        If an output is not a number.
    """
    check_numbers(outputs, engine)
    if architecture.classifies:
        labels: NDArray[Any] = outputs.argmax(axis=1)
        return labels
    return outputs > 0.5 if architecture.loss == MULTILABEL else outputs


def check_numbers(outputs: NDArray[Any], engine: Engine) -> None:
    """Refuse outputs (n, outputs) of which one is not a number: which is the largest is unknown, and not 0."""
    unknown = np.isnan(outputs).any(axis=1)
    if unknown.any():
        finite = np.isfinite(engine.parameters).all()
        cause = "its pixels are not finite, or too large" if finite else "the network's weights are not finite"
        raise DataError(f"image {unknown.argmax()} has outputs that are not numbers, because {cause}")


def check_accuracy(architecture: Architecture) -> None:
    """Refuse a network whose outputs are numbers: they are never right, only near."""
    if not architecture.has_accuracy:
        raise ModelError(f'a network with the loss "{architecture.loss}" has no accuracy, only a loss')


def accuracy_of(outputs: NDArray[Any], samples: Samples, architecture: Architecture, engine: Engine) -> float:
    """Return the accuracy in percent: of labels, or of all single yes and no."""
    check_accuracy(architecture)
    answers = decide(outputs, architecture, engine)
    if architecture.classifies:
        return 100 * float(np.mean(answers == samples.labels))
    assert samples.targets is not None
    return 100 * float(np.mean(answers == (samples.targets > 0.5)))


def accuracy(samples: Samples, architecture: Architecture, engine: Engine, threads: int | None = None) -> float:
    """Return the accuracy of a network in percent."""
    return accuracy_of(compute_outputs(samples.source(), engine, threads), samples, architecture, engine)


def evaluation_of(samples: Samples, architecture: Architecture, engine: Engine, threads: int | None) -> Evaluation:
    """Return loss and accuracy or R² of a network."""
    outputs, loss = evaluate(samples.source(), engine, threads)
    if architecture.has_accuracy:
        return Evaluation(loss, accuracy_of(outputs, samples, architecture, engine), None, len(samples))
    check_numbers(outputs, engine)
    assert samples.targets is not None
    return Evaluation(loss, None, r2(outputs, samples.targets) if len(samples) > 1 else None, len(samples))


def r2(outputs: NDArray[Any], targets: NDArray[np.float64]) -> float:
    """Return the mean coefficient of determination of the outputs (n, outputs); of a constant target it is 1 or 0."""
    with np.errstate(over="ignore"):
        left = ((targets - outputs.astype(np.float64)) ** 2).sum(axis=0)
        whole = ((targets - targets.mean(axis=0)) ** 2).sum(axis=0)
    scores = np.where(left > 0, 0.0, 1.0)
    np.divide(whole - left, whole, out=scores, where=whole > 0)
    return float(scores.mean())
