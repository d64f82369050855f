"""``cmlp train``: train and test a network."""

import argparse
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cmlp import __version__
from cmlp.cli.options import add_command, count, epochs_or_time, hidden_layers, rate, seed
from cmlp.cli.output import print_json, print_table, printable

if TYPE_CHECKING:
    from cmlp.data import Dataset
    from cmlp.network import Network

FEW_IMAGES = 10_000  # with fewer, mini-batches of 125 would be too few steps per epoch
WIDTH = 19  # of the names in the output

EPILOG = """\
FOLDER holds four pickles of arrays or lists: images.pkl, labels.pkl,
test/test_images.pkl and test/test_labels.pkl. The network gets as many inputs
as an image has pixels, and an output for each class of the training labels.

examples:
  cmlp train
  cmlp train --hidden 30 --epochs 10 --seed 1
  cmlp train --hidden 0 --eta 0.5
  cmlp train --json > report.json
  cmlp train data --quiet
  cmlp train data --epochs 100 --checkpoint run.ckpt --resume
"""


def add_to(commands: Any) -> None:
    """Add the command to what `add_subparsers` returned."""
    parser = add_command(commands, "train", run, "train a network on images and labels, and test it", EPILOG)

    add = parser.add_argument
    add("folder", metavar="FOLDER", nargs="?", help="where the data are (default: the digits that come with cmlp)")
    units = "units of each hidden layer, separated by commas; 0 for no hidden layer (default: %(default)s)"
    add("--hidden", metavar="UNITS", type=hidden_layers, default="16,16", help=units)
    times = "how many times every image is used (default: %(default)s)"
    add("--epochs", metavar="N", type=count, default=25, help=times)
    step = "learning rate: a step is RATE times the gradient of the mean cost (default: %(default)s)"
    add("--eta", metavar="RATE", type=rate, default=3.0, help=step)
    images = f"images per step (default: 125, or 10 for fewer than {FEW_IMAGES:,} training images)"
    add("--mini-batch-size", metavar="N", type=count, help=images)
    same = "an integer from 0 on; the same seed gives the same network (default: %(default)s)"
    add("--seed", metavar="N", type=seed, default=0, help=same)
    numbers = "8 or 4 bytes per number (default: %(default)s)"
    add("--dtype", choices=("float64", "float32"), default="float64", help=numbers)
    file = "keep the training in FILE, from which --resume goes on after an interruption"
    add("--checkpoint", metavar="FILE", help=file)
    when = "epochs, or a time such as 30s or 5min, between two checkpoints (default: %(default)s)"
    add("--checkpoint-every", metavar="N", type=epochs_or_time, default=1, help=when)
    add("--resume", action="store_true", help="go on from the checkpoint, if there is one")
    add("--quiet", action="store_true", help="show no progress on stderr")
    add("--json", action="store_true", help="print one JSON object, with the history of all epochs")


def run(arguments: argparse.Namespace) -> None:
    """Train, test and print how it went."""
    from cmlp.network import Network

    train, test = _load(arguments.folder)
    sizes = (train.images.shape[1], *arguments.hidden, train.classes)
    network = Network(sizes, dtype=arguments.dtype, seed=arguments.seed)
    training = {
        "epochs": arguments.epochs,
        "eta": arguments.eta,
        "mini_batch_size": arguments.mini_batch_size or (10 if len(train) < FEW_IMAGES else 125),
    }
    report: dict[str, Any] = {
        "version": __version__,
        "data": _describe(train, test, arguments.folder),
        "sizes": sizes,
        "settings": training | {"seed": arguments.seed, "dtype": arguments.dtype},
    }
    if not arguments.json:
        _print_plan(report, network)

    invisible = arguments.quiet or sys.stderr is None
    keeping = {name: getattr(arguments, name) for name in ("checkpoint", "checkpoint_every", "resume")}
    progress = False if invisible else None
    history = network.train(train, **training, test_data=test, progress=progress, **keeping)
    report["history"] = {name: values for name, values in asdict(history).items() if values}
    report["training_accuracy"] = network.test(train)
    report["test_accuracy"] = history.test_accuracy[-1]
    report["seconds"] = sum(history.seconds)
    if arguments.json:
        print_json(report)
    else:
        _print_outcome(report)


def _load(folder: str | None) -> tuple["Dataset", "Dataset"]:
    from cmlp.data import load_digits, load_test_data, load_training_data

    if folder is None:
        return load_digits()
    train = load_training_data(folder, classes=None)
    return train, load_test_data(folder, classes=train.classes)


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
        "training": "epochs {epochs:,}, eta {eta:g}, mini-batch size {mini_batch_size:,}, seed {seed}".format(
            **settings
        ),
    }
    print_table(rows, WIDTH)


def _print_outcome(report: Mapping[str, Any]) -> None:
    rows = {
        "training accuracy": f"{report['training_accuracy']:.2f} %",
        "test accuracy": f"{report['test_accuracy']:.2f} %",
        "time": f"{report['seconds']:.2f} s",
    }
    print_table(rows, WIDTH)
