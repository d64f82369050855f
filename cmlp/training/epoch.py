"""An epoch of mini-batches: where the images are shuffled, and the steps that are taken with them."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from math import isfinite
from time import perf_counter
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cmlp.core.distorter import Distorter
from cmlp.core.engine import Engine
from cmlp.core.state import OptimizerState, RunningLoss
from cmlp.errors import ModelError
from cmlp.model.samples import Samples
from cmlp.model.threads import number_of_threads
from cmlp.training.clock import Clock
from cmlp.training.optimizers import Optimizer
from cmlp.training.options import Options
from cmlp.training.random_state import restore, state_of
from cmlp.training.schedules import Schedule, learning_rates, rates_of_steps

LARGE = 16  # pixels or features beyond this are more often unscaled than intended


class Diverged(ModelError):
    """The loss, or a parameter, is no longer finite."""


@dataclass
class Position:
    """How far a training has come.

    Attributes
    ----------
    epoch : int
        Counted from 0.
    rng : dict
        The state of the generator when the epoch began; of a closed one, when it ended.
    running : RunningLoss
        The images of the epoch that were used, their summed loss, and their weight, as the core has written them.
    closed : bool
        Whether the epoch's training is over, and what is left is to measure it.
    seconds : float
        How many the training has lasted, where they are limited.
    """

    epoch: int
    rng: dict[str, Any]
    running: RunningLoss = field(default_factory=RunningLoss)
    closed: bool = False
    seconds: float = 0.0

    @property
    def done(self) -> int:
        """Images of the epoch that were used."""
        return self.running.done

    @property
    def mean_loss(self) -> float:
        """Of the images that were used."""
        return self.running.loss / (self.running.weight or 1.0)

    def describe(self) -> dict[str, Any]:
        """Return all of it, as JSON has it."""
        running = {"done": self.running.done, "loss": self.running.loss, "weight": self.running.weight}
        return {"epoch": self.epoch, "rng": self.rng, "closed": self.closed, "seconds": self.seconds} | running

    def copy(self) -> "Position":
        """Return a position that no step changes."""
        running = RunningLoss(self.running.done, self.running.loss, self.running.weight)
        return Position(self.epoch, self.rng, running, self.closed, self.seconds)


class Course(Protocol):
    """What the steps of a training ask of the loop that takes them."""

    @property
    def position(self) -> Position: ...  # noqa: D102
    @property
    def schedule(self) -> Schedule: ...  # noqa: D102
    @property
    def clock(self) -> Clock: ...  # noqa: D102
    @property
    def goes_on(self) -> bool: ...  # noqa: D102
    @property
    def is_stopped(self) -> bool: ...  # noqa: D102
    @property
    def is_ended(self) -> bool: ...  # noqa: D102
    @property
    def tells_batches(self) -> bool: ...  # noqa: D102
    def batch_done(self, loss: float) -> None: ...  # noqa: D102
    def pause(self) -> None: ...  # noqa: D102
    def close_epoch(self, schedule: Schedule) -> None: ...  # noqa: D102
    def end_epoch(self, seconds: float) -> None: ...  # noqa: D102


class MiniBatches:
    """Steps by mini-batches: the samples, and all that changes with each step besides the parameters.

    Parameters
    ----------
    engine : Engine
        Whose parameters are trained.
    samples : Samples
    options : Options
        For as many images.
    rng : numpy.random.Generator
        Draws the order of the images, what dropout leaves out, and how pictures are distorted.
    state : OptimizerState, optional
        To go on with one; by default a new one.
    threads : int or None
        At most so many share a mini-batch, as many as pays for None; they do not change a bit of the result.
    first_epoch : int
        Where schedules begin to count.
    """

    def __init__(
        self,
        engine: Engine,
        samples: Samples,
        options: Options,
        rng: np.random.Generator,
        *,
        state: OptimizerState | None = None,
        threads: int | None = 1,
        first_epoch: int = 0,
    ) -> None:
        self.engine, self.samples, self.options, self.rng = engine, samples, options, rng
        self.source = samples.source(options.label_smoothing)
        self.state = state or new_state(options.optimizer, engine)
        self.average = engine.parameters.copy() if options.averaging else None
        self.threads = number_of_threads(threads, engine, options.mini_batch_size)
        self.distorter = distorter_of(options, samples)
        self.first_epoch = first_epoch
        self.failed = False  # whether a step has led to a loss or to parameters that are not finite
        self._rates: tuple[int, Schedule, NDArray[np.float64]] | None = None  # of an epoch that has not begun
        self._finite = engine.parameters  # those at the beginning of the epoch, as soon as it begins
        self._own: NDArray[Any] | None = None  # what is trained, while the network has the averaged parameters

    @property
    def parameters(self) -> NDArray[Any]:
        """Those that are trained."""
        return self.engine.parameters if self._own is None else self._own

    @property
    def per_epoch(self) -> int:
        """How many steps an epoch has."""
        return -(-len(self.samples) // self.options.mini_batch_size)

    def steps_until(self, position: Position) -> int:
        """Return how many mini-batches there were before a position."""
        return position.epoch * self.per_epoch + -(-position.done // self.options.mini_batch_size)

    def prepare(self, position: Position, schedule: Schedule) -> None:
        """Ask for the learning rates of the next epoch: a schedule that fails had better fail before the first step."""
        if self.options.epochs is None:  # and the clock decides before each chunk
            learning_rates(deepcopy(schedule), self.options.eta, 0, self.per_epoch, 1)
        elif position.epoch < self.options.epochs and not position.closed:
            self._rates = self._learning_rates(position.epoch, schedule)

    def _learning_rates(self, epoch: int, schedule: Schedule) -> tuple[int, Schedule, NDArray[np.float64]]:
        """Return an epoch, the schedule after it and its learning rates; those of `prepare` are good for once."""
        known, self._rates = self._rates, None
        if known is not None and known[0] == epoch:
            return known
        after = deepcopy(schedule)  # which may count its factors: an epoch that begins again asks anew
        if self.options.epochs is None:
            return epoch, after, np.zeros(self.per_epoch)  # to be written by `_set_rates`
        epochs = self.options.epochs - self.first_epoch
        etas = learning_rates(after, self.options.eta, epoch - self.first_epoch, self.per_epoch, epochs)
        return epoch, after, etas

    def run(self, course: Course) -> None:
        """Train epoch by epoch, as long as the course goes on."""
        while course.goes_on:
            started = perf_counter()
            if not course.position.closed:
                self._epoch(course)
            if course.position.done == 0:  # stopped before it began
                return
            course.end_epoch(perf_counter() - started)

    def _epoch(self, course: Course) -> None:
        """Train for an epoch, or for what is left of one."""
        at, n, size = course.position, len(self.samples), self.options.mini_batch_size
        restore(self.rng, at.rng)  # an epoch that begins again has the same order
        order = (self.rng.permutation(n) if self.options.shuffle else np.arange(n)).astype(np.intp, copy=False)
        keys = draw_keys(self.rng, drops=self.engine.drops, distorts=self.distorter is not None)
        _, schedule, etas = self._learning_rates(at.epoch, course.schedule)
        self._finite = self.engine.parameters.copy()
        stride = size if course.tells_batches else self.engine.chunk(size)
        while at.done < n and not course.is_stopped:
            goal = min(n, at.done + stride)
            if course.clock.limit is not None:
                self._set_rates(etas, at, goal, schedule, course.clock)
            loss, weight, done = self._train_chunk(order, at.done, goal, etas, keys, at.running)
            if course.tells_batches and done == goal:
                course.batch_done(loss / (weight or 1.0))
            self._check_finite(at, broken=done < goal)
            course.pause()
        if at.done == n:
            course.close_epoch(schedule)

    def _set_rates(self, etas: NDArray[np.float64], at: Position, goal: int, schedule: Schedule, clock: Clock) -> None:
        """Write the learning rates of the next steps, as if all steps took as long as those so far."""
        size = self.options.mini_batch_size
        begin, end = at.done // size, -(-goal // size)
        first = (at.epoch - self.first_epoch) * self.per_epoch
        steps = clock.steps_in_all(first + begin, end - begin)
        etas[begin:end] = rates_of_steps(
            schedule, self.options.eta, range(first + begin, first + end), self.per_epoch, steps
        )

    def _train_chunk(
        self, order: NDArray[np.intp], begin: int, end: int, etas: NDArray[np.float64], keys: tuple[int, int],
        running: RunningLoss,
    ) -> tuple[float, float, int]:  # fmt: skip
        dropout_key, distortion_key = keys
        return self.engine.train(
            self.source, order, begin, end, etas, self.state, self.options, self.average, dropout_key, self.threads,
            running, self.distorter, distortion_key,
        )  # fmt: skip

    def has_failed(self) -> bool:
        """Return whether the last step would fail again, so that it is not where to go on from."""
        return self.failed or not np.isfinite(self.parameters).all()

    def undo(self) -> None:
        """Leave finite parameters in the network."""
        if not np.isfinite(self.engine.parameters).all():
            self.engine.parameters[...] = self._finite

    def _check_finite(self, at: Position, *, broken: bool) -> None:
        if not broken and isfinite(at.running.loss) and np.isfinite(self.engine.parameters).all():
            return
        self.failed = True
        if not broken:  # a penalty is known after its step only
            self.engine.parameters[...] = self._finite
        step = min(at.done // self.options.mini_batch_size + 1, self.per_epoch)
        raise Diverged(
            f"training stopped in epoch {at.epoch + 1}, mini-batch {step:,} of {self.per_epoch:,}, because the loss "
            f"is not finite; the last finite weights are kept, and {remedy(self.samples, self.options)}"
        )

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """While it lasts, the network has the averaged parameters, where they are averaged."""
        if self.average is None:
            yield
            return
        try:
            self._own = self.engine.parameters.copy()  # from here on `parameters` says which are trained
            self.engine.parameters[...] = self.average
            yield
        finally:
            if self._own is not None:
                self.engine.parameters[...] = self._own
                self._own = None

    def finish(self) -> None:
        """Leave the averaged parameters in the network, where they are averaged."""
        if self.average is not None:
            self.engine.parameters[...] = self.average

    def is_over(self, position: Position) -> bool:
        """Return whether all images of an epoch were used."""
        return position.closed

    def position_after(self, position: Position) -> Position:
        """Return the position at the beginning of the next epoch."""
        return Position(position.epoch + 1, state_of(self.rng))

    def vectors(self) -> dict[str, NDArray[Any]]:
        """Return all vectors that the rest of the training depends on, besides the parameters."""
        vectors = {f"optimizer.{name}": vector for name, vector in self.state.vectors.items()}
        return vectors if self.average is None else vectors | {"average": self.average}

    @property
    def progress(self) -> tuple[int, float]:
        """The steps of the optimizer, and the product of nadam's momentums."""
        return self.state.progress

    def check_position(self, position: Position) -> None:
        """Refuse a position that lies within a mini-batch."""
        n, size = len(self.samples), self.options.mini_batch_size
        if position.done > n or (position.done % size and position.done < n) or (position.closed and position.done < n):
            raise ModelError(f"the position of a checkpoint must lie between two mini-batches, got {position}")

    def restore(self, vectors: dict[str, NDArray[Any]], progress: tuple[int, float]) -> None:
        """Go on with what was kept in a checkpoint, of which everything was checked."""
        for name, vector in self.vectors().items():
            vector[...] = vectors[name]
        self.state.progress = progress


def take_step(
    engine: Engine, samples: Samples, options: Options, state: OptimizerState, rng: np.random.Generator, name: str
) -> float:
    """Take one step with all samples, which complaints call `name`, and return their mean loss before it."""
    n = len(samples)
    distorter = distorter_of(options, samples)
    dropout_key, distortion_key = draw_keys(rng, drops=engine.drops, distorts=distorter is not None)
    etas, order = np.full(1, options.eta), np.arange(n, dtype=np.intp)
    whole, before = replace(options, mini_batch_size=n), engine.parameters.copy()
    loss, weight, done = engine.train(
        samples.source(), order, 0, n, etas, state, whole, None, dropout_key, 1, None, distorter, distortion_key
    )
    if done < n or not isfinite(loss) or not np.isfinite(engine.parameters).all():
        engine.parameters[...] = before
        raise Diverged(f"training stopped at {name}, because the loss is not finite, and {remedy(samples, options)}")
    return loss / (weight or 1.0)


def draw_keys(rng: np.random.Generator, *, drops: bool, distorts: bool) -> tuple[int, int]:
    """Return what dropout and distortions are hashes of; nothing is drawn for what there is not."""
    dropout_key = int(rng.integers(2**63)) if drops else 0
    return dropout_key, int(rng.integers(2**63)) if distorts else 0


def distorter_of(options: Options, samples: Samples) -> Distorter | None:
    """Return what distorts these samples, if anything does; for which `Options.for_pictures` has made them fit."""
    if options.distortions is None:
        return None
    assert isinstance(samples.images, np.ndarray)
    distorter: Distorter = options.distortions.distorter(samples.images.shape[1])
    return distorter


def remedy(samples: Samples, options: Options) -> str:
    """Say what would probably keep the loss finite."""
    largest = samples.largest
    if not isfinite(largest):
        return "no image may hold an inf or nan"
    if largest > LARGE:
        return f"scaling the images to [0, 1] may help: the largest value is {largest:g}"
    return f"a smaller eta than {options.eta:g} may help"


def new_state(optimizer: Optimizer, engine: Engine) -> OptimizerState:
    """Return the state of an optimizer that has taken no step."""
    return OptimizerState(optimizer.name, optimizer.settings(), engine.parameters.size, engine.dtype)
