"""What goes on during a fit: the epochs or iterations, what is measured after each, and what ends them."""

from dataclasses import dataclass, field
from time import perf_counter
from typing import Any
from warnings import warn

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from cmlp.core.engine import Engine
from cmlp.core.state import OptimizerState
from cmlp.errors import ModelError
from cmlp.model.evaluation import evaluate
from cmlp.model.samples import Samples
from cmlp.training.callbacks import Callbacks, Event
from cmlp.training.epoch import Training
from cmlp.training.lbfgs import minimise
from cmlp.training.optimizers import LBFGS, Optimizer
from cmlp.training.options import Options
from cmlp.training.signals import Interrupts

SMALLEST_RATE = 1e-6  # where an adaptive learning rate ends
ADAPTIVE_RATE = 0.2


@dataclass(frozen=True)
class Memory:
    """An optimiser and what it remembers; pickled, because `partial_fit` goes on with it."""

    optimizer: Optimizer
    state: OptimizerState

    def __reduce__(self) -> tuple[Any, ...]:
        return remember, (self.optimizer, self.state.vectors, self.state.progress)


def remember(optimizer: Optimizer, vectors: dict[str, NDArray[Any]], progress: tuple[int, float]) -> Memory:
    """Return the memory that was pickled as these vectors (n_parameters,) and the steps taken."""
    some = next(iter(vectors.values()), np.empty(0))
    state = OptimizerState(optimizer.name, optimizer.settings(), some.size, some.dtype)
    for name, vector in vectors.items():
        state.vectors[name][...] = vector
    state.progress = progress
    return Memory(optimizer, state)


@dataclass
class Fit:
    """A fit under way; what it finds out becomes attributes of the estimator.

    Parameters
    ----------
    model : estimator
    engine : Engine
        Whose parameters are trained.
    samples, validation : Samples
        What is trained with, and what is measured after every epoch.
    callbacks : Callbacks
    stopping_early : bool
        Whether the score on the validation data decides when to end, and not the loss.
    """

    model: Any
    engine: Engine
    samples: Samples
    validation: Samples | None
    callbacks: Callbacks
    stopping_early: bool = False
    best: NDArray[Any] | None = field(default=None, init=False)

    def by_epochs(self, training: Training, *, once: bool) -> None:
        """Train by mini-batches, for one epoch or until nothing becomes better."""
        model = self.model
        if self.stopping_early:
            self.best = self.engine.parameters.copy()
        try:
            with Interrupts(training.halt) as interrupts:
                for _ in range(1 if once else model.max_iter):
                    if self._epoch(training, interrupts):
                        return
            if not once:
                warn(
                    f"fit has not converged after max_iter={model.max_iter} epochs; more of them may help",
                    ConvergenceWarning,
                    stacklevel=2,
                )
        finally:
            if self.best is not None:
                self.engine.parameters[...] = self.best

    def _epoch(self, training: Training, interrupts: Interrupts) -> bool:
        """Train for an epoch, and say whether it was the last."""
        model, epoch = self.model, len(self.model.history_)
        started = perf_counter()
        training.eta = model.learning_rate_init * model._rate
        try:
            loss = training.epoch(epoch, epoch + 1, self._on_batch_end(epoch, training))
        except ModelError as error:
            return self._diverged(epoch, error)
        model.t_ += len(self.samples)
        with interrupts.allowed():
            stopping = self._record(loss, perf_counter() - started, training.steps)
        if model.learning_rate == "invscaling" and self._has_rates(training):
            model._rate = (model.t_ + 1) ** -model.power_t
        return stopping or training.stopping or self._is_exhausted(training)

    def _on_batch_end(self, epoch: int, training: Training) -> Any:
        if not self.callbacks.on_batch:
            return None

        def on_batch_end(step: int, loss: float) -> None:
            if self.callbacks.batch_ends(Event(self.model.network_, epoch + 1, step, loss, self.model.history_)):
                training.stopping = True

        return on_batch_end

    def _diverged(self, epoch: int, error: ModelError) -> bool:
        sentence = (
            f"the loss of epoch {epoch + 1} is not finite, and the last finite weights are kept; features of "
            f"similar size or a smaller learning_rate_init than {self.model.learning_rate_init:g} may help"
        )
        if self.best is None:
            raise ModelError(sentence) from error
        warn(sentence.replace("last finite", "best"), ConvergenceWarning, stacklevel=4)
        return True

    def _is_exhausted(self, training: Training) -> bool:
        """Whether nothing has become better for too long, and the learning rate cannot be lowered any more."""
        model = self.model
        if model._no_improvement_count <= model.n_iter_no_change:
            return False
        if model.learning_rate == "adaptive" and self._has_rates(training) and training.eta > SMALLEST_RATE:
            model._rate *= ADAPTIVE_RATE
            model._no_improvement_count = 0
            return False
        return True

    def _has_rates(self, training: Training) -> bool:
        return training.state.name in ("sgd", "momentum", "nesterov")

    def by_lbfgs(self, options: Options, optimizer: LBFGS) -> None:
        """Train by L-BFGS, whose iterations take the place of epochs."""
        model = self.model
        started = perf_counter()

        def on_iteration(loss: float) -> bool:
            nonlocal started
            model.network_._engine.parameters[...] = self.engine.parameters
            stopping = self._record(loss, perf_counter() - started, len(model.history_) + 1)
            started = perf_counter()
            return stopping

        result = minimise(self.engine, self.samples, options, optimizer, model.max_iter, on_iteration)
        model.n_iter_, model.loss_ = min(int(result.nit), model.max_iter), float(result.fun)
        if not np.isfinite(self.engine.parameters).all():
            raise ModelError("lbfgs found no finite weights; features of similar size may help")
        model.network_._engine.parameters[...] = self.engine.parameters
        if not (result.success or result.status == 99):  # 99: a callback wanted to stop
            warn(
                f"lbfgs has not converged after {result.nit} iterations: {result.message}",
                ConvergenceWarning,
                stacklevel=2,
            )

    def _record(self, loss: float, seconds: float, step: int) -> bool:
        """Note what came of an epoch, tell the callbacks, and say whether one of them wants to stop."""
        model, history = self.model, self.model.history_
        model.n_iter_ += 1
        model.loss_ = loss
        history.loss.append(loss)
        history.seconds.append(seconds)
        score = -np.inf
        if self.validation is not None:
            outputs, validation_loss = evaluate(self.validation.source(), self.engine, model.threads)
            score = model._score_outputs(outputs, self.validation)
            model.validation_scores_.append(score)
            history.validation_loss.append(validation_loss)
        if model.verbose:
            found = "" if self.validation is None else f", validation score {score:.4f}"
            print(f"epoch {len(history)}: {history.describe(-1)}{found}")
        self._compare(loss, score)
        return self.callbacks.epoch_ends(Event(model.network_, len(history), step, loss, history))

    def _compare(self, loss: float, score: float) -> None:
        """Note whether the epoch was better than those before it by `tol`."""
        model = self.model
        if self.stopping_early:
            better = score >= model.best_validation_score_ + model.tol
            if score > model.best_validation_score_:
                model.best_validation_score_, self.best = score, self.engine.parameters.copy()
        else:
            better = loss <= model.best_loss_ - model.tol
            model.best_loss_ = min(model.best_loss_, loss)
        model._no_improvement_count = 0 if better else model._no_improvement_count + 1
