"""The loop that trains: epoch by epoch, what is measured, told, kept, and what ends it."""

from collections.abc import Collection
from contextlib import AbstractContextManager
from copy import copy, deepcopy
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cmlp.core.engine import Engine
from cmlp.core.state import OptimizerState
from cmlp.errors import ModelError
from cmlp.model.architecture import Architecture
from cmlp.model.record import Model
from cmlp.model.samples import Samples
from cmlp.training.callbacks import Callbacks, Event
from cmlp.training.checkpoint_files import Checkpoint, Memory
from cmlp.training.checkpointing import Checkpoints, identity_of
from cmlp.training.clock import MINUTE, Clock
from cmlp.training.early_stopping import EarlyStopping
from cmlp.training.epoch import Course, MiniBatches, Position
from cmlp.training.history import History
from cmlp.training.kernels import kernels_of
from cmlp.training.lbfgs import LBFGSIterations
from cmlp.training.measurements import Measurements
from cmlp.training.normalization import Normalised, check_variances, folded
from cmlp.training.optimizers import LBFGS
from cmlp.training.options import Options
from cmlp.training.progress import Progress, Shown
from cmlp.training.random_state import restore, state_of
from cmlp.training.schedules import Schedule
from cmlp.training.signals import Signals


class Trainable(Protocol):
    """What the loop needs of a network."""

    @property
    def architecture(self) -> Architecture: ...  # noqa: D102
    @property
    def engine(self) -> Engine: ...  # noqa: D102
    @property
    def rng(self) -> np.random.Generator: ...  # noqa: D102
    @property
    def model(self) -> Model: ...  # noqa: D102
    def _unfolded(self) -> Normalised | None: ...


class Steps(Protocol):
    """What the loop needs of mini-batches, and of the iterations of L-BFGS."""

    def prepare(self, position: Position, schedule: Schedule) -> None: ...  # noqa: D102
    def run(self, course: Course) -> None: ...  # noqa: D102
    @property
    def parameters(self) -> NDArray[Any]: ...  # noqa: D102
    def has_failed(self) -> bool: ...  # noqa: D102
    def undo(self) -> None: ...  # noqa: D102
    def steps_until(self, position: Position) -> int: ...  # noqa: D102
    def averaged(self) -> AbstractContextManager[None]: ...  # noqa: D102
    def finish(self) -> None: ...  # noqa: D102
    def is_over(self, position: Position) -> bool: ...  # noqa: D102
    def position_after(self, position: Position) -> Position: ...  # noqa: D102
    def vectors(self) -> dict[str, NDArray[Any]]: ...  # noqa: D102
    @property
    def progress(self) -> tuple[int, float]: ...  # noqa: D102
    def check_position(self, position: Position) -> None: ...  # noqa: D102
    def restore(self, vectors: dict[str, NDArray[Any]], progress: tuple[int, float]) -> None: ...  # noqa: D102


@dataclass(frozen=True)
class Moment:
    """Where a training stands.

    From one epoch to the next it is replaced as a whole: an exception falls before that or after it, and an epoch is
    never counted twice.
    """

    position: Position
    schedule: Schedule
    early_stopping: EarlyStopping | None
    ended: bool = False  # by early stopping


@dataclass(kw_only=True, eq=False)
class Loop:
    """A training.

    Parameters
    ----------
    network : Trainable
        What is trained, and what callbacks get.
    samples : Samples
        What it is trained with.
    options : Options
    measurements : Measurements
        What is measured after every epoch.
    early_stopping : EarlyStopping, optional
    callbacks : Callbacks
    checkpoints : Checkpoints, optional
    threads : int, optional
    show_progress : bool or "curve", optional
        By default, on a terminal or in a notebook only.
    history : History
        Of earlier trainings that this one continues.
    state : OptimizerState, optional
        Of earlier trainings that this one continues.
    """

    network: Trainable
    samples: Samples
    options: Options
    measurements: Measurements = field(default_factory=Measurements)
    early_stopping: EarlyStopping | None = None
    callbacks: Callbacks = field(default_factory=Callbacks)
    checkpoints: Checkpoints | None = None
    threads: int | None = None
    show_progress: Shown = None
    history: History = field(default_factory=History)
    state: OptimizerState | None = None

    def __post_init__(self) -> None:
        self.measurements.check(self.network.architecture)
        self.normalised, self.rng, self.signals = self.network._unfolded(), self.network.rng, Signals()
        self.engine = self.network.engine if self.normalised is None else self.normalised.engine  # that is trained
        self.clock = Clock(None if self.options.minutes is None else MINUTE * self.options.minutes)
        self.steps = self._make_steps()
        self.is_stopped = self.has_begun = False
        start = Position(len(self.history), state_of(self.rng))
        self.now = Moment(start, self.options.schedule, self.early_stopping)

    def _make_steps(self) -> Steps:
        first, options = len(self.history), self.options.for_images(len(self.samples))
        if not isinstance(options.optimizer, LBFGS):
            if self.normalised is not None and options.mini_batch_size < 2:
                few = self.options.mini_batch_size < 2
                which = "mini_batch_size must be at least 2" if few else "training_data must have at least 2 images"
                raise ModelError(f"{which} with batch normalization: one image has no variance, got 1")
            return MiniBatches(
                self.engine, self.samples, options, self.rng, state=self.state, threads=self.threads,
                first_epoch=first,
            )  # fmt: skip
        a = self.network.architecture
        for name, found in (
            ("dropout", any(a.dropouts)), ("normalization", a.normalizations), ("on_batch_end", self.tells_batches)
        ):  # fmt: skip
            if found:
                raise ModelError(f"lbfgs has no mini-batches and so no {name}, got some")
        kept = self.checkpoints is not None
        return LBFGSIterations(self.engine, self.samples, options, self.rng, kept=kept, first_iteration=first)

    def check_checkpoint(self, chosen: Collection[str] = ()) -> None:
        """Refuse to go on from the checkpoint of another training, as `Checkpoints.check` does; nothing is changed."""
        assert self.checkpoints is not None
        self.identity = identity_of(
            self.network.architecture, self.options, self.samples, self.measurements, self.early_stopping
        )
        self.kernels = kernels_of(self.options)
        self.checkpoints.check(self.identity, self.kernels, self.options.epochs, chosen)

    def begin(self) -> None:
        """Go on from a checkpoint, which is written again, or write the first one.

        Raises
        ------
        ModelError
            If the checkpoint belongs to another training, or the schedule fails; nothing has changed then.
        OSError
            If it cannot be written, which is better known now.
        """
        if self.checkpoints is not None:
            self.check_checkpoint()
            if self.checkpoints.found is not None:
                self._restore(self.checkpoints.found)
                return
        self.steps.prepare(self.position, self.schedule)
        if self.checkpoints is not None:
            self.checkpoints.write(self._checkpoint())
        self.has_begun = True

    def run(self) -> History:
        """Train, after `begin`, and return how it went."""
        resumed = self.checkpoints is not None and self.checkpoints.found is not None
        done = self.position.epoch if resumed else len(self.history)
        self.clock.start()
        progress = Progress(
            self.options.epochs, len(self.samples), self.show_progress, done, resumed=resumed, seconds=self.clock.left
        )
        if not self.now.ended:
            with self.signals, progress as self.progress:
                try:
                    if self.clock.is_over and self.position.done:  # resumed after its end, within an epoch
                        self.end_epoch(0.0)
                    self.steps.run(self)
                except BaseException:
                    self._leave_early()
                    raise
                self._leave()
        if self.now.early_stopping is not None:
            self.now.early_stopping.finish(self.engine.parameters)
        self.fold()
        return self.history

    def fold(self) -> None:
        """Let the network answer as what is trained would, where layers are normalised."""
        if self.normalised is not None:
            self.normalised.fold()

    def _take_changes(self) -> None:
        """Go on with what a callback has made of the network."""
        if self.normalised is not None:
            self.normalised.take_changes()

    def stop(self) -> None:
        """End the training after the step that is under way; any thread may ask for it."""
        self.is_stopped = True

    @property
    def position(self) -> Position:
        """How far it has come."""
        return self.now.position

    @property
    def schedule(self) -> Schedule:
        """The schedule, with what it has observed."""
        return self.now.schedule

    @property
    def is_ended(self) -> bool:
        """Whether early stopping has ended it."""
        return self.now.ended

    @property
    def goes_on(self) -> bool:
        """Whether there is another epoch."""
        over = self.clock.is_over if self.options.epochs is None else self.position.epoch >= self.options.epochs
        return not (over or self.is_stopped or self.is_ended)

    @property
    def tells_batches(self) -> bool:
        """Whether a callback wants to hear of every mini-batch."""
        return bool(self.callbacks.on_batch)

    def batch_done(self, loss: float) -> None:
        """Tell the callbacks of a mini-batch."""
        self.fold()
        with self.signals.allowed():
            if self.callbacks.batch_ends(self._event(loss)):
                self.stop()
        self._take_changes()

    def pause(self) -> None:
        """Let signals do what they do, and write a checkpoint if it is time; nothing is half done."""
        self.signals.deliver()
        if self.clock.is_over:
            self.stop()
        if self.checkpoints is not None:
            self.checkpoints.after_chunk(self._checkpoint)

    def close_epoch(self, schedule: Schedule) -> None:
        """Note that all images of an epoch were used, with a copy of its schedule."""
        schedule.observe(self.position.mean_loss)
        closed = replace(self.position, closed=True, rng=state_of(self.rng))
        self.now = replace(self.now, schedule=schedule, position=closed)

    def end_epoch(self, seconds: float) -> None:
        """Measure an epoch, tell the callbacks, look whether it was one too many, and go to the next."""
        now, history = self.now, self.history
        history.cut(now.position.epoch)  # of what an interruption left there
        history.loss.append(now.position.mean_loss)
        history.seconds.append(seconds)
        with self.steps.averaged():
            self.fold()
            with self.signals.allowed():
                self.measurements.add(history, self.network.architecture, self.network.engine, self.threads)
                if self.callbacks.epoch_ends(self._event(history.loss[-1])):
                    self.stop()
            self._take_changes()
            if self.steps.is_over(now.position):
                self.now = self._next(now)
        self.progress.epoch(history)
        if self.checkpoints is not None and self.now is not now:
            self.checkpoints.after_epoch(self.position.epoch, self._checkpoint)

    def _next(self, now: Moment) -> Moment:
        """Return where the training stands at the beginning of the next epoch."""
        early_stopping, schedule, ended = copy(now.early_stopping), deepcopy(now.schedule), False
        if early_stopping is not None and early_stopping.observe(self.history, self.engine.parameters):
            ended = not schedule.lower(self.options.eta)
            early_stopping.waited = early_stopping.waited if ended else 0
        return Moment(self.steps.position_after(now.position), schedule, early_stopping, ended)

    def _event(self, loss: float) -> Event:
        return Event(self.network, self.position.epoch + 1, self.steps.steps_until(self.position), loss, self.history)

    def _leave_early(self) -> None:
        """Keep what there is after an exception, too; but a step that failed would fail again."""
        self.history.cut(self.position.epoch)
        if self.steps.has_failed():
            self.steps.undo()
            self.fold()
        else:
            self._leave()

    def _leave(self) -> None:
        """Keep what there is, and leave in the network what it ends with."""
        try:
            if self.checkpoints is not None:
                self.checkpoints.try_to_write(self._checkpoint)
        finally:
            self.steps.finish()
            self.fold()

    def _checkpoint(self) -> Checkpoint:
        assert self.checkpoints is not None
        now = self.now
        best = None if now.early_stopping is None else now.early_stopping.best_parameters
        memory = Memory(
            self.steps.vectors() | ({} if best is None else {"best": best}),
            self.steps.progress,
            now.schedule.get_state(),
            {} if now.early_stopping is None else now.early_stopping.get_state(),
        )
        history, parameters = self.history.until(now.position.epoch), self.steps.parameters
        if self.normalised is not None:
            memory.vectors["unfolded"], parameters = parameters, folded(self.engine, parameters)
        weights, biases = self.engine.views(parameters)
        position = now.position.copy()
        position.seconds = 0.0 if self.clock.limit is None else self.clock.used
        return Checkpoint(
            replace(self.network.model, weights=weights, biases=biases),
            self.identity,
            self.kernels,
            self.checkpoints.start,
            position,
            history,
            memory,
            now.ended,
        )

    def _restore(self, checkpoint: Checkpoint) -> None:
        """Go to where a checkpoint is; what is the network's own comes last, when nothing can be refused any more."""
        parameters, memory, rng = self.engine.parameters, checkpoint.memory, deepcopy(self.rng)
        own = [name for name in self.steps.vectors() if name not in ("losses", "gradients")]
        best = memory.vector("best", parameters) if "best" in memory.vectors else None
        vectors = dict(memory.vectors) | {name: memory.vector(name, parameters) for name in own}
        self.steps.check_position(checkpoint.position)
        restore(rng, checkpoint.position.rng)
        schedule, early_stopping = deepcopy(self.options.schedule), copy(self.early_stopping)
        schedule.set_state(memory.schedule)
        if early_stopping is not None:
            early_stopping.set_state(memory.early_stopping, best)
        if not checkpoint.ended:
            self.steps.prepare(checkpoint.position, schedule)
        self.steps.restore(vectors, memory.progress)
        self.history = checkpoint.history
        whole = self._trained_of(checkpoint)
        now = Moment(checkpoint.position, schedule, early_stopping, checkpoint.ended)
        epochs = self.options.epochs
        if self.checkpoints is not None and not now.ended and (epochs is None or now.position.epoch < epochs):
            self.checkpoints.write_found()
        self.now, self.has_begun = now, True
        self.clock.before = now.position.seconds
        parameters[...] = whole
        self.fold()
        restore(self.rng, checkpoint.position.rng)

    def _trained_of(self, checkpoint: Checkpoint) -> NDArray[Any]:
        """Return the parameters that a checkpoint has trained."""
        if self.normalised is not None:
            vector = checkpoint.memory.vector("unfolded", self.engine.parameters)
            check_variances(self.engine, vector, "the checkpoint")
            return vector
        whole = np.empty_like(self.engine.parameters)
        weights, biases = self.engine.views(whole)
        for each, kept in zip(weights + biases, [*checkpoint.model.weights, *checkpoint.model.biases], strict=True):
            each[...] = kept
        return whole
