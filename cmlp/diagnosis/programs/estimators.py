"""Classifiers with scikit-learn's face: their own settings are changed one at a time, and each is fitted again."""

import warnings
from typing import Any

import numpy as np

from cmlp.diagnosis.programs.access import attribute, has_attribute
from cmlp.diagnosis.programs.examination import Array, Examination
from cmlp.diagnosis.programs.isolation import OutOfTime
from cmlp.diagnosis.programs.judging import BETTER, learned
from cmlp.diagnosis.programs.own_code import is_own
from cmlp.diagnosis.programs.roles import method_of
from cmlp.diagnosis.programs.setting_faults import LARGE
from cmlp.diagnosis.programs.small_network import learned_by_a_small_network
from cmlp.diagnosis.report import Severity

ROWS = 4000
FACTORS = (0.001, 0.01, 0.1, 10.0, 100.0, 1000.0)
LARGEST_ETA = 1.0
MORE_EPOCHS, MOST_EPOCHS = 10, 100
USUAL_ALPHA = 1e-4
DEEPEST = 5  # estimators within estimators
ONE_OF_MANY = 0.02  # share of answers without a class from which on one-hot labels do harm


def is_estimator(network: Any) -> bool:
    """Whether an object is a classifier of a library with scikit-learn's face; one of somebody's own is a program."""
    names = ("get_params", "set_params", "fit", "predict")
    return not is_own(network) and all(method_of(network, name) is not None for name in names)


class Estimator:
    """A classifier that is cloned for each trial.

    Parameters
    ----------
    case : Examination
    estimator : object
        Never fitted itself.
    """

    def __init__(self, case: Examination, estimator: Any) -> None:
        self.case, self.given = case, estimator
        self.rows = case.order[:ROWS]
        self.x = case.train.x[self.rows]
        self.labels = np.asarray(case.train.labels(case.train.y[self.rows]))
        self.params: dict[str, Any] = estimator.get_params()

    def name_of(self, name: str) -> str | None:
        """Return what a setting is called: in a pipeline, with the name of its step before it."""
        found = [key for key in self.params if key == name or key.endswith(f"__{name}")]
        return found[0] if len(found) == 1 else name if name in found else None

    def setting(self, name: str) -> float:
        """Return the number of a setting, 0 where there is none."""
        value = self.params.get(self.name_of(name) or "")
        return value if isinstance(value, (int, float)) and not isinstance(value, bool) else 0

    def repair(self, name: str, value: float) -> str:
        """Return the call that changes a setting."""
        key = self.name_of(name)
        return f"{key}={value:g}" if key == name else f"set_params({key}={value:g})"

    def with_setting(self, name: str, value: float) -> float:
        """Return the accuracy of a clone with another value of a setting."""
        changed: dict[str, Any] = {str(self.name_of(name)): value}
        return self.trial(**changed)

    def fitted(self, scale: float = 1.0, labels: Array | None = None, **params: Any) -> Any:
        """Return a clone that was fitted with other settings."""
        from sklearn.base import clone

        model = clone(self.given).set_params(**params)
        with self.case.bounded(max(8.0, self.case.seconds / 3)), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return model.fit(self.x / scale, self.labels if labels is None else labels)

    def accuracy(self, model: Any, scale: float = 1.0) -> float:
        """Return its accuracy on the judging rows, in percent."""
        out = np.asarray(model.predict(self.case.judged_x / scale))
        if out.ndim == 2 and out.shape[1] > 1:
            return 100 * float(np.mean((out.argmax(axis=1) == self.case.judged_y) & (out.sum(axis=1) > 0)))
        return 100 * float(np.mean(self.case.train.numbers_of(out.ravel()) == self.case.judged_y))

    def trial(self, scale: float = 1.0, labels: Array | None = None, **params: Any) -> float:
        """Return the accuracy of a clone with other settings, 0 where it cannot be fitted."""
        try:
            return self.accuracy(self.fitted(scale, labels, **params), scale)
        except (Exception, OutOfTime):
            return 0.0


def examine_estimator(case: Examination) -> None:
    """Find which setting of a classifier, or which form of its data, keeps it from learning."""
    tried = Estimator(case, case.subject.given)
    try:
        model = tried.fitted()
    except (Exception, OutOfTime) as error:
        case.note(case.error_note("Its own fit", error))
        return
    case.given = tried.accuracy(model)
    case.facts["reference"] = learned_by_a_small_network(case)
    if case.train.vectors and _one_hot(case, tried, model):
        return
    if learned(case, case.given):
        return
    _pixels(case, tried, model)
    if tried.setting("learning_rate_init"):
        _eta(case, tried, model)
    if tried.setting("max_iter") and attribute(network_in(model), "n_iter_", 0) is not None:
        _epochs(case, tried, model)
    if tried.setting("alpha") > 100 * USUAL_ALPHA:
        _alpha(case, tried)


def network_in(model: Any) -> Any:
    """Return the fitted network within a pipeline, a search or an ensemble of one; the model itself where it is one."""
    for _ in range(DEEPEST):
        if has_attribute(model, "loss_curve_"):
            break
        inner = [attribute(model, name) for name in ("best_estimator_", "estimator_", "estimator")]
        inner += [part[-1][-1] for part in [attribute(model, "steps")] if part]
        inner += [part[0] for part in [attribute(model, "calibrated_classifiers_")] if part]
        within = next((part for part in inner if part is not None), None)
        if within is None:
            break
        model = within
    return model


def _course(model: Any) -> str:
    curve = attribute(network_in(model), "loss_curve_", None)
    return f"; in {len(curve)} epochs its loss went from {curve[0]:.3g} to {curve[-1]:.3g}" if curve else ""


def _one_hot(case: Examination, tried: Estimator, model: Any) -> bool:
    rows = np.asarray(model.predict(case.judged_x))
    if rows.ndim != 2:
        return False
    none = float(np.mean(rows.sum(axis=1) != 1))
    after = tried.trial(labels=case.train.y[tried.rows])
    severity = Severity.ERROR if none > ONE_OF_MANY else Severity.WARNING
    case.found(
        "one-hot-labels",
        severity,
        "The labels are one-hot, so that the classifier learns one question of yes and no for each class.",
        f"{100 * none:.1f} % of its predictions have no class or several; its output activation is "
        f"{attribute(network_in(model), 'out_activation_', 'unknown')}",
        "fit(images, labels.argmax(axis=1))",
        before=case.given,
        after=after,
    )
    return True


def _pixels(case: Examination, tried: Estimator, model: Any) -> None:
    high = case.train.high
    if high <= LARGE:
        return
    after = tried.trial(high)
    if after > (case.given or 0) + BETTER:
        case.found(
            "unscaled-pixels",
            Severity.ERROR,
            "The pixels are not scaled.",
            f"values in {case.train.low:g}..{high:g}{_course(model)}",
            f"fit(images / {high:g}, labels)",
            before=case.given,
            after=after,
        )


def _eta(case: Examination, tried: Estimator, model: Any) -> None:
    eta, table = tried.setting("learning_rate_init"), {}
    for factor in FACTORS:
        value = float(f"{eta * factor:.3g}")
        if value <= LARGEST_ETA and case.left > 0.3 * case.seconds:
            table[value] = tried.with_setting("learning_rate_init", value)
    if not table:
        return
    best = max(table, key=table.__getitem__)
    if table[best] <= (case.given or 0) + BETTER:
        return
    word = "small" if best > eta else "large"
    reached = ", ".join(f"{value:g}: {accuracy:.1f} %" for value, accuracy in sorted(table.items()))
    case.found(
        f"eta-too-{word}",
        Severity.ERROR,
        f"learning_rate_init = {eta:g} is too {word}.",
        f"with the other settings as they are it reaches, by learning_rate_init: {reached}{_course(model)}",
        tried.repair("learning_rate_init", best),
        before=case.given,
        after=table[best],
    )


def _epochs(case: Examination, tried: Estimator, model: Any) -> None:
    epochs = int(tried.setting("max_iter"))
    if int(np.max(attribute(network_in(model), "n_iter_", 0))) < epochs:
        return
    more = min(MORE_EPOCHS * epochs, MOST_EPOCHS)
    after = tried.with_setting("max_iter", more)
    if after > (case.given or 0) + BETTER:
        case.found(
            "too-few-epochs",
            Severity.ERROR,
            f"max_iter = {epochs} ends the training too early.",
            f"it was stopped after {epochs} epochs{_course(model)}",
            tried.repair("max_iter", more),
            before=case.given,
            after=after,
        )


def _alpha(case: Examination, tried: Estimator) -> None:
    alpha, after = tried.setting("alpha"), tried.with_setting("alpha", USUAL_ALPHA)
    if after > (case.given or 0) + BETTER:
        case.found(
            "weight-decay-too-large",
            Severity.ERROR,
            f"alpha = {alpha:g} is too large.",
            f"{case.given:.1f} % with it, {after:.1f} % with {USUAL_ALPHA:g}",
            tried.repair("alpha", USUAL_ALPHA),
            before=case.given,
            after=after,
        )
