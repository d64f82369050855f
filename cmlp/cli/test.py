"""``cmlp test``: test a saved network."""

import argparse
from operator import methodcaller
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmlp import __version__
from cmlp.cli.doubts import doubt
from cmlp.cli.kinds import PAGE
from cmlp.cli.options import add_command
from cmlp.cli.output import print_json, print_table, print_warning
from cmlp.cli.outputs import FORCE, Output, Outputs, shown
from cmlp.cli.paths import refuse_missing
from cmlp.cli.reading import add_reading, load_network
from cmlp.cli.sources import FORMATS, add_table_options, check_digits_fit, refuse_options, table_options, untrained
from cmlp.cli.strangers import (
    CHECKPOINT,
    DATA,
    FOLDER,
    NETWORK,
    explained,
    needing_data,
    not_a_network,
    what_is,
)
from cmlp.notebook.names import short_names
from cmlp.utils.text import counted, printable

if TYPE_CHECKING:
    from cmlp.data import Dataset
    from cmlp.data.formats import Sets
    from cmlp.network import Network
    from cmlp.reports.scores import Scores

WIDTH = 13  # of the names in the output
CONFUSIONS = 3
LONGEST_NAME = 24  # of a class
REPORT = "--report"
SPLIT = ", those that its training split off"

EPILOG = f"""\
MODEL is a file written by cmlp train --save or Network.save, or a checkpoint.
If SOURCE has training and test data, the test data are used; if it has none
and MODEL was trained on it, the images that the training split off. The report
is one HTML file: accuracy, confusion matrix, precision and recall per class,
calibration, and the worst mistakes as pictures (cmlp[plot]).

{FORMATS}

examples:
  cmlp test digits.cmlp
  cmlp test digits.cmlp --report report.html
  cmlp test mnist.cmlp mnist.npz --json
"""


def add_to(commands: Any) -> None:
    """Add the command to what `add_subparsers` returned."""
    parser = add_command(commands, "test", run, "test a saved network and report its mistakes", EPILOG)

    add = parser.add_argument
    add("model", metavar="MODEL", help="a saved network")
    add("source", metavar="SOURCE", nargs="?", help="where the data are (default: the built-in digits)")
    add("--report", metavar="FILE", help="write an HTML report; - for stdout")
    add("--force", action="store_true", help=FORCE)
    add("--json", action="store_true", help="print one JSON object, with all scores")
    add_reading(parser)
    add_table_options(add)


def run(arguments: argparse.Namespace) -> None:
    """Test the network, print the scores and write the report."""
    from cmlp.reports.scores import score

    report = [] if arguments.report is None else [Output(REPORT, arguments.report, PAGE)]
    inputs = [arguments.model, arguments.source]
    with Outputs(report, inputs, force=arguments.force, json=arguments.json) as outputs:
        network = load_network_of(arguments)
        (train, test), is_split, seen = _load(arguments, network)
        data = _like_training(train if test is None else test, network, arguments)
        scores = score(network, data)
        doubted = doubt(network, train, test, arguments.source, arguments.model)
        warnings = [each for each in (seen, doubted) if each is not None]
        if report:
            page = _page(arguments, scores, data, network)
            outputs.write({REPORT: methodcaller("write", page.encode("utf-8", "backslashreplace"))})
        if arguments.json:
            places = {"model": arguments.model, "source": arguments.source, "report": arguments.report}
            names = {name: path and printable(path) for name, path in places.items()}
            warning = printable("; ".join(warnings)) if warnings else None
            split_off = {"split_off": True} if is_split else {}
            print_json({"version": __version__} | names | scores.to_dict() | split_off | {"warning": warning})
        else:
            _print(arguments, scores, network, is_split=is_split)
            for each in warnings:
                print_warning(arguments.program, each)


def load_network_of(arguments: argparse.Namespace) -> "Network":
    """Load the network, and say so if it is the source of the data."""

    def said(found: str) -> str | None:
        model, source = arguments.model, arguments.source
        if source is None or found not in (DATA, FOLDER) or what_is(source) not in (NETWORK, CHECKPOINT):
            return not_a_network(model, found)
        holds = f"{model} {'is' if found == FOLDER else 'holds'} {found}"
        return f"{holds}, and {source} is a network, which comes first: cmlp test {source} {model}"

    refuse_missing(arguments.model, arguments.source)
    with explained(arguments.model, said):
        return load_network(arguments)


def _load(arguments: argparse.Namespace, network: "Network") -> tuple["Sets", bool, str | None]:
    """Return the data, whether the test data are those that the training split off, and a warning if they are not."""
    from cmlp.data import load_digits
    from cmlp.data.formats import Sets, load_for

    if arguments.source is None:
        refuse_options(table_options(arguments))
        train, test = load_digits()
        check_digits_fit(network, train, arguments.model, "cmlp test {} SOURCE")
        return Sets(train, test), False, None
    with needing_data(arguments.source, "cmlp test"):
        sets = load_for(arguments.source, network.class_names, network.sizes[-1], **table_options(arguments))
    apart, seen = untrained(network, sets, arguments.model)
    return apart, apart is not sets, seen


def _like_training(data: "Dataset", network: "Network", arguments: argparse.Namespace) -> "Dataset":
    """Return the data with the columns and the scale of what the network was trained on."""
    from cmlp.data.formats import ordered_like
    from cmlp.model.inputs import scaled_like_training

    name = arguments.source or "the built-in digits"
    return scaled_like_training(ordered_like(data, network.model.feature_names, name), network)


def _page(arguments: argparse.Namespace, scores: "Scores", data: "Dataset", network: "Network") -> str:
    from cmlp.reports import report_page

    source = "the built-in digits" if arguments.source is None else Path(arguments.source).resolve().name
    title = printable(f"{Path(arguments.model).name} on {source}")
    return report_page(scores, data, title=title, about=f"{network}, {_images(scores)}", version=__version__)


def _images(scores: "Scores") -> str:
    return f"{counted(len(scores.labels), 'image')} of {counted(len(scores.names), 'class')}"


def _print(arguments: argparse.Namespace, scores: "Scores", network: "Network", *, is_split: bool) -> None:
    low, high = scores.interval
    rows = {
        "model": f"{arguments.model}: {network.architecture}",
        "data": f"{arguments.source or 'built-in digits'}: {_images(scores)}{SPLIT if is_split else ''}",
        "accuracy": f"{scores.accuracy:.2f} %, {low:.2f} to {high:.2f} % with a confidence of 95 %",
    }
    names = short_names([printable(name) for name in scores.names], LONGEST_NAME)
    confusions = [
        f"{names[label]} as {names[said]} ({count:,})" for label, said, count in scores.confusions(CONFUSIONS)
    ]
    rows["confusions"] = ", ".join(confusions) or "none"
    if scores.calibration_error is not None:
        gap = 100 * scores.calibration_error
        rows["calibration"] = f"confidence and accuracy differ by {gap:.1f} percentage points on average"
    if arguments.report is not None:
        rows["report"] = shown(arguments.report)
    print_table(rows, WIDTH)
