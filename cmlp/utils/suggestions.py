"""What somebody probably meant by a name that cmlp does not know."""

from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from functools import wraps
from inspect import signature
from numbers import Integral
from typing import ParamSpec, TypeVar

# What other libraries call the same thing, in lower case with underscores.
SYNONYMS = {
    "absolute_error": "mean_absolute_error",
    "alpha": "lmbda",
    "batch_size": "mini_batch_size",
    "bce": "binary_cross_entropy",
    "binary_crossentropy": "binary_cross_entropy",
    "callback": "callbacks",
    "categorical_crossentropy": "cross_entropy",
    "ce": "cross_entropy",
    "class_weights": "class_weight",
    "hidden_layer_sizes": "sizes",
    "kernel_initializer": "initializer",
    "l2": "lmbda",
    "lambda_": "lmbda",
    "layers": "sizes",
    "learning_rate": "eta",
    "learning_rate_init": "eta",
    "linear": "identity",
    "log_loss": "cross_entropy",
    "logistic": "sigmoid",
    "lr": "eta",
    "mae": "mean_absolute_error",
    "max_iter": "epochs",
    "momentum_sgd": "momentum",
    "mse": "mean_squared_error",
    "n_epochs": "epochs",
    "n_iter_no_change": "patience",
    "n_jobs": "threads",
    "nll": "cross_entropy",
    "num_epochs": "epochs",
    "p": "dropout",
    "random_state": "seed",
    "reduce_on_plateau": "adaptive",
    "scheduler": "schedule",
    "softmax_cross_entropy": "cross_entropy",
    "solver": "optimizer",
    "sparse_categorical_crossentropy": "cross_entropy",
    "squared_error": "mean_squared_error",
    "swish": "silu",
    "test": "test_data",
    "validation_fraction": "validation_data",
    "validation_split": "validation_data",
    "verbose": "progress",
    "weight_decay": "lmbda",
    "xavier": "glorot_normal",
    "kaiming": "he_normal",
}

P = ParamSpec("P")
T = TypeVar("T")


def nearest(given: str, names: Collection[str], more: Mapping[str, str] = {}) -> str | None:
    """Return the one of the names that was probably meant, if any; `more` are synonyms besides SYNONYMS."""
    plain = given.strip().lower().replace("-", "_").replace(" ", "_")
    meant = more.get(plain, SYNONYMS.get(plain, plain))
    known = {name.replace("-", "_"): name for name in names}
    found = next((name for name in (plain, meant) if name in known), None)
    same = [found] if found else [name for name in known if SYNONYMS.get(name) == meant]
    close = same or get_close_matches(plain, known, 1)
    return known[close[-1]] if close else None


def suggestion(given: object, names: Collection[str]) -> str:
    """Return ``: did you mean "name"?`` where one of the names is close to what was given, and otherwise nothing."""
    meant = nearest(given, names) if isinstance(given, str) else None
    return f': did you mean "{meant}"?' if meant else ""


def in_one_list(function: Callable[P, T]) -> Callable[P, T]:
    """Let a constructor whose one positional argument is a list answer integers that came one by one."""

    @wraps(function)
    def call(*arguments: P.args, **keywords: P.kwargs) -> T:
        self, *given = arguments
        sizes = [int(each) for each in given if isinstance(each, Integral)]
        if len(sizes) == len(given) > 1:
            name, (first, *_) = type(self).__name__, [*signature(function).parameters][1:]
            raise TypeError(f"{name}() takes {first} as one list: {name}({sizes})")
        return function(*arguments, **keywords)

    return call


def suggest_keywords(function: Callable[P, T]) -> Callable[P, T]:
    """Let a function answer an unknown keyword argument with the one that was probably meant."""
    known = signature(function).parameters

    @wraps(function)
    def call(*arguments: P.args, **keywords: P.kwargs) -> T:
        for name in keywords:
            if name not in known:
                meant = suggestion(name, known.keys())
                raise TypeError(f"{function.__qualname__}() got an unexpected keyword argument {name!r}{meant}")
        return function(*arguments, **keywords)

    return call
