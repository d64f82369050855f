"""L-BFGS: all samples in every step, whose length `scipy.optimize` finds. Its iterations take the place of epochs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import isfinite
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.core.blas_threads import single_blas_thread
from cmlp.core.data_source import DataSource
from cmlp.core.engine import Engine
from cmlp.core.state import RunningLoss
from cmlp.errors import ModelError
from cmlp.model.samples import Samples
from cmlp.training.epoch import Course, Diverged, Position
from cmlp.training.optimizers import LBFGS
from cmlp.training.options import Options
from cmlp.training.random_state import state_of
from cmlp.training.schedules import Schedule

BLOCK = 4096  # images whose gradient is computed at once, fewer where they would take longer than a moment
STEEP = 10.0  # times the highest loss, which stands for one that is not finite
MOST_WORK = 2**32  # images of a block times parameters

Gradient = NDArray[np.float64]
Journal = list[tuple[float, Gradient]]


class Stopped(Exception):
    """Leaves `scipy.optimize` from inside."""


class LBFGSIterations:
    """Steps by L-BFGS.

    The memory of `scipy.optimize` cannot be saved, but it follows from the losses and gradients that scipy was given:
    these are kept as a journal, and given again to a training that is resumed.

    Parameters
    ----------
    engine : Engine
        Whose parameters are trained; in float64 meanwhile, because a line search needs more digits than float32 has.
    samples : Samples
    options : Options
        For as many images.
    rng : numpy.random.Generator
        Of which nothing is drawn.
    kept : bool
        Whether to keep the journal.
    first_iteration : int
        From which the iterations are counted.

    Attributes
    ----------
    result : scipy.optimize.OptimizeResult or None
        What scipy found, once it has ended.
    """

    def __init__(
        self, engine: Engine, samples: Samples, options: Options, rng: np.random.Generator, *, kept: bool,
        first_iteration: int = 0,
    ) -> None:  # fmt: skip
        assert isinstance(options.optimizer, LBFGS)
        self.engine, self.samples, self.options, self.rng = engine, samples, options, rng
        self.first = engine.parameters.copy()
        self.first_iteration = first_iteration
        self.journal: Journal | None = [] if kept else None
        self.result: Any = None
        self.failed = False

    @property
    def parameters(self) -> NDArray[Any]:
        """Those of the last iteration."""
        return self.engine.parameters

    def has_failed(self) -> bool:
        """Return whether the last iteration would fail again."""
        return self.failed

    def undo(self) -> None:
        """Do nothing: the network has the parameters of the last iteration."""

    def prepare(self, position: Position, schedule: Schedule) -> None:
        """Do nothing: there is no schedule."""

    def run(self, course: Course) -> None:
        """Train iteration by iteration, as long as the course goes on."""
        if not course.goes_on:
            return
        known, iteration, started = course.position.epoch, self.first_iteration, perf_counter()

        def on_iteration(loss: float, parameters: NDArray[Any]) -> bool:
            nonlocal iteration, started
            iteration += 1
            if iteration > known:  # until then, the network has the parameters of the iteration it goes on from
                self.engine.parameters[...] = parameters
                course.position.running = RunningLoss(0, loss, 1.0)
                course.end_epoch(perf_counter() - started)
            started = perf_counter()
            return course.is_stopped or course.is_ended

        def poll() -> bool:
            course.pause()
            return course.is_stopped

        assert self.options.epochs is not None  # `Options` has no minutes for it
        iterations = self.options.epochs - self.first_iteration
        try:
            self.result = minimise(
                self.engine, self.first, self.samples, self.options, iterations, on_iteration, poll, self.journal
            )
        except Diverged:
            self.failed = True
            raise

    def steps_until(self, position: Position) -> int:
        """Return how many iterations there were before and with that of a position."""
        return position.epoch + 1

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Do nothing: no parameters are averaged."""
        yield

    def finish(self) -> None:
        """Do nothing: the network has the parameters of the last iteration."""

    def is_over(self, position: Position) -> bool:
        """Return that an iteration is over as soon as one hears of it."""
        return True

    def position_after(self, position: Position) -> Position:
        """Return the position after an iteration."""
        return Position(position.epoch + 1, state_of(self.rng))

    def vectors(self) -> dict[str, NDArray[Any]]:
        """Return the first parameters and the journal, from which all others follow."""
        journal = self.journal or []
        losses = np.array([loss for loss, _ in journal], np.float64)
        gradients = np.array([gradient for _, gradient in journal], np.float64).reshape(len(journal), self.first.size)
        return {"first": self.first, "losses": losses, "gradients": gradients}

    @property
    def progress(self) -> tuple[int, float]:
        """What optimizers with mini-batches have: none."""
        return 0, 1.0

    def check_position(self, position: Position) -> None:
        """Accept every position."""

    def restore(self, vectors: dict[str, NDArray[Any]], progress: tuple[int, float]) -> None:
        """Go on with what was kept in a checkpoint."""
        losses, gradients = vectors.get("losses"), vectors.get("gradients")
        if losses is None or gradients is None or gradients.shape != (len(losses), self.first.size):
            raise ModelError("a checkpoint of lbfgs must hold a loss for every gradient, got others")
        self.first = vectors["first"]
        self.journal = list(zip(losses.astype(float).tolist(), gradients.astype(np.float64), strict=True))


def full_gradient(
    engine: Engine, source: DataSource, options: Options, poll: Callable[[], bool]
) -> tuple[float, Gradient]:
    """Return the mean loss of all samples with its penalties, and the gradient (n_parameters,).

    `poll` is asked before every block whether to stop.
    """
    total, weight = 0.0, 0.0
    gradient = np.zeros(engine.parameters.size)
    size = max(1, min(BLOCK, MOST_WORK // engine.parameters.size))
    for begin in range(0, source.n, size):
        if poll():
            raise Stopped
        loss, block_weight, nabla = engine.gradient(source, begin, min(begin + size, source.n))
        total, weight = total + loss, weight + block_weight
        if isfinite(loss):
            gradient += block_weight * nabla
    l1, l2 = (penalty / weight if options.shared_penalties else penalty for penalty in (options.l1, options.l2))
    gradient /= weight
    mean = total / weight
    weights, _ = engine.views(engine.parameters)
    nabla_w, _ = engine.views(gradient)
    for w, nabla in zip(weights, nabla_w, strict=True):
        mean += l1 * float(np.abs(w).sum(dtype=float)) + l2 / 2 * float(np.square(w, dtype=float).sum())
        nabla += l1 * np.sign(w) + l2 * w
    return mean, gradient


def minimise(
    engine: Engine,
    start: NDArray[Any],
    samples: Samples,
    options: Options,
    iterations: int,
    on_iteration: Callable[[float, NDArray[Any]], bool],
    poll: Callable[[], bool] = lambda: False,
    journal: Journal | None = None,
) -> Any:
    """Train by L-BFGS, which takes all samples in every step.

    Parameters
    ----------
    engine : Engine
        Whose parameters are trained.
    start : ndarray (n_parameters,)
        The first parameters.
    samples : Samples
    options : Options
        Penalties, label smoothing, and the optimizer's settings.
    iterations : int
        How many there are at most.
    on_iteration : function
        Gets loss and parameters, and returns whether to stop.
    poll : function
        Returns whether to stop at once; the parameters are then those of the last iteration.
    journal : list of (loss, gradient), optional
        Of all evaluations. Those that it holds from the beginning are not computed again.

    Returns
    -------
    What `scipy.optimize` says, or None if `poll` stopped it.

    Raises
    ------
    Diverged
        If the loss or a parameter that was found is not finite; the parameters are those before it.
    """
    from scipy.optimize import minimize  # here, because it would make importing cmlp slower by half

    precise = engine.copy(np.float64)
    source, known, evaluations = samples.source(options.label_smoothing), len(journal or ()), 0
    highest = 0.0

    def objective(parameters: Gradient) -> tuple[float, Gradient]:
        nonlocal evaluations, highest
        evaluations += 1
        if journal is not None and evaluations <= known:
            loss, gradient = journal[evaluations - 1]
            highest = max(highest, loss if isfinite(loss) and gradient.any() else 0.0)
            return loss, gradient.copy()
        precise.parameters[...] = parameters
        loss, gradient = full_gradient(precise, source, options, poll)
        if evaluations == 1 or (isfinite(loss) and np.isfinite(gradient).all()):
            highest = max(highest, loss)
        else:  # the step was too long: such a wall lets the search try a shorter one
            loss, gradient = STEEP * highest, np.zeros_like(gradient)
        if journal is not None:
            journal.append((loss, gradient.copy()))
        return loss, gradient

    def callback(intermediate_result: Any) -> None:
        parameters = _finite_parameters(intermediate_result, engine.dtype)
        try:
            is_last = on_iteration(float(intermediate_result.fun), parameters)
        except StopIteration as error:  # which scipy would take for an answer
            raise RuntimeError("a callback raised StopIteration") from error
        if is_last:
            raise StopIteration

    optimizer = options.optimizer
    limits = {"maxiter": iterations, "maxfun": optimizer.max_evaluations, "gtol": optimizer.tolerance}
    try:
        with single_blas_thread():  # for the products of scipy's own, too
            result = minimize(
                objective, start.astype(np.float64), method="L-BFGS-B", jac=True, options=limits, callback=callback
            )
    except Stopped:
        return None
    engine.parameters[...] = _finite_parameters(result, engine.dtype)
    return result


def _finite_parameters(result: Any, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return what scipy found, in the network's type, which may be too small for it."""
    with np.errstate(over="ignore"):
        parameters: NDArray[Any] = result.x.astype(dtype)
    if not (isfinite(result.fun) and np.isfinite(parameters).all()):
        raise Diverged("training by lbfgs stopped, because the loss is not finite; the weights are those before it")
    return parameters
