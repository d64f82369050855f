"""Nothing that was computed is lost: whatever ends a training, the network so far is there, and the way to go on."""

import json
import os
import re
import shlex
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

import numpy as np
import pytest
from support.children import PATIENCE
from support.command_line import COMMAND, POSIX, environment, run, write_folder

import cmlp

LONG = ["train", "--epochs", "9999999", "--quiet"]
SIGNALS = {"SIGINT": (130, "interrupted"), "SIGTERM": (143, "terminated"), "SIGHUP": (129, "hung up")}
posix = pytest.mark.skipif(not POSIX, reason="Windows sends no signals to a child alone")


def interrupted(arguments, cwd, name="SIGINT", after="training"):
    """Run a command, send it a signal when it has printed a line that begins so, and return how it ended."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a child ignores what its parent ignores
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    try:
        process = subprocess.Popen([*COMMAND, *arguments], cwd=cwd, env=environment(), **pipes)
    finally:
        signal.signal(signal.SIGINT, before)
    with process:
        try:
            shown = ""
            while not shown.startswith(after):
                shown = process.stdout.readline()
                assert shown, process.stderr.read()
            if after == "checkpoint":
                wait_for_epochs(Path(cwd, "run.ckpt"))
            process.send_signal(getattr(signal, name))
            _, err = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    return process.returncode, err


def wait_for_epochs(checkpoint):
    """Wait until a checkpoint has been written after an epoch: the third time, as the first two come before it."""
    seen, end = set(), monotonic() + PATIENCE
    while len(seen) < 4 and monotonic() < end:
        with suppress(FileNotFoundError):
            seen.add(checkpoint.stat().st_ino)
        sleep(0.001)


@posix
@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_leaves_the_network_so_far_and_the_next_command(tmp_path, name):
    expected, word = SIGNALS[name]
    words = [*LONG, "--save", "net.cmlp", "--checkpoint", "run.ckpt"]
    status, err = interrupted(words, tmp_path, name, "checkpoint")
    assert status == expected and err.count("\n") == 1
    command = shlex.join(["cmlp", *words, "--resume"])
    form = rf"cmlp train: {word} in epoch ([\d,]+) of 9,999,999; the network so far is in net\.cmlp; to go on: (.+)\n"
    epoch, advice = re.fullmatch(form, err).groups()
    assert advice == command
    left, kept = cmlp.Network.load(tmp_path / "net.cmlp"), cmlp.Network.load(tmp_path / "run.ckpt")
    assert all(map(np.array_equal, left.weights, kept.weights))
    fresh = cmlp.Network(left.sizes, seed=0)
    assert not np.array_equal(left.weights[0], fresh.weights[0])
    assert int(epoch.replace(",", "")) >= 1


@posix
def test_a_resume_says_where_it_goes_on_and_keeps_an_earlier_network(tmp_path):
    words = ["train", "--quiet", "--save", "net.cmlp", "--checkpoint", "run.ckpt"]
    assert run([*words, "--epochs", "2"], tmp_path)[0] == 0
    first = (tmp_path / "net.cmlp").read_bytes()
    status, out, err = run([*words, "--epochs", "3", "--resume", "--json"], tmp_path)
    assert (status, err) == (0, "") and json.loads(out)["resumed_after"] == 2
    (tmp_path / "net.cmlp").write_bytes(first)
    for _ in range(2):
        status, err = interrupted([*words, "--epochs", "9999999", "--resume"], tmp_path, after="checkpoint")
        assert status == 130 and "the network so far is in net.unfinished.cmlp" in err and err.count("--resume") == 1
    assert (tmp_path / "net.cmlp").read_bytes() == first
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "net.cmlp", "net.unfinished.cmlp", "run.ckpt", "run.ckpt.previous"
    ]  # fmt: skip
    status, out, err = run([*words, "--epochs", "9999999", "--resume", "--eta", "2"], tmp_path)
    assert (status, out) == (2, "") and "--eta was 3.0 there, and is 2.0 now" in err


@posix
def test_curves_of_what_was_trained(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib, of the extra cmlp[plot], is not installed")
    words = [*LONG, "--plot", "curves.png", "--checkpoint", "run.ckpt"]
    assert interrupted(words, tmp_path, "SIGTERM", "checkpoint")[0] == 143
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


@posix
def test_a_signal_before_the_training_leaves_nothing(tmp_path):
    status, err = interrupted([*LONG, "--hidden", "16"], tmp_path, after="data")
    assert status == 130 and err.startswith("cmlp train: interrupted") and err.count("\n") == 1
    assert "Traceback" not in err


@posix
@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_while_modules_are_imported(tmp_path, name):
    (tmp_path / "numpy.py").write_text(f"import os, signal\nos.kill(os.getpid(), signal.{name})\n1 + 1\n")
    path = f"{environment()['PYTHONPATH']}{os.pathsep}"
    status, out, err = run(["train", "--quiet"], tmp_path, env=environment() | {"PYTHONPATH": f"{tmp_path}:{path}"})
    assert (status, out, err) == (SIGNALS[name][0], "", f"cmlp: {SIGNALS[name][1]}\n")


# ------------------------------------------------------------------------------------------- a stdout that is full


TRAIN = ["train", "--epochs", "2", "--quiet", "--save", "net.cmlp"]


def is_trained(folder):
    expected = cmlp.Network([64, 16, 16, 10])
    expected.train(cmlp.load_digits()[0], 2, 3.0, mini_batch_size=10)
    return all(map(np.array_equal, cmlp.Network.load(folder / "net.cmlp").weights, expected.weights))


@posix
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_reader_that_left_loses_no_network(tmp_path, more):
    reader, writer = os.pipe()
    os.close(reader)
    status, _, err = run([*TRAIN, *more], tmp_path, stdout=writer)
    os.close(writer)
    assert (status, err) == (141, "") and is_trained(tmp_path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_stdout_loses_no_network(tmp_path):
    with Path("/dev/full").open("w") as full:
        status, _, err = run(TRAIN, tmp_path, stdout=full)
    assert (status, err) == (2, "cmlp train: No space left on device; the network is in net.cmlp\n")
    assert is_trained(tmp_path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("command", ["page net.cmlp -o x", "export net.cmlp --c x", "check data --write x"])
def test_a_full_stdout_loses_no_other_file(tmp_path, command):
    cmlp.Network([64, 10]).save(tmp_path / "net.cmlp")
    train, test = cmlp.load_digits()
    parts = [(np.array(part.images), part.labels + 1) for part in (train[::9], test[::9])]
    write_folder(tmp_path / "data", *parts)
    with Path("/dev/full").open("w") as full:
        status, _, err = run(command.split(), tmp_path, stdout=full)
    assert (status, err) == (2, f"cmlp {command.split()[0]}: No space left on device\n")
    assert (tmp_path / "x").exists()


def test_a_stdout_that_is_closed(tmp_path):
    status, _, err = run(TRAIN, tmp_path, stdout=None, preexec_fn=lambda: os.close(1)) if POSIX else (0, "", "")
    assert status == 0 and all(" warning: the network " in line for line in err.splitlines())  # it learned little
    assert not POSIX or is_trained(tmp_path)


class TestEndings:
    """Endings that are made within this process."""

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)

    def test_ctrl_c_while_the_accuracy_is_measured(self, monkeypatch, run):
        def stop(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr("cmlp.network.Network.test", stop)
        status, _, err = run(*TRAIN)
        assert (status, err) == (130, "cmlp train: interrupted after the training; the network is in net.cmlp\n")
        assert is_trained(Path())

    def test_a_training_that_diverges(self, run):
        status, _, err = run("train", "--quiet", "--eta", "1e39", "--dtype", "float32", "--save", "net.cmlp")
        assert status == 2 and err.count("\n") == 1 and "smaller eta" in err
        if "the network so far" in err:
            assert cmlp.Network.load("net.cmlp").sizes == (64, 16, 16, 10)

    @pytest.mark.skipif(not POSIX, reason="there are no such signals")
    def test_a_second_signal_while_the_network_is_kept(self, monkeypatch, run):
        fsync, coming = os.fsync, [signal.SIGTERM]

        def stop(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr("cmlp.cli.keeping.Keeper.note", stop)
        monkeypatch.setattr("os.fsync", lambda file: (fsync(file), coming and signal.raise_signal(coming.pop())))
        status, _, err = run("train", "--quiet", "--save", "net.cmlp")
        assert status == 143 and "in epoch 1 of 25; the network so far is in net.cmlp" in err
        assert cmlp.Network.load("net.cmlp").sizes == (64, 16, 16, 10)

    def test_a_refused_training_leaves_nothing(self, complaint, tmp_path):
        complaint("train", "--save", "net.cmlp", "--loss", "quadratic", "--hidden", "2000000000,2000000000")
        assert not list(tmp_path.iterdir())

    def test_a_disk_that_is_full_at_the_end(self, monkeypatch, run, tmp_path):
        from cmlp.cli import outputs

        write = outputs.write_files

        def full_here(files, *rest):
            if Path("net.cmlp") in files:
                raise OSError(28, "No space left on device", "net.cmlp")
            write(files, *rest)

        (tmp_path / "elsewhere").mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "elsewhere"))
        monkeypatch.setattr(outputs, "write_files", full_here)
        status, out, err = run(*TRAIN)
        assert status == 2 and err.endswith("cmlp train: net.cmlp: No space left on device\n")
        (left,) = (tmp_path / "elsewhere").iterdir()
        assert f"saved              {left}" in out
        assert cmlp.Network.load(left).sizes == (64, 16, 16, 10)

    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            ("--resume", "--resume goes with --checkpoint FILE"),
            ("--checkpoint-every 5", "--checkpoint-every goes with --checkpoint FILE"),
            ("--checkpoint r --checkpoint-every x", "must be a number of epochs, or a time such as 30s, 5min or 1h"),
            ("--checkpoint r --checkpoint-every 0s", "must be a number of epochs, or a time such as 30s, 5min or 1h"),
            ("--checkpoint -", "--checkpoint needs a file"),
        ],
    )
    def test_what_a_checkpoint_needs(self, complaint, options, expected, tmp_path):
        assert expected in complaint("train", *options.split())
        assert not list(tmp_path.iterdir())

    def test_a_checkpoint_is_not_begun_twice(self, complaint, run):
        words = ("train", "--epochs", "1", "--quiet", "--checkpoint", "r")
        assert run(*words)[0] == 0
        before = Path("r").read_bytes()
        for more in ([], ["--force"]):
            said = complaint(*words, *more)
            assert "r holds a training already: --resume goes on with it, another name begins a new one" in said
        assert "r.previous holds a training already" in complaint(*words[:-1], "r.previous")
        assert Path("r").read_bytes() == before
        assert "which has trained its only epoch" in run(*words, "--resume")[1]
        Path("r").write_text("my thesis")
        Path("r.previous").unlink()
        assert "r already exists, and --checkpoint never replaces it" in complaint(*words)
        assert Path("r").read_text() == "my thesis"
