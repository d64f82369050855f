"""A training as a user asks for it: the epochs, what is measured after each, and what may end it."""

from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.core.engine import Engine
from cmlp.errors import ModelError
from cmlp.model.architecture import MULTILABEL, Architecture
from cmlp.model.evaluation import accuracy, check_accuracy, evaluate, share_right
from cmlp.model.samples import Samples
from cmlp.training.callbacks import Callbacks, Event
from cmlp.training.checkpoint_files import Checkpoint
from cmlp.training.checkpointing import Keeper, digest_of
from cmlp.training.early_stopping import Patience
from cmlp.training.epoch import Position, Training
from cmlp.training.history import History
from cmlp.training.options import Settings
from cmlp.training.progress import Progress
from cmlp.training.random_state import restore, state_of
from cmlp.training.signals import Interrupts


@dataclass
class Run:
    """What is trained, and what is watched meanwhile.

    `network` is only handed on to the callbacks, and described in checkpoints.
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
    keeper: Keeper | None
    rng: np.random.Generator
    threads: int | None
    progress: bool | None
    history: History = field(default_factory=History, init=False)
    stopping: bool = field(default=False, init=False)
    ended: bool = field(default=False, init=False)  # by early stopping

    def __post_init__(self) -> None:
        if self.training_accuracy or self.tested is not None:
            check_accuracy(self.architecture)
        self.interrupts = Interrupts(self._halt)

    def go(self) -> History:
        """Train, and tell how it went."""
        if self.keeper is not None:
            self._begin_to_keep(self.keeper)
        if not self.ended:
            images = len(self.samples)
            with self.interrupts, Progress(self.settings.epochs, images, self.progress, len(self.history)) as bar:
                try:
                    self._train(bar)
                except ModelError:  # the step that failed would fail again
                    raise
                except BaseException:  # an interruption, or a callback's own: nothing is half done
                    self._finish()
                    raise
                self._finish()
        if self.patience is not None:
            self.patience.restore(self.engine.parameters)
        return self.history

    def stop(self) -> None:
        """End the training after the step that is under way; any thread may ask for it."""
        self.stopping = True
        self._halt()

    def _halt(self) -> None:
        """Leave off soon, to look whether to stop."""
        raise NotImplementedError

    def _train(self, bar: Progress) -> None:
        raise NotImplementedError

    def _finish(self) -> None:
        """Keep what there is, and leave in the network what it ends with."""
        if self.keeper is not None:
            self.keeper.try_to_write(self._checkpoint())

    def _epoch_ends(self, epoch: int, step: int) -> None:
        """Measure, and tell the callbacks; signals may end it at any moment."""
        with self.interrupts.allowed():
            self._measure()
            if self.callbacks.epoch_ends(Event(self.network, epoch + 1, step, self.history.loss[-1], self.history)):
                self.stop()

    def _watch(self) -> None:
        """Note whether the last epoch was one too many."""
        if self.patience is not None:
            self.ended |= self.patience.is_exhausted(self.history, self.engine.parameters)

    def _measure(self) -> None:
        history = self.history
        if self.training_accuracy:
            history.training_accuracy.append(accuracy(self.samples, self.architecture, self.engine, self.threads))
        if self.validation is not None:
            outputs, loss = evaluate(self.validation.source(), self.engine, self.threads)
            history.validation_loss.append(loss)
            if self.architecture.classifies or self.architecture.loss == MULTILABEL:
                right = share_right(outputs, self.validation, self.architecture, self.engine)
                history.validation_accuracy.append(right)
        if self.tested is not None:
            history.test_accuracy.append(accuracy(self.tested, self.architecture, self.engine, self.threads))

    def _begin_to_keep(self, keeper: Keeper) -> None:
        """Go on from a checkpoint, or write the first one: what cannot be written is better known now."""
        self.identity = self._identity()
        keeper.check(self.identity)
        if keeper.found is not None:
            self._restore(keeper.found)
        else:
            keeper.write(self._checkpoint())

    def _identity(self) -> dict[str, Any]:
        """Return what makes this training different from all others, but for how long it lasts."""
        a = self.architecture
        return self.settings.describe() | {
            "epochs": None,
            "sizes": list(a.sizes),
            "activations": list(a.activations),
            "loss": a.loss,
            "dropouts": list(a.dropouts),
            "dtype": str(a.dtype),
            "training_data": digest_of(self.samples),
            "validation_data": digest_of(self.validation),
            "test_data": digest_of(self.tested),
            "training_accuracy": self.training_accuracy,
            "patience": None if self.patience is None else self.patience.epochs,
            "monitor": None if self.patience is None else self.patience.monitor,
        }

    def _position(self) -> Position:
        raise NotImplementedError

    def _vectors(self) -> dict[str, NDArray[Any]]:
        """Return all arrays that the rest of the training depends on, besides the parameters."""
        best = None if self.patience is None else self.patience.best_parameters
        return {} if best is None else {"best": best}

    def _checkpoint(self) -> Checkpoint:
        assert self.keeper is not None
        position = replace(self._position())  # as it is now
        return Checkpoint(
            self.network.model,
            self.identity,
            position,
            self.history.until(position.epoch),
            self._vectors(),
            (0, 1.0),
            self.settings.schedule.get_state(),
            {} if self.patience is None else self.patience.get_state(),
            self.keeper.start,
            self.ended,
        )

    def _restore(self, checkpoint: Checkpoint) -> None:
        """Go to where a checkpoint is; what is the network's own comes last, when nothing can be refused any more."""
        self.history, self.ended = checkpoint.history, checkpoint.ended
        self.settings.schedule.set_state(checkpoint.schedule)
        if self.patience is not None:
            self.patience.set_state(checkpoint.patience, self._kept_vector(checkpoint, "best", optional=True))
        restore(self.rng, checkpoint.position.rng)
        weights, biases = self.engine.views(self.engine.parameters)
        for own, kept in zip(weights + biases, [*checkpoint.model.weights, *checkpoint.model.biases], strict=True):
            own[...] = kept

    def _kept_vector(self, checkpoint: Checkpoint, name: str, *, optional: bool = False) -> Any:
        """Return a vector of a checkpoint that is as long as the parameters."""
        vector, like = checkpoint.vectors.get(name), self.engine.parameters
        if vector is None and optional:
            return None
        if vector is None or vector.shape != like.shape or vector.dtype != like.dtype:
            found = "none" if vector is None else f"{vector.dtype} of shape {vector.shape}"
            raise ModelError(f"{name} of a checkpoint must be {like.dtype} of shape {like.shape}, got {found}")
        return vector


class MiniBatchRun(Run):
    """Training by mini-batches."""

    def __post_init__(self) -> None:
        super().__post_init__()
        s = self.settings
        self.training = Training(
            self.engine, self.samples, s.options(len(self.samples)), s.optimizer, s.eta, self.rng,
            schedule=s.schedule, threads=self.threads,
        )  # fmt: skip

    def _halt(self) -> None:
        self.training.halt()

    def _train(self, bar: Progress) -> None:
        training, keeper = self.training, self.keeper
        if keeper is not None:
            training.after_chunk = lambda: keeper.after_chunk(self._checkpoint)
        while training.position.epoch < self.settings.epochs and not (self.stopping or self.ended):
            epoch, started = training.position.epoch, perf_counter()
            self._train_epoch(epoch)
            if training.position.done == 0:  # stopped before it began
                return
            self.history.loss.append(training.position.mean_loss)
            self.history.seconds.append(perf_counter() - started)
            with training.averaged():
                self._epoch_ends(epoch, training.steps)
                if training.position.closed:
                    self._watch()
            bar.epoch(self.history)
            if training.position.closed:
                training.begin(epoch + 1)
                if keeper is not None:
                    keeper.after_epoch(epoch + 1, self._checkpoint)

    def _train_epoch(self, epoch: int) -> None:
        """Train for an epoch, or for what is left of it; a signal whose handler ends nothing only interrupts it."""
        on_batch_end = self._batch_end(epoch) if self.callbacks.on_batch else None
        while not self.training.position.closed:
            self.training.stopping = False
            if self.stopping:  # which is looked at after the line above: another thread sets both
                return
            if self.interrupts.waiting is None:
                self.training.epoch(epoch, self.settings.epochs, on_batch_end)
            self.interrupts.deliver()

    def _batch_end(self, epoch: int) -> Any:
        def on_batch_end(step: int, loss: float) -> None:
            with self.interrupts.allowed():
                if self.callbacks.batch_ends(Event(self.network, epoch + 1, step, loss, self.history)):
                    self.stop()

        return on_batch_end

    def _finish(self) -> None:
        super()._finish()
        self.training.finish()

    def _position(self) -> Position:
        at = self.training.position
        return replace(at, rng=state_of(self.rng)) if at.closed else at

    def _vectors(self) -> dict[str, NDArray[Any]]:
        vectors = {f"optimizer.{name}": vector for name, vector in self.training.state.vectors.items()}
        average = {} if self.training.average is None else {"average": self.training.average}
        return super()._vectors() | vectors | average

    def _checkpoint(self) -> Checkpoint:
        return replace(super()._checkpoint(), progress=self.training.state.progress)

    def _restore(self, checkpoint: Checkpoint) -> None:
        training, position = self.training, checkpoint.position
        n, size = len(self.samples), training.options.mini_batch_size
        if position.done > n or (position.done % size and position.done < n) or (position.closed and position.done < n):
            raise ModelError(f"the position of a checkpoint must lie between two mini-batches, got {position}")
        for name, vector in self._vectors().items():
            vector[...] = self._kept_vector(checkpoint, name)
        training.position, training.state.progress = position, checkpoint.progress
        super()._restore(checkpoint)
