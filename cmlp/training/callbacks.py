"""Callbacks: functions that are called during training, and may stop it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from cmlp.errors import ModelError
from cmlp.training.history import History
from cmlp.utils.checks import takes_one
from cmlp.utils.text import shown


@dataclass(frozen=True)
class Event:
    """The end of an epoch or of a mini-batch, as callbacks receive it.

    Parameters
    ----------
    network : Network
        The network in its present state.
    epoch : int
        The epoch, counted from 1.
    step : int
        Number of mini-batches so far.
    loss : float
        Mean loss of the epoch or of the mini-batch.
    history : History
        The history so far.

    Examples
    --------
    >>> train, test = cmlp.load_digits()
    >>> net = cmlp.Network([64, 16, 10])
    >>> history = net.train(train, 20, 3.0, callbacks=lambda event: event.epoch == 2)
    >>> len(history)
    2
    """

    network: Any
    epoch: int
    step: int
    loss: float
    history: History


# A function of an Event, or an object with `on_epoch_end` or `on_batch_end`; training stops if one returns True.
Callback: TypeAlias = Callable[[Event], Any] | Any


class Callbacks:
    """All callbacks of a training."""

    def __init__(self, callbacks: Callback | Sequence[Callback] = ()) -> None:
        given: Sequence[Any] = callbacks if isinstance(callbacks, list | tuple) else [callbacks]
        self.on_epoch: list[Callable[[Event], Any]] = []
        self.on_batch: list[Callable[[Event], Any]] = []
        for callback in given:
            methods = [getattr(callback, name, None) for name in ("on_epoch_end", "on_batch_end")]
            is_object = methods != [None, None]
            functions = [each for each in methods if each is not None] if is_object else [callback]
            if not all(map(takes_one, functions)):
                rule = "callbacks must be functions, or objects with on_epoch_end or on_batch_end"
                reason = ", which cannot be called with an Event" if is_object or callable(callback) else ""
                raise ModelError(f"{rule}, got {shown(callback)}{reason}")
            on_epoch, on_batch = methods if is_object else (callback, None)
            self.on_epoch += [] if on_epoch is None else [on_epoch]
            self.on_batch += [] if on_batch is None else [on_batch]

    def epoch_ends(self, event: Event) -> bool:
        """Call every callback, and return whether one of them asks to stop."""
        return sum(_is_true(call(event)) for call in self.on_epoch) > 0

    def batch_ends(self, event: Event) -> bool:
        """Call every callback, and return whether one of them asks to stop."""
        return sum(_is_true(call(event)) for call in self.on_batch) > 0


def _is_true(answer: Any) -> bool:
    """Return whether an answer is True: 1 and other true values may be the accidental result of a last line."""
    return isinstance(answer, bool | np.bool_) and bool(answer)
