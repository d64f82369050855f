"""An exception that arrives while a chunk of steps runs finds weights, optimizer and position in step."""

import ctypes
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
from support.children import PATIENCE, environment, in_child
from support.disturbed import EPOCHS, IMAGES, LABELS, new_network, train

import cmlp
from cmlp import ModelError, Network
from cmlp.core.state import RunningLoss
from cmlp.training.checkpoint_files import read_checkpoint
from cmlp.training.epoch import MiniBatches

posix = pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")


class AfterChunks:
    """Do something as soon as the core has taken the steps of a chunk, before Python sees what it returned."""

    def __init__(self, monkeypatch, event, chunk):
        self.event, self.left, self.chunk = event, chunk, MiniBatches._train_chunk
        monkeypatch.setattr(MiniBatches, "_train_chunk", lambda *arguments: self(*arguments))

    def __call__(self, *arguments):
        found = self.chunk(*arguments)
        self.left -= 1
        if self.left == 0:
            self.event()
        return found


class ByBatches:
    def on_batch_end(self, event):
        pass


def interrupt_and_terminate():
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGTERM)


def time_out():
    signal.raise_signal(signal.SIGALRM)


def raise_in_this_thread():
    thread = ctypes.c_ulong(threading.get_ident())
    ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(TimeoutError))


@pytest.fixture
def handlers():
    """Let SIGTERM and SIGALRM raise exceptions, as programs do."""

    def raiser(error):
        def handler(*_):
            raise error

        return handler

    numbers = {signal.SIGTERM: SystemExit(143), signal.SIGALRM: TimeoutError()}
    before = {number: signal.signal(number, raiser(error)) for number, error in numbers.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@posix
@pytest.mark.parametrize("kind", ["sgd", "adam", "nadam"])
@pytest.mark.parametrize("event", [interrupt_and_terminate, time_out, raise_in_this_thread])
@pytest.mark.parametrize("chunk", [1, 3, 5, 8])
def test_what_is_kept_is_in_step(event, chunk, kind, handlers, monkeypatch, tmp_path):
    whole = train(kind, callbacks=ByBatches())
    with monkeypatch.context() as patch:
        AfterChunks(patch, event, chunk)
        with pytest.raises((KeyboardInterrupt, SystemExit, TimeoutError)):
            train(kind, tmp_path / "run", callbacks=ByBatches())
    position = read_checkpoint(tmp_path / "run").position
    per_epoch = 4 if kind == "adam" else 5
    assert position.epoch * per_epoch - (-position.done // 8) == chunk
    assert train(kind, tmp_path / "run", callbacks=ByBatches()) == whole


def test_the_core_writes_how_far_it_has_come():
    """Into what it is given, sums and all."""
    from cmlp.training.epoch import new_state
    from cmlp.training.options import Options

    network = new_network("sgd")
    samples, options = network._samples((IMAGES, LABELS), "data", None), Options(mini_batch_size=8)
    running, order = RunningLoss(), np.arange(40)
    state = new_state(options.optimizer, network.engine)
    returned = [
        network.engine.train(samples.source(), order, begin, begin + 16, np.ones(5), state, options, running=running)
        for begin in (0, 16)
    ]
    assert running.done == 32 == returned[1][2]
    assert running.loss == returned[0][0] + returned[1][0] and running.weight == 32


@posix
def test_a_handler_that_ends_nothing_changes_nothing(monkeypatch):
    """Between the permutation and the first chunk, too: the epoch's order is drawn once."""
    came = []
    before = signal.signal(signal.SIGALRM, lambda *_: came.append(1))
    permutation = np.random.Generator.permutation
    whole = train("sgd")

    class Noisy(np.random.Generator):
        def permutation(self, n):
            found = permutation(self, n)
            signal.raise_signal(signal.SIGALRM)
            return found

    network = new_network("sgd")
    network.rng = Noisy(network.rng.bit_generator)
    try:
        assert train("sgd", network=network) == whole
    finally:
        signal.signal(signal.SIGALRM, before)
    assert len(came) == EPOCHS


@posix
@pytest.mark.parametrize("error", [TimeoutError("too long"), TimeoutError, OSError])
def test_the_timeout_of_a_user_is_no_error_of_the_disk(error, monkeypatch, tmp_path):
    """Nor does it end in a line of the progress that was not written."""
    import os

    fsync, calls = os.fsync, []

    def interrupted(file):
        calls.append(file)
        if len(calls) == 3:
            raise error
        return fsync(file)

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", interrupted)
        with pytest.raises(OSError):
            train("sgd", tmp_path / "run")
    assert len(calls) > 3, "the checkpoint on the way out"
    assert train("sgd", tmp_path / "run") == train("sgd")

    class Stderr:
        def isatty(self):
            return False

        def write(self, text):
            raise error

    monkeypatch.setattr(sys, "stderr", Stderr())
    with pytest.raises(OSError):
        train("sgd", progress=True)


def test_patience_counts_an_epoch_once(monkeypatch, tmp_path):
    """An interruption in the line of progress falls after the epoch."""
    whole = train("rmsprop")
    from cmlp.training.progress import Progress

    def interrupted(self, history):
        raise KeyboardInterrupt

    for _ in range(EPOCHS):
        with monkeypatch.context() as patch:
            patch.setattr(Progress, "epoch", interrupted)
            with pytest.raises(KeyboardInterrupt):
                train("rmsprop", tmp_path / "run")
        kept = read_checkpoint(tmp_path / "run")
        assert (kept.position.done, len(kept.history)) == (0, kept.position.epoch)
        if kept.ended or kept.position.epoch == EPOCHS:
            break
    assert train("rmsprop", tmp_path / "run") == whole


@pytest.mark.parametrize("failure", [ModelError("mine"), None])
def test_the_error_of_a_callback_is_no_failed_step(failure, tmp_path):
    """Not even one that a training of its own raises."""

    def fail(event):
        if event.epoch == 3:
            if failure is None:
                Network([6, 3], activation="identity", loss="mean_squared_error").train(
                    (IMAGES * 1e200, np.full((40, 3), 1e200)), 5, 1e9
                )
            raise failure

    with pytest.raises(ModelError):
        train("sgd", tmp_path / "run", callbacks=fail)
    position = read_checkpoint(tmp_path / "run").position
    assert (position.epoch, position.closed) == (2, True)


@posix
@pytest.mark.parametrize("number", [signal.SIGTERM, getattr(signal, "SIGHUP", None)])
@pytest.mark.parametrize("where", ["batch", "epoch"])
def test_the_default_of_the_system_keeps_a_checkpoint(number, where, tmp_path):
    code = f"""
import signal, sys
from support.disturbed import train
signal.signal({int(number)}, signal.SIG_DFL)  # a parent may ignore it
class Send:
    def on_{where}_end(self, event):
        if event.epoch == 2:
            signal.raise_signal({int(number)})
train("adam", sys.argv[1], Send())
print("never")
"""
    run = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "run"], capture_output=True, text=True, env=environment()
    )
    assert (run.returncode, run.stdout) == (-number, ""), run.stderr
    position = read_checkpoint(tmp_path / "run").position
    assert position.epoch == 1 and (position.done == 8 or position.closed)
    assert train("adam", tmp_path / "run", callbacks=ByBatches()) == train("adam", callbacks=ByBatches())


@posix
def test_a_second_signal_of_the_default_ends_the_process_at_once(tmp_path):
    """A SIGTERM after Ctrl-C is not lost either."""
    code = """
import signal, sys
from support.disturbed import train
from cmlp.training.checkpointing import Checkpoints
write = Checkpoints.try_to_write
def terminated(self, make):
    signal.raise_signal(signal.SIGTERM)
    write(self, make)
def interrupt(event):
    Checkpoints.try_to_write = terminated
    signal.raise_signal(signal.SIGINT)
try:
    train("sgd", sys.argv[1], interrupt)
except BaseException as error:
    print(error)
"""
    run = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "run"], capture_output=True, text=True, env=environment()
    )
    assert (run.returncode, run.stdout) == (-signal.SIGTERM, ""), run.stderr
    assert read_checkpoint(tmp_path / "run").position.closed


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask") or sys.platform == "darwin", reason="forks")
def test_a_forked_process_ends_by_its_first_signal():
    """Though another thread forked it while the main thread trained."""
    assert in_child(_terminate_a_fork) == -signal.SIGTERM


def _terminate_a_fork():
    import os
    import select

    found, begun = [], threading.Event()

    def fork():
        begun.wait(PATIENCE)
        receive, send = os.pipe()
        child = os.fork()
        if not child:
            os.write(send, b"!")  # Python forgets the signals that came before
            while True:
                select.select([], [], [], 0.1)  # a pause could begin right after the signal
        os.read(receive, 1)
        os.kill(child, signal.SIGTERM)
        found.append(-os.WTERMSIG(os.waitpid(child, 0)[1]))

    thread = threading.Thread(target=fork)
    thread.start()

    def wait(event):
        begun.set()
        thread.join(PATIENCE)

    cmlp.Network([6, 3]).train((IMAGES, LABELS), 1, 1.0, callbacks=wait, progress=False)
    return found[0]


def test_a_handler_that_a_callback_installs_stays():
    def mine(*_):
        pass

    before = signal.getsignal(signal.SIGINT)
    try:
        train("sgd", callbacks=lambda event: signal.signal(signal.SIGINT, mine) and None)
        assert signal.getsignal(signal.SIGINT) is mine
    finally:
        signal.signal(signal.SIGINT, before)
    train("sgd")
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(("where", "epochs"), [("callback", 2), ("measurement", 1)])
def test_an_interrupted_epoch_leaves_no_part_of_it(where, epochs, monkeypatch):
    """In the estimators, which keep what there is: an epoch that was measured, or nothing of it."""
    from cmlp.training import measurements

    calls = []

    def interrupt(*arguments, **settings):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return None if where == "callback" else evaluate(*arguments, **settings)

    evaluate = measurements.evaluate
    if where == "measurement":
        monkeypatch.setattr(measurements, "evaluate", interrupt)
    callbacks = interrupt if where == "callback" else None
    estimator = cmlp.MLPClassifier((4,), max_iter=5, early_stopping=True, callbacks=callbacks)
    with pytest.warns(UserWarning, match="interrupted"):
        estimator.fit(IMAGES, LABELS)
    lists = [values for values in vars(estimator.history_).values() if values]
    assert {len(values) for values in lists} == {epochs} and estimator.n_iter_ == epochs
