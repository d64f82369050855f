"""Copies of a network, with which all work is done."""

from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from cmlp.diagnosis.programs.blocks import numbers_of
from cmlp.diagnosis.programs.isolation import OutOfTime, limited, silence
from cmlp.diagnosis.programs.leaves import Walk
from cmlp.diagnosis.programs.own_code import is_own
from cmlp.errors import ModelError

MOST_NUMBERS = 1_000_000  # that a setting may hold; more are data
MAKING = 5.0  # seconds of the processor


def object_of(network: Any) -> Any:
    """Return the network; of a class that needs no arguments an object.

    Raises
    ------
    ModelError
        If it is a class that cannot be called without arguments, or will not say what it is.
    """
    try:
        if not isinstance(network, type):
            return network
    except Exception as error:
        name = type(network).__name__
        raise ModelError(
            f"network must be an object with a class, got {name}, whose __class__ raises {error!r}"
        ) from error
    try:
        with silence(), np.errstate(all="ignore"), limited(MAKING):
            return network()
    except (Exception, OutOfTime) as error:
        name = network.__name__
        raise ModelError(f"network must be an object, got the class {name}: pass {name}(...)") from error


class Instance:
    """A copy of a network, of the functions that were given for it, and of settings that remember something."""

    def __init__(
        self, network: Any, functions: dict[str, Callable[..., Any] | None], settings: dict[str, Any] | None = None
    ) -> None:
        self.network, self.functions = network, functions
        self.settings = settings or {}
        self.replaced = False  # whether training returned another network instead of changing this one
        self.steady = False  # whether it drops no units


def remembers(setting: Any) -> bool:
    """Whether a setting may hold what a training leaves in it, as a callback that counts epochs does."""
    parts = setting if isinstance(setting, (list, tuple)) else (setting,)
    own = [part for part in parts if isinstance(part, (FunctionType, MethodType)) or is_own(part)]
    numbers = sum(np.size(numbers_of(value)) for part in own for _, value in Walk(part).leaves)
    return bool(own) and numbers < MOST_NUMBERS


def adopt(instance: Instance, result: Any) -> None:
    """Take what a function returned as the network, where it is one of the same structure."""
    if result is None or result is instance.network:
        return
    own = _structure(instance.network)
    for candidate in (result, *(result if isinstance(result, tuple) else ())):
        another = type(candidate) is type(instance.network) and candidate is not instance.network
        if another and own and _structure(candidate) == own:
            instance.network, instance.replaced = candidate, True
            return


def _structure(network: Any) -> list[Any]:
    return [(path, np.shape(value)) for path, value in Walk(network).leaves if np.ndim(value)]
