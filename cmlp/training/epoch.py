"""The training of a network, epoch by epoch: what `Network.train` and the estimators have in common."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.core.engine import Engine
from cmlp.core.state import OptimizerState
from cmlp.errors import ModelError
from cmlp.model.samples import Samples
from cmlp.model.threads import number_of_threads
from cmlp.training.optimizers import Optimizer
from cmlp.training.options import Options
from cmlp.training.random_state import restore, state_of
from cmlp.training.schedules import Constant, Schedule, etas_of

LARGE = 16  # pixels or features beyond this are more often not scaled than meant


@dataclass
class Position:
    """How far a training has come.

    Attributes
    ----------
    epoch : int
        Counted from 0.
    rng : dict
        The state of the generator when the epoch began; in a checkpoint of a closed one, when it ended.
    done : int
        Images of the epoch that were used.
    loss, weight : float
        Their summed loss, and their weight.
    closed : bool
        Whether the epoch's training is over.
    """

    epoch: int
    rng: dict[str, Any]
    done: int = 0
    loss: float = 0.0
    weight: float = 0.0
    closed: bool = False

    @property
    def mean_loss(self) -> float:
        """Of the images that were used."""
        return self.loss / (self.weight or 1.0)


class Training:
    """Training under way: the samples, and all that changes from step to step.

    Parameters
    ----------
    engine : Engine
        Whose parameters are trained.
    samples : Samples
    options : Options
    optimizer : Optimizer
        Any but L-BFGS, which has no mini-batches.
    eta : float
    rng : numpy.random.Generator
        Where the order of the images comes from, and what dropout leaves out.
    schedule : Schedule
    shuffle : bool
    state : OptimizerState, optional
        To go on with one; by default a new one.
    threads : int or None
        At most so many share a mini-batch, as many as pays for None; they do not change a bit of the result.

    Attributes
    ----------
    position : Position
    after_chunk : function, optional
        Called whenever some mini-batches, a few hundredths of a second, are done.
    stopping : bool
        Whether to end the epoch after the step that is under way; another thread may set it.
    """

    def __init__(
        self,
        engine: Engine,
        samples: Samples,
        options: Options,
        optimizer: Optimizer,
        eta: float,
        rng: np.random.Generator,
        *,
        schedule: Schedule | None = None,
        shuffle: bool = True,
        state: OptimizerState | None = None,
        threads: int | None = 1,
    ) -> None:
        self.engine, self.samples, self.options, self.rng = engine, samples, options, rng
        self.eta, self.schedule, self.shuffle = eta, schedule or Constant(), shuffle
        self.source = samples.source(options.smoothing)
        self.state = state or new_state(optimizer, engine)
        self.average = engine.parameters.copy() if options.averaging else None
        self.threads = number_of_threads(threads, engine, options.mini_batch_size)
        self.position = Position(0, state_of(rng))
        self.after_chunk: Callable[[], None] | None = None
        self.stopping = False

    @property
    def steps(self) -> int:
        """How many mini-batches there have been."""
        return self.position.epoch * self.mini_batches + -(-self.position.done // self.options.mini_batch_size)

    @property
    def mini_batches(self) -> int:
        """How many steps an epoch has."""
        return -(-len(self.samples) // self.options.mini_batch_size)

    def halt(self) -> None:
        """End the epoch after the step that is under way."""
        self.stopping = True

    def begin(self, epoch: int) -> None:
        """Go to the beginning of an epoch."""
        self.position = Position(epoch, state_of(self.rng))

    def epoch(self, epoch: int, epochs: int, on_batch_end: Callable[[int, float], None] | None = None) -> float:
        """Train for one epoch, counted from 0, or for what is left of it, and return its mean loss.

        Raises
        ------
        ModelError
            If the loss or a parameter is no longer finite; the last finite parameters are kept.
        """
        if self.position.closed or self.position.epoch != epoch:
            self.begin(epoch)
        at, n, size = self.position, len(self.samples), self.options.mini_batch_size
        if at.done:  # the order of the images, once more
            restore(self.rng, at.rng)
        order = (self.rng.permutation(n) if self.shuffle else np.arange(n)).astype(np.intp, copy=False)
        etas = etas_of(self.schedule, self.eta, epoch, self.mini_batches, epochs)
        key = int(self.rng.integers(2**63)) if self.engine.drops else 0
        before = self.engine.parameters.copy()
        stride = self.engine.chunk(size) if on_batch_end is None else size
        while at.done < n and not self.stopping:
            goal = min(n, at.done + stride)
            loss, weight, done = self._train_chunk(order, at.done, goal, etas, key)
            at.loss, at.weight, at.done = at.loss + loss, at.weight + weight, done
            broken = done < goal
            if on_batch_end is not None and not broken:
                on_batch_end(self.steps, loss / (weight or 1.0))
            self._check_finite(before, at, broken)
            if self.after_chunk is not None:
                self.after_chunk()
        if at.done == n:
            self.schedule.observe(at.mean_loss)
            at.closed = True
        return at.mean_loss

    def _train_chunk(
        self, order: NDArray[np.intp], begin: int, end: int, etas: NDArray[np.float64], key: int
    ) -> tuple[float, float, int]:
        return self.engine.train(
            self.source, order, begin, end, etas, self.state, self.options, self.average, key, self.threads
        )

    def _check_finite(self, before: NDArray[Any], at: Position, broken: bool) -> None:
        finite = bool(np.isfinite(self.engine.parameters).all())
        if finite and not broken:
            return
        if not finite:
            self.engine.parameters[...] = before
        step = min(at.done // self.options.mini_batch_size + 1, self.mini_batches)
        raise ModelError(
            f"training stopped in epoch {at.epoch + 1}, mini-batch {step:,} of {self.mini_batches:,}, because the loss "
            f"is not finite; the last finite weights are kept, and {self._remedy()}"
        )

    def _remedy(self) -> str:
        """Say what would probably keep the loss finite."""
        largest = self.samples.largest
        if not isfinite(largest):
            return "no image may hold an inf or nan"
        if largest > LARGE:
            return f"images of 0 to 1 may help, where these reach {largest:g}"
        return f"a smaller eta than {self.eta:g} may help"

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """While it lasts, the network has the averaged parameters, where they are averaged."""
        if self.average is None:
            yield
            return
        own = self.engine.parameters.copy()
        self.engine.parameters[...] = self.average
        try:
            yield
        finally:
            self.engine.parameters[...] = own

    def finish(self) -> None:
        """Leave the averaged parameters in the network, where they are averaged."""
        if self.average is not None:
            self.engine.parameters[...] = self.average


def new_state(optimizer: Optimizer, engine: Engine) -> OptimizerState:
    """Return the state of an optimiser that has taken no step."""
    return OptimizerState(optimizer.name, optimizer.settings(), engine.parameters.size, engine.dtype)
