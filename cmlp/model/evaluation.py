"""What outputs mean: answers, and how many of them are right."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.core.data_source import DataSource
from cmlp.core.engine import Engine
from cmlp.errors import DataError, ModelError
from cmlp.model.architecture import MULTILABEL, Architecture
from cmlp.model.samples import Samples
from cmlp.model.threads import WORTH_SHARING_FORWARDS, number_of_threads


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
