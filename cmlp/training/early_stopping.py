"""Early stopping: rules that end a training whose epochs no longer improve it, and the split that they watch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf, isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.errors import ModelError
from cmlp.model.samples import Samples
from cmlp.training.history import History
from cmlp.utils.checks import check_count, check_name, check_range


@dataclass
class EarlyStopping:
    """Ends a training after some epochs in a row without a better value on the validation data.

    Parameters
    ----------
    monitor : {"loss", "accuracy"}
        What must fall or rise, of the validation data.
    epochs : int
        How many epochs without a new best end the training.
    tolerance : float, default 0.0
        How much better than the best a value must be to count.

    Attributes
    ----------
    best : float
        The best value so far; of a loss, the negative one.
    best_parameters : ndarray or None
        Those of that epoch.
    waited : int
        How many epochs there have been since the last one that counted.
    """

    monitor: str
    epochs: float
    tolerance: float = 0.0
    best: float = field(default=-inf, init=False)
    best_parameters: NDArray[Any] | None = field(default=None, init=False, repr=False)
    waited: int = field(default=0, init=False)

    def observe(self, history: History, parameters: NDArray[Any]) -> bool:
        """Look at the last epoch of a history, and return whether the training ends."""
        score = self._score(history)
        self.waited = 0 if self._counts(score) else self.waited + 1
        if score > self.best:
            self.best, self.best_parameters = score, self._kept(parameters)
        return self._is_exhausted()

    def _score(self, history: History) -> float:
        return -history.validation_loss[-1] if self.monitor == "loss" else history.validation_accuracy[-1]

    def _counts(self, score: float) -> bool:
        return score > self.best + self.tolerance

    def _kept(self, parameters: NDArray[Any]) -> NDArray[Any] | None:
        return parameters.copy()

    def _is_exhausted(self) -> bool:
        return self.waited >= self.epochs

    def describe(self) -> dict[str, Any]:
        """Return the settings, as JSON has them."""
        return {"patience": self.epochs, "monitor": self.monitor}

    def get_state(self) -> dict[str, Any]:
        """Return what it remembers besides the parameters, as JSON has it."""
        return {"best": self.best if isfinite(self.best) else None, "waited": self.waited}

    def set_state(self, state: Mapping[str, Any], best_parameters: NDArray[Any] | None) -> None:
        """Go on with what `get_state` returned."""
        self.best = -inf if state.get("best") is None else check_range("best", state["best"], -inf)
        self.waited = int(check_range("waited", state.get("waited")))
        self.best_parameters = best_parameters

    def finish(self, parameters: NDArray[Any]) -> None:
        """Write the best parameters back."""
        if self.best_parameters is not None:
            parameters[...] = self.best_parameters


@dataclass
class NoImprovement(EarlyStopping):
    """scikit-learn's rule: it ends after more than `epochs` epochs that were not better by `tolerance`.

    `monitor` is "loss", that of the training, whose last parameters are kept, or "score", that of the validation data.
    """

    def _score(self, history: History) -> float:
        return -history.loss[-1] if self.monitor == "loss" else history.validation_score[-1]

    def _counts(self, score: float) -> bool:
        return score >= self.best + self.tolerance

    def _kept(self, parameters: NDArray[Any]) -> NDArray[Any] | None:
        return parameters.copy() if self.monitor == "score" else None

    def _is_exhausted(self) -> bool:
        return self.waited > self.epochs


def make_early_stopping(patience: int | None, monitor: str, validation: Samples | None) -> EarlyStopping | None:
    """Check the settings of early stopping."""
    check_name("monitor", monitor, ("loss", "accuracy"))
    if patience is None:
        return None
    check_count("patience", patience)
    if validation is None:
        raise ModelError("patience needs validation_data to watch, got none")
    if monitor == "accuracy" and validation.labels is None:
        raise ModelError('monitor must be "loss" where there are targets and no labels, got "accuracy"')
    return EarlyStopping(monitor, int(patience))


def stratified_split(
    samples: Samples, fraction: float, rng: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows to train with, and the rows, a fraction of each class, to validate with.

    Every class trains; of a class with two samples or more, some validate.
    """
    if not 0 < fraction < 1:
        raise ModelError(f"validation_data must be data or a fraction in (0, 1), got {fraction!r}")
    labels = np.zeros(len(samples), np.intp) if samples.labels is None else samples.labels
    chosen = []
    for label in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == label))
        chosen.append(rows[: min(max(1, round(fraction * len(rows))), len(rows) - 1)])
    validation = np.sort(np.concatenate(chosen))
    training = np.setdiff1d(np.arange(len(samples)), validation)
    for purpose, rows in (("train", training), ("validate", validation)):
        if not len(rows) or (samples.weights is not None and not samples.weights[rows].any()):
            found = f"no samples to {purpose} with, of {len(samples):,}, or all have weight 0"
            raise ModelError(f"validation_data of {fraction:g} leave {found}")
    return training.astype(np.intp), validation.astype(np.intp)
