"""``cmlp page``: write an interactive HTML page of a network."""

import argparse
from operator import methodcaller
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmlp import __version__
from cmlp.cli.kinds import PAGE
from cmlp.cli.options import add_command
from cmlp.cli.output import print_json, print_table, print_warning
from cmlp.cli.outputs import FORCE, STDOUT, Output, Outputs, shown
from cmlp.cli.paths import refuse_missing
from cmlp.cli.reading import add_reading
from cmlp.cli.sources import FORMATS, add_table_options, table_options, untrained
from cmlp.cli.strangers import load_network, needing_data
from cmlp.utils.text import counted, printable

if TYPE_CHECKING:
    from cmlp.data import Dataset
    from cmlp.network import Network


EPILOG = f"""\
MODEL is a file written by cmlp train --save or Network.save, or a checkpoint.
The page is one file that opens in any browser, and loads and sends nothing.
Draw an image on it, or set the inputs if they are not pixels of a square
picture, and see every neuron's activation.

{FORMATS}

examples:
  cmlp page digits.cmlp
  cmlp page digits.cmlp --data mnist.npz -o digits.html
  cmlp page digits.cmlp --data data --title "Handwritten digits" --force
"""


def add_to(commands: Any) -> None:
    """Add the command to what `add_subparsers` returned."""
    parser = add_command(commands, "page", run, "write an interactive HTML page of a network", EPILOG)

    add = parser.add_argument
    add("model", metavar="MODEL", help="a saved network")
    add("--data", metavar="SOURCE", help="include test images from SOURCE, wrong answers first")
    where = "where to write the page; - for stdout (default: the name of MODEL, with .html)"
    add("-o", "--output", metavar="FILE", help=where)
    add("--title", metavar="TEXT", help="heading of the page")
    add("--force", action="store_true", help=FORCE)
    add("--json", action="store_true", help="print one JSON object")
    add_reading(parser)
    add_table_options(add)


def run(arguments: argparse.Namespace) -> None:
    """Read the network and the images, and write the page."""
    path = str(Path(arguments.model).with_suffix(".html")) if arguments.output is None else arguments.output
    output, inputs = Output("--output", path, PAGE), [arguments.model, arguments.data]
    refuse_missing(*inputs)
    with Outputs([output], inputs, force=arguments.force, json=arguments.json) as outputs:
        network = load_network(arguments)
        data, seen = (None, None) if arguments.data is None else _load(arguments, network)
        page = _page(network, data, arguments.title)
        outputs.write({output.option: methodcaller("write", page)})
        if arguments.json:
            images = 0 if data is None else len(data)
            report = {"model": printable(arguments.model), "page": printable(path), "bytes": len(page)}
            warning = {} if seen is None else {"warning": printable(seen)}
            print_json({"version": __version__} | report | {"tested_images": images} | warning)
            return
        rows = {"model": f"{arguments.model}: {network.architecture}"}
        if data is not None:
            rows["data"] = f"{arguments.data}: {counted(len(data), 'image')}"
        rows["page"] = f"{shown(path)}: {counted(len(page), 'byte')}"
        if path != STDOUT:
            rows["open it"] = Path(path).resolve().as_uri()
        print_table(rows)
        print_warning(arguments.program, seen)


def _page(network: "Network", data: "Dataset | None", title: str | None) -> bytes:
    """Return the page, which the network writes to a file."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        page = Path(folder, "page.html")
        network.to_html(page, data, title=title)
        return page.read_bytes()


def _load(arguments: argparse.Namespace, network: "Network") -> tuple["Dataset", str | None]:
    """Return the test data of a source, or all its data if it has none, and a warning where they were learned."""
    from cmlp.data.formats import load

    with needing_data(arguments.data, "cmlp page"):
        sets = load(arguments.data, **table_options(arguments))
    (train, test), seen = untrained(network, sets, arguments.model)
    return (train if test is None else test), seen
