"""A training may end at any moment, by any signal or error: what is on disk goes on to the same bits."""

import json
import re
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from support.children import PATIENCE, environment, reports

import cmlp
from cmlp import Network
from cmlp.training.checkpoint_files import read_checkpoint
from cmlp.training.epoch import MiniBatches

PROGRAM = "support.interrupted_training"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kills, forks and watches processes")


def test_killed_at_every_system_call(strace, tmp_path):
    """From reading a checkpoint to writing the next: there are always two whole ones, and no warning is needed."""
    found = reports(PROGRAM, "calls", tmp_path)
    assert {"read", "openat", "write", "fsync", "link", "rename"} <= {report["call"] for report in found}
    assert all(report["killed"] for report in found)
    for report in found:
        assert report["whole"] == [True, True] and report["resumed"] == [], (report["call"], report["n"])
        assert all(re.fullmatch(r"\.run\.(previous|[0-9a-f]{8})\.tmp", name) for name in report["left"])
    assert any(report["left"] for report in found)


@pytest.mark.parametrize("share", [0.2, pytest.param(1.0, marks=pytest.mark.exhaustive)])
def test_errors_at_every_call(strace, tmp_path, share):
    """What cannot be read is an OSError, unless the previous one can; to write, at the beginning too."""
    found = reports(PROGRAM, "errors", tmp_path, share)
    assert len(found) > 10
    for report in found:
        assert re.fullmatch(rf"|OSError: \[Errno \d+\] [^:]+: '{tmp_path}(/run(\.previous)?)?'", report["error"]), (
            report
        )
        assert report["whole"] == [True, True] and report["resumed"] == [], report["rule"]


@pytest.mark.parametrize("times", [20, pytest.param(100, marks=pytest.mark.exhaustive)])
def test_killed_at_random_times_and_resumed_until_done(tmp_path, times):
    found = reports(PROGRAM, "kills", tmp_path, times)
    assert len(found) == times
    assert [report for report in found if not report["same"] or report["status"] != 0] == []
    assert sum(report["attempts"] for report in found) > times


def test_a_callback_is_interrupted_where_it_is():
    network, reached = Network([64, 10]), []

    def callback(event):
        signal.raise_signal(signal.SIGINT)
        reached.append(event)

    with pytest.raises(KeyboardInterrupt):
        network.train(cmlp.load_digits()[0], 3, 1.0, callbacks=callback)
    assert reached == []
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_handler_that_ends_nothing_changes_nothing():
    """An epoch that was interrupted for it goes on with the same order of images."""
    train, _ = cmlp.load_digits()
    many = cmlp.Dataset(np.tile(train.images, (40, 1)), np.tile(train.labels, 40))
    network, twin = (Network([64, 100, 10], dropout=0.1) for _ in range(2))
    expected = twin.train(many, 2, 0.5)
    came = []
    before = signal.signal(signal.SIGINT, lambda *_: came.append(network.weights[0].copy()))
    previous = signal.signal(signal.SIGPROF, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        signal.setitimer(signal.ITIMER_PROF, 0.005, 0.005)  # of processor time, so the training cannot miss it
        history = network.train(many, 2, 0.5)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)
        signal.signal(signal.SIGINT, before)
    assert any((weights != twin.weights[0]).any() for weights in came), "some came during the training"
    assert history.loss == expected.loss
    np.testing.assert_array_equal(network.weights[0], twin.weights[0])


@pytest.mark.parametrize("times", [20, pytest.param(100, marks=pytest.mark.exhaustive)])
def test_interrupted_at_random_times(tmp_path, times):
    """What is left behind is whole, and what was written is what the network has."""
    found = reports(PROGRAM, "interrupts", tmp_path, times)
    assert len(found) == times and all(report["same"] and report["status"] == 0 for report in found)
    inside = [report for report in found if report["interrupted"]]
    assert inside
    for report in inside:
        assert report["whole step"] and report["finite"], report


def test_an_interrupt_lets_only_the_steps_under_way_end(monkeypatch):
    """Which are so few that they take some hundredths of a second."""
    train, _ = cmlp.load_digits()
    many = cmlp.Dataset(np.tile(train.images, (80, 1)), np.tile(train.labels, 80))
    ends, train_chunk = [], MiniBatches._train_chunk

    def interrupted_in_the_second(training, order, begin, end, *rest):
        ends.append(end)
        if len(ends) == 2:
            signal.raise_signal(signal.SIGINT)
        return train_chunk(training, order, begin, end, *rest)

    monkeypatch.setattr(MiniBatches, "_train_chunk", interrupted_in_the_second)
    with pytest.raises(KeyboardInterrupt):
        Network([64, 100, 10]).train(many, 2, 0.5)
    assert len(ends) == 2 and ends[1] < len(many)


def test_an_interrupt_while_another_thread_trains():
    """It reaches the main thread, as Python has it; `stop` ends the training."""
    network, begun = Network([64, 30, 10]), threading.Event()
    options = {"callbacks": lambda event: begun.set(), "progress": False}
    worker = threading.Thread(target=network.train, args=(cmlp.load_digits()[0], 10**6, 0.1), kwargs=options)
    worker.start()
    try:
        assert begun.wait(PATIENCE)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert worker.is_alive()
    finally:
        network.stop()
        worker.join(PATIENCE)
    assert not worker.is_alive()
    assert all(np.isfinite(w).all() for w in network.weights)


def command(*arguments):
    return [sys.executable, "-m", "cmlp", "train", "--quiet", "--hidden", "16", "--eta", "1", *arguments]


def signalled(folder, *signals):
    """Return how ``cmlp train`` ends by signals that come when its second checkpoint is written."""
    path = folder / "run.ckpt"
    arguments = command("--checkpoint", path.name, "--epochs", "100000")
    with subprocess.Popen(
        arguments, cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        while not path.with_name("run.ckpt.previous").exists():
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        for number in signals:
            process.send_signal(number)
        _, complaint = process.communicate(timeout=PATIENCE)
    return process.returncode, complaint


@pytest.mark.parametrize(
    ("number", "status", "word"),
    [(signal.SIGHUP, 129, "hung up"), (signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")],
)
def test_the_command_ends_as_shells_expect_and_goes_on(tmp_path, number, status, word):
    found, complaint = signalled(tmp_path, number)
    assert found == status and complaint.startswith(f"cmlp train: {word} in epoch ")
    assert complaint.endswith("--resume\n")
    epochs = str(read_checkpoint(tmp_path / "run.ckpt").position.epoch + 1)
    whole, resumed = (
        subprocess.run(
            command("--epochs", epochs, "--json", *more),
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            check=True,
        )
        for more in ((), ("--checkpoint", "run.ckpt", "--resume"))
    )
    assert resumed.stderr == b""
    histories = [json.loads(run.stdout)["history"] for run in (whole, resumed)]
    for history in histories:
        assert len(history.pop("seconds")) == int(epochs)
    assert histories[0] == histories[1]


def test_a_second_interrupt_ends_the_command_at_once(tmp_path):
    """The second may come when the interpreter is on its way out; shells call both endings 130."""
    status, complaint = signalled(tmp_path, signal.SIGINT, signal.SIGINT)
    assert status in (130, -signal.SIGINT) and complaint.startswith("cmlp train: interrupted")
    assert read_checkpoint(tmp_path / "run.ckpt").position.epoch >= 1
    assert read_checkpoint(tmp_path / "run.ckpt.previous").position.epoch >= 0
