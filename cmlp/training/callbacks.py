"""What a training tells those who want to know, and may be stopped by."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from cmlp.errors import ModelError
from cmlp.training.history import History


@dataclass(frozen=True)
class Event:
    """The end of an epoch or of a mini-batch.

    Attributes
    ----------
    network : Network
        As it is now.
    epoch : int
        Counted from 1.
    step : int
        How many mini-batches there have been.
    loss : float
        Mean loss of the epoch or of the mini-batch.
    history : History
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
            if methods == [None, None] and not callable(callback):
                raise ModelError(
                    f"callbacks must be functions, or objects with on_epoch_end or on_batch_end, got {callback!r}"
                )
            on_epoch = callback if methods == [None, None] else methods[0]
            self.on_epoch += [] if on_epoch is None else [on_epoch]
            self.on_batch += [] if methods[1] is None else [methods[1]]

    def epoch_ends(self, event: Event) -> bool:
        """Tell every callback, and return whether one of them wants to stop."""
        return sum(_is_true(call(event)) for call in self.on_epoch) > 0

    def batch_ends(self, event: Event) -> bool:
        """Tell every callback, and return whether one of them wants to stop."""
        return sum(_is_true(call(event)) for call in self.on_batch) > 0


def _is_true(answer: Any) -> bool:
    """Whether a callback wants to stop: 1 and all else that is merely true is what its last line happens to give."""
    return isinstance(answer, bool | np.bool_) and bool(answer)
