"""Limits of time, by the clock on the wall."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from cmlp.diagnosis.programs.access import has_attribute
from cmlp.diagnosis.scripts.hook import Stopped

TICK = 0.2  # seconds between two looks at the clock


class OutOfTime(Stopped):
    """The script did not begin to train in time."""


@contextmanager
def ticking(first: float, tick: Callable[..., None]) -> Iterator[None]:
    """Call a function in the body after so many seconds, and again and again, where the system can do that."""
    if not has_attribute(signal, "SIGALRM"):
        yield
        return
    old = signal.signal(signal.SIGALRM, tick)
    signal.setitimer(signal.ITIMER_REAL, first, TICK)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)


def within(seconds: float, function: Callable[[], Any]) -> Any:
    """Return what a function returns, or None if it takes longer or fails."""

    def expired(*_: Any) -> None:
        raise OutOfTime

    try:
        with ticking(seconds, expired):
            return function()
    except (Exception, OutOfTime, SystemExit):
        return None
