"""Other people's code runs without being heard, with its own random numbers, and within its time."""

import gc
import io
import logging
import random
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from types import FrameType
from typing import Any

import numpy as np

from cmlp.diagnosis.programs.access import attribute
from cmlp.diagnosis.programs.own_code import own_code

WALL = 3.0  # seconds that may pass for each second of the processor, as on a machine that others use
GRACE = 1.0
INTERVAL, SHORTEST = 0.05, 0.0002  # between two looks at the time


class OutOfTime(BaseException):
    """Ends code that takes too long; no ``except Exception`` of theirs catches it."""


class Ended(Exception):
    """Stands for an end of the whole program that other people's code asked for."""


class Sink(io.StringIO):
    """Takes what is written, and forgets it."""

    def write(self, text: str) -> int:
        """Take a text."""
        return len(text)


@contextmanager
def silence() -> Iterator[None]:
    """Keep prints, warnings and pictures of other people's code away, and give it no input."""
    quiet = warnings.catch_warnings(), redirect_stdout(Sink()), redirect_stderr(Sink())
    with ExitStack() as stack:
        for context in (*quiet, _no_input(), _no_windows(), _no_logs()):
            stack.enter_context(context)
        warnings.simplefilter("ignore")
        try:
            yield
        except SystemExit as error:
            raise Ended(f"it ended the program by {getattr(error, 'how', 'sys.exit')}") from error


@contextmanager
def _no_input() -> Iterator[None]:
    kept, sys.stdin = sys.stdin, io.StringIO()
    try:
        yield
    finally:
        sys.stdin = kept


@contextmanager
def _no_windows() -> Iterator[None]:
    pyplot: Any = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        yield
        return
    kept, pyplot.show = pyplot.show, lambda *_, **__: None
    try:
        yield
    finally:
        pyplot.show = kept


@contextmanager
def _no_logs() -> Iterator[None]:
    """Log nothing: handlers may have kept the streams that were there before."""
    root = logging.root.manager
    kept, root.disable = root.disable, logging.CRITICAL
    try:
        yield
    finally:
        root.disable = kept


@contextmanager
def kept_state(generators: Iterable[Any] = ()) -> Iterator[None]:
    """Leave the generators of random numbers, and how NumPy treats errors, as they were."""
    states = [(generator, state_of(generator)) for generator in generators]
    numbers, own = np.random.get_state(), random.getstate()  # noqa: NPY002
    torch: Any = sys.modules.get("torch")
    theirs = torch.get_rng_state() if torch is not None else None
    graded = torch.is_grad_enabled() if torch is not None else None
    try:
        with np.errstate():
            yield
    finally:
        for generator, state in states:
            put_state(generator, state)
        np.random.set_state(numbers)  # noqa: NPY002
        random.setstate(own)
        if torch is not None:
            torch.set_rng_state(theirs)
            torch.set_grad_enabled(graded)


def seed_all(seed: int, own: Iterable[Any] = ()) -> None:
    """Seed the generators that other people's code draws from: those of the modules, and its own objects."""
    for generator in own:
        reseed(generator, seed)
    np.random.seed(seed)  # noqa: NPY002
    random.seed(seed)
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(seed)


def is_generator(value: Any) -> bool:
    """Whether an object draws random numbers."""
    return issubclass(type(value), (np.random.Generator, np.random.RandomState, random.Random))


def state_of(generator: Any) -> Any:
    """Return the state of a generator of random numbers."""
    if isinstance(generator, np.random.Generator):
        return generator.bit_generator.state
    return generator.getstate() if isinstance(generator, random.Random) else generator.get_state()


def put_state(generator: Any, state: Any) -> None:
    """Give a generator a state that one of its kind had."""
    if isinstance(generator, np.random.Generator):
        generator.bit_generator.state = state
    elif isinstance(generator, random.Random):
        generator.setstate(state)
    else:
        generator.set_state(state)


def reseed(generator: Any, seed: int) -> None:
    """Seed a generator."""
    if isinstance(generator, np.random.Generator):
        kind = type(generator.bit_generator)
        generator.bit_generator.state = kind(seed).state
    else:
        generator.seed(seed)


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise OutOfTime in the body once it took so many seconds of the processor, or WALL times as many on the clock."""
    start, began = time.process_time(), time.monotonic()

    def over() -> bool:
        return time.process_time() - start > seconds or time.monotonic() - began > WALL * seconds + GRACE

    main = threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer")
    with _by_signal(over) if main else _by_watch(over):
        yield


def unsafe(frame: FrameType | None) -> bool:
    """Whether a module is being imported, which no later import mends, or a library would lose an exception."""
    collecting = [attribute(callback, "__code__", None) for callback in gc.callbacks]
    while frame is not None:
        code = frame.f_code
        deleting = code.co_name == "__del__" and not own_code(code.co_filename)
        if deleting or code in collecting or code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


class _Alarm:
    """Handles the signal: it raises OutOfTime, more and more often, for code that catches everything at most places."""

    def __init__(self, over: Callable[[], bool], outer: Any) -> None:
        self.over, self.interval, self.done = over, INTERVAL, False
        self.outer = outer if isinstance(outer, _Alarm) else None  # its time goes on

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.outer is not None:
            self.outer(number, frame)
        if self.over() and not self.done and not unsafe(frame):
            self.interval = max(self.interval / 2, SHORTEST)
            signal.setitimer(signal.ITIMER_REAL, self.interval, self.interval)
            raise OutOfTime


@contextmanager
def _by_signal(over: Callable[[], bool]) -> Iterator[None]:
    began = time.monotonic()
    handler, (left, repeated) = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)
    alarm = _Alarm(over, handler)
    signal.signal(signal.SIGALRM, alarm)
    signal.setitimer(signal.ITIMER_REAL, INTERVAL, INTERVAL)
    try:
        yield
    finally:
        alarm.done = True
        rest = max(left - (time.monotonic() - began), SHORTEST) if left else 0.0
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler if handler is not None else signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, rest, repeated)


@contextmanager
def _by_watch(over: Callable[[], bool]) -> Iterator[None]:
    """Do the same in other threads, where no signals arrive: a further thread raises the exception in this one."""
    import ctypes

    here, done = threading.get_ident(), threading.Event()

    def watch() -> None:
        interval = INTERVAL
        while not done.wait(interval):
            if over() and not done.is_set():
                interval = max(interval / 2, SHORTEST)
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(here), ctypes.py_object(OutOfTime))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        with _sleep_in_slices():
            yield
    finally:
        while thread.is_alive():
            with suppress(OutOfTime):
                done.set()
                thread.join()
        with suppress(OutOfTime):  # what was thrown last arrives here; taking it back would leave Python 3.11 in alarm
            for _ in range(100):
                done.is_set()


@contextmanager
def _sleep_in_slices() -> Iterator[None]:
    """Wake ``time.sleep`` from time to time: outside of the main thread nothing else can end it."""
    sleep = time.sleep

    def slices(seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > INTERVAL:
            sleep(INTERVAL)
        sleep(max(left, 0.0))

    time.sleep = slices  # type: ignore[assignment]
    try:
        yield
    finally:
        time.sleep = sleep
