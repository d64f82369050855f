"""Doors that a person tries first: swapped arguments, and files of another kind, are answered in the user's words."""

import os
import pickle
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from support.command_line import POSIX

import cmlp
from cmlp.cli import main
from cmlp.cli.strangers import CHECKPOINT, DATA, EMPTY, FOLDER, NETWORK, PAGE, PICTURE, SCRIPT, TEXT, what_is
from cmlp.cli.words import in_options

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
PYTHON = re.compile(
    r"safetensors|\bcmlp\.[A-Za-z]|Network\.|pickle\.load|\w=(?!=)|checkpoint_every|\bforce\b(?<!--force)"
)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Return a folder with a file of every kind."""
    folder = tmp_path_factory.mktemp("files")
    train, test = cmlp.load_digits()
    net = cmlp.Network([64, 10])
    net.train(train[:100], 1, 1.0, checkpoint=folder / "run.ckpt")
    net.save(folder / "net.cmlp")
    cmlp.Network([784, 10]).save(folder / "mnist.cmlp")
    sets = {"x_train": train.images[:200], "y_train": train.labels[:200]}
    np.savez(folder / "data.npz", x_test=test.images[:50], y_test=test.labels[:50], **sets)
    (folder / "data.pkl").write_bytes(pickle.dumps((train.images[:20], train.labels[:20])))
    (folder / "three.png").write_bytes(PNG)
    (folder / "script.py").write_text("print('hello')\n")
    (folder / "page.html").write_text("<!DOCTYPE html>\n<html></html>\n")
    (folder / "diary").write_text("Dear diary,\nit is over.\n")
    (folder / "empty").touch()
    (folder / "bytes").write_bytes(bytes(range(256)))
    (folder / "folder").mkdir()
    whole = (folder / "net.cmlp").read_bytes()
    (folder / "half.cmlp").write_bytes(whole[: len(whole) // 2])
    return folder


@pytest.fixture
def here(files, tmp_path, monkeypatch):
    """Work in a copy of that folder."""
    shutil.copytree(files, tmp_path / "files")
    monkeypatch.chdir(tmp_path / "files")
    return tmp_path / "files"


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and not path.is_symlink()}


def test_what_files_are(here):
    kinds = {
        "net.cmlp": NETWORK, "half.cmlp": NETWORK, "run.ckpt": CHECKPOINT, "data.npz": DATA, "three.png": PICTURE,
        "script.py": SCRIPT, "page.html": PAGE, "diary": TEXT, "empty": EMPTY, "folder": FOLDER, "bytes": None,
        "nowhere": None,
    }  # fmt: skip
    assert {name: what_is(name) for name in kinds} == kinds


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (
            "predict three.png net.cmlp",
            "three.png is a picture, and net.cmlp a network, which comes first: cmlp predict",
        ),
        ("predict data.npz three.png", "data.npz holds images and labels, and no network: cmlp train data.npz --save"),
        ("predict net.cmlp data.pkl", "data.pkl holds images and labels, and is no picture: cmlp test MODEL data.pkl"),
        ("predict net.cmlp script.py", "script.py is a Python script, and no picture"),
        ("predict net.cmlp folder", "folder is a folder without pictures: cmlp test MODEL folder tests"),
        (
            "train net.cmlp",
            "net.cmlp is a network, and cmlp train needs images and labels: cmlp test net.cmlp tests it",
        ),
        ("train run.ckpt", "run.ckpt is a checkpoint, and cmlp train needs images and labels: cmlp test run.ckpt"),
        ("train three.png", "three.png is a picture, and cmlp train needs images and labels: cmlp predict MODEL three"),
        (
            "train script.py",
            "script.py is a Python script, and cmlp train needs images and labels: cmlp check --script",
        ),
        ("test data.npz net.cmlp", "net.cmlp is a network, which comes first: cmlp test net.cmlp data.npz"),
        ("test net.cmlp net.cmlp", "net.cmlp is a network, and cmlp test needs images and labels"),
        ("test mnist.cmlp", "mnist.cmlp takes 784 pixels and has 10 outputs, and the built-in digits have 64 pixels"),
        ("test mnist.cmlp", "name the data that it is for, cmlp test mnist.cmlp SOURCE"),
        ("test half.cmlp", "half.cmlp is damaged: it begins as a network, and was cut off or changed"),
        ("test folder", "folder is a folder, and no network: cmlp train folder --save MODEL"),
        ("test -", "- is stdin, which only cmlp predict reads"),
        ("info three.png", "three.png is a picture, and no network: cmlp predict MODEL three.png says what it shows"),
        ("info page.html", "page.html is an HTML page, and no network: a browser opens it"),
        ("info empty", "empty is empty, and no network"),
        ("export diary --c x.h", "diary is a text, and no network"),
        ("page data.npz", "data.npz holds images and labels, and no network"),
        (
            "check net.cmlp",
            "net.cmlp is a network, and cmlp check needs images and labels: cmlp check --model net.cmlp",
        ),
        ("check --model mnist.cmlp", "name the data that it is for, cmlp check SOURCE --model mnist.cmlp"),
        ("check --script net.cmlp", "net.cmlp is a network, and --script needs a Python script"),
        ("check --model data.npz", "data.npz holds images and labels, and no network"),
        ("show net.cmlp", "net.cmlp is a network, and cmlp show needs images and labels"),
        ("convert data.npz data.npz", "data.npz: not a folder, and a folder is written there"),
        ("convert net.cmlp out", "net.cmlp is a network, and cmlp convert needs images and labels"),
        ("train data.npz --test-fraction 0.2", "--test-fraction needs a source without test data: data.npz holds 50"),
    ],
)
def test_swapped_and_strange(complaint, here, command, said):
    before = contents(here)
    line = complaint(*command.split())
    assert said in line and not PYTHON.search(line)
    assert contents(here) == before


@pytest.mark.parametrize(
    "name", ["nowhere", "folder", "empty", "diary", "bytes", "half.cmlp", "", "\0", "link", "fifo"]
)
@pytest.mark.parametrize(
    "command",
    [
        "train {} --quiet", "train --quiet --save {}", "train --quiet --plot {}", "train --quiet --checkpoint {}",
        "test {}", "test net.cmlp {}", "test net.cmlp --report {}", "predict {} three.png", "predict net.cmlp {}",
        "info {}", "page {} -o x.html", "page net.cmlp --data {} -o x.html", "page net.cmlp -o {}", "export {} --c x.h",
        "export net.cmlp --c {}", "check {}", "check data.npz --model {}", "check data.npz --write {}",
        "show {} -o x.png", "convert {} out", "convert data.npz {}",
    ],
)  # fmt: skip
def test_the_worst_day(here, run, command, name):
    """No file is worse than a sentence, and nothing is written over."""
    pytest.importorskip("matplotlib", reason="matplotlib, of the extra cmlp[plot], is not installed")
    pytest.importorskip("PIL", reason="Pillow, of the extra cmlp[images], is not installed")
    if name == "fifo" and POSIX:
        os.mkfifo("fifo")
    if name == "link" and POSIX:
        Path("link").symlink_to("link")
    if name in ("nowhere", "folder") and re.search(r"--(save|checkpoint|report)|-o|--c |--write|convert data", command):
        pytest.skip("this is fine")
    before = contents(here)
    status, out, err = run(*[word.format(name) for word in command.split()])
    loses_nothing = name == "empty" or "--save half.cmlp" in command.format(name)
    is_written = status == 0 and loses_nothing
    assert is_written or (status == 2 and out == "" and err.count("\n") == 1), (status, out, err)
    assert not re.search(r"safetensors|Traceback|Errno|None", err)
    changed = {path.name for path, content in contents(here).items() if before.get(path) != content}
    assert changed <= ({name} if is_written else set())


def test_no_message_speaks_of_parameters(complaint, here, capsys):
    assert main(["train", "--epochs", "2", "--quiet", "--checkpoint", "r"]) == 0
    capsys.readouterr()
    for command in (
        "train --quiet --epochs 1 --checkpoint r --resume",
        "train --quiet --epochs 3 --checkpoint r --resume --mini-batch-size 7",
        "train --quiet --epochs 3 --checkpoint r --resume --hidden 4",
        "train data.npz --quiet --epochs 3 --checkpoint r --resume",
        "convert data.npz .",
    ):
        if command.startswith("convert"):
            Path("labels.pkl").touch()
        line = complaint(*command.split(), stdout=".*")
        assert not PYTHON.search(line.replace("--force", "")), line
        assert not re.search(r"(?<!-)\b(mini_batch_size|checkpoint_every|training_data)\b", line), line


def test_parameters_become_options():
    options = ["--mini-batch-size", "--epochs", "--hidden", "--resume", "--eta", "--quiet"]
    for said, expected in {
        "epochs must be at least 5, got 3": "--epochs must be at least 5, got 3",
        "eta was 3.0 there, and is 2.0 now": "--eta was 3.0 there, and is 2.0 now",
        "r has trained 5 epochs already": "r has trained 5 epochs already",
        "mini_batch_size was 10 there, and is 7 now": "--mini-batch-size was 10 there, and is 7 now",
        "sizes must give fewer than 2**31": "--hidden must give fewer than 2**31",
        "resume goes on from it": "--resume goes on from it",
        "images of test_data must have 64 pixels": "images of the test data must have 64 pixels",
        "test_data/a.pkl must be a pickle": "test_data/a.pkl must be a pickle",
    }.items():
        assert in_options(said, options, ["train"]) == expected
    assert in_options("resume goes on from it", options, ["train", "resume"]) == "resume goes on from it"
