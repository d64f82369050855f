"""The line at the end of ``cmlp train`` and ``cmlp test`` about an accuracy that is no good."""

import json
import re

import numpy as np
import pytest
from support.command_line import write_folder

import cmlp
from cmlp.cli import main

RUINED = [
    *("--hidden", "100", "--eta", "3", "--schedule", "constant", "--clip-norm", "0"),
    *("--initializer", "glorot_normal", "--quiet"),
]


@pytest.mark.parametrize("seed", ["0", "1"])
def test_chance_is_said_with_the_command_that_finds_out_why(run, tmp_path, seed):
    model = tmp_path / "net.cmlp"
    status, _, err = run("train", *RUINED, "--seed", seed, "--save", model)
    line = re.fullmatch(
        r"cmlp train: warning: the network gives all images the same answer, which is right for (9\.72|10\.00) % of "
        r"them, and a small network reaches (\d\d\.\d) % with as many images: (cmlp check --model \S+) finds out why\n",
        err,
    )
    assert status == 0 and line is not None and float(line[2]) > 95
    status, out, _ = run(*line[3].split()[1:])
    assert status == 1 and "error: " in out and "after the repair" in out


def test_without_a_saved_network_it_is_said_how_to_save_it(run):
    _, _, err = run("train", *RUINED)
    assert err.endswith(": save the network with --save MODEL, and cmlp check --model MODEL finds out why\n")


def test_the_test_says_so_too_and_names_the_data(run, tmp_path):
    train, test = cmlp.load_digits()
    folder = write_folder(tmp_path / "my data", (train.images, train.labels), (test.images, test.labels))
    model = tmp_path / "net.cmlp"
    cmlp.Network([64, 16, 10]).save(model)
    status, out, err = run("test", model, folder)
    assert status == 0 and "accuracy" in out
    assert err.count("\n") == 1 and f"cmlp check '{folder}' --model {model} finds out why" in err
    assert run("test", model, folder, "--json")[2] == ""
    assert main(["test", str(model), str(folder), "--json"]) == 0


def test_json_has_the_warning_as_a_key(run):
    status, out, err = run("train", *RUINED, "--json")
    assert (status, err) == (0, "")
    assert "the same answer" in json.loads(out)["warning"]


def test_a_network_that_has_learned_hears_nothing(run, tmp_path):
    model = tmp_path / "net.cmlp"
    assert run("train", "--quiet", "--save", model)[2] == ""
    assert run("test", model)[2] == ""
    assert json.loads(run("test", model, "--json")[1])["warning"] is None


def test_what_no_network_learns_is_blamed_on_the_data(run, tmp_path):
    rng = np.random.default_rng(0)
    sets = [(rng.random((n, 20)), np.arange(n) % 2) for n in (300, 200)]
    folder = write_folder(tmp_path / "noise", *sets)
    _, _, err = run("train", folder, "--quiet")
    assert err.endswith(f", and a small network does no better: cmlp check {folder} finds out whether it is the data\n")


def test_one_class_and_one_image_are_no_reason(run, tmp_path):
    images = np.random.default_rng(1).random((30, 6))
    folder = write_folder(tmp_path / "one", (images, np.zeros(30, int)), (images[:1], [0]))
    assert run("train", folder, "--quiet")[::2] == (0, "")
