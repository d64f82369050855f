"""Other people's code runs without being heard, with its own random numbers, and within its time."""

import io
import random
import signal
import sys
import threading
import time
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any

import numpy as np

WALL = 4.0  # seconds that may pass for each second of the processor, as on a machine that others use
GRACE = 1.0
INTERVAL = 0.05


class OutOfTime(BaseException):
    """Ends code that takes too long; no ``except Exception`` of theirs catches it."""


class Sink(io.StringIO):
    """Takes what is written, and forgets it."""

    def write(self, text: str) -> int:
        return len(text)


@contextmanager
def silence() -> Iterator[None]:
    """Keep prints, warnings and pictures of other people's code away, and give it no input."""
    with warnings.catch_warnings(), redirect_stdout(Sink()), redirect_stderr(Sink()), _no_input(), _no_windows():
        warnings.simplefilter("ignore")
        yield


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
def kept_state(generators: Iterable[Any] = ()) -> Iterator[None]:
    """Leave the generators of random numbers, and how NumPy treats errors, as they were."""
    states = [(generator, state_of(generator)) for generator in generators]
    numbers, own, floats = np.random.get_state(), random.getstate(), np.geterr()  # noqa: NPY002
    torch: Any = sys.modules.get("torch")
    theirs = torch.get_rng_state() if torch is not None else None
    graded = torch.is_grad_enabled() if torch is not None else None
    try:
        yield
    finally:
        for generator, state in states:
            put_state(generator, state)
        np.random.set_state(numbers)  # noqa: NPY002
        random.setstate(own)
        np.seterr(**floats)
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
    return isinstance(value, (np.random.Generator, np.random.RandomState, random.Random))


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
    """Raise OutOfTime in the body once it took so many seconds of the processor, or four times as many on the clock."""
    start, began = time.process_time(), time.monotonic()

    def over() -> bool:
        return time.process_time() - start > seconds or time.monotonic() - began > WALL * seconds + GRACE

    main = threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer")
    with _by_signal(over) if main else _by_watch(over):
        yield


@contextmanager
def _by_signal(over: Any) -> Iterator[None]:
    def ring(*_: Any) -> None:
        if over():
            raise OutOfTime

    handler, (left, interval) = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)
    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, INTERVAL, INTERVAL)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, left, interval)
        signal.signal(signal.SIGALRM, handler if handler is not None else signal.SIG_DFL)


@contextmanager
def _by_watch(over: Any) -> Iterator[None]:
    """The same in other threads, where no signals arrive: another thread raises the exception in this one."""
    import ctypes

    here, done = threading.get_ident(), threading.Event()

    def watch() -> None:
        while not done.wait(INTERVAL):
            if over() and not done.is_set():
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(here), ctypes.py_object(OutOfTime))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(here), None)
