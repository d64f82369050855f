"""``cmlp test``: test a saved network."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmlp import __version__
from cmlp.cli.options import add_command
from cmlp.cli.output import print_json, print_table
from cmlp.cli.paths import check_replaceable, check_source, check_target
from cmlp.cli.sources import FORMATS
from cmlp.utils.text import printable

if TYPE_CHECKING:
    from cmlp.data import Dataset
    from cmlp.network import Network
    from cmlp.reports.scores import Scores

WIDTH = 13  # of the names in the output
CONFUSIONS = 3

EPILOG = f"""\
MODEL is a file written by cmlp train --save or Network.save. If SOURCE has
training and test data, the test data are used. The report is one HTML file:
accuracy, confusion matrix, precision and recall per class, calibration, and
the worst mistakes as pictures (cmlp[plot]).

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
    add("--report", metavar="FILE", help="write an HTML report")
    add("--json", action="store_true", help="print one JSON object, with all scores")


def run(arguments: argparse.Namespace) -> None:
    """Test the network, print the scores and write the report."""
    from cmlp.network import Network
    from cmlp.reports.scores import score

    if arguments.report is not None:
        check_target(arguments.report, arguments.model, arguments.source)
        check_replaceable(arguments.report, "--report", "html")
    network = Network.load(arguments.model)
    data = _load(arguments.source, network.sizes[-1])
    scores = score(network, data)
    if arguments.report is not None:
        _write(arguments, scores, data, network)
    if arguments.json:
        places = {"model": arguments.model, "source": arguments.source, "report": arguments.report}
        shown = {name: path and printable(path) for name, path in places.items()}
        print_json({"version": __version__} | shown | scores.to_dict())
    else:
        _print(arguments, scores, network)


def _load(source: str | None, classes: int) -> "Dataset":
    from cmlp.data import load, load_digits

    if source is None:
        return load_digits()[1]
    check_source(source)
    train, test = load(source, classes=classes)
    return train if test is None else test


def _write(arguments: argparse.Namespace, scores: "Scores", data: "Dataset", network: "Network") -> None:
    from cmlp.reports import report_page
    from cmlp.utils.files import write_file

    source = "the built-in digits" if arguments.source is None else Path(arguments.source).resolve().name
    title = printable(f"{Path(arguments.model).name} on {source}")
    page = report_page(scores, data, title=title, about=f"{network}, {_images(scores)}", version=__version__)
    write_file(Path(arguments.report), page.encode("utf-8", "backslashreplace"))


def _images(scores: "Scores") -> str:
    return f"{len(scores.labels):,} images of {len(scores.names):,} classes"


def _print(arguments: argparse.Namespace, scores: "Scores", network: "Network") -> None:
    low, high = scores.interval
    rows = {
        "model": f"{arguments.model}: {network.architecture}",
        "data": f"{arguments.source or 'built-in digits'}: {_images(scores)}",
        "accuracy": f"{scores.accuracy:.2f} %, {low:.2f} to {high:.2f} % with a confidence of 95 %",
    }
    names = [printable(name) for name in scores.names]
    confusions = [
        f"{names[label]} as {names[said]} ({count:,})" for label, said, count in scores.confusions(CONFUSIONS)
    ]
    rows["confusions"] = ", ".join(confusions) or "none"
    if scores.calibration_error is not None:
        gap = 100 * scores.calibration_error
        rows["calibration"] = f"confidence and accuracy differ by {gap:.1f} percentage points on average"
    if arguments.report is not None:
        rows["report"] = arguments.report
    print_table(rows, WIDTH)
