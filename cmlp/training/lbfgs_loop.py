"""A training by L-BFGS, as a user asks for it."""

from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.errors import ModelError
from cmlp.training.checkpoint_files import Checkpoint
from cmlp.training.epoch import Position
from cmlp.training.lbfgs import Journal, minimise
from cmlp.training.loop import Run
from cmlp.training.optimizers import LBFGS
from cmlp.training.progress import Progress
from cmlp.training.random_state import state_of


class LBFGSRun(Run):
    """Training by L-BFGS, whose iterations take the place of epochs.

    Its checkpoints hold every gradient that there was: scipy, given them again, comes to the same place.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if any(self.architecture.dropouts) or self.callbacks.on_batch:
            found = "dropout" if any(self.architecture.dropouts) else "on_batch_end"
            raise ModelError(f"lbfgs has no mini-batches and so no {found}, got some")
        self.first = self.engine.parameters.copy()
        self.iterations = 0
        self.journal: Journal | None = None if self.keeper is None else []

    def _halt(self) -> None:
        """Do nothing: `_poll` is asked before long."""

    def _poll(self) -> bool:
        self.interrupts.deliver()
        return self.stopping

    def _train(self, bar: Progress) -> None:
        optimizer, options = self.settings.optimizer, self.settings.options(len(self.samples))
        assert isinstance(optimizer, LBFGS)
        known, iteration, started = self.iterations, 0, perf_counter()

        def on_iteration(loss: float) -> bool:
            nonlocal iteration, started
            iteration += 1
            if iteration > known:
                self.history.loss.append(loss)
                self.history.seconds.append(perf_counter() - started)
                self._iteration_ends(bar)
            started = perf_counter()
            return self.stopping or self.ended

        self.engine.parameters[...] = self.first
        minimise(
            self.engine, self.samples, options, optimizer, self.settings.epochs, on_iteration, self._poll, self.journal
        )

    def _iteration_ends(self, bar: Progress) -> None:
        self._epoch_ends(self.iterations, self.iterations + 1)
        self._watch()
        self.iterations += 1
        bar.epoch(self.history)
        if self.keeper is not None:
            self.keeper.after_epoch(self.iterations, self._checkpoint)

    def _position(self) -> Position:
        return Position(self.iterations, state_of(self.rng))

    def _vectors(self) -> dict[str, NDArray[Any]]:
        journal = self.journal or []
        losses = np.array([loss for loss, _ in journal], np.float64)
        gradients = np.array([gradient for _, gradient in journal], np.float64).reshape(len(journal), self.first.size)
        return super()._vectors() | {"first": self.first, "losses": losses, "gradients": gradients}

    def _restore(self, checkpoint: Checkpoint) -> None:
        self.first, self.iterations = self._kept_vector(checkpoint, "first"), checkpoint.position.epoch
        losses, gradients = (checkpoint.vectors.get(name) for name in ("losses", "gradients"))
        if losses is None or gradients is None or gradients.shape != (len(losses), self.first.size):
            raise ModelError("a checkpoint of lbfgs must hold a loss for every gradient, got others")
        self.journal = list(zip(losses.astype(float).tolist(), gradients.astype(np.float64), strict=True))
        super()._restore(checkpoint)
