"""The options of ``cmlp train`` about the network and its training, and what follows where they are not given."""

import argparse
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from cmlp.cli.options import (
    ACTIVATIONS,
    INITIALIZERS,
    LOSSES,
    OPTIMIZERS,
    RECIPES,
    SCHEDULES,
    distortions,
    fraction,
    hidden_layers,
    non_negative_number,
    normalizations,
    positive_integer,
    positive_number,
    seed,
    share,
    shares,
)

if TYPE_CHECKING:
    from cmlp.data import Dataset

NETWORK = ("hidden", "activation", "loss", "initializer", "dropout", "normalization", "dtype")
TRAINING = (
    "epochs", "minutes", "eta", "mini_batch_size", "optimizer", "schedule", "clip_norm", "lmbda", "label_smoothing",
    "averaging",
)  # fmt: skip
WITHOUT_LBFGS = {  # what it takes
    "schedule": "constant", "clip_norm": 0.0, "averaging": 0.0, "dropout": 0.0, "normalization": "none",
    "minutes": None, "distort": False, "distortions": None,
}  # fmt: skip
EVERY = "turn, scale, shear, shift and bend each training picture, anew in each epoch (default: leave them as they are)"
PLAN = "{optimizer}, {length}, eta {eta:g}, mini-batch size {mini_batch_size:,}, seed {seed}"
PLAN_OF_LBFGS = "{optimizer}, {length}, seed {seed}"  # which has neither


def add_recipe(add: Callable[..., Any]) -> None:
    """Add the option that stands for many."""
    film = "film, the network of 3Blue1Brown (default)"
    better = "good, 98 %% and more of MNIST in seconds; best, the most that cmlp gets, in minutes"
    add("--recipe", metavar="NAME", choices=RECIPES, help=f"what the options below are by default: {film}; {better}")


def add_network(add: Callable[..., Any]) -> None:
    """Add the options about the network."""
    units = "sizes of the hidden layers, separated by commas; 0 for no hidden layer (default: 16,16)"
    add("--hidden", metavar="UNITS", type=hidden_layers, help=units)
    names = f"activation of the hidden layers: {', '.join(ACTIVATIONS)} (default: sigmoid)"
    add("--activation", metavar="NAME", choices=ACTIVATIONS, help=names)
    losses = "quadratic, with sigmoid outputs, or cross_entropy, with softmax outputs"
    usual = "(default: quadratic with sigmoid units, cross_entropy with others)"
    add("--loss", metavar="NAME", choices=LOSSES, help=f"{losses} {usual}")
    start = f"how the weights begin: {', '.join(INITIALIZERS)} (default: what fits the activation and the depth)"
    add("--initializer", metavar="NAME", choices=INITIALIZERS, help=start)
    dropped = "share of the hidden units left out in each step; one, or one per hidden layer, separated by commas"
    add("--dropout", metavar="SHARE", type=shares, help=f"{dropped} (default: 0)")
    normal = "batch for batch normalisation of the hidden layers, which is folded into the weights when training ends;"
    each = "one name, or one per hidden layer, separated by commas (default: none)"
    add("--normalization", metavar="NAME", type=normalizations, help=f"{normal} {each}")
    same = "random seed; the same seed gives the same network (default: %(default)s)"
    add("--seed", metavar="N", type=seed, default=0, help=same)
    add("--dtype", choices=("float64", "float32"), help="floating-point type (default: float64)")


def add_training(add: Callable[..., Any]) -> None:
    """Add the options about the training."""
    times = "passes over the training data (default: 25; 200 steps of lbfgs)"
    add("--epochs", metavar="N", type=positive_integer, help=times)
    budget = "train for so many minutes instead of a number of epochs; the schedule follows the clock"
    add("--minutes", metavar="M", type=positive_number, help=budget)
    step = "learning rate; sgd steps by RATE times the gradient of the mean cost"
    usual = "what suits optimizer, activation and width: 3 for the film's network, otherwise at most 0.4 with sgd"
    add("--eta", metavar="RATE", type=positive_number, help=f"{step} (default: {usual})")
    images = "images per step (default: 125, or 10 with fewer than 10,000 training images)"
    add("--mini-batch-size", metavar="N", type=positive_integer, help=images)
    add("--optimizer", metavar="NAME", choices=OPTIMIZERS, help=f"{', '.join(OPTIMIZERS)} (default: sgd)")
    course = "cosine, which lowers it to 0, but constant for the film's network and lbfgs"
    schedules = f"how the learning rate goes on: {', '.join(SCHEDULES)} (default: {course})"
    add("--schedule", metavar="NAME", choices=SCHEDULES, help=schedules)
    bound = "largest norm of a gradient, 0 for none (default: 1, but none for the film's network and lbfgs)"
    add("--clip-norm", metavar="NORM", type=non_negative_number, help=bound)
    penalty = "strength of the L2 penalty, LMBDA/(2n) times the sum of the squared weights, for n images (default: 0)"
    add("--lmbda", metavar="LMBDA", type=non_negative_number, help=penalty)
    softened = "share of each label's 1 that all classes have (default: 0, 0.1 in the recipes good and best)"
    add("--label-smoothing", metavar="SHARE", type=share, help=softened)
    mean = "decay of the moving average of the weights that the network ends with (default: 0, no average)"
    add("--averaging", metavar="DECAY", type=share, help=mean)
    add_distortions(add)
    part = "share of the training images that is only measured after each epoch, not trained with (default: none)"
    add("--validation", metavar="SHARE", type=fraction, help=part)
    waits = "end after N epochs without a lower validation loss, and keep the best weights; needs --validation"
    add("--patience", metavar="N", type=positive_integer, help=waits)


def add_distortions(add: Callable[..., Any], purpose: str = EVERY) -> None:
    """Add the options about distorted pictures."""
    add("--distort", action="store_true", help=purpose)
    names = "rotation (degrees), scale, shear, shift, elastic, smoothness, thickness (pixels), noise, picture_shape"
    how = f"the same with settings of {names}, such as rotation=5,elastic=0 (docs: api/distortions)"
    add("--distortions", metavar="SETTINGS", type=distortions, help=how)


def chosen_distortions(arguments: argparse.Namespace) -> Any:
    """Return the distortions that were asked for, if any were."""
    if not arguments.distort and arguments.distortions is None:
        return None
    from cmlp.training.distortions import Distortions

    return Distortions(**arguments.distortions or {})


def check_settings(arguments: argparse.Namespace) -> None:
    """Refuse options that do not go together, before any data are read."""
    if arguments.patience is not None and arguments.validation is None:
        arguments.refuse("--patience goes with --validation SHARE, the images by which it is seen whether to go on")
    if arguments.minutes is not None and arguments.epochs is not None:
        arguments.refuse("--minutes and --epochs both say how long the training lasts: one of them is enough")
    if arguments.mini_batch_size == 1 and "batch" in (arguments.normalization or ()):
        arguments.refuse("--normalization batch needs a --mini-batch-size of at least 2: one image has no variance")
    chosen_distortions(arguments)  # or refuse them
    if arguments.optimizer == "lbfgs":
        for name, off in WITHOUT_LBFGS.items():
            value = getattr(arguments, name)
            if value not in (None, off, (off,)):
                arguments.refuse(f"--optimizer lbfgs takes no {_option(name)}: it uses all images in every step")


def complete_settings(arguments: argparse.Namespace, train: "Dataset") -> dict[str, Any]:
    """Return every setting, as given or as the recipe has it."""
    from cmlp.training.recipes import complete

    given = {name: getattr(arguments, name) for name in (*NETWORK, *TRAINING)}
    settings = complete(arguments.recipe, given, train.images.shape[1], len(train))
    layers = len(settings["hidden"])
    for name, what in (("dropout", "share"), ("normalization", "name")):
        values = settings[name]
        if isinstance(values, tuple):
            if len(values) not in (1, layers):
                arguments.refuse(
                    f"--{name} takes one {what}, or one for each of {layers} hidden layers, got {len(values)}"
                )
            settings[name] = values[0] if len(values) == 1 else values
    settings["clip_norm"] = settings["clip_norm"] or None
    settings["distortions"] = chosen_distortions(arguments)
    return settings | {name: getattr(arguments, name) for name in ("seed", "validation", "patience")}


def network_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `Network` takes besides its sizes."""
    return {name: settings[name] for name in (*NETWORK[1:], "seed")}


def training_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `Network.train` takes."""
    chosen = {name: settings[name] for name in (*TRAINING, "distortions", "patience")}
    return chosen | {"validation_data": settings["validation"]}


def plan(settings: Mapping[str, Any]) -> str:
    """Return the settings of a training in one line; those that do nothing are left out."""
    length = f"minutes {settings['minutes']:g}" if settings["epochs"] is None else f"epochs {settings['epochs']:,}"
    parts = [(PLAN_OF_LBFGS if settings["optimizer"] == "lbfgs" else PLAN).format(length=length, **settings)]
    if settings["schedule"] != "constant":
        parts.append(f"schedule {settings['schedule']}")
    if settings["distortions"] is not None:
        parts.append("pictures distorted")
    words = {"clip_norm": "gradients clipped to norm", "lmbda": "L2 penalty"}
    for name in ("clip_norm", "lmbda", "label_smoothing", "averaging", "validation", "patience"):
        if settings[name]:
            parts.append(f"{words.get(name, name.replace('_', ' '))} {settings[name]:g}")
    return ", ".join(parts)


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
