"""Early stopping: when a training ends, and what it is measured with."""

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
class Patience:
    """Stops a training that has not become better for some epochs, and keeps the best parameters.

    Parameters
    ----------
    monitor : {"loss", "accuracy"}
        What must fall or rise, of the validation data.
    epochs : int
        How many epochs without a new best end the training.
    tolerance : float
        How much better the new best must be.
    """

    monitor: str
    epochs: int
    tolerance: float = 0.0
    best: float = field(default=-inf, init=False)
    best_parameters: NDArray[Any] | None = field(default=None, init=False, repr=False)
    waited: int = field(default=0, init=False)

    def is_exhausted(self, history: History, parameters: NDArray[Any]) -> bool:
        """Look at the last epoch, and say whether it was one too many."""
        score = -history.validation_loss[-1] if self.monitor == "loss" else history.validation_accuracy[-1]
        self.waited = 0 if score > self.best + self.tolerance else self.waited + 1
        if score > self.best:
            self.best, self.best_parameters = score, parameters.copy()
        return self.waited >= self.epochs

    def get_state(self) -> dict[str, Any]:
        """Return what it remembers besides the parameters, as JSON has it."""
        return {"best": self.best if isfinite(self.best) else None, "waited": self.waited}

    def set_state(self, state: Mapping[str, Any], best_parameters: NDArray[Any] | None) -> None:
        """Go on with what `get_state` returned."""
        self.best = -inf if state.get("best") is None else check_range("best", state["best"], -inf)
        self.waited = int(check_range("waited", state.get("waited")))
        self.best_parameters = best_parameters

    def restore(self, parameters: NDArray[Any]) -> None:
        """Write the best parameters back."""
        if self.best_parameters is not None:
            parameters[...] = self.best_parameters


def make_patience(patience: int | None, monitor: str, validation: Samples | None) -> Patience | None:
    """Check what a user says of early stopping."""
    check_name("monitor", monitor, ("loss", "accuracy"))
    if patience is None:
        return None
    check_count("patience", patience)
    if validation is None:
        raise ModelError("patience needs validation_data to watch, got none")
    if monitor == "accuracy" and validation.labels is None:
        raise ModelError('monitor must be "loss" where there are targets and no labels, got "accuracy"')
    return Patience(monitor, patience)


def stratified_split(
    samples: Samples, fraction: float, rng: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows to train with, and the rows, a fraction of each class, to validate with.

    Of a class with two samples or more there are some in both.
    """
    if not 0 < fraction < 1:
        raise ModelError(f"validation_data must be a number of (0, 1), got {fraction!r}")
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
