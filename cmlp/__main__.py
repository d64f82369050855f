"""What ``cmlp`` and ``python -m cmlp`` run: the command line, and a quiet end where a signal comes early or late."""

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

ENDINGS = {"SIGINT": "interrupted", "SIGTERM": "terminated", "SIGHUP": "hung up", "SIGBREAK": "interrupted"}
DEFAULTS = (signal.SIG_DFL, signal.default_int_handler)


def run() -> int:
    """Run the command line of this process, and return its exit code."""
    with _ended_by_signals():
        from cmlp.cli import main

        if _computes(sys.argv[1:]):
            import cmlp.network  # noqa: F401 - an exception within it would be taken for a bad installation
    status = main()
    with suppress(ValueError):  # in a thread
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is done, and an exception would only be noise
    return status


def _computes(words: Sequence[str]) -> bool:
    return bool(words) and not words[0].startswith("-") and not {"-h", "--help"} & set(words)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let signals end the process at once while modules are imported: nothing has begun, and no traceback helps."""
    known = [getattr(signal, name) for name in ENDINGS if hasattr(signal, name)]  # no system has all
    handlers = {number: signal.getsignal(number) for number in known}
    mine = {number: handler for number, handler in handlers.items() if handler in DEFAULTS}
    for number in mine:
        signal.signal(number, _end)
    yield
    for number, handler in mine.items():
        signal.signal(number, handler)


def _end(number: int, _: FrameType | None) -> None:
    with suppress(OSError):
        os.write(2, f"cmlp: {ENDINGS[signal.Signals(number).name]}\n".encode())
    os._exit(128 + number)


if __name__ == "__main__":
    sys.exit(run())
