"""``cmlp train``: train and test a network."""

import argparse
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cmlp import __version__
from cmlp.cli import kinds
from cmlp.cli.keeping import CHECKPOINT, PLOT, SAVE, Keeper
from cmlp.cli.kinds import NETWORK
from cmlp.cli.options import (
    ACTIVATIONS,
    LOSSES,
    OPTIMIZERS,
    add_command,
    epochs_or_time,
    fraction,
    hidden_layers,
    positive_integer,
    positive_number,
    seed,
)
from cmlp.cli.output import print_json, print_table
from cmlp.cli.outputs import FORCE, Output, Outputs
from cmlp.cli.paths import refuse_missing
from cmlp.cli.resuming import check_checkpoint, check_options, found_checkpoint, previous_checkpoint, where_it_goes_on
from cmlp.cli.sources import FORMATS, add_table_options, load_sets, table_options
from cmlp.utils.text import printable

if TYPE_CHECKING:
    from cmlp.data import Dataset
    from cmlp.network import Network
    from cmlp.training.checkpoint_files import Checkpoint

FEW_IMAGES = 10_000  # with fewer, mini-batches of 125 would be too few steps per epoch
SIGMOID_ETA, ADAPTIVE_ETA, ETA = 3.0, 0.003, 0.1  # the default learning rates
PLAN = "{optimizer}, epochs {epochs:,}, eta {eta:g}, mini-batch size {mini_batch_size:,}, seed {seed}"
ADAPTIVE = ("rmsprop", "adam", "adamw", "nadam")  # whose steps do not grow with the gradient
WIDTH = 19  # of the names in the output

EPILOG = f"""\
{FORMATS}

The network has an input for each pixel and an output for each class of the
training labels.

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
    parser.set_defaults(refuse=parser.error)

    add = parser.add_argument
    add("source", metavar="SOURCE", nargs="?", help="where the data are (default: the built-in digits)")
    share = "split off this fraction as test data, the same of each class (default: 0.2 where there are none)"
    add("--test-fraction", metavar="FRACTION", type=fraction, help=share)
    add("--quiet", action="store_true", help="do not show progress")
    add("--json", action="store_true", help="print one JSON object, with the history of all epochs")
    add_table_options(add)
    _add_network(parser.add_argument_group("the network").add_argument)
    _add_training(parser.add_argument_group("the training").add_argument)
    _add_files(parser.add_argument_group("files").add_argument)


def _add_network(add: Callable[..., Any]) -> None:
    units = "sizes of the hidden layers, separated by commas; 0 for no hidden layer (default: %(default)s)"
    add("--hidden", metavar="UNITS", type=hidden_layers, default="16,16", help=units)
    names = f"activation of the hidden layers: {', '.join(ACTIVATIONS)} (default: %(default)s)"
    add("--activation", metavar="NAME", choices=ACTIVATIONS, default="sigmoid", help=names)
    losses = "quadratic, or cross_entropy with softmax outputs"
    add("--loss", metavar="NAME", choices=LOSSES, default="quadratic", help=f"{losses} (default: %(default)s)")
    same = "random seed; the same seed gives the same network (default: %(default)s)"
    add("--seed", metavar="N", type=seed, default=0, help=same)
    numbers = "floating-point type (default: %(default)s)"
    add("--dtype", choices=("float64", "float32"), default="float64", help=numbers)


def _add_training(add: Callable[..., Any]) -> None:
    times = "passes over the training data (default: %(default)s)"
    add("--epochs", metavar="N", type=positive_integer, default=25, help=times)
    step = "learning rate; sgd steps by RATE times the gradient of the mean cost"
    usual = f"{SIGMOID_ETA:g} with sigmoid and sgd; {ADAPTIVE_ETA:g} with {', '.join(ADAPTIVE)}; otherwise {ETA:g}"
    add("--eta", metavar="RATE", type=positive_number, help=f"{step} (default: {usual})")
    images = f"images per step (default: 125, or 10 with fewer than {FEW_IMAGES:,} training images)"
    add("--mini-batch-size", metavar="N", type=positive_integer, help=images)
    steps = f"{', '.join(OPTIMIZERS)} (default: %(default)s)"
    add("--optimizer", metavar="NAME", choices=OPTIMIZERS, default="sgd", help=steps)


def _add_files(add: Callable[..., Any]) -> None:
    add("--save", metavar="MODEL", help="save the trained network; - for stdout")
    add("--plot", metavar="FILE", help="plot loss and accuracy per epoch, as PNG, PDF or SVG; - for stdout")
    file = "save the state of the training, from which --resume continues"
    add("--checkpoint", metavar="FILE", help=file)
    when = "epochs between checkpoints, or a time such as 30s or 5min (default: %(default)s)"
    add("--checkpoint-every", metavar="N", type=epochs_or_time, default=1, help=when)
    add("--resume", action="store_true", help="continue from the checkpoint, if it exists")
    add("--force", action="store_true", help=FORCE)


def run(arguments: argparse.Namespace) -> None:
    """Train and test the network, write the files asked for, and print the results."""
    with _outputs(arguments) as outputs:
        check_checkpoint(arguments)
        (train, test), is_split = load_sets(
            arguments.source, "cmlp train", arguments.test_fraction, **table_options(arguments)
        )
        assert test is not None
        network = _new_network(arguments, train)
        found = found_checkpoint(arguments, network)
        training: dict[str, Any] = {
            "epochs": arguments.epochs,
            "eta": arguments.eta or _default_eta(arguments),
            "mini_batch_size": arguments.mini_batch_size or (10 if len(train) < FEW_IMAGES else 125),
            "optimizer": arguments.optimizer,
        }
        report: dict[str, Any] = {
            "version": __version__,
            "data": _describe(train, test, arguments.source) | ({"split_off": True} if is_split else {}),
            "sizes": network.sizes,
            "settings": training | {name: getattr(arguments, name) for name in ("activation", "loss", "seed", "dtype")},
        }
        done = 0 if found is None else found.position.epoch
        if arguments.checkpoint is not None:
            report["resumed_after"] = done
        if not arguments.json:
            with suppress(*[OSError] if outputs.outputs else []):  # which is met again when all is written
                _print_plan(report, network, _goes_on(arguments, found))
        keeping = {name: getattr(arguments, name) for name in ("checkpoint", "checkpoint_every", "resume")}
        with Keeper(network, outputs, arguments.words, arguments.epochs, done) as keeper:
            shows: dict[str, Any] = {"progress": not arguments.quiet, "callbacks": keeper.note}
            history = network.train(train, **training, test_data=test, **shows, **keeping)
            keeper.keep(history)
            report["history"] = {name: values for name, values in asdict(history).items() if values}
            report["training_accuracy"] = network.test(train)
            report["test_accuracy"] = history.test_accuracy[-1]
            report["seconds"] = sum(history.seconds)
            report |= {name: _printable(keeper.written.get(f"--{name}")) for name in ("save", "plot")}
            report["saved"] = report.pop("save")
            if arguments.json:
                print_json(report)
            else:
                _print_outcome(report)


def _outputs(arguments: argparse.Namespace) -> Outputs:
    """Refuse paths that cannot be read or written before the training starts."""
    refuse_missing(arguments.source)
    check_options(arguments)
    outputs = []
    if arguments.save is not None:
        outputs.append(Output(SAVE, arguments.save, NETWORK))
    if arguments.checkpoint is not None:
        previous = previous_checkpoint(arguments.checkpoint)
        outputs.append(Output(CHECKPOINT, arguments.checkpoint, kinds.CHECKPOINT))
        outputs.append(Output("the checkpoint before, of --checkpoint,", previous, kinds.CHECKPOINT))
    if arguments.plot is not None:
        outputs.append(Output(PLOT, arguments.plot, kinds.kind_of_plot(arguments.plot, PLOT)))
    return Outputs(outputs, [arguments.source], force=arguments.force, json=arguments.json)


def _goes_on(arguments: argparse.Namespace, found: "Checkpoint | None") -> str | None:
    if arguments.checkpoint is None:
        return None
    return where_it_goes_on(found, arguments.checkpoint, arguments.epochs)


def _printable(path: str | None) -> str | None:
    return None if path is None else printable(path)


def _new_network(arguments: argparse.Namespace, train: "Dataset") -> "Network":
    from cmlp.network import Network

    sizes = (train.images.shape[1], *arguments.hidden, train.classes)
    kind = {name: getattr(arguments, name) for name in ("activation", "loss", "seed", "dtype")}
    return Network(sizes, **kind)


def _default_eta(arguments: argparse.Namespace) -> float:
    if arguments.optimizer in ADAPTIVE:
        return ADAPTIVE_ETA
    return SIGMOID_ETA if (arguments.activation, arguments.optimizer) == ("sigmoid", "sgd") else ETA


def _describe(train: "Dataset", test: "Dataset", folder: str | None) -> dict[str, Any]:
    return {
        "folder": None if folder is None else printable(folder),
        "training_images": len(train),
        "test_images": len(test),
        "pixels": train.images.shape[1],
        "classes": train.classes,
    }


def _print_plan(report: Mapping[str, Any], network: "Network", goes_on: str | None) -> None:
    data, settings = report["data"], report["settings"]
    images = "{training_images:,} training and {test_images:,} test images of {pixels:,} pixels".format(**data)
    split = "; the source has no test data, and these were split off" if "split_off" in data else ""
    rows = {
        "data": f"{data['folder'] or 'built-in digits'}: {images}, {data['classes']:,} classes{split}",
        "network": repr(network),
        "training": PLAN.format(**settings),
    }
    if goes_on is not None:
        rows["checkpoint"] = goes_on
    print_table(rows, WIDTH)


def _print_outcome(report: Mapping[str, Any]) -> None:
    rows = {
        "training accuracy": f"{report['training_accuracy']:.2f} %",
        "test accuracy": f"{report['test_accuracy']:.2f} %",
        "time": f"{report['seconds']:.2f} s",
    } | {name: report[name] for name in ("saved", "plot") if report[name] is not None}
    print_table(rows, WIDTH)
