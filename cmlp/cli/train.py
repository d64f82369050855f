"""``cmlp train``: train and test a network."""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmlp import __version__
from cmlp.cli.options import (
    ACTIVATIONS,
    LOSSES,
    OPTIMIZERS,
    add_command,
    count,
    epochs_or_time,
    hidden_layers,
    rate,
    seed,
)
from cmlp.cli.output import print_json, print_table, printable
from cmlp.cli.places import check_source, check_target, picture_format, write_figure
from cmlp.cli.sources import FORMATS
from cmlp.errors import CmlpError, DataError, ModelError

if TYPE_CHECKING:
    from cmlp.data import Dataset
    from cmlp.network import Network

FEW_IMAGES = 10_000  # with fewer, mini-batches of 125 would be too few steps per epoch
SIGMOID_ETA, ADAPTIVE_ETA, ETA = 3.0, 0.003, 0.1  # learning rates that nobody chose
PLAN = "{optimizer}, epochs {epochs:,}, eta {eta:g}, mini-batch size {mini_batch_size:,}, seed {seed}"
ADAPTIVE = ("rmsprop", "adam", "adamw", "nadam")  # whose steps do not grow with the gradient
WIDTH = 19  # of the names in the output

EPILOG = f"""\
{FORMATS}

The network gets as many inputs as an image has pixels, and an output for each
class of the training labels.

examples:
  cmlp train
  cmlp train --hidden 30 --epochs 10 --seed 1
  cmlp train --hidden 0 --eta 0.5
  cmlp train --save digits.cmlp --plot curves.png
  cmlp train --hidden 30 --activation relu --loss cross_entropy --optimizer adam
  cmlp train --json > report.json
  cmlp train mnist.npz --quiet
  cmlp train data --epochs 100 --checkpoint run.ckpt --resume
"""


def add_to(commands: Any) -> None:
    """Add the command to what `add_subparsers` returned."""
    parser = add_command(commands, "train", run, "train a network on images and labels, and test it", EPILOG)

    add = parser.add_argument
    add("source", metavar="SOURCE", nargs="?", help="where the data are (default: the digits that come with cmlp)")
    add("--quiet", action="store_true", help="show no progress on stderr")
    add("--json", action="store_true", help="print one JSON object, with the history of all epochs")
    _add_network(parser.add_argument_group("the network").add_argument)
    _add_training(parser.add_argument_group("the training").add_argument)
    _add_files(parser.add_argument_group("files").add_argument)


def _add_network(add: Callable[..., Any]) -> None:
    units = "units of each hidden layer, separated by commas; 0 for no hidden layer (default: %(default)s)"
    add("--hidden", metavar="UNITS", type=hidden_layers, default="16,16", help=units)
    names = f"of the hidden layers: {', '.join(ACTIVATIONS)} (default: %(default)s)"
    add("--activation", metavar="NAME", choices=ACTIVATIONS, default="sigmoid", help=names)
    losses = "quadratic, whose outputs have the same activation or sigmoid, or cross_entropy, whose outputs are softmax"
    add("--loss", metavar="NAME", choices=LOSSES, default="quadratic", help=f"{losses} (default: %(default)s)")
    same = "an integer from 0 on; the same seed gives the same network (default: %(default)s)"
    add("--seed", metavar="N", type=seed, default=0, help=same)
    numbers = "8 or 4 bytes per number (default: %(default)s)"
    add("--dtype", choices=("float64", "float32"), default="float64", help=numbers)


def _add_training(add: Callable[..., Any]) -> None:
    times = "how many times every image is used (default: %(default)s)"
    add("--epochs", metavar="N", type=count, default=25, help=times)
    step = "learning rate: a step of sgd is RATE times the gradient of the mean cost"
    usual = f"{SIGMOID_ETA:g} with sigmoid and sgd; {ADAPTIVE_ETA:g} with {', '.join(ADAPTIVE)}; else {ETA:g}"
    add("--eta", metavar="RATE", type=rate, help=f"{step} (default: {usual})")
    images = f"images per step (default: 125, or 10 for fewer than {FEW_IMAGES:,} training images)"
    add("--mini-batch-size", metavar="N", type=count, help=images)
    steps = f"{', '.join(OPTIMIZERS)} (default: %(default)s)"
    add("--optimizer", metavar="NAME", choices=OPTIMIZERS, default="sgd", help=steps)


def _add_files(add: Callable[..., Any]) -> None:
    add("--save", metavar="MODEL", help="write the network to a file, for cmlp predict, test, page and export")
    add("--plot", metavar="FILE", help="draw loss and accuracy by epoch, as PNG, PDF or SVG")
    file = "keep the training in FILE, from which --resume goes on after an interruption"
    add("--checkpoint", metavar="FILE", help=file)
    when = "epochs, or a time such as 30s or 5min, between two checkpoints (default: %(default)s)"
    add("--checkpoint-every", metavar="N", type=epochs_or_time, default=1, help=when)
    add("--resume", action="store_true", help="go on from the checkpoint, if there is one")


def run(arguments: argparse.Namespace) -> None:
    """Train, test and print how it went; write the network and its curves."""
    suffix = _check_places(arguments)
    train, test = _load(arguments.source)
    network = _new_network(arguments, train)
    training = {
        "epochs": arguments.epochs,
        "eta": arguments.eta or _default_eta(arguments),
        "mini_batch_size": arguments.mini_batch_size or (10 if len(train) < FEW_IMAGES else 125),
        "optimizer": arguments.optimizer,
    }
    report: dict[str, Any] = {
        "version": __version__,
        "data": _describe(train, test, arguments.source),
        "sizes": network.sizes,
        "settings": training | {name: getattr(arguments, name) for name in ("activation", "loss", "seed", "dtype")},
    }
    if not arguments.json:
        _print_plan(report, network)

    keeping = {name: getattr(arguments, name) for name in ("checkpoint", "checkpoint_every", "resume")}
    history = network.train(train, **training, test_data=test, progress=not arguments.quiet, **keeping)
    report["history"] = {name: values for name, values in asdict(history).items() if values}
    report["training_accuracy"] = network.test(train)
    report["test_accuracy"] = history.test_accuracy[-1]
    report["seconds"] = sum(history.seconds)
    if arguments.save is not None:
        network.save(arguments.save)
    if suffix is not None:
        write_figure(history.plot(repr(network)), arguments.plot, suffix)
    report |= {name: path and printable(path) for name, path in _written(arguments).items()}
    if arguments.json:
        print_json(report)
    else:
        _print_outcome(report)


def _check_places(arguments: argparse.Namespace) -> str | None:
    """Refuse what cannot be read or written, before the training takes its time; return the format of the plot."""
    if arguments.source is not None:
        check_source(arguments.source)
    for path in _written(arguments).values():
        if path is not None:
            check_target(path)
    if arguments.save is not None and Path(arguments.save).exists():
        _check_is_model(Path(arguments.save))
    return None if arguments.plot is None else picture_format(arguments.plot, "--plot")


def _check_is_model(path: Path) -> None:
    """Let an older network be replaced, as those who try things out expect, and nothing else."""
    from cmlp.storage import read_model

    try:
        read_model(path)
    except ModelError as error:
        raise CmlpError(f"{path} is there already, and --save only replaces networks: {error}") from error


def _written(arguments: argparse.Namespace) -> dict[str, str | None]:
    return {"saved": arguments.save, "plot": arguments.plot}


def _new_network(arguments: argparse.Namespace, train: "Dataset") -> "Network":
    from cmlp.network import Network

    sizes = (train.images.shape[1], *arguments.hidden, train.classes)
    kind = {name: getattr(arguments, name) for name in ("activation", "loss", "seed", "dtype")}
    return Network(sizes, **kind)


def _default_eta(arguments: argparse.Namespace) -> float:
    if arguments.optimizer in ADAPTIVE:
        return ADAPTIVE_ETA
    return SIGMOID_ETA if (arguments.activation, arguments.optimizer) == ("sigmoid", "sgd") else ETA


def _load(source: str | None) -> tuple["Dataset", "Dataset"]:
    """Return training and test data; of a folder with one of the four pickles, all four are asked for by name."""
    from cmlp.data import load, load_digits, load_test_data, load_training_data
    from cmlp.data.loading import DATA_FILES

    if source is None:
        return load_digits()
    if any(Path(source, file).exists() for file in DATA_FILES):
        train = load_training_data(source, classes=None)
        return train, load_test_data(source, classes=train.classes)
    sets = load(source)
    if sets.test is None:
        rule = f"cmlp convert {source} FOLDER --test-fraction 0.2 keeps a fifth of them for the test"
        raise DataError(f"{source} holds {len(sets.train):,} images and no test data: {rule}")
    return sets.train, sets.test


def _describe(train: "Dataset", test: "Dataset", folder: str | None) -> dict[str, Any]:
    return {
        "folder": None if folder is None else printable(folder),
        "training_images": len(train),
        "test_images": len(test),
        "pixels": train.images.shape[1],
        "classes": train.classes,
    }


def _print_plan(report: Mapping[str, Any], network: "Network") -> None:
    data, settings = report["data"], report["settings"]
    images = "{training_images:,} training and {test_images:,} test images of {pixels:,} pixels".format(**data)
    rows = {
        "data": f"{data['folder'] or 'built-in digits'}: {images}, {data['classes']:,} classes",
        "network": repr(network),
        "training": PLAN.format(**settings),
    }
    print_table(rows, WIDTH)


def _print_outcome(report: Mapping[str, Any]) -> None:
    rows = {
        "training accuracy": f"{report['training_accuracy']:.2f} %",
        "test accuracy": f"{report['test_accuracy']:.2f} %",
        "time": f"{report['seconds']:.2f} s",
    } | {name: report[name] for name in ("saved", "plot") if report[name] is not None}
    print_table(rows, WIDTH)
