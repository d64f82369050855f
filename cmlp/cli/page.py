"""``cmlp page``: write an interactive HTML page of a network."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmlp import __version__
from cmlp.cli.options import add_command
from cmlp.cli.output import print_json, print_table
from cmlp.cli.paths import check_target
from cmlp.cli.sources import FORMATS
from cmlp.errors import CmlpError
from cmlp.utils.text import printable

if TYPE_CHECKING:
    from cmlp.data import Dataset


EPILOG = f"""\
MODEL is a file written by cmlp train --save or Network.save. The page is one
file that opens in any browser, and loads and sends nothing. Draw an image on
it, or set the inputs if they are not pixels of a square picture, and see every
neuron's activation.

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
    add("-o", "--output", metavar="FILE", help="where to write the page (default: the name of MODEL, with .html)")
    add("--title", metavar="TEXT", help="heading of the page")
    add("--force", action="store_true", help="replace an existing file")
    add("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> None:
    """Read the network and the images, and write the page."""
    from cmlp.network import Network

    model = Path(arguments.model)
    output = model.with_suffix(".html") if arguments.output is None else Path(arguments.output)
    _check(output, model, arguments.force)
    check_target(str(output), arguments.data)
    network = Network.load(model)
    data = None if arguments.data is None else _load(arguments.data)
    network.to_html(output, data, title=arguments.title)
    size = output.stat().st_size
    if arguments.json:
        images = 0 if data is None else len(data)
        report = {"model": printable(arguments.model), "page": printable(str(output)), "bytes": size}
        print_json({"version": __version__} | report | {"tested_images": images})
        return
    rows = {"model": f"{model}: {network.architecture}"}
    if data is not None:
        rows["data"] = f"{arguments.data}: {len(data):,} images"
    rows |= {"page": f"{output}: {size:,} bytes", "open it": output.resolve().as_uri()}
    print_table(rows)


def _check(output: Path, model: Path, force: bool) -> None:
    """Refuse to replace an existing file before anything is read."""
    if output.resolve() == model.resolve():
        raise CmlpError(f"{output} is the network itself: the page needs another name")
    if not force and os.path.lexists(output):
        raise CmlpError(f"{output} already exists: --force replaces it")


def _load(source: str) -> "Dataset":
    """Return the test data of a source, or all its data if it has no test data."""
    from cmlp.data.formats import load

    train, test = load(source)
    return train if test is None else test
