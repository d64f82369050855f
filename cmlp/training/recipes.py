"""Recipes: a network and its training from as little as one likes to say, so that it learns whatever its sizes are.

Everything that is not said follows from what is. `benchmarks/defaults.py` measures the rules, and `docs/defaults.md`
has the figures.
"""

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any

from cmlp.core.activations import OUTPUT_ONLY
from cmlp.model.initializers import fitting_initializer

FILM = {"hidden": (16, 16), "activation": "sigmoid", "loss": "quadratic", "optimizer": "sgd"}
LEARNED = {"activation": "relu", "loss": "cross_entropy", "optimizer": "adam", "dtype": "float32"}
RECIPES: dict[str, dict[str, Any]] = {
    "film": FILM,
    "good": LEARNED | {"hidden": (200,), "label_smoothing": 0.1},
    "best": LEARNED | {"hidden": (800,), "label_smoothing": 0.1, "epochs": 30, "eta": 0.001, "clip_norm": 0.0},
}
FILM_UNITS, FILM_LAYERS, FILM_ETA = 32, 2, 3.0  # networks up to which the film's rate suits, and its rate
DEEP = 3  # hidden layers from which on the weights must keep what is learned from fading
ETAS = {"sgd": 0.4, "momentum": 0.04, "nesterov": 0.04, "lbfgs": 1.0}  # of networks of at most UNITS units a layer
EXPONENTIAL_LAYERS = 6  # from which on a step moves the last of them too far
ADAPTIVE_ETA = 0.004  # of the other optimizers, whose steps do not grow with the gradient
UNITS = 64
INPUTS = 10  # pixels that count for a unit: most are 0
CLIP_NORM = 1.0
EPOCHS, ITERATIONS = 25, 200  # of L-BFGS, which takes one step where the others take hundreds
FEW_IMAGES, FEW, MANY = 10_000, 10, 125  # with fewer images, mini-batches of 125 would be too few steps per epoch


def complete(recipe: str | None, given: Mapping[str, Any], inputs: int, images: int) -> dict[str, Any]:
    """Return all settings of a network and its training.

    Parameters
    ----------
    recipe : {"film", "good", "best"} or None
        Which one fills in what is not given; None is "film".
    given : mapping
        What is given: `hidden`, `activation`, `loss`, `initializer`, `dropout`, `normalization`, `dtype`, and
        the settings of `Network.train`. None stands for what is not given.
    inputs : int
        Pixels of an image.
    images : int
        Number of training images.

    Returns
    -------
    dict
        A value for each of them.

    Examples
    --------
    >>> settings = complete(None, {"activation": "relu"}, 784, 60_000)
    >>> settings["loss"], settings["initializer"], round(settings["eta"], 2)
    ('cross_entropy', 'he_normal', 0.36)
    """
    chosen = {name: value for name, value in given.items() if value is not None}
    usual = RECIPES[recipe or "film"]
    if chosen.keys() & {"hidden", "activation", "optimizer"}:  # of which the rate of a recipe is
        usual = {name: value for name, value in usual.items() if name != "eta"}
    known = FILM | usual | chosen
    if known["activation"] != "sigmoid" and "loss" not in RECIPES.get(recipe or "", {}) | chosen:
        known["loss"] = "cross_entropy"
    film = is_films(known["hidden"], known["activation"], known["loss"], known["optimizer"])
    steps = known["optimizer"] != "lbfgs"
    defaults = {
        "initializer": "glorot_normal" if film else choose_initializer(known["hidden"], known["activation"]),
        "dropout": 0.0,
        "normalization": "none",
        "dtype": "float64",
        "epochs": EPOCHS if steps else ITERATIONS,
        "minutes": None,
        "eta": FILM_ETA if film else choose_eta(known["optimizer"], known["hidden"], known["activation"], inputs),
        "mini_batch_size": FEW if images < FEW_IMAGES else MANY,
        "schedule": "constant" if film or not steps else "cosine",
        "clip_norm": None if film or not steps else CLIP_NORM,
        "lmbda": 0.0,
        "label_smoothing": 0.0,
        "averaging": 0.0,
    }
    if "minutes" in chosen and "epochs" not in chosen:
        known["epochs"] = None
    return defaults | known


def is_films(hidden: Sequence[int], activation: str, loss: str, optimizer: str) -> bool:
    """Return whether a network is like that of 3Blue1Brown, which learns by the settings of the series."""
    alike = (activation, loss, optimizer) == (FILM["activation"], FILM["loss"], FILM["optimizer"])
    return alike and 0 < len(hidden) <= FILM_LAYERS and max(hidden) <= FILM_UNITS


def choose_initializer(hidden: Sequence[int], activation: str) -> str:
    """Return how the weights begin: as is usual for the activation, or orthogonal where that saturates or fades."""
    if len(hidden) >= DEEP or (hidden and activation == "sigmoid"):
        return "orthogonal"
    return fitting_initializer([activation] * len(hidden) + list(OUTPUT_ONLY))


def choose_eta(optimizer: str, hidden: Sequence[int], activation: str, inputs: int) -> float:
    """Return a learning rate by which one step moves no weighted sum too far.

    Clipped, a gradient has a norm of at most 1, so that a step moves a sum over n units by eta times the square root of
    n at most. Adaptive optimizers move each weight by about eta, and such a sum by eta times n.

    Parameters
    ----------
    optimizer : str
        Its name.
    hidden : sequence of int
        Units of the hidden layers.
    activation : str
        That of the hidden layers.
    inputs : int
        Pixels of an image.

    Returns
    -------
    float
        eta

    Examples
    --------
    >>> [choose_eta("sgd", [units], "tanh", 64) for units in (16, 256, 1024)]
    [0.4, 0.2, 0.1]
    """
    share = UNITS / max(UNITS, inputs / INPUTS, *hidden)
    eta = ETAS[optimizer] * sqrt(share) if optimizer in ETAS else ADAPTIVE_ETA * share
    if activation != "exponential":
        return eta
    return eta / 10 * min(1.0, EXPONENTIAL_LAYERS / max(1, len(hidden))) ** 3  # whose derivative grows with it
