"""``cmlp train``: train and test a network."""

import argparse
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cmlp import __version__
from cmlp.cli import kinds
from cmlp.cli.doubts import doubt
from cmlp.cli.keeping import CHECKPOINT, PLOT, SAVE, Keeper
from cmlp.cli.kinds import NETWORK
from cmlp.cli.options import add_command, epochs_or_time, fraction
from cmlp.cli.output import print_json, print_table, print_warning
from cmlp.cli.outputs import FORCE, STDOUT, Output, Outputs
from cmlp.cli.paths import refuse_missing
from cmlp.cli.resuming import (
    check_checkpoint,
    check_options,
    check_resumed,
    found_checkpoint,
    previous_checkpoint,
    where_it_goes_on,
)
from cmlp.cli.settings import (
    add_network,
    add_recipe,
    add_training,
    check_settings,
    complete_settings,
    network_settings,
    plan,
    training_settings,
)
from cmlp.cli.sources import FORMATS, add_table_options, load_sets, table_options, two_sets
from cmlp.utils.text import counted, printable

if TYPE_CHECKING:
    from cmlp.data import Dataset
    from cmlp.network import Network
    from cmlp.training.checkpoint_files import Checkpoint

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
  cmlp train mnist.npz --recipe good --distort
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
    add_recipe(add)
    add_network(parser.add_argument_group("the network").add_argument)
    add_training(parser.add_argument_group("the training").add_argument)
    _add_files(parser.add_argument_group("files").add_argument)


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
        settings = complete_settings(arguments, train)
        epochs, distortions = settings["epochs"], settings["distortions"]
        network = _new_network(settings, train)
        found = found_checkpoint(arguments, network)
        keeping = {name: getattr(arguments, name) for name in ("checkpoint", "checkpoint_every", "resume")}
        training = training_settings(settings) | {"test_data": test} | keeping
        if found is not None:
            check_resumed(arguments, found, network, train, training)
        report: dict[str, Any] = {
            "version": __version__,
            "data": _describe(train, test, arguments.source) | ({"split_off": True} if is_split else {}),
            "sizes": network.sizes,
            "settings": {name: value for name, value in settings.items() if name != "hidden"}
            | {"distortions": distortions and distortions.describe()},
        }
        done = 0 if found is None else found.position.epoch
        if arguments.checkpoint is not None:
            report["resumed_after"] = done
        if not arguments.json:
            with suppress(*[OSError] if outputs.outputs else []):  # which is met again when all is written
                _print_plan(report, network, _goes_on(arguments, found, epochs))
        with Keeper(network, outputs, arguments.words, epochs, done) as keeper:
            shows: dict[str, Any] = {"progress": not arguments.quiet, "callbacks": keeper.note}
            history = network.train(train, **training, **shows)
            keeper.keep(history)
            report["history"] = {name: values for name, values in asdict(history).items() if values}
            report["training_accuracy"] = network.test(train)
            report["test_accuracy"] = network.test(test)
            report["seconds"] = sum(history.seconds)
            report |= {name: _printable(keeper.written.get(f"--{name}")) for name in ("save", "plot")}
            report["saved"] = report.pop("save")
            model = None if arguments.save == STDOUT else keeper.written.get(SAVE)
            warning = doubt(network, train, test, arguments.source, model)
            report["warning"] = _printable(warning)
            if arguments.json:
                print_json(report)
            else:
                _print_outcome(report)
                print_warning(arguments.program, warning)


def _outputs(arguments: argparse.Namespace) -> Outputs:
    """Refuse paths that cannot be read or written before the training starts."""
    refuse_missing(arguments.source)
    check_options(arguments)
    check_settings(arguments)
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


def _goes_on(arguments: argparse.Namespace, found: "Checkpoint | None", epochs: int | None) -> str | None:
    if arguments.checkpoint is None:
        return None
    return where_it_goes_on(found, arguments.checkpoint, epochs)


def _printable(path: str | None) -> str | None:
    return None if path is None else printable(path)


def _new_network(settings: Mapping[str, Any], train: "Dataset") -> "Network":
    from cmlp.network import Network

    sizes = (train.images.shape[1], *settings["hidden"], train.classes)
    return Network(sizes, **network_settings(settings))


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
    images = f"{two_sets(data['training_images'], data['test_images'])} of {counted(data['pixels'], 'pixel')}"
    split = "; the source has no test data, and these were split off" if "split_off" in data else ""
    rows = {
        "data": f"{data['folder'] or 'built-in digits'}: {images}, {counted(data['classes'], 'class')}{split}",
        "network": repr(network),
        "training": plan(settings),
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
