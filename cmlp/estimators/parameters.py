"""The parameters of both estimators: what each may be, and what was probably meant where it is not."""

from collections.abc import Mapping, Set
from math import inf
from numbers import Integral, Real
from typing import Any

from sklearn.utils._param_validation import HasMethods, Hidden, Interval, StrOptions, make_constraint
from sklearn.utils._param_validation import Options as OneOf

from cmlp.core.activations import ACTIVATIONS, OUTPUT_ONLY
from cmlp.model.architecture import NORMALIZATIONS
from cmlp.training.distortions import NAMES, Distortions
from cmlp.training.optimizers import OPTIMIZERS, Optimizer
from cmlp.training.progress import CURVE
from cmlp.training.schedules import SCHEDULES, Schedule
from cmlp.utils.checks import LARGEST
from cmlp.utils.suggestions import suggestion


class Number(Interval):  # type: ignore[misc]
    """An interval of numbers that a float can hold; True is none."""

    def is_satisfied_by(self, val: Any) -> bool:  # noqa: D102
        try:
            return not isinstance(val, bool) and bool(super().is_satisfied_by(val)) and float(val) is not None
        except OverflowError:
            return False


NOT_NEGATIVE = Number(Real, 0, None, closed="left")
COUNT = Number(Integral, 1, LARGEST, closed="both")
HIDDEN = {"logistic": "sigmoid"} | {name: name for name in ACTIVATIONS if name not in OUTPUT_ONLY}
CONSTRAINTS: dict[str, list[Any]] = {
    "hidden_layer_sizes": ["array-like", COUNT],
    "activation": [StrOptions(set(HIDDEN)), "array-like"],
    "solver": [StrOptions(set(OPTIMIZERS)), Optimizer, Hidden(OneOf(type, set(OPTIMIZERS.values())))],
    "alpha": [NOT_NEGATIVE],
    "batch_size": [StrOptions({"auto"}), COUNT],
    "learning_rate": [StrOptions({"constant", "invscaling", "adaptive"})],
    "learning_rate_init": [Number(Real, 0, None, closed="neither")],
    "power_t": [NOT_NEGATIVE],
    "max_iter": [COUNT],
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
    "tol": [NOT_NEGATIVE],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "momentum": [Number(Real, 0, 1, closed="both")],
    "nesterovs_momentum": ["boolean"],
    "early_stopping": ["boolean"],
    "validation_fraction": [Number(Real, 0, 1, closed="left")],
    "beta_1": [Number(Real, 0, 1, closed="left")],
    "beta_2": [Number(Real, 0, 1, closed="left")],
    "epsilon": [Number(Real, 0, None, closed="neither")],
    "n_iter_no_change": [COUNT, OneOf(Real, {inf})],
    "max_fun": [COUNT],
    "normalization": [StrOptions(set(NORMALIZATIONS)), "array-like", None],
    "dropout": [Number(Real, 0, 1, closed="left"), "array-like"],
    "schedule": [StrOptions(set(SCHEDULES)), Schedule, callable, None],
    "l1": [NOT_NEGATIVE],
    "max_norm": [Number(Real, 0, None, closed="neither"), None],
    "clip_norm": [Number(Real, 0, None, closed="neither"), None],
    "clip_value": [Number(Real, 0, None, closed="neither"), None],
    "averaging": [Number(Real, 0, 1, closed="left")],
    "distortions": ["boolean", StrOptions(set(NAMES)), Distortions, None],
    "picture_shape": [tuple, list, None],
    "threads": [COUNT, None],
    "callbacks": [callable, list, tuple, HasMethods("on_epoch_end"), HasMethods("on_batch_end"), None],
    "checkpoint": [str, HasMethods("__fspath__"), None],
    "checkpoint_every": [COUNT, str],
    "resume": ["boolean"],
    "progress": ["boolean", StrOptions({CURVE}), None],
}
MISTAKEN = {  # for which others each is mistaken
    "learning_rate": ("learning_rate_init", "schedule"),
    "learning_rate_init": ("learning_rate", "schedule"),
    "schedule": ("learning_rate", "learning_rate_init"),
    "hidden_layer_sizes": ("activation",),
    "activation": ("hidden_layer_sizes", "loss"),
    "loss": ("hidden_layer_sizes", "activation"),
}


def keep_parameters(estimator: Any, given: Mapping[str, Any]) -> None:
    """Keep each argument of a constructor, of which `given` are the locals, under its own name."""
    vars(estimator).update({name: value for name, value in given.items() if name != "self"})


def meant(name: str, value: Any, constraints: Mapping[str, list[Any]]) -> str:
    """Return the end of a sentence about a parameter that is wrong: what was probably meant."""
    for other in MISTAKEN.get(name, ()):
        if any(make_constraint(each).is_satisfied_by(value) for each in constraints.get(other, [])):
            return f": did you mean {other}={value!r}?"
    names = {option for each in constraints[name] if isinstance(each, StrOptions) for option in each.options}
    return suggestion(value, sorted(names)) or "."


def per_layer(name: str, given: Any) -> list[Any]:
    """Return what a parameter has for each hidden layer."""
    if isinstance(given, Set | Mapping) or getattr(given, "ndim", 1) != 1:
        raise ValueError(f"{name} must be one value, or a sequence with one for each hidden layer, got {given!r}")
    return list(given)
