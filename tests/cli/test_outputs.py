"""What commands write: never a file twice, nor what they read, nor over what is not theirs, nor by halves."""

import os
import re
import signal
import warnings
from pathlib import Path

import numpy as np
import pytest
from support.command_line import POSIX

import cmlp
from cmlp.cli import main

TRAIN = ("train", "--epochs", "1", "--quiet")
links = pytest.mark.skipif(not POSIX, reason="links need rights on other systems")


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib", reason="matplotlib, of the extra cmlp[plot], is not installed")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def archive():
    train, test = cmlp.load_digits()
    np.savez("r.npz", x_train=train.images, y_train=train.labels, x_test=test.images, y_test=test.labels)
    Path("r.npz").rename("r.png")  # the content decides the format
    return "r.png"


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "options",
    [
        ("--save", "r.png", "--plot", "r.png"),
        ("--save", "./r", "--checkpoint", "r"),
        ("--plot", "x/../r.png", "--checkpoint", "r.png"),
        ("--save", "r.previous", "--checkpoint", "r"),
        pytest.param(("--save", "link", "--checkpoint", "r"), marks=links),
        pytest.param(("--save", "r.previous", "--checkpoint", "link"), marks=links),
    ],
    ids=" ".join,
)
def test_two_outputs_of_one_file_are_refused(complaint, tmp_path, options):
    (tmp_path / "x").mkdir()
    if "link" in options:
        (tmp_path / "link").symlink_to("r")
    assert "the same file" in complaint(*TRAIN, *options)
    assert not contents(tmp_path)


@pytest.mark.parametrize("option", ["--save", "--plot", "--checkpoint"])
def test_the_data_are_not_replaced(complaint, tmp_path, archive, option):
    before = contents(tmp_path)
    sentence = "r.png is an input, and the output needs another name"
    assert sentence in complaint(*TRAIN, archive, option, "./r.png")
    (tmp_path / "r.png").rename("r.previous")
    assert "is an input" in complaint(*TRAIN, "r.previous", "--checkpoint", "r")
    (tmp_path / "r.previous").rename("r.png")
    assert contents(tmp_path) == before


def test_nor_by_other_commands(complaint, tmp_path, archive, network_file):
    before = contents(tmp_path)
    assert "is an input" in complaint("show", archive, "-o", archive)
    assert "is an input" in complaint("page", network_file, "--data", archive, "-o", archive, "--force")
    assert "is an input" in complaint("test", network_file, archive, "--report", archive)
    assert contents(tmp_path) == before


@pytest.fixture
def network_file(tmp_path):
    cmlp.Network([64, 10]).save(tmp_path / "net.cmlp")
    return "net.cmlp"


def test_nor_is_a_picture_of_a_class(complaint, run, tmp_path):
    image = pytest.importorskip("PIL.Image", reason="Pillow, of the extra cmlp[images], is not installed")
    for name in ("a/1", "a/2", "b/1", "b/2"):
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        image.new("L", (3, 3), int(name[-1])).save(tmp_path / "data" / f"{name}.png")
    before = contents(tmp_path)
    for arguments in ((*TRAIN, "data", "--plot"), ("show", "data", "-o")):
        assert "1.png is an input" in complaint(*arguments, "data/b/1.png")
    assert contents(tmp_path) == before
    assert run("show", "data", "-o", "data/shown.png")[0] == 0
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        code, _, said = run("show", "data", "-o", "data/shown.png")
    assert code == 0 and "data/shown.png is no folder of pictures of a class, and was left out" in said


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg", "svgz", "eps", "jpg", "tiff", "webp"])
@pytest.mark.parametrize("command", [(*TRAIN, "--plot"), ("show", "-o")], ids=["train", "show"])
def test_only_a_picture_is_replaced_by_a_picture(command, suffix, complaint, run, tmp_path):
    output = tmp_path / f"r.{suffix}"
    output.write_text("my thesis")
    assert f"r.{suffix} already exists, and " in complaint(*command, str(output))
    assert output.read_text() == "my thesis"
    output.unlink()
    assert [run(*command, output)[0] for _ in range(2)] == [0, 0]


class TestResuming:
    """On the command line the network is new, so that a seed is a promise."""

    def go(self, run, *options):
        return run(*TRAIN, "--hidden", "5", "--checkpoint", "r", "--resume", *options)

    @pytest.mark.parametrize("first", ["0", "3"])
    def test_another_seed_is_refused_by_name(self, run, tmp_path, first):
        assert self.go(run, "--seed", first)[0] == 0
        before = contents(tmp_path)
        status, out, err = self.go(run, "--seed", "7", "--epochs", "2")
        assert (status, out) == (2, "") and err.count("\n") == 1
        assert "belongs to another training: --seed was another one there, and is 7 now: the same seed goes on" in err
        assert contents(tmp_path) == before
        assert self.go(run, "--seed", first, "--epochs", "2")[0] == 0

    def test_what_else_is_another_one_is_named_first(self, run):
        assert self.go(run)[0] == 0
        assert "the layers were 64-5-10 there, and are 64-6-10 now" in self.go(run, "--hidden", "6", "--seed", "1")[2]

    @pytest.mark.filterwarnings("default")
    def test_it_is_told_once_that_the_previous_one_is_used(self, run, tmp_path):
        assert self.go(run)[0] == 0
        (tmp_path / "r").unlink()
        status, _, err = self.go(run)
        assert status == 0 and err.count("going on from") == 1


@pytest.mark.skipif(not POSIX, reason="there are no such signals")
class TestSignalsWhileWriting:
    SIGNALS = [(signal.SIGINT, 130)] + [
        (getattr(signal, name, 0), n) for name, n in (("SIGHUP", 129), ("SIGTERM", 143))
    ]

    @pytest.fixture
    def send(self, monkeypatch):
        """Let a signal come when a file has been written and not yet replaced."""
        fsync = os.fsync

        def of(number):
            coming = [number]
            monkeypatch.setattr("os.fsync", lambda file: (fsync(file), coming and signal.raise_signal(coming.pop())))

        return of

    @pytest.mark.parametrize(("number", "expected"), SIGNALS)
    @pytest.mark.parametrize("option", ["--save", "--plot"])
    def test_the_file_is_whole_before_they_take_effect(self, run, send, tmp_path, option, number, expected):
        before = signal.getsignal(number)
        send(number)
        status, _, err = run(*TRAIN, option, "r.png")
        assert (status, err.count("\n")) == (expected, 1) and "after the training" in err
        assert list(contents(tmp_path)) == [tmp_path / "r.png"] and signal.getsignal(number) == before
        if option == "--save":
            assert "the network is in r.png" in err and cmlp.Network.load("r.png").sizes[0] == 64

    @pytest.mark.parametrize("number", [number for number, _ in SIGNALS])
    def test_what_is_ignored_stays_ignored(self, run, send, tmp_path, number):
        before = signal.signal(number, signal.SIG_IGN)
        try:
            send(number)
            assert run(*TRAIN, "--save", "r", "--checkpoint", "c")[0] == 0
            assert signal.getsignal(number) is signal.SIG_IGN
        finally:
            signal.signal(number, before)
        assert cmlp.Network.load("r").sizes[0] == 64


def test_a_format_of_which_nobody_knows_the_beginning(complaint):
    Path("p.pgf").write_text("a picture, or a thesis")
    said = complaint(*TRAIN, "--plot", "p.pgf")
    assert "p.pgf already exists, and a .pgf file does not say who wrote it: --force replaces any file" in said
    assert Path("p.pgf").read_text() == "a picture, or a thesis"


COMMANDS = {
    "train --save": ("train", "--epochs", "1", "--quiet", "--save"),
    "train --plot": ("train", "--epochs", "1", "--quiet", "--plot"),
    "test --report": ("test", "net.cmlp", "--report"),
    "predict -o": ("predict", "net.cmlp", "drawing.png", "-o"),
    "page -o": ("page", "net.cmlp", "-o"),
    "export --c": ("export", "net.cmlp", "--c"),
    "export --onnx": ("export", "net.cmlp", "--onnx"),
    "show -o": ("show", "-o"),
}


class TestTheRule:
    """One rule for existing files, in every command that writes one."""

    @pytest.fixture(autouse=True)
    def _files(self, network_file):
        image = pytest.importorskip("PIL.Image", reason="Pillow, of the extra cmlp[images], is not installed")
        train, test = cmlp.load_digits()
        net = cmlp.Network([64, 10])
        net.train(train[:100], 1, 1.0)
        net.save(network_file)
        large = np.kron(test.pictures()[0] / 16, np.ones((20, 20)))
        image.fromarray(np.rint(255 * (1 - np.pad(large, 30))).astype(np.uint8)).save("drawing.png")

    @pytest.fixture(params=COMMANDS)
    def command(self, request):
        if "onnx" in request.param:
            pytest.importorskip("onnx", reason="onnx, of the extra cmlp[onnx], is not installed")
        return COMMANDS[request.param]

    def test_it_is_kept_in_every_command(self, run, command):
        output = Path("r.png")  # a suffix that all of them take
        output.write_text("my thesis")
        status, out, err = run(*command, output)
        assert (status, out) == (2, "") and err.endswith(" that cmlp wrote: --force replaces any file\n")
        assert output.read_text() == "my thesis"
        assert run(*command, output, "--force")[0] == 0
        first = output.read_bytes()
        assert first != b"my thesis" and run(*command, output)[0] == 0  # what cmlp wrote
        output.chmod(0o444)
        assert "is read-only: --force replaces it" in run(*command, output)[2]
        output.unlink()
        output.mkdir()
        assert run(*command, output, "--force")[:2] == (2, "")

    def test_stdout(self, command, capfdbinary, tmp_path):
        before = contents(tmp_path)
        assert main([*command, "-"]) == 0
        out, err = capfdbinary.readouterr()
        assert b"stdout" in err or command[0] == "predict"
        assert re.match(rb"\x89PNG|.{8}\{\"__metadata__|<!DOCTYPE html>|/\*|\x08", out, re.DOTALL)
        assert contents(tmp_path) == before

    def test_one_stdout_for_one_output(self, complaint, command):
        assert "and --json both write to stdout" in complaint(*command, "-", "--json")

    def test_a_terminal_is_shown_no_picture(self, run, monkeypatch, command):
        monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
        status, out, err = run(*command, "-")
        if command[0] in ("page", "test") or "--c" in command:
            assert status == 0 and out
        else:
            assert (status, out) == (2, "") and "stdout is a terminal, which cannot show " in err

    @links
    @pytest.mark.parametrize("names", [("a.png", "A.png"), ("a.png", "./a.png"), ("a.png", "hard.png"), ("-", "-")])
    def test_two_outputs_of_one_file(self, complaint, names, tmp_path):
        if "hard.png" in names:
            (tmp_path / "a.png").touch()
            os.link("a.png", "hard.png")
        before = contents(tmp_path)
        assert "the same file" in complaint("train", "--save", names[0], "--plot", names[1], "--force")
        assert "the same file" in complaint("export", "net.cmlp", "--c", names[0], "--onnx", names[1], "--force")
        assert contents(tmp_path) == before

    @links
    def test_a_hard_link_to_an_input(self, complaint, tmp_path):
        os.link("net.cmlp", "hard.html")
        Path("link.png").symlink_to("drawing.png")
        before = contents(tmp_path)
        assert "hard.html is an input" in complaint("page", "net.cmlp", "-o", "hard.html", "--force")
        assert "link.png is an input" in complaint("predict", "net.cmlp", "drawing.png", "-o", "link.png", "--force")
        assert contents(tmp_path) == before

    @pytest.mark.skipif(not POSIX or os.geteuid() == 0, reason="this user writes everywhere")
    def test_a_folder_where_nothing_can_be_written(self, complaint, command):
        Path("locked").mkdir(0o500)
        assert "locked: Permission denied" in complaint(*command, "locked/r.png")

    def test_pickles_do_not_say_who_wrote_them(self, run, archive):
        for command in (("convert", archive, "data"), ("check", archive, "--write", "mended")):
            Path(command[-1]).mkdir()
            Path(command[-1], "labels.pkl").write_text("my thesis")
            status, out, err = run(*command)
            assert (status, out) == (2, "") and err.endswith("labels.pkl already exists: --force replaces it\n")
            assert run(*command, "--force")[0] == 0
        for folder in ("", "-", "net.cmlp", "."):
            status, out, err = run("convert", "." if folder == "." else archive, folder, "--force")
            assert (status, out, err.count("\n")) == (2, "", 1)
        assert run("convert", archive, "-")[2] == (
            "cmlp convert: a folder is written, which stdout cannot hold: ./- is a folder of this name\n"
        )
