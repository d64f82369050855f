"""Recipes: what follows from what is said, and that it learns."""

from math import sqrt

import pytest

import cmlp
from cmlp.training.optimizers import OPTIMIZERS
from cmlp.training.recipes import choose_eta, choose_initializer, complete, is_films

TRAINING = (
    "eta", "epochs", "mini_batch_size", "optimizer", "schedule", "clip_norm", "lmbda", "label_smoothing", "averaging",
)  # fmt: skip
KIND = ("activation", "loss", "initializer", "dropout")


def accuracy(width, depth, activation, optimizer, seed, **given):
    """Return the accuracy in percent on the digits of a network for which nothing else is said."""
    train, test = cmlp.load_digits()
    said = {"hidden": (width,) * depth, "activation": activation, "optimizer": optimizer} | given
    chosen = complete(None, said, 64, len(train))
    network = cmlp.Network((64, *chosen["hidden"], 10), **{name: chosen[name] for name in KIND}, seed=seed)
    network.train(train, **{name: chosen[name] for name in TRAINING})
    return network.test(test)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "nesterov"])
@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "gelu", "softplus", "exponential"])
def test_six_layers_of_eight_units_learn(activation, optimizer):
    """The narrowest and deepest of the measured networks, in which everything fades that can."""
    assert accuracy(8, 6, activation, optimizer, seed=1) > 90


@pytest.mark.parametrize(("width", "optimizer"), [(8, "rmsprop"), (100, "sgd"), (100, "nadam"), (512, "adamw")])
@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
def test_one_layer_learns_whatever_its_width(activation, width, optimizer):
    assert accuracy(width, 1, activation, optimizer, seed=0, epochs=25 if width < 500 else 4) > 90


def test_the_film_is_as_it_was():
    chosen = complete("film", {}, 784, 60_000)
    assert (chosen["hidden"], chosen["eta"], chosen["mini_batch_size"], chosen["epochs"]) == ((16, 16), 3.0, 125, 25)
    assert (chosen["schedule"], chosen["clip_norm"], chosen["initializer"]) == ("constant", None, "glorot_normal")
    assert complete(None, {}, 784, 60_000) == chosen
    assert is_films((32, 32), "sigmoid", "quadratic", "sgd")
    for other in (((33,), "sigmoid", "quadratic", "sgd"), ((8,) * 3, "sigmoid", "quadratic", "sgd"),
                  ((), "sigmoid", "quadratic", "sgd"), ((8,), "tanh", "quadratic", "sgd"),
                  ((8,), "sigmoid", "cross_entropy", "sgd"), ((8,), "sigmoid", "quadratic", "adam")):  # fmt: skip
        assert not is_films(*other)


def test_a_step_moves_the_sums_of_wide_layers_no_farther():
    """Clipped gradients move a sum by eta times the root of the units, adaptive steps by eta times the units."""
    for optimizer in OPTIMIZERS:
        if optimizer == "lbfgs":
            continue
        power = 0.5 if optimizer in ("sgd", "momentum", "nesterov") else 1.0
        moved = [choose_eta(optimizer, (8, units), "tanh", 64) * units**power for units in (64, 200, 1024)]
        assert moved == pytest.approx([moved[0]] * 3)
    assert choose_eta("sgd", (8,), "tanh", 784) == pytest.approx(0.4 * sqrt(64 / 78.4))
    assert choose_eta("sgd", (), "tanh", 64) == 0.4


def test_the_rate_of_a_recipe_is_that_of_its_network():
    """`best` is the last network of the tutorial, whose rate another optimizer would not learn with."""
    best = complete("best", {}, 784, 60_000)
    assert (best["hidden"], best["eta"], best["epochs"], best["clip_norm"]) == ((800,), 0.001, 30, 0.0)
    assert complete("best", {"optimizer": "sgd"}, 784, 60_000)["eta"] == choose_eta("sgd", (800,), "relu", 784)
    assert complete("best", {"optimizer": "sgd", "eta": 0.7}, 784, 60_000)["eta"] == 0.7


def test_depth_chooses_the_weights():
    assert choose_initializer((16, 16), "relu") == "he_normal"
    assert choose_initializer((16, 16, 16), "relu") == "orthogonal"
    assert choose_initializer((100,), "sigmoid") == "orthogonal"
    assert choose_initializer((), "sigmoid") == "glorot_normal"


@pytest.mark.parametrize("recipe", ["film", "good", "best"])
def test_what_is_given_is_taken(recipe):
    given = {"hidden": (5, 4, 3), "eta": 0.7, "loss": "quadratic", "clip_norm": 0.0, "schedule": "step", "epochs": 2}
    chosen = complete(recipe, given | {"dropout": None}, 64, 100)
    assert chosen.items() >= given.items()


@pytest.mark.parametrize(("optimizer", "layers"), [("sgd", 8), ("adam", 12)])
def test_many_exponential_layers(optimizer, layers):
    """A rate that six layers bear makes the loss infinite here, after a dozen epochs."""
    assert accuracy(64, layers, "exponential", optimizer, seed=0) > 90
