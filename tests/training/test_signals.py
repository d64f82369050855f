"""Signals are held back while weights move, and never lost."""

import signal
import subprocess
import sys
import threading

import pytest

from cmlp.training.signals import Interrupts

INTERRUPT, TERMINATE = signal.SIGINT, signal.SIGTERM


@pytest.fixture
def asked():
    return []


@pytest.fixture
def interrupts(asked):
    return Interrupts(lambda: asked.append(True))


@pytest.fixture
def came():
    """Return a list of the signals that a handler of the user's got."""
    signals = []
    before = {number: signal.signal(number, lambda n, _: signals.append(n)) for number in (INTERRUPT, TERMINATE)}
    yield signals
    for number, handler in before.items():
        signal.signal(number, handler)


def test_the_first_only_asks_and_is_delivered_at_the_end(interrupts, asked):
    with pytest.raises(KeyboardInterrupt), interrupts:
        signal.raise_signal(INTERRUPT)
        assert asked == [True] and interrupts.waiting == INTERRUPT
        asked.append("and what is under way comes to its end")
    assert len(asked) == 2
    assert signal.getsignal(INTERRUPT) is signal.default_int_handler


def test_the_second_comes_at_once(interrupts, asked):
    with pytest.raises(KeyboardInterrupt), interrupts:
        signal.raise_signal(INTERRUPT)
        signal.raise_signal(INTERRUPT)
        asked.append("never")
    assert asked == [True]


def test_where_they_are_allowed_they_come_at_once(interrupts, asked):
    with pytest.raises(KeyboardInterrupt), interrupts, interrupts.allowed():
        signal.raise_signal(INTERRUPT)
        asked.append("never")
    assert asked == []


def test_what_waits_comes_before_what_is_allowed(interrupts, asked):
    with pytest.raises(KeyboardInterrupt), interrupts:
        signal.raise_signal(INTERRUPT)
        with interrupts.allowed():
            asked.append("never")
    assert asked == [True]


def test_after_what_was_allowed_they_wait_again(interrupts, came):
    with interrupts:
        with interrupts.allowed():
            signal.raise_signal(TERMINATE)
        assert came == [TERMINATE]
        signal.raise_signal(INTERRUPT)
        assert came == [TERMINATE]
        interrupts.deliver()
        assert came == [TERMINATE, INTERRUPT] and interrupts.waiting is None
    assert came == [TERMINATE, INTERRUPT]


def test_another_error_does_not_swallow_it(interrupts):
    with pytest.raises(KeyboardInterrupt) as caught, interrupts:
        signal.raise_signal(INTERRUPT)
        raise ValueError("the loss is not finite")
    assert isinstance(caught.value.__context__, ValueError)


def test_what_is_ignored_stays_ignored(interrupts, asked):
    before = signal.signal(INTERRUPT, signal.SIG_IGN)
    try:
        with interrupts:
            signal.raise_signal(INTERRUPT)
        assert asked == [] and signal.getsignal(INTERRUPT) is signal.SIG_IGN
    finally:
        signal.signal(INTERRUPT, before)


def test_other_threads_get_no_signals(interrupts):
    handlers = []

    def enter():
        with interrupts, interrupts.allowed():
            handlers.append(signal.getsignal(INTERRUPT))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert handlers == [signal.default_int_handler]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
def test_the_default_of_the_system_ends_the_process():
    code = (
        "import signal; from cmlp.training.signals import Interrupts\n"
        "with Interrupts(lambda: print('asked', flush=True)):\n"
        "    signal.raise_signal(signal.SIGTERM); print('held', flush=True)\n"
        "print('never')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (-TERMINATE, "asked\nheld\n")
