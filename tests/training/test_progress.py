"""What is told during a training, on a terminal and elsewhere."""

import io
import os
import re
import sys

import pytest

import cmlp
from cmlp.training import progress
from cmlp.training.history import History
from cmlp.training.progress import Progress

LINE = re.compile(r"epoch (\d+)/(\d+): loss (\d\.\d{4})(, test \d+\.\d\d %)?, ([\d,]+) images/s(, ([\d:]+) left)?\n")


END = "\x04the end"


@pytest.fixture
def clock(monkeypatch):
    """Return a clock that only a test advances."""
    now = [100.0]
    monkeypatch.setattr(progress, "monotonic", lambda: now[0])
    return now


def tell(bar, clock, seconds):
    """Tell one epoch after another, each of so many seconds, of which half are training."""
    history = History()
    for duration in seconds:
        clock[0] += duration
        history.loss.append(1 / (1 + len(history)))
        history.seconds.append(duration / 2)
        bar.epoch(history)


def lines(capsys):
    out, err = capsys.readouterr()
    assert out == ""
    return err.splitlines(keepends=True)


def test_plain_lines(capsys, clock):
    with Progress(5, 1000, True) as bar:
        tell(bar, clock, [2, 2, 2, 4, 10])
    assert lines(capsys) == [
        "epoch 1/5: loss 1.0000, 1,000 images/s, 0:08 left\n",
        "epoch 2/5: loss 0.5000, 1,000 images/s, 0:06 left\n",
        "epoch 3/5: loss 0.3333, 1,000 images/s, 0:04 left\n",
        "epoch 4/5: loss 0.2500, 800 images/s, 0:02 left\n",
        "epoch 5/5: loss 0.2000, 500 images/s\n",
    ]


def test_quick_epochs_do_not_fill_a_log(capsys, clock):
    with Progress(1000, 10, True) as bar:
        tell(bar, clock, [0.25] * 1000)
    found = lines(capsys)
    assert len(found) == 250
    assert found[0].startswith("epoch 4/1000") and found[-1].startswith("epoch 1000/1000")


def test_the_last_line_of_an_interrupted_training(capsys, clock):
    with pytest.raises(KeyboardInterrupt), Progress(1000, 10, True) as bar:
        tell(bar, clock, [0.25, 0.25])
        raise KeyboardInterrupt
    assert lines(capsys) == ["epoch 2/1000: loss 0.5000, 80 images/s, 4:10 left\n"]


def test_a_training_that_goes_on(capsys, clock):
    with Progress(20, 100, True, done=10) as bar:
        tell(bar, clock, [3600])
    assert lines(capsys) == ["epoch 11/20: loss 1.0000, 0 images/s, 9:00:00 left\n"]


def test_where_nobody_sees_it_nothing_is_told_unless_asked(capsys):
    train, test = cmlp.load_digits()
    for show in (None, False):
        cmlp.Network((64, 10)).train(train, 2, 1.0, progress=show)
    assert lines(capsys) == []
    cmlp.Network((64, 10)).train(train, 2, 1.0, progress=True, test_data=test)
    (line,) = lines(capsys)
    assert LINE.fullmatch(line)[1] == "2" and "test " in line


class Broken(io.StringIO):
    def write(self, text):
        raise OSError(28, "No space left on device")


def closed():
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize("stderr", [None, Broken(), closed()], ids=["none", "full", "closed"])
def test_a_stderr_that_cannot_be_written_ends_nothing(monkeypatch, clock, stderr):
    monkeypatch.setattr(sys, "stderr", stderr)
    history = cmlp.Network((64, 10)).train(cmlp.load_digits()[0], 3, 1.0, progress=True)
    assert len(history) == 3
    with Progress(3, 10, True) as bar:
        tell(bar, clock, [2, 2, 2])


@pytest.mark.skipif(os.name != "posix", reason="terminals are opened as POSIX does")
@pytest.mark.parametrize("columns", [80, 40])
def test_a_bar_on_a_terminal(monkeypatch, columns):
    import termios

    terminal, descriptor = os.openpty()
    termios.tcsetwinsize(descriptor, (24, columns))
    with os.fdopen(descriptor, "w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        train, test = cmlp.load_digits()
        cmlp.Network((64, 16, 10)).train(train, 4, 1.0, test_data=test, validation_data=test)
        stderr.write(END)
        stderr.flush()
        shown = b""
        while not shown.endswith(END.encode()):
            shown += os.read(terminal, 1 << 16)
        shown = shown.decode().removesuffix(END)
    os.close(terminal)
    bars = [bar for bar in re.split(r"[\r\n]+", shown) if bar.strip()]
    assert all(len(bar) <= columns for bar in bars)
    assert re.match(r"epoch 4/4 \|.+\| 00:00 left, loss \d", bars[-1])
    assert "\x1b[" not in shown.replace("\x1b[A", "")


@pytest.fixture
def notebook(monkeypatch):
    """Return what a notebook is shown of the history."""
    shown = []

    class Shown:
        def __init__(self, history):
            self.history = history

        def update(self):
            shown.append(len(self.history))

        def close(self):
            shown.append("end")

    monkeypatch.setattr(progress, "in_notebook", lambda: True)
    monkeypatch.setattr(progress, "Live", Shown)
    return shown


@pytest.mark.parametrize("asked", [None, True, "curve"])
def test_a_bar_in_a_notebook(notebook, asked, capsys):
    cmlp.Network((64, 10)).train(cmlp.load_digits()[0], 3, 1.0, progress=asked)
    assert re.search(r"epoch 3/3 \|.+\| 00:00 left, loss \d", capsys.readouterr().err)
    assert notebook == ([1, 2, 3, "end"] if asked == "curve" else [])


def test_the_curve_of_an_estimator(notebook):
    estimators = pytest.importorskip("cmlp.estimators", reason="scikit-learn is not installed")
    train, _ = cmlp.load_digits()
    estimators.MLPClassifier((8,), max_iter=2, tol=0, progress="curve", n_iter_no_change=9).partial_fit(
        train.scaled(), train.labels, classes=range(10)
    )
    assert notebook == [1, "end"]


def test_a_curve_is_whole_after_an_interruption(notebook):
    def interrupt(event):
        if event.epoch == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cmlp.Network((64, 10)).train(cmlp.load_digits()[0], 9, 1.0, progress="curve", callbacks=interrupt)
    assert notebook == [1, 2, "end"]


def test_a_notebook_that_is_to_be_quiet(notebook, capsys):
    cmlp.Network((64, 10)).train(cmlp.load_digits()[0], 2, 1.0, progress=False)
    assert lines(capsys) == notebook == []


def test_a_curve_elsewhere_is_told_in_lines(capsys):
    cmlp.Network((64, 10)).train(cmlp.load_digits()[0], 2, 1.0, progress="curve")
    assert lines(capsys)[-1].startswith("epoch 2/2: loss")


@pytest.mark.parametrize("value", ["curves", 1, "yes", 2.0, []])
def test_what_progress_cannot_be(value):
    with pytest.raises(cmlp.ModelError, match=r'^progress must be True, False or "curve", got '):
        cmlp.Network((64, 10)).train(cmlp.load_digits()[0], 1, 1.0, progress=value)
