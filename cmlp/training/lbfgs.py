"""L-BFGS: all samples in every step, whose length `scipy.optimize` finds."""

from collections.abc import Callable
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.core.blas_threads import single_blas_thread
from cmlp.core.data_source import DataSource
from cmlp.core.engine import Engine
from cmlp.errors import ModelError
from cmlp.model.samples import Samples
from cmlp.training.optimizers import LBFGS
from cmlp.training.options import Options

BLOCK = 4096  # images whose gradient is computed at once, fewer where they would take longer than a moment
MOST_WORK = 2**32  # images of a block times parameters

Gradient = NDArray[np.float64]
Journal = list[tuple[float, Gradient]]


class Stopped(Exception):
    """Leaves `scipy.optimize` from inside."""


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
    samples: Samples,
    options: Options,
    optimizer: LBFGS,
    iterations: int,
    on_iteration: Callable[[float], bool],
    poll: Callable[[], bool] = lambda: False,
    journal: Journal | None = None,
) -> Any:
    """Train by L-BFGS, which takes all samples in every step.

    Parameters
    ----------
    on_iteration : function
        Gets the loss, and says whether to stop.
    poll : function
        Says whether to stop at once; the parameters are then those of the last iteration.
    journal : list of (loss, gradient), optional
        Of all evaluations. Those that it holds from the beginning are not computed again, which brings the memory that
        scipy keeps to where it was.

    Returns
    -------
    What `scipy.optimize` says, or None if `poll` stopped it.
    """
    from scipy.optimize import minimize  # here, because it would make importing cmlp slower by half

    start = last = engine.parameters.astype(np.float64)
    source, known, evaluations = samples.source(options.smoothing), len(journal or ()), 0

    def objective(parameters: Gradient) -> tuple[float, Gradient]:
        nonlocal evaluations
        evaluations += 1
        if journal is not None and evaluations <= known:
            loss, gradient = journal[evaluations - 1]
            return loss, gradient.copy()
        engine.parameters[...] = parameters
        loss, gradient = full_gradient(engine, source, options, poll)
        if journal is not None:
            journal.append((loss, gradient.copy()))
        return loss, gradient

    def callback(intermediate_result: Any) -> None:
        nonlocal last
        last = intermediate_result.x.copy()
        engine.parameters[...] = last
        if on_iteration(float(intermediate_result.fun)):
            raise StopIteration

    limits = {"maxiter": iterations, "maxfun": optimizer.max_evaluations, "gtol": optimizer.tolerance}
    try:
        with single_blas_thread():  # for the products of scipy's own, too
            result = minimize(objective, start, method="L-BFGS-B", jac=True, options=limits, callback=callback)
    except BaseException as error:  # also KeyboardInterrupt: what was tried on the way is no result
        engine.parameters[...] = last
        if isinstance(error, Stopped):
            return None
        raise
    engine.parameters[...] = result.x
    if not isfinite(result.fun):
        raise ModelError("training by lbfgs stopped, because the loss is not finite; the weights are those before it")
    return result
