"""Signals are held back while weights move, and never lost."""

import signal
import subprocess
import sys
import threading

import pytest
from support.children import PATIENCE

from cmlp.training.signals import Signals

INTERRUPT, TERMINATE = signal.SIGINT, signal.SIGTERM


@pytest.fixture
def reached():
    """Return a list of the places that a test came to."""
    return []


@pytest.fixture
def signals():
    return Signals()


@pytest.fixture
def came():
    """Return a list of the signals that a handler of the user's got."""
    numbers = []
    before = {number: signal.signal(number, lambda n, _: numbers.append(n)) for number in (INTERRUPT, TERMINATE)}
    yield numbers
    for number, handler in before.items():
        signal.signal(number, handler)


def test_the_first_waits_and_is_delivered_at_the_end(signals, reached):
    with pytest.raises(KeyboardInterrupt), signals:
        signal.raise_signal(INTERRUPT)
        assert signals.waiting == INTERRUPT
        reached.append("what is under way comes to its end")
    assert len(reached) == 1
    assert signal.getsignal(INTERRUPT) is signal.default_int_handler


def test_the_second_comes_at_once(signals, reached):
    with pytest.raises(KeyboardInterrupt), signals:
        signal.raise_signal(INTERRUPT)
        signal.raise_signal(INTERRUPT)
        reached.append("never")
    assert reached == []


def test_where_they_are_allowed_they_come_at_once(signals, reached):
    with pytest.raises(KeyboardInterrupt), signals, signals.allowed():
        signal.raise_signal(INTERRUPT)
        reached.append("never")
    assert reached == []


def test_what_waits_comes_before_what_is_allowed(signals, reached):
    with pytest.raises(KeyboardInterrupt), signals:
        signal.raise_signal(INTERRUPT)
        with signals.allowed():
            reached.append("never")
    assert reached == []


def test_after_what_was_allowed_they_wait_again(signals, came):
    with signals:
        with signals.allowed():
            signal.raise_signal(TERMINATE)
        assert came == [TERMINATE]
        signal.raise_signal(INTERRUPT)
        assert came == [TERMINATE]
        signals.deliver()
        assert came == [TERMINATE, INTERRUPT] and signals.waiting is None
    assert came == [TERMINATE, INTERRUPT]


def test_another_error_does_not_swallow_it(signals):
    with pytest.raises(KeyboardInterrupt) as caught, signals:
        signal.raise_signal(INTERRUPT)
        raise ValueError("the loss is not finite")
    assert isinstance(caught.value.__context__, ValueError)


def test_what_is_ignored_stays_ignored(signals):
    before = signal.signal(INTERRUPT, signal.SIG_IGN)
    try:
        with signals:
            signal.raise_signal(INTERRUPT)
            assert signals.waiting is None
        assert signal.getsignal(INTERRUPT) is signal.SIG_IGN
    finally:
        signal.signal(INTERRUPT, before)


def test_other_threads_get_no_signals(signals):
    handlers = []

    def enter():
        with signals, signals.allowed():
            handlers.append(signal.getsignal(INTERRUPT))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert handlers == [signal.default_int_handler]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
def test_the_default_of_the_system_ends_the_process():
    code = (
        "import signal; from cmlp.training.signals import Signals\n"
        "with Signals():\n"
        "    signal.raise_signal(signal.SIGTERM); print('held', flush=True)\n"
        "print('never')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stdout) == (-TERMINATE, "held\n")
