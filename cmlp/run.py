"""A training as a user asks for it: the epochs, what is measured after each, and what may end it."""

from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np

from cmlp.architecture import MULTILABEL, Architecture
from cmlp.callbacks import Callbacks, Event
from cmlp.core.engine import Engine
from cmlp.history import History
from cmlp.measures import accuracy, check_accuracy, share_right
from cmlp.optimizers import LBFGS
from cmlp.samples import Samples
from cmlp.settings import Settings
from cmlp.training import Patience, Training, minimise


@dataclass
class Run:
    """What is trained, and what is watched meanwhile.

    `network` is only handed on to the callbacks.
    """

    network: Any
    engine: Engine
    architecture: Architecture
    settings: Settings
    samples: Samples
    validation: Samples | None
    tested: Samples | None
    training_accuracy: bool
    patience: Patience | None
    callbacks: Callbacks
    progress: bool | None
    history: History = field(default_factory=History, init=False)
    training: Training | None = field(default=None, init=False)
    stopping: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        if self.training_accuracy or self.tested is not None:
            check_accuracy(self.architecture)

    def stop(self) -> None:
        """End the training after the step that is under way; any thread may ask for it."""
        self.stopping = True
        if self.training is not None:
            self.training.stopping = True

    def go(self, rng: np.random.Generator, threads: int | None) -> History:
        """Train, and tell how it went."""
        if isinstance(self.settings.optimizer, LBFGS):
            return self._minimise(self.settings.optimizer)
        return self._train(rng, threads)

    def _train(self, rng: np.random.Generator, threads: int | None) -> History:
        s = self.settings
        options = s.options(len(self.samples))
        training = self.training = Training(
            self.engine, self.samples, options, s.optimizer, s.eta, rng, schedule=s.schedule, threads=threads
        )
        if self.stopping:  # already asked for, before there was a training to tell
            training.stopping = True
        with self._bar() as bar:
            for epoch in range(self.settings.epochs):
                started = perf_counter()
                on_batch_end = None if not self.callbacks.on_batch else self._batch_end(epoch)
                self.history.loss.append(training.epoch(epoch, self.settings.epochs, on_batch_end))
                self.history.seconds.append(perf_counter() - started)
                with training.averaged():
                    ended = self._epoch_ends(epoch, training.steps)
                bar.set_postfix_str(self.history.describe(-1), refresh=False)
                bar.update()
                if ended:
                    break
        training.finish()
        return self._finished()

    def _minimise(self, optimizer: LBFGS) -> History:
        """Train by L-BFGS, whose iterations take the place of epochs."""
        with self._bar() as bar:
            started = perf_counter()

            def on_iteration(loss: float) -> bool:
                nonlocal started
                self.history.loss.append(loss)
                self.history.seconds.append(perf_counter() - started)
                ended = self._epoch_ends(len(self.history) - 1, len(self.history))
                bar.set_postfix_str(self.history.describe(-1), refresh=False)
                bar.update()
                started = perf_counter()
                return ended

            options = self.settings.options(len(self.samples))
            minimise(self.engine, self.samples, options, optimizer, self.settings.epochs, on_iteration)
        return self._finished()

    def _bar(self) -> Any:
        from tqdm import tqdm  # here, because it would make importing cmlp slower by a fifth

        return tqdm(
            total=self.settings.epochs, unit="epoch", disable=None if self.progress is None else not self.progress
        )

    def _batch_end(self, epoch: int) -> Any:
        def on_batch_end(step: int, loss: float) -> None:
            if self.callbacks.batch_ends(Event(self.network, epoch + 1, step, loss, self.history)):
                self.stop()

        return on_batch_end

    def _epoch_ends(self, epoch: int, step: int) -> bool:
        """Measure, tell the callbacks, and say whether the training ends."""
        self._measure()
        event = Event(self.network, epoch + 1, step, self.history.loss[-1], self.history)
        if self.callbacks.epoch_ends(event):
            self.stop()
        exhausted = self.patience is not None and self.patience.is_exhausted(self.history, self.engine.parameters)
        return exhausted or self.stopping

    def _measure(self) -> None:
        history = self.history
        if self.training_accuracy:
            history.training_accuracy.append(accuracy(self.samples, self.architecture, self.engine))
        if self.validation is not None:
            outputs, loss, weight = self.engine.evaluate(self.validation.batch())
            history.validation_loss.append(loss / weight)
            if self.architecture.classifies or self.architecture.loss == MULTILABEL:
                right = share_right(outputs, self.validation, self.architecture, self.engine)
                history.validation_accuracy.append(right)
        if self.tested is not None:
            history.test_accuracy.append(accuracy(self.tested, self.architecture, self.engine))

    def _finished(self) -> History:
        if self.patience is not None:
            self.patience.restore(self.engine.parameters)
        return self.history
