"""What belongs to the whole process is as it was afterwards, and strangers' code neither ends it nor is heard in it."""

import functools
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from cmlp.diagnosis.programs.files import HERE, put_back
from cmlp.diagnosis.programs.own_code import own_code

OUTPUT = (1, 2)  # descriptors of what is printed
BEFORE_OUTPUT = 4  # arguments of Popen, after which come those for what is printed
ENDINGS = ((os, "_exit"), (os, "abort"), (os, "execv"), (os, "execve"))


class EndsProcess(SystemExit):
    """Takes the place of an end of the process that no code could notice.

    Parameters
    ----------
    how : str
        What was called.
    """

    def __init__(self, how: str) -> None:
        super().__init__(1)
        self.how = how


@contextmanager
def kept_process() -> Iterator[set[str]]:
    """Leave the working folder, the environment and what else belongs to the whole process as they were.

    Yields
    ------
    set of str
        What has started other programs in the body.
    """
    folder, environment = _folder(), dict(os.environ)
    arguments, path, depth = list(sys.argv), list(sys.path), sys.getrecursionlimit()
    printed, handlers = np.get_printoptions(), _handlers()
    started: set[str] = set()
    exchanged: list[tuple[Any, str, Any]] = []
    try:
        _exchange(exchanged, started)
        yield started
    finally:
        put_back(exchanged)
        for number, handler in handlers.items():
            if signal.getsignal(number) is not handler:
                with suppress(OSError, ValueError):
                    signal.signal(number, handler)
        if folder is not None and _folder() != folder:
            os.chdir(folder)
        if dict(os.environ) != environment:
            os.environ.clear()
            os.environ.update(environment)
        sys.argv[:], sys.path[:] = arguments, path
        sys.setrecursionlimit(depth)
        np.set_printoptions(**printed)


def _folder() -> str | None:
    try:
        return os.getcwd()  # noqa: PTH109
    except OSError:
        return None


def _handlers() -> dict[int, Any]:
    """Return the handlers of signals; only the main thread can set any."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    found = {number: signal.getsignal(number) for number in signal.valid_signals()}
    return {number: handler for number, handler in found.items() if handler is not None}


def _exchange(exchanged: list[tuple[Any, str, Any]], started: set[str]) -> None:
    """Exchange the functions that end the process, send signals to it or start others, in this thread."""
    here = os.getpid()

    def put(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        real = getattr(owner, name)
        exchanged.append((owner, name, real))
        setattr(owner, name, functools.wraps(real)(make(real)))

    def ending(how: str, sends: bool = False) -> Callable[[Any], Any]:
        def make(real: Any) -> Any:
            def function(*given: Any, **keywords: Any) -> Any:
                spared = sends and (given[:1] != (here,) or given[1:] == (0,))
                if HERE.overlay is None or os.getpid() != here or spared:  # a child may end itself
                    return real(*given, **keywords)
                raise EndsProcess(how)

            return function

        return make

    def system(real: Any) -> Any:
        def function(command: Any) -> int:
            if HERE.overlay is None:
                return int(real(command))
            started.add("os.system")
            no = subprocess.DEVNULL
            return subprocess.call(command, shell=True, stdin=no, stdout=no, stderr=no) << 8

        return function

    def popen(real: Any) -> Any:
        def function(process: Any, *given: Any, **keywords: Any) -> None:
            if HERE.overlay is not None and _called_by_own_code():
                started.add("subprocess")
                if len(given) < BEFORE_OUTPUT:
                    keywords = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL} | keywords
            real(process, *given, **keywords)

        return function

    def write(real: Any) -> Any:
        def function(descriptor: int, data: Any) -> int:
            quiet = HERE.overlay is not None and descriptor in OUTPUT and os.getpid() == here
            return memoryview(data).nbytes if quiet else int(real(descriptor, data))

        return function

    for owner, name in ENDINGS:
        if hasattr(owner, name):
            put(owner, name, ending(f"os.{name}"))
    put(os, "kill", ending("os.kill", sends=True))
    put(signal, "raise_signal", ending("signal.raise_signal"))
    put(os, "system", system)
    put(subprocess.Popen, "__init__", popen)
    put(os, "write", write)


def _called_by_own_code() -> bool:
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_filename == subprocess.__file__:
        frame = frame.f_back
    return own_code(frame.f_code.co_filename)
