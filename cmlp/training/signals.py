"""Ctrl-C and termination, held back while weights are moving."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

# SIGBREAK is Windows': Ctrl-Break, and the end of a console.
NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
SIGNALS = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]


class Ended(BaseException):
    """Raised where the system's default would end the process, so that a checkpoint is written before that."""


class Signals:
    """While it lasts, the first signal waits: its own handler runs where nothing is half done.

    A second signal is let through at once. Where there is no handler, a signal ends the training as an exception would,
    and then the process. Outside the main thread Python delivers no signals, and this does nothing; in a process that
    was forked meanwhile there is nothing to hold back.

    Attributes
    ----------
    waiting : int or None
        The signal that has come and is not delivered yet.
    """

    def __init__(self) -> None:
        self._handlers: dict[int, Any] = {}
        self._open = False
        self._process = os.getpid()
        self._ending: int | None = None  # the signal by which the process ends
        self.waiting: int | None = None

    def __enter__(self) -> Self:
        try:
            if threading.current_thread() is threading.main_thread():
                for number in SIGNALS:
                    self._hold_back(number)
        except BaseException:  # of a handler that has been there so far
            self._restore()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._restore()
        except BaseException:  # of a handler that is there again
            self._restore()
            raise
        if self.waiting is not None and not callable(self._handlers[self.waiting]):
            self._ending = self.waiting
        if self._ending is not None:
            _end_process(self._ending)
        self.deliver()  # after another exception, too: whoever catches that still wants to stop

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """While it lasts, signals are delivered when they come."""
        try:
            self._open = True  # before the one that waits is delivered, lest another comes in between
            self.deliver()
            yield
        finally:
            self._open = False

    def deliver(self) -> None:
        """Let the signal that waits, if there is one, do what it does: mostly to raise KeyboardInterrupt."""
        if self._ending is not None:  # a callback has caught it
            raise Ended(self._ending)
        if self.waiting is not None:
            number, self.waiting = self.waiting, None
            self._pass_on(number, None)

    def _hold_back(self, number: int) -> None:
        handler = signal.getsignal(number)
        if handler not in (None, signal.SIG_IGN):  # None: another language's handler
            self._handlers[number] = handler
            signal.signal(number, self._note)

    def _restore(self) -> None:
        """Bring the handlers back, but where a callback has set another."""
        for number, handler in self._handlers.items():
            if signal.getsignal(number) == self._note:
                signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self._open or self.waiting is not None or self._ending is not None or os.getpid() != self._process:
            self._pass_on(number, frame)
        else:
            self.waiting = number

    def _pass_on(self, number: int, frame: FrameType | None) -> None:
        handler = self._handlers[number]
        if callable(handler):
            handler(number, frame)
        elif self._ending is None and os.getpid() == self._process:
            self._ending = number
            raise Ended(number)
        else:
            _end_process(number)


def _end_process(number: int) -> None:
    """Do what the system does by default."""
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)
