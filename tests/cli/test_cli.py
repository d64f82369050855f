"""The command line as a whole: help, bad input, and how the process ends."""

import json
import os
import pickle
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.children import PATIENCE
from support.command_line import COMMAND, PLAIN_LINES, POSIX, environment, run

import cmlp
from cmlp.cli import info, main, test, train

# ------------------------------------------------------------------------------------- help, version, welcome


def test_welcome_names_three_things_to_type(tmp_path):
    status, out, err = run([], tmp_path)
    assert (status, err) == (0, "")
    lines = re.findall(r"^  (cmlp .+?)  +\w", out, re.MULTILINE)
    assert lines == ["cmlp train --save digits.cmlp", "cmlp test digits.cmlp", "cmlp check FOLDER"]
    for line in lines[:2]:
        assert run(line.split()[1:], tmp_path)[0] == 0
    assert run(["check", "--help"], tmp_path)[0] == run(["--help"], tmp_path)[0] == 0


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr() == (f"cmlp {cmlp.__version__}\n", "")


def test_help_gives_units_and_defaults(capsys):
    assert main(["train", "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    for part in (
        "sizes of the hidden layers, separated by commas; 0 for no hidden layer (default: 16,16)",
        "passes over the training data (default: 25; 200 steps of lbfgs)",
        "the mean cost (default: what suits optimizer, activation and width: 3 for the film's network, otherwise "
        "at most 0.4 with sgd)",
        "images per step (default: 125, or 10 with fewer than 10,000 training images)",
        "the same seed gives the same network (default: 0)",
        "floating-point type (default: float64)",
    ):
        assert part in text


@pytest.mark.parametrize("module", [train, test, info])
def test_the_examples_run(module, data_folder, monkeypatch, capsys):
    pytest.importorskip("matplotlib", reason="matplotlib, of the extra cmlp[plot], is not installed")
    monkeypatch.chdir(data_folder.parent)
    for name in ("digits.cmlp", "mnist.cmlp"):
        assert main(["train", "--epochs", "5", "--save", name]) == 0
    train_data, test_data = cmlp.load_digits()
    sets = {"x_train": train_data.images, "y_train": train_data.labels}
    np.savez("mnist.npz", x_test=test_data.images, y_test=test_data.labels, **sets)
    capsys.readouterr()
    examples = re.findall(r"^  cmlp (.+)$", module.EPILOG, re.MULTILINE)
    assert examples
    for example in examples:
        assert main(shlex.split(example.partition(" > ")[0])) == 0
        assert re.fullmatch(f"({PLAIN_LINES.pattern})?", capsys.readouterr().err)


def test_the_installed_command(tmp_path):
    script = shutil.which("cmlp", path=Path(sys.executable).parent)
    if script is None:
        pytest.skip("cmlp is not installed")
    done = subprocess.run([script, "--version"], cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"cmlp {cmlp.__version__}\n", "")


# -------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("trian", "cmlp: unknown command 'trian'; did you mean 'train'?"),
        ("xyz", "cmlp: unknown command 'xyz' (see cmlp --help)"),
        ("--xyz", "cmlp: unknown argument '--xyz' (see cmlp --help)"),
        ("evaluate", "cmlp: unknown command 'evaluate'; did you mean 'test'?"),
        ("train --lr 0.1", "cmlp train: unknown argument '--lr'; did you mean '--eta'?"),
        ("train --lr=0.1", "cmlp train: unknown argument '--lr=0.1'; did you mean '--eta'?"),
        ("train -lr 0.1", "cmlp train: unknown argument '-lr'; did you mean '--eta'?"),
        ("train --learning-rate 1", "unknown argument '--learning-rate'; did you mean '--eta'?"),
        ("train --learning_rate_init 1", "unknown argument '--learning_rate_init'; did you mean '--eta'?"),
        ("train --batch-size 3", "unknown argument '--batch-size'; did you mean '--mini-batch-size'?"),
        ("train --optim adam", "unknown argument '--optim'; did you mean '--optimizer'?"),
        ("train --solver adam", "unknown argument '--solver'; did you mean '--optimizer'?"),
        ("train --max-iter 3", "unknown argument '--max-iter'; did you mean '--epochs'?"),
        ("train --random-state 3", "unknown argument '--random-state'; did you mean '--seed'?"),
        ("train --layers 3", "unknown argument '--layers'; did you mean '--hidden'?"),
        ("train --out file", "unknown argument '--out'; did you mean '--save'?"),
        ("train --activation swish", "--activation: invalid choice: 'swish'; did you mean 'silu'?"),
        ("train --epoch 3", "cmlp train: unknown argument '--epoch'; did you mean '--epochs'?"),
        ("train a b", "cmlp train: unknown argument 'b' (see cmlp train --help)"),
        ("info a b", "cmlp info: unknown argument 'b' (see cmlp info --help)"),
        ("info a", "cmlp info: a: No such file or directory"),
        ("train --epochs 0", "--epochs: must be a positive integer, got '0'"),
        ("train --epochs 2.5", "--epochs: must be a positive integer, got '2.5'"),
        ("train --epochs 9999999999", "--epochs: must be a positive integer below 2**31"),
        ("train --epochs", "--epochs: expected one argument"),
        ("train --mini-batch-size 0", "--mini-batch-size: must be a positive integer, got '0'"),
        ("train --eta nan", "--eta: must be a positive number, got 'nan'"),
        ("train --eta inf", "--eta: must be a positive number, got 'inf'"),
        ("train --eta 0", "--eta: must be a positive number, got '0'"),
        ("train --eta -1", "--eta: must be a positive number, got '-1'"),
        ("train --eta x", "--eta: must be a positive number, got 'x'"),
        ("train --seed -1", "--seed: must be a non-negative integer, got '-1'"),
        ("train --dtype float16", "--dtype: invalid choice: 'float16'; did you mean 'float"),
        ("train --activation rleu", "--activation: invalid choice: 'rleu'; did you mean 'relu'?"),
        ("train --loss xyz", "--loss: invalid choice: 'xyz', choose from quadratic, cross_entropy"),
        ("train --hidden 16,x", "--hidden: must be positive integers separated by commas, or 0 for no hidden layer"),
        ("train --hidden 16,-1", "got '-1'"),
        ("train --hidden 16,0", "got '0'"),
        ("train --hidden 16,", "got ''"),
        ("train --hidden ''", "got ''"),
        ("train --hidden 9999999999", "--hidden: must be sizes below 2**31"),
        ("train --hidden 2000000000,2000000000", "cmlp train: --hidden must give"),
        ("train nowhere", "cmlp train: nowhere"),
    ],
)
def test_bad_arguments(complaint, tmp_path, monkeypatch, arguments, expected):
    monkeypatch.chdir(tmp_path)
    # What the network itself refuses is found after the plan is printed.
    assert expected in complaint(*shlex.split(arguments), stdout=".*" if "99" in arguments else "")


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("images.pkl", None),
        ("test/test_labels.pkl", None),
        ("images.pkl", b""),
        ("labels.pkl", b"not a pickle"),
        ("labels.pkl", pickle.dumps([0, 1])),
        ("labels.pkl", pickle.dumps(Path)),
        ("test/test_labels.pkl", pickle.dumps([10] * 36)),
        ("test/test_labels.pkl", pickle.dumps(np.eye(11)[np.arange(36) % 11])),
    ],
)
def test_bad_folders(complaint, data_folder, file, content):
    (data_folder / file).unlink()
    if content is not None:
        (data_folder / file).write_bytes(content)
    assert file in complaint("train", str(data_folder))


def test_test_images_of_another_size(complaint, data_folder):
    (data_folder / "test/test_images.pkl").write_bytes(pickle.dumps(np.ones((36, 63), np.uint8)))
    assert "images of the test data must have" in complaint("train", str(data_folder), stdout="data .*")


def test_a_source_without_test_data_is_split(report, run, data_folder):
    alone = [(data_folder / name).unlink() for name in ("test/test_images.pkl", "test/test_labels.pkl")]
    assert alone and report("train", str(data_folder), "--epochs", "1")["data"] == {
        "folder": str(data_folder), "training_images": 115, "test_images": 29, "pixels": 64, "classes": 10,
        "split_off": True,
    }  # fmt: skip
    status, out, _ = run("train", data_folder, "--epochs", "1", "--quiet", "--test-fraction", "0.5")
    assert (
        status == 0 and ": 72 training and 72 test images of 64 pixels, 10 classes; the source has no test data" in out
    )


def test_other_sources_are_read_as_cmlp_convert_does(report, tmp_path):
    train_data, test_data = cmlp.load_digits()
    path = tmp_path / "digits.npz"
    sets = {"x_train": train_data.images, "y_train": train_data.labels}
    np.savez(path, x_test=test_data.images, y_test=test_data.labels, **sets)
    found, expected = (report("train", "--epochs", "1", *source) for source in ([str(path)], []))
    assert found["data"] == expected["data"] | {"folder": str(path)}
    assert found["history"]["loss"] == expected["history"]["loss"]


def test_a_folder_where_a_file_is_expected(complaint, data_folder):
    (data_folder / "labels.pkl").unlink()
    (data_folder / "labels.pkl").mkdir()
    assert "labels.pkl" in complaint("train", str(data_folder))


@pytest.mark.skipif(not POSIX or (POSIX and os.geteuid() == 0), reason="this user reads every file")
def test_an_unreadable_file(complaint, data_folder):
    (data_folder / "labels.pkl").chmod(0)
    assert "Permission denied" in complaint("train", str(data_folder))


def test_a_long_name(complaint):
    complaint("train", "x" * 5000)


def test_a_name_with_a_line_break(complaint):
    assert r"a\nb\x1b[31m" in complaint("train", "a\nb\x1b[31m")


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are bytes on Linux only")
def test_names_that_are_not_utf8(tmp_path, data_folder):
    name = b"\xff\xc3\xa9"
    assert run(["train", name], tmp_path)[0] == 2
    data_folder.rename(tmp_path / os.fsdecode(name))
    status, out, err = run(
        ["train", name, "--epochs", "40", "--quiet"], tmp_path, env=environment() | {"PYTHONIOENCODING": "ascii"}
    )
    assert (status, err) == (0, "")
    assert r"\udcff\xe9: 144 training" in out
    assert json.loads(run(["train", name, "--epochs", "1", "--json"], tmp_path)[1])["data"]["folder"]


@pytest.mark.parametrize(("error", "expected"), [(MemoryError("6 TiB"), "memory: 6 TiB"), (MemoryError(), "memory\n")])
def test_too_little_memory(complaint, monkeypatch, error, expected):
    def network(*args, **kwargs):
        raise error

    monkeypatch.setattr("cmlp.network.Network", network)
    line = complaint("train")
    assert line.startswith("cmlp train: not enough memory") and expected in line


def test_diverging_training(complaint):
    line = complaint("train", "--eta", "1e39", "--dtype", "float32", stdout=".*")
    assert "smaller eta" in line
    complaint("train", "--eta", "1e39", "--dtype", "float32", "--json")


# ------------------------------------------------------------------------------------ the end of the process


@pytest.mark.skipif(not POSIX, reason="Windows sends no SIGINT to a child alone")
def test_ctrl_c(tmp_path):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a child ignores what its parent ignores
    try:
        process = subprocess.Popen(
            [*COMMAND, "train", "--epochs", "99999999"], cwd=tmp_path, env=environment(), **pipes
        )
    finally:
        signal.signal(signal.SIGINT, before)
    with process:
        try:
            assert process.stdout.readline().startswith("data")  # so training is about to begin
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert process.returncode == 130
    assert err.startswith("cmlp train: interrupted") and err.count("\n") == 1


@pytest.mark.skipif(not POSIX, reason="a pipe without a reader is SIGPIPE's affair")
@pytest.mark.parametrize("arguments", [["train", "--quiet"], ["train", "--quiet", "--json"], ["info"], [], ["--help"]])
def test_a_reader_that_left(tmp_path, arguments):
    reader, writer = os.pipe()
    os.close(reader)
    status, _, err = run(arguments, tmp_path, stdout=writer)
    os.close(writer)
    assert (status, err) == (141, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk(tmp_path):
    with Path("/dev/full").open("w") as full:
        status, _, err = run(["info"], tmp_path, stdout=full)
        assert (status, err) == (2, "cmlp info: No space left on device\n")
        assert run(["--version"], tmp_path, stdout=full)[0] == 2
        assert run(["train", "--epochs", "0"], tmp_path, stderr=full)[:2] == (2, "")
