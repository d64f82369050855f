"""Ctrl-C and termination, held back while weights are moving."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Signals:
    """While it lasts, the first signal waits: its own handler runs where nothing is half done.

    A second signal is let through at once. Outside the main thread Python delivers no signals, and this does nothing.

    Attributes
    ----------
    waiting : int or None
        The signal that has come and is not delivered yet.
    """

    def __init__(self) -> None:
        self._handlers: dict[int, Any] = {}
        self._open = False
        self.waiting: int | None = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                handler = signal.getsignal(number)
                if handler not in (None, signal.SIG_IGN):  # None: another language's handler
                    self._handlers[number] = handler
                    signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self.deliver()  # after another exception, too: whoever catches that still wants to stop

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """While it lasts, signals are delivered when they come."""
        self.deliver()
        self._open = True
        try:
            yield
        finally:
            self._open = False

    def deliver(self) -> None:
        """Let the signal that waits, if there is one, do what it does: mostly to raise KeyboardInterrupt."""
        if self.waiting is not None:
            number, self.waiting = self.waiting, None
            self._pass_on(number, None)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self._open or self.waiting is not None:
            self._pass_on(number, frame)
        else:
            self.waiting = number

    def _pass_on(self, number: int, frame: FrameType | None) -> None:
        handler = self._handlers[number]
        if callable(handler):
            handler(number, frame)
        else:  # the system's default, which ends the process
            signal.signal(number, handler)
            signal.raise_signal(number)
