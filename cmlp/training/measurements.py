"""What is measured after every epoch, besides the loss."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from cmlp.core.engine import Engine
from cmlp.model.architecture import Architecture
from cmlp.model.evaluation import accuracy, accuracy_of, check_accuracy, evaluate
from cmlp.model.samples import Samples
from cmlp.training.history import History

Score = Callable[[NDArray[Any], Samples], float]


@dataclass(frozen=True, kw_only=True)
class Measurements:
    """The data that are measured.

    Parameters
    ----------
    training : Samples, optional
        Where the training accuracy is wanted.
    validation, test : Samples, optional
    score : function of outputs and samples, optional
        What else is computed from the outputs of the validation data.
    outputs : int
        What the validation loss is divided by, where it is to be a mean over the outputs.
    """

    training: Samples | None = None
    validation: Samples | None = None
    test: Samples | None = None
    score: Score | None = None
    outputs: int = 1

    def check(self, architecture: Architecture) -> None:
        """Refuse an accuracy that the network does not have."""
        if self.training is not None or self.test is not None:
            check_accuracy(architecture)

    def add(self, history: History, architecture: Architecture, engine: Engine, threads: int | None) -> None:
        """Measure, and append the values to a history."""
        if self.training is not None:
            history.training_accuracy.append(accuracy(self.training, architecture, engine, threads))
        if self.validation is not None:
            outputs, loss = evaluate(self.validation.source(), engine, threads)
            history.validation_loss.append(loss / self.outputs)
            if architecture.has_accuracy:
                history.validation_accuracy.append(accuracy_of(outputs, self.validation, architecture, engine))
            if self.score is not None:
                history.validation_score.append(self.score(outputs, self.validation))
        if self.test is not None:
            history.test_accuracy.append(accuracy(self.test, architecture, engine, threads))
