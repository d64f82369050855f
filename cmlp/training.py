"""The training of a network, epoch by epoch: what `Network.train` and the estimators have in common."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.checks import check_count, check_name
from cmlp.core.blas_threads import single_blas_thread
from cmlp.core.engine import Engine
from cmlp.core.state import OptimizerState
from cmlp.errors import ModelError
from cmlp.history import History
from cmlp.optimizers import LBFGS, Optimizer
from cmlp.samples import Samples
from cmlp.schedules import Constant, Schedule, etas_of

WORTH_SHARING = 4_000_000  # parameters times images: a tenth of a millisecond, of which two threads save a third
BLOCK = 4096  # images whose gradient is computed at once where the whole set counts


@dataclass(frozen=True)
class Options:
    """What every step of a training has in common; 0 stands for nothing.

    `shared_penalties` says that `l1` and `l2` are divided by the mini-batch, and are not whole in every step.
    """

    mini_batch_size: int
    l1: float = 0.0
    l2: float = 0.0
    shared_penalties: bool = False
    clip_norm: float = 0.0
    clip_value: float = 0.0
    max_norm: float = 0.0
    averaging: float = 0.0
    smoothing: float = 0.0


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
    steps : int
        How many mini-batches there have been.
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
        self.batch = samples.batch(options.smoothing)
        self.state = state or new_state(optimizer, engine)
        self.average = engine.parameters.copy() if options.averaging else None
        self.threads = number_of_threads(threads, engine.parameters.size, options.mini_batch_size)
        self.steps = 0
        self.stopping = False

    @property
    def mini_batches(self) -> int:
        """How many steps an epoch has."""
        return -(-len(self.samples) // self.options.mini_batch_size)

    def epoch(self, epoch: int, epochs: int, on_batch_end: Callable[[int, float], None] | None = None) -> float:
        """Train for one epoch, counted from 0, and return its mean loss.

        Raises
        ------
        ModelError
            If the loss or a parameter is no longer finite; the last finite parameters are kept.
        """
        n, size = len(self.samples), self.options.mini_batch_size
        order = self.rng.permutation(n) if self.shuffle else np.arange(n)
        etas = etas_of(self.schedule, self.eta, epoch, self.mini_batches, epochs)
        key = int(self.rng.integers(2**63)) if self.engine.drops else 0
        before = self.engine.parameters.copy()
        stride = self.engine.chunk(size) if on_batch_end is None else size
        loss = weight = 0.0
        done, broken = 0, False
        while done < n:
            goal = min(n, done + stride)
            chunk = self._train_chunk(order.astype(np.intp, copy=False), done, goal, etas, key)
            loss, weight, done = loss + chunk[0], weight + chunk[1], chunk[2]
            self.steps = epoch * self.mini_batches + -(-done // size)
            broken = done < goal
            if on_batch_end is not None and not broken:
                on_batch_end(self.steps, chunk[0] / (chunk[1] or 1.0))
            if broken or self.stopping:
                break
        self._check_finite(before, done, epoch, broken)
        self.schedule.observe(loss / (weight or 1.0))
        return loss / (weight or 1.0)

    def _train_chunk(
        self, order: NDArray[np.intp], begin: int, end: int, etas: NDArray[np.float64], key: int
    ) -> tuple[float, float, int]:
        return self.engine.train(
            self.batch, order, begin, end, etas, self.state, self.options, self.average, key, self.threads
        )

    def _check_finite(self, before: NDArray[Any], done: int, epoch: int, broken: bool) -> None:
        finite = bool(np.isfinite(self.engine.parameters).all())
        if finite and not broken:
            return
        if not finite:
            self.engine.parameters[...] = before
        step = min(done // self.options.mini_batch_size + 1, self.mini_batches)
        raise ModelError(
            f"training stopped in epoch {epoch + 1}, mini-batch {step:,} of {self.mini_batches:,}, because the loss is "
            f"not finite; the last finite weights are kept, and a smaller eta than {self.eta:g} may help"
        )

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
    best: float = field(default=float("-inf"), init=False)
    best_parameters: NDArray[Any] | None = field(default=None, init=False, repr=False)
    waited: int = field(default=0, init=False)

    def is_exhausted(self, history: History, parameters: NDArray[Any]) -> bool:
        """Look at the last epoch, and say whether it was one too many."""
        score = -history.validation_loss[-1] if self.monitor == "loss" else history.validation_accuracy[-1]
        self.waited = 0 if score > self.best + self.tolerance else self.waited + 1
        if score > self.best:
            self.best, self.best_parameters = score, parameters.copy()
        return self.waited >= self.epochs

    def restore(self, parameters: NDArray[Any]) -> None:
        """Write the best parameters back."""
        if self.best_parameters is not None:
            parameters[...] = self.best_parameters


def number_of_threads(threads: int | None, n_parameters: int, mini_batch_size: int) -> int:
    """Return how many threads a training should have.

    By default one, where a mini-batch is too little work to share; otherwise what OMP_NUM_THREADS says, which
    joblib sets in its workers, or as many as there are processors for this process.
    """
    if threads is not None:
        return check_count("threads", threads)
    if n_parameters * mini_batch_size < WORTH_SHARING:
        return 1
    setting = os.environ.get("OMP_NUM_THREADS", "")
    return int(setting) if setting.isdecimal() and int(setting) > 0 else processors()


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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


def new_state(optimizer: Optimizer, engine: Engine) -> OptimizerState:
    """Return the state of an optimiser that has taken no step."""
    return OptimizerState(optimizer.name, optimizer.settings(), engine.parameters.size, engine.dtype)


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


def full_gradient(engine: Engine, blocks: Sequence[Samples], options: Options) -> tuple[float, NDArray[np.float64]]:
    """Return the mean loss of all samples with its penalties, and the gradient (n_parameters,)."""
    total, weight = 0.0, 0.0
    gradient = np.zeros(engine.parameters.size)
    for block in blocks:
        loss, block_weight, nabla = engine.gradient(block.batch(options.smoothing))
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
    samples: Samples,
    options: Options,
    optimizer: LBFGS,
    iterations: int,
    on_iteration: Callable[[float], bool],
) -> Any:
    """Train by L-BFGS, which takes all samples in every step, and return what `scipy.optimize` says of it.

    `on_iteration` gets the loss, and says whether to stop.
    """
    from scipy.optimize import minimize  # here, because it would make importing cmlp slower by half

    rows = np.arange(len(samples))
    blocks = [samples.take(rows[begin : begin + BLOCK]) for begin in range(0, len(rows), BLOCK)]

    def objective(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        engine.parameters[...] = parameters
        return full_gradient(engine, blocks, options)

    def callback(intermediate_result: Any) -> None:
        engine.parameters[...] = intermediate_result.x
        if on_iteration(float(intermediate_result.fun)):
            raise StopIteration

    limits = {"maxiter": iterations, "maxfun": optimizer.max_evaluations, "gtol": optimizer.tolerance}
    start = engine.parameters.astype(np.float64)
    with single_blas_thread():  # for the products of scipy's own, too
        result = minimize(objective, start, method="L-BFGS-B", jac=True, options=limits, callback=callback)
    engine.parameters[...] = result.x
    if not isfinite(result.fun):
        raise ModelError("training by lbfgs stopped, because the loss is not finite; the weights are those before it")
    return result
