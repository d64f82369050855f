"""A fit: the parameters of an estimator as a training by the network's own loop, and what it found as attributes."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from numbers import Integral
from types import SimpleNamespace
from typing import Any
from warnings import warn

from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.optimize import _check_optimize_result

from cmlp.data.picture_shapes import check_picture_shape
from cmlp.errors import ModelError
from cmlp.estimators.memory import Memory, remember  # noqa: F401 (where pickles of version 0.1 look for it)
from cmlp.estimators.rates import Continued, EpochRate, InverseScalingBySample, LoweredRate
from cmlp.model.samples import Samples
from cmlp.network import Network
from cmlp.training.callbacks import Callback, Callbacks, Event
from cmlp.training.checkpointing import Checkpoints
from cmlp.training.early_stopping import NoImprovement
from cmlp.training.epoch import Diverged, new_state
from cmlp.training.history import History
from cmlp.training.lbfgs import LBFGSIterations
from cmlp.training.loop import Loop
from cmlp.training.measurements import Measurements
from cmlp.training.optimizers import LBFGS, SGD, Adam, Momentum, Nesterov, Optimizer, find_optimizer
from cmlp.training.options import Options
from cmlp.training.random_state import state_of
from cmlp.training.schedules import Schedule, find_schedule
from cmlp.utils.text import counted

LARGEST_BATCH = 200  # what batch_size="auto" means
NOT_FINITE = (
    "Solver produced non-finite parameter weights. The input data may contain large values and need to be "
    "preprocessed: the loss of epoch {epoch} is not finite, and the {which} weights are kept; features of similar size "
    "or a smaller learning_rate_init than {eta:g} may help"
)


def optimizer_of(estimator: Any) -> Optimizer:
    """Return what `solver` and its parameters stand for."""
    e = estimator
    if not isinstance(e.solver, str):
        return find_optimizer(e.solver)
    if e.solver == "lbfgs":
        return LBFGS(e.max_fun, e.tol)
    if e.solver == "adam":
        return Adam(e.beta_1, e.beta_2, e.epsilon, epsilon_hat=True)
    if e.solver != "sgd":
        return find_optimizer(e.solver)
    if e.momentum == 0:
        return SGD()
    return (Nesterov if e.nesterovs_momentum else Momentum)(e.momentum)


def has_epochs(estimator: Any) -> bool:
    """Return whether an estimator trains by mini-batches; L-BFGS has none."""
    return bool(getattr(estimator.solver, "name", estimator.solver) != LBFGS.name)


@dataclass
class Fit:
    """A fit under way.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
        Whose attributes are set.
    network : Network
        What is trained: a new one, or that of the fit before.
    samples, validation : Samples
        What is trained with, and what is measured after every epoch.
    first : bool
        Whether nothing of an earlier fit is continued.
    once : bool
        Whether it is the one epoch of a `partial_fit`.
    checkpoints : Checkpoints, optional
    """

    estimator: Any
    network: Network
    samples: Samples
    validation: Samples | None
    first: bool
    once: bool
    checkpoints: Checkpoints | None = None

    def __post_init__(self) -> None:
        e = self.estimator
        self.given = SimpleNamespace(**e.get_params(deep=False))  # a callback may change them for the next fit
        self.optimizer, self.scored = optimizer_of(e), bool(e.early_stopping) and has_epochs(e)
        self.history = History() if self.first else e.history_
        self.before = len(self.history)
        self.memory, self.schedule = self._memory_and_schedule()
        self.rule = self._make_rule()
        self.measured: tuple[int, dict[str, Any]] = 0, {}
        self.loop = Loop(
            network=self.network,
            samples=self.samples,
            options=self._options(),
            measurements=Measurements(validation=self.validation, score=e._score_outputs, outputs=self._averaged()),
            early_stopping=self.rule,
            callbacks=self._make_callbacks(),
            checkpoints=self.checkpoints,
            threads=e.threads,
            show_progress=e.progress,
            history=self.history,
            state=None if self.memory is None else self.memory.state,
        )

    def _memory_and_schedule(self) -> tuple[Memory | None, Any]:
        """Return what the optimizer remembers, and how the learning rate has changed: by `partial_fit`, they go on."""
        e = self.estimator
        if isinstance(self.optimizer, LBFGS):
            return None, e.schedule
        known = None if self.first else e._memory
        if self.once and known is not None and known.optimizer == self.optimizer:
            schedule = self._continued(e._schedule, e.n_iter_)
        else:
            known, schedule = (
                Memory(self.optimizer, new_state(self.optimizer, self.network._trained_engine)),
                self._new_schedule(),
            )
            if self.once:
                schedule = self._continued(schedule, 0)
        if isinstance(schedule, InverseScalingBySample):
            schedule.power, schedule.per_epoch = e.power_t, len(self.samples)
        return known, schedule

    def _continued(self, schedule: Any, epochs: int) -> Any:
        """Return a schedule that goes on after some epochs, or a new one if the parameter is another by now."""
        given = self.estimator.schedule
        if isinstance(schedule, EpochRate) or (isinstance(schedule, Continued) and schedule.given == given):
            return schedule
        new = find_schedule(given)
        if new.needs_epochs:
            raise ValueError(
                f"partial_fit does not know how many epochs there will be, which the schedule {given!r} needs"
            )
        if isinstance(schedule, Schedule) and schedule is not given and schedule.describe() == new.describe():
            return Continued(given, schedule, epochs)
        return Continued(given, new)

    def _new_schedule(self) -> Any:
        e = self.estimator
        if e.learning_rate == "constant" or self.optimizer.name not in ("sgd", "momentum", "nesterov"):
            return e.schedule
        if e.schedule is not None:
            raise ValueError(f'schedule needs learning_rate="constant", got "{e.learning_rate}"')
        if e.learning_rate == "adaptive":
            return LoweredRate(verbose=bool(e.verbose))
        return InverseScalingBySample(seen=0 if self.first else e.t_)

    def _make_rule(self) -> NoImprovement | None:
        """Return the rule that ends a fit, with what it knows of earlier fits; L-BFGS has its own."""
        e = self.estimator
        if isinstance(self.optimizer, LBFGS):
            return None
        rule = NoImprovement("score" if self.scored else "loss", e.n_iter_no_change, e.tol)
        if not self.first:
            best = e.best_validation_score_ if self.scored else e.best_loss_
            if best is not None:
                rule.best, rule.waited = best if self.scored else -best, e._no_improvement_count
        if self.scored:
            rule.best_parameters = self.network._trained_engine.parameters.copy()
        return rule

    def _averaged(self) -> int:
        """Return over how many outputs scikit-learn averages the loss that it reports, and L-BFGS here does not."""
        squared = self.network.architecture.loss == "half_squared_error"
        return self.network.sizes[-1] if squared and has_epochs(self.estimator) else 1

    def _options(self) -> Options:
        e, n = self.estimator, len(self.samples)
        batch_size = LARGEST_BATCH if e.batch_size == "auto" else e.batch_size
        if e.batch_size != "auto" and batch_size > n and has_epochs(e):
            warn(
                f"Got `batch_size` less than 1 or larger than sample size. It is going to be clipped: {batch_size} is "
                f"larger than the {counted(n, 'sample')}, which are then one batch",
                stacklevel=9,
            )
        options = Options(
            eta=e.learning_rate_init,
            epochs=self.before + (1 if self.once else e.max_iter),
            optimizer=self.optimizer,
            schedule=self.schedule,
            mini_batch_size=int(min(batch_size, n)),
            lmbda=e.alpha,
            l1=e.l1,
            label_smoothing=e.label_smoothing if self.samples.labels is not None else 0.0,
            max_norm=e.max_norm,
            clip_norm=e.clip_norm,
            clip_value=e.clip_value,
            averaging=e.averaging,
            distortions=e.distortions,
            shuffle=e.shuffle,
            shared_penalties=True,
        )
        return options.for_pictures(self.samples, check_picture_shape("picture_shape", e.picture_shape))

    def _make_callbacks(self) -> Callbacks:
        given = () if self.estimator.callbacks is None else self.estimator.callbacks
        callbacks: list[Callback] = list(given) if isinstance(given, Iterable) else [given]
        made = Callbacks([self._note, *([self._print] if self.estimator.verbose else []), *callbacks])
        if not has_epochs(self.estimator):
            made.on_batch = []  # a grid of solvers may share its callbacks
        return made

    def _note(self, event: Event) -> None:
        """Keep what was measured: an epoch counts, though a callback after it is interrupted."""
        self.measured = event.epoch, {name: values[-1] for name, values in vars(event.history).items() if values}

    def _print(self, event: Event) -> None:
        print(f"Iteration {event.epoch - self.before}, loss = {event.loss:.8f}")
        if self.validation is not None:
            print(f"Validation score: {event.history.validation_score[-1]:f}")

    def begin(self) -> None:
        """Go on from a checkpoint, which must be that of the same seed, or write the first one."""
        seed = self.given.random_state
        if self.first and isinstance(seed, Integral) and self.checkpoints is not None:
            drawn, given = state_of(self.network.rng), f"random_state={seed!r}"
            self.checkpoints.check_start(self.network.architecture, drawn, given, "None goes on from any")
        self.loop.begin()

    def run(self) -> None:
        """Train, and set what was found."""
        e = self.given
        self._set(begun=False)
        try:
            self.network._run(self.loop)
        except KeyboardInterrupt:
            warn("Training interrupted by user.", stacklevel=5)
        except Diverged as error:
            self._diverged(error)
        finally:
            self._keep_measured_epoch()
            self._set(begun=True)
        if isinstance(self.loop.steps, LBFGSIterations):
            self._check_lbfgs(self.loop.steps.result)
        elif not (self.once or self.loop.is_ended or self.loop.is_stopped) and self.estimator.n_iter_ == e.max_iter:
            warn(
                f"Stochastic Optimizer: Maximum iterations ({e.max_iter}) reached and the optimization hasn't "
                "converged yet.",
                ConvergenceWarning,
                stacklevel=5,
            )
        if e.verbose and self.loop.now.ended:
            watched = "Validation score" if self.scored else "Training loss"
            print(
                f"{watched} did not improve more than tol={e.tol:f} for {e.n_iter_no_change} consecutive epochs. "
                "Stopping."
            )

    def _keep_measured_epoch(self) -> None:
        """Count the epoch after which a callback has ended the training by an exception."""
        position, history = self.loop.position, self.loop.history
        epoch, values = self.measured
        if epoch == position.epoch + 1 == len(history) + 1 and self.loop.steps.is_over(position):
            for name, value in values.items():
                getattr(history, name).append(value)

    def _diverged(self, error: Diverged) -> None:
        e, rule = self.given, self.loop.now.early_stopping
        epoch = self.loop.position.epoch + 1 - self.before
        which = "best" if self.scored else "last finite"
        sentence = NOT_FINITE.format(epoch=epoch, which=which, eta=e.learning_rate_init)
        if rule is None or not self.scored:
            raise ModelError(sentence) from error
        rule.finish(self.loop.engine.parameters)
        self.loop.fold()
        warn(sentence, ConvergenceWarning, stacklevel=5)

    def _check_lbfgs(self, result: Any) -> None:
        """Take over what scipy found, and warn as scikit-learn does where it has not converged."""
        e, most = self.estimator, self.given.max_iter
        if result is None:
            return
        e.loss_, e.best_loss_ = float(result.fun), min(e.best_loss_, float(result.fun))
        if result.status == 99:  # a callback wanted to stop
            e.n_iter_ = min(int(result.nit), most)
        else:
            e.n_iter_ = _check_optimize_result("lbfgs", result, most)

    def _set(self, *, begun: bool) -> None:
        """Set the attributes that scikit-learn documents, and those that a later fit goes on with."""
        e, now = self.estimator, self.loop.now
        e.network_ = self.network
        e.history_ = self.loop.history
        e.loss_curve_ = e.history_.loss
        e.n_iter_ = len(e.history_) - self.before
        e.t_ = (0 if self.first else e.t_) + (e.n_iter_ * len(self.samples) if begun and has_epochs(self.given) else 0)
        e._memory, e._schedule = self.memory, now.schedule
        rule: Any = now.early_stopping
        e._no_improvement_count = 0 if rule is None else rule.waited
        e.best_loss_ = e.best_validation_score_ = None
        scores = e.history_.validation_score
        e.validation_scores_ = scores if scores or self.validation is not None else None
        if rule is None:
            e.best_loss_ = min(e.history_.loss, default=inf)
        elif self.scored:
            e.best_validation_score_ = rule.best
        else:
            e.best_loss_ = -rule.best
        if e.history_.loss:
            e.loss_ = e.history_.loss[-1]
