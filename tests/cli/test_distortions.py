"""The options ``--distort`` and ``--distortions``."""

import re

import numpy as np
import pytest

import cmlp
from cmlp.cli.options import DISTORTIONS

TRAINING = ("train", "--hidden", "8", "--epochs", "2")


def test_names_are_those_of_the_library():
    assert list(DISTORTIONS) == list(cmlp.Distortions().describe())


@pytest.mark.parametrize(
    ("options", "distortions"),
    [
        ("", None),
        ("--distort", cmlp.Distortions()),
        ("--distortions rotation=5,elastic=0", cmlp.Distortions(rotation=5, elastic=0)),
        ("--distort --distortions picture_shape=4x16,noise=.5", cmlp.Distortions(noise=0.5, picture_shape=(4, 16))),
    ],
)
def test_they_reach_the_network(report, options, distortions):
    found = report(*TRAINING, *options.split())
    train, _ = cmlp.load_digits()
    history = cmlp.Network((64, 8, 10)).train(train, 2, 3.0, mini_batch_size=10, distortions=distortions)
    assert found["history"]["loss"] == history.loss
    described = None if distortions is None else distortions.describe()
    assert found["settings"]["distortions"] == (
        described and described | {"picture_shape": described["picture_shape"] and list(described["picture_shape"])}
    )


def test_they_are_told(run):
    status, out, _ = run(*TRAINING, "--distort", "--quiet")
    assert status == 0
    assert "training           sgd, epochs 2, eta 3, mini-batch size 10, seed 0, pictures distorted\n" in out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--distortions rotatoin=5", "must be NAME=NUMBER, .* got 'rotatoin=5'; did you mean 'rotation'"),
        ("--distortions rotation", "must be NAME=NUMBER, each once, .* got 'rotation'"),
        ("--distortions shift=1,shift=2", "must be NAME=NUMBER, each once, .* got 'shift=2'"),
        ("--distortions shift=a", "argument --distortions: must be a number of at least 0 for shift, got 'a'"),
        ("--distortions picture_shape=8", "picture_shape must be .height, width"),
        ("--distortions picture_shape=8xa", "must have a picture_shape such as 20x30, got 'a'"),
        ("--distortions rotation=181", r"rotation must be in \[0, 180\], got 181"),
        ("--distortions shift=8", "shift must be below 8 pixels"),
        ("--optimizer lbfgs --distort", "--optimizer lbfgs takes no --distort: it uses all images in every step"),
        ("--optimizer lbfgs --distortions noise=1", "--optimizer lbfgs takes no --distortions"),
    ],
)
def test_refusals(run, options, message):
    status, out, err = run(*TRAINING, "--json", *options.split())
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert re.search(message, err), err


def test_numbers_that_are_no_squares(run, tmp_path):
    images = np.random.default_rng(0).integers(0, 255, (40, 6))
    lines = [",".join(map(str, [*row, place % 2])) for place, row in enumerate(images.tolist())]
    (tmp_path / "table.csv").write_text("\n".join(["a,b,c,d,e,f,label", *lines]))
    status, _, err = run("train", tmp_path / "table.csv", "--epochs", "1", "--distort", "--quiet")
    tip = "--distortions picture_shape=HEIGHTxWIDTH, or HEIGHTxWIDTHxCHANNELS, says what they are"
    assert (status, err) == (2, f"cmlp train: distortions need pictures, and 6 numbers are no square: {tip}\n")
    again = ("--distortions", "picture_shape=2x3", "--quiet")
    assert run("train", tmp_path / "table.csv", "--epochs", "1", *again)[0] == 0


def test_resumed_with_others(run, tmp_path):
    kept = ("--quiet", "--checkpoint", tmp_path / "run")
    assert run(*TRAINING, "--distort", *kept)[0] == 0
    status, _, err = run(*TRAINING, *kept, "--resume")
    assert (status, err.count("\n")) == (2, 1)
    assert err.endswith("belongs to another training: --distortions was some there, and is none now\n")
    status, _, err = run(*TRAINING, "--distortions", "rotation=5", *kept, "--resume")
    assert err.endswith(": --distortions was rotation=10.0 there, and is rotation=5.0 now\n")
    assert run(*TRAINING, "--distort", *kept, "--resume", "--json")[0] == 0


def test_show(run, tmp_path):
    pytest.importorskip("matplotlib")
    for name, options in (("a.png", ()), ("b.png", ("--seed", "1")), ("c.png", ("--distortions", "noise=0.3"))):
        status, out, err = run("show", "--distort", "-o", tmp_path / name, *options)
        assert (status, err) == (0, "")
        assert out.endswith(f"picture   {tmp_path / name}\n")
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 3
    assert run("show", "--distortions", "shift=9", "-o", tmp_path / "d.png")[:2] == (2, "")
    assert not (tmp_path / "d.png").exists()
