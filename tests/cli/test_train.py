"""``cmlp train``."""

import json
import os
import re
import sys

import numpy as np
import pytest
from support.command_line import PLAIN_LINES, POSIX, TEXT_KEYS, run, write_folder

import cmlp
from cmlp.cli import main


def test_train_on_the_digits_from_an_empty_folder(tmp_path):
    status, out, err = run(["train"], tmp_path)
    assert status == 0
    assert PLAIN_LINES.fullmatch(err)
    rows = dict(re.split(r"  +", line, maxsplit=1) for line in out.splitlines())
    assert list(rows) == TEXT_KEYS
    assert rows["data"] == "built-in digits: 1,437 training and 360 test images of 64 pixels, 10 classes"
    assert "64-16-16-10" in rows["network"]
    assert rows["training"] == "sgd, epochs 25, eta 3, mini-batch size 10, seed 0"
    for key in ("training accuracy", "test accuracy"):
        percent = re.fullmatch(r"(\d+\.\d\d) %", rows[key])
        assert 90 < float(percent[1]) <= 100
    assert re.fullmatch(r"\d+\.\d\d s", rows["time"])
    assert len({line.index(text) for line, text in zip(out.splitlines(), rows.values(), strict=True)}) == 1
    assert not list(tmp_path.iterdir())


def test_json_is_one_object_that_says_everything(tmp_path):
    status, out, err = run(["train", "--epochs", "3", "--json"], tmp_path)
    assert (status, out.count("\n")) == (0, 1)
    assert PLAIN_LINES.fullmatch(err)
    report = json.loads(out)
    history, seconds = report.pop("history"), report.pop("seconds")
    warning = report["warning"]
    assert warning.startswith(f"{report['test_accuracy']:.2f} % is little, where a small network reaches ")
    assert seconds == pytest.approx(sum(history["seconds"]))
    assert {name: len(values) for name, values in history.items()} == {"loss": 3, "test_accuracy": 3, "seconds": 3}
    assert history["test_accuracy"][-1] == report["test_accuracy"]
    train_data, test_data = cmlp.load_digits()
    net = cmlp.Network((64, 16, 16, 10))
    assert history["loss"] == net.train(train_data, 3, 3.0, mini_batch_size=10).loss
    assert report == {
        "version": cmlp.__version__,
        "data": {"folder": None, "training_images": 1437, "test_images": 360, "pixels": 64, "classes": 10},
        "sizes": [64, 16, 16, 10],
        "settings": {
            "epochs": 3, "minutes": None, "eta": 3.0, "mini_batch_size": 10, "optimizer": "sgd", "schedule": "constant",
            "activation": "sigmoid", "loss": "quadratic", "seed": 0, "dtype": "float64", "initializer": "glorot_normal",
            "dropout": 0.0, "normalization": "none", "distortions": None,
            "clip_norm": None, "lmbda": 0.0, "label_smoothing": 0.0, "averaging": 0.0,
            "validation": None, "patience": None,
        },
        "training_accuracy": net.test(train_data),
        "test_accuracy": net.test(test_data),
        "saved": None,
        "plot": None,
        "warning": warning,
    }  # fmt: skip


def test_only_a_network_is_replaced_by_a_network(tmp_path):
    path = tmp_path / "thesis"
    path.write_text("by heart")
    status, out, err = run(["train", "--epochs", "1", "--save", "thesis"], tmp_path)
    assert (status, out) == (2, "")
    rule = "--save replaces only a network that cmlp wrote: --force replaces any file"
    assert err == f"cmlp train: thesis already exists, and {rule}\n"
    assert path.read_text() == "by heart"
    path.unlink()
    for seed in ("1", "2"):
        assert run(["train", "--epochs", "1", "--save", "thesis", "--seed", seed], tmp_path)[0] == 0


def test_a_network_is_saved(tmp_path, report):
    path = tmp_path / "net.cmlp"
    found = report("train", "--epochs", "2", "--save", str(path))
    assert found["saved"] == str(path)
    train_data, test_data = cmlp.load_digits()
    net = cmlp.Network.load(path)
    assert net.test(test_data) == found["test_accuracy"]
    expected = cmlp.Network((64, 16, 16, 10))
    expected.train(train_data, 2, 3.0, mini_batch_size=10)
    assert all(map(np.array_equal, net.weights, expected.weights))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("--save nowhere/net.cmlp", "cmlp train: nowhere: No such file or directory"),
        ("--save .", "cmlp train: .: Is a directory"),
        ("--plot curves.doc", "cmlp train: curves.doc must end in ."),
    ],
)
def test_what_cannot_be_written_is_refused_before_training(complaint, tmp_path, monkeypatch, options, expected):
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    assert expected in complaint("train", *options.split())


def test_curves(tmp_path, report):
    pytest.importorskip("matplotlib", reason="matplotlib, of the extra cmlp[plot], is not installed")
    path = tmp_path / "curves.png"
    assert report("train", "--epochs", "2", "--plot", str(path))["plot"] == str(path)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_curves_without_matplotlib(complaint, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib.backend_bases", None)
    line = complaint("train", "--plot", str(tmp_path / "curves.png"))
    assert line == 'cmlp train: --plot needs matplotlib: pip install "cmlp[plot]"\n'


@pytest.mark.parametrize(
    ("text", "layers"), [("0", []), (" 0 ", []), ("5", [5]), ("5, 4,3", [5, 4, 3]), ("16,16", [16, 16])]
)
def test_hidden_layers(report, text, layers):
    assert report("train", "--epochs", "1", "--hidden", text)["sizes"] == [64, *layers, 10]


def test_a_folder_gives_what_the_same_data_give(report, data_folder):
    found = report("train", str(data_folder), "--epochs", "2")
    assert found["data"] == {
        "folder": str(data_folder), "training_images": 144, "test_images": 36, "pixels": 64, "classes": 10
    }  # fmt: skip
    net = cmlp.Network((64, 16, 16, 10))
    history = net.train(cmlp.load_digits()[0][::10], 2, 3.0, mini_batch_size=10)
    assert found["history"]["loss"] == history.loss


def test_the_sizes_follow_from_the_data(tmp_path, report):
    images = np.arange(12, dtype=np.uint8).reshape(6, 2)
    # The test data have one class fewer, which must not change the network.
    folder = write_folder(tmp_path / "three", (images, [0, 1, 2, 0, 1, 2]), (images[:2], [0, 1]))
    assert report("train", str(folder), "--epochs", "1")["sizes"] == [2, 16, 16, 3]


@pytest.mark.parametrize(("images", "expected"), [(9_999, 10), (10_000, 125)])
def test_the_default_mini_batch_size(tmp_path, report, images, expected):
    pixels, labels = np.ones((images, 1), np.uint8), np.arange(images) % 2
    folder = write_folder(tmp_path / "data", (pixels, labels), (pixels[:2], labels[:2]))
    arguments = ("train", str(folder), "--epochs", "1", "--hidden", "0")
    assert report(*arguments)["settings"]["mini_batch_size"] == expected
    assert report(*arguments, "--mini-batch-size", "7")["settings"]["mini_batch_size"] == 7


@pytest.mark.skipif(not POSIX, reason="terminals are opened as POSIX does")
@pytest.mark.parametrize(("arguments", "shown"), [([], True), (["--quiet"], False)])
def test_progress_is_shown_on_a_terminal(tmp_path, arguments, shown):
    import termios

    terminal, stderr = os.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    _, out, _ = run(["train", "--epochs", "20", *arguments], tmp_path, stderr=stderr)
    os.write(stderr, b"end")
    progress = os.read(terminal, 100_000).decode()
    os.close(stderr)
    os.close(terminal)
    assert ("20/20" in progress) == shown
    assert shown or progress == "end"
    assert len(out.splitlines()) == len(TEXT_KEYS)


def test_nobody_reads_stderr(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", None)
    assert main(["train", "--epochs", "1"]) == 0
    assert main(["train", "--epochs", "0"]) == 2
    assert len(capsys.readouterr().out.splitlines()) == len(TEXT_KEYS)


def test_minutes_instead_of_epochs_and_how_they_go_on(tmp_path, report, capsys):
    path = str(tmp_path / "run.ckpt")
    options = ["--minutes", "0.003", "--checkpoint", path]
    found = report("train", *options)
    assert (found["settings"]["epochs"], found["settings"]["minutes"]) == (None, 0.003)
    assert len(found["history"]["loss"]) > 1
    again = report("train", *options, "--resume")
    assert again["history"]["test_accuracy"] == found["history"]["test_accuracy"]
    main(["train", *options, "--resume", "--quiet"])
    out = capsys.readouterr().out
    assert "minutes 0.003" in out
    assert "goes on in epoch" in out
    main(["info", path])
    assert "of 0.003 minutes" in capsys.readouterr().out


def test_a_network_with_normalisation_is_saved_plain(tmp_path, report):
    path = tmp_path / "net.cmlp"
    options = "--activation relu --normalization batch --epochs 3 --save"
    found = report("train", *options.split(), str(path))
    net = cmlp.Network.load(path)
    assert net.architecture.normalizations == ()
    assert net.settings["normalization"] == "batch"
    assert net.test(cmlp.load_digits()[1]) == found["test_accuracy"] > 80
