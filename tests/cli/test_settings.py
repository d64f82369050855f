"""The options of ``cmlp train`` about network and training, and what follows where they are not given."""

import numpy as np
import pytest
from support.command_line import write_folder

import cmlp
from cmlp.cli.options import (
    ACTIVATIONS,
    INITIALIZERS,
    LOSSES,
    NORMALIZATIONS,
    OPTIMIZERS,
    RECIPES,
    SCHEDULES,
)
from cmlp.core import activations
from cmlp.model import architecture, initializers
from cmlp.training import optimizers, recipes, schedules


def test_names_are_those_of_the_library():
    assert set(ACTIVATIONS) == set(activations.ACTIVATIONS) - set(activations.OUTPUT_ONLY)
    assert list(OPTIMIZERS) == list(optimizers.OPTIMIZERS)
    assert list(INITIALIZERS) == initializers.INITIALIZERS
    assert list(SCHEDULES) == list(schedules.SCHEDULES)
    assert list(RECIPES) == list(recipes.RECIPES)
    assert NORMALIZATIONS == architecture.NORMALIZATIONS
    for loss in LOSSES:
        assert cmlp.Network((2, 2), loss=loss).architecture.classifies


def test_options_reach_the_network(report):
    options = (
        "--hidden 7,6 --epochs 3 --eta 0.05 --mini-batch-size 20 --seed 3 --dtype float32 --activation tanh "
        "--loss cross_entropy --optimizer nadam --schedule one_cycle --clip-norm 2 --lmbda 0.3 --averaging 0.9 "
        "--label-smoothing 0.05 --initializer lecun_uniform --dropout 0.1,0.2 --normalization batch,none "
        "--validation 0.25 --patience 2"
    )
    found = report("train", *options.split())
    assert found["sizes"] == [64, 7, 6, 10]
    network = {"activation": "tanh", "loss": "cross_entropy", "initializer": "lecun_uniform", "dtype": "float32"}
    training = {
        "mini_batch_size": 20, "optimizer": "nadam", "schedule": "one_cycle", "clip_norm": 2.0, "lmbda": 0.3,
        "averaging": 0.9, "label_smoothing": 0.05, "patience": 2,
    }  # fmt: skip
    assert found["settings"] == network | training | {
        "dropout": [0.1, 0.2], "normalization": ["batch", "none"],
        "epochs": 3, "minutes": None, "eta": 0.05, "validation": 0.25, "seed": 3, "distortions": None,
    }  # fmt: skip
    train, test = cmlp.load_digits()
    net = cmlp.Network((64, 7, 6, 10), **network, dropout=(0.1, 0.2), normalization=["batch", None], seed=3)
    history = net.train(train, 3, 0.05, **training, validation_data=0.25, test_data=test)
    for name in ("loss", "validation_loss", "validation_accuracy", "test_accuracy"):
        assert found["history"][name] == getattr(history, name)
    assert found["test_accuracy"] == net.test(test)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", {"eta": 3.0, "schedule": "constant", "clip_norm": None, "initializer": "glorot_normal"}),
        ("--hidden 30", {"eta": 3.0, "loss": "quadratic", "initializer": "glorot_normal"}),
        ("--hidden 256", {"eta": 0.2, "loss": "quadratic", "initializer": "orthogonal", "schedule": "cosine"}),
        ("--hidden 8,8,8", {"eta": 0.4, "clip_norm": 1.0, "initializer": "orthogonal"}),
        ("--activation relu", {"eta": 0.4, "loss": "cross_entropy", "initializer": "he_normal"}),
        ("--activation relu --loss quadratic", {"loss": "quadratic", "initializer": "he_normal"}),
        ("--activation tanh --hidden 16,16,16", {"initializer": "orthogonal"}),
        ("--activation exponential", {"eta": 0.04, "initializer": "orthogonal"}),
        ("--optimizer adam", {"eta": 0.004, "schedule": "cosine", "clip_norm": 1.0}),
        ("--optimizer adam --hidden 1024", {"eta": 0.00025}),
        ("--optimizer momentum --eta 0.5 --schedule constant --clip-norm 0", {
            "eta": 0.5, "schedule": "constant", "clip_norm": None,
        }),
        ("--hidden 0", {"eta": 0.4, "schedule": "cosine"}),
        ("--recipe film", {"eta": 3.0, "loss": "quadratic", "optimizer": "sgd"}),
        ("--recipe good", {"loss": "cross_entropy", "optimizer": "adam", "label_smoothing": 0.1, "dtype": "float32"}),
        ("--recipe good --optimizer sgd --label-smoothing 0", {
            "optimizer": "sgd", "label_smoothing": 0.0, "eta": 0.22627,
        }),
    ],
)  # fmt: skip
def test_what_is_not_given_follows_from_what_is(report, options, expected):
    found = report("train", "--epochs", "1", *options.split())["settings"]
    for name, value in expected.items():
        assert found[name] == (pytest.approx(value, rel=1e-3) if name == "eta" else value)


def test_lbfgs_takes_more_steps_and_nothing_that_it_refuses(report):
    settings = report("train", "--optimizer", "lbfgs", "--hidden", "4")["settings"]
    assert (settings["epochs"], settings["schedule"], settings["clip_norm"]) == (200, "constant", None)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("--patience 3", "--patience goes with --validation SHARE"),
        ("--minutes 1 --epochs 3", "--minutes and --epochs both say how long the training lasts"),
        (
            "--normalization batch,none,batch",
            "--normalization takes one name, or one for each of 2 hidden layers, got 3",
        ),
        ("--normalization layer", "argument --normalization: must be batch or none, or one of them per hidden layer"),
        ("--optimizer lbfgs --normalization batch", "--optimizer lbfgs takes no --normalization"),
        ("--optimizer lbfgs --minutes 1", "--optimizer lbfgs takes no --minutes"),
        ("--normalization batch --mini-batch-size 1 --epochs 1", "needs a --mini-batch-size of at least 2: one image"),
        ("--optimizer lbfgs --schedule cosine", "--optimizer lbfgs takes no --schedule"),
        ("--optimizer lbfgs --dropout 0.5", "--optimizer lbfgs takes no --dropout"),
        ("--optimizer lbfgs --clip-norm 1", "--optimizer lbfgs takes no --clip-norm"),
        ("--dropout 0.1,0.2,0.3", "--dropout takes one share, or one for each of 2 hidden layers, got 3"),
        ("--dropout 1", "argument --dropout: must be numbers of at least 0 and below 1, separated by commas, got '1'"),
        ("--label-smoothing -0.1", "argument --label-smoothing: must be a number of at least 0 and below 1"),
        ("--averaging nan", "argument --averaging: must be a number of at least 0 and below 1, got 'nan'"),
        ("--lmbda -1", "argument --lmbda: must be a number of at least 0, got '-1'"),
        ("--validation 1", "argument --validation: must be a number between 0 and 1, got '1'"),
        ("--patience 0 --validation 0.2", "argument --patience: must be a positive integer, got '0'"),
        ("--recipe god", "argument --recipe: invalid choice: 'god'; did you mean 'good'?"),
        ("--schedule cos", "argument --schedule: invalid choice: 'cos'"),
        ("--initializer xavier", "argument --initializer: invalid choice: 'xavier'; did you mean 'glorot_normal'?"),
    ],
)
def test_what_does_not_go_together_is_refused(complaint, options, expected):
    assert expected in complaint("train", *options.split())


def test_the_plan_names_what_is_done(run):
    _, out, _ = run("train", "--quiet", "--recipe", "good", "--epochs", "1", "--validation", "0.2", "--lmbda", "2")
    expected = (
        "adam, epochs 1, eta 0.00128, mini-batch size 10, seed 0, schedule cosine, gradients clipped to norm 1, "
        "L2 penalty 2, label smoothing 0.1, validation 0.2"
    )
    assert f"training           {expected}\n" in out


def test_after_patience_the_accuracy_is_that_of_the_weights_that_are_kept(report, tmp_path):
    path = tmp_path / "net.cmlp"
    options = "--validation 0.3 --patience 1 --optimizer adam --eta 0.05 --hidden 40 --epochs 60"
    found = report("train", "--save", str(path), *options.split())
    assert len(found["history"]["loss"]) < 60
    assert found["test_accuracy"] == cmlp.Network.load(path).test(cmlp.load_digits()[1])


@pytest.mark.parametrize(("images", "expected"), [(9_999, 10), (10_000, 125)])
def test_the_default_mini_batch_size(tmp_path, report, images, expected):
    pixels, labels = np.ones((images, 1), np.uint8), np.arange(images) % 2
    folder = write_folder(tmp_path / "data", (pixels, labels), (pixels[:2], labels[:2]))
    arguments = ("train", str(folder), "--epochs", "1", "--hidden", "0")
    assert report(*arguments)["settings"]["mini_batch_size"] == expected
    assert report(*arguments, "--mini-batch-size", "7")["settings"]["mini_batch_size"] == 7


def test_the_recipe_good_passes_98_percent_of_the_digits(report):
    for seed in ("0", "1"):
        assert report("train", "--recipe", "good", "--seed", seed)["test_accuracy"] > 98


@pytest.mark.exhaustive
def test_the_recipe_good_passes_98_percent_of_mnist(report, mnist, tmp_path):
    arrays = [mnist[f"{part} {kind}"] for part in ("training", "test") for kind in ("images", "labels")]
    folder = write_folder(tmp_path / "mnist", arrays[:2], arrays[2:])
    assert report("train", str(folder), "--recipe", "good")["test_accuracy"] > 98.2


def test_what_is_said_of_the_built_in_digits(run, tmp_path):
    """L-BFGS has neither a rate nor mini-batches, and the digits are no table."""
    out = run("train", "--optimizer", "lbfgs", "--epochs", 2, "--hidden", "8", "--quiet")[1]
    assert "lbfgs, epochs 2, seed 0\n" in out and "mini-batch" not in out
    for command in (["train", "--label", "x"], ["check", "--label", "x"], ["check", "--header", "yes"]):
        status, _, err = run(*command)
        assert status == 2 and f"{command[1]} says what the columns of a table are, and the built-in digits" in err
