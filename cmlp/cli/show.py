"""``cmlp show``: plot examples and the mean of each class."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmlp.cli.options import add_command
from cmlp.cli.output import print_json, print_table
from cmlp.cli.paths import check_target, picture_format, write_figure
from cmlp.cli.sources import FORMATS, counts, summary
from cmlp.utils.text import printable

if TYPE_CHECKING:
    from cmlp.data.formats import Sets


EPILOG = f"""\
{FORMATS}

examples:
  cmlp show
  cmlp show data -o data.png
  cmlp show mnist.npz -o mnist.pdf
"""


def add_to(commands: Any) -> None:
    """Add the command to what `add_subparsers` returned."""
    parser = add_command(commands, "show", run, "plot examples and the mean of each class", EPILOG)

    add = parser.add_argument
    add("source", metavar="SOURCE", nargs="?", help="where the data are (default: the built-in digits)")
    add("-o", "--output", metavar="FILE", default="picture.png", help="where to write the plot (default: %(default)s)")
    add("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> None:
    """Read the data and plot them."""
    from cmlp.plotting.datasets import show

    check_target(arguments.output, arguments.source)
    suffix = picture_format(arguments.output, "cmlp show")
    sets, name = _load(arguments.source)
    write_figure(show(*sets, title=name), arguments.output, suffix)
    if arguments.json:
        source = arguments.source and printable(arguments.source)
        print_json({"source": source, "picture": printable(arguments.output)} | counts(sets))
    else:
        data = f"{arguments.source or 'built-in digits'}: {summary(sets)}"
        print_table({"data": data, "picture": arguments.output})


def _load(source: str | None) -> tuple["Sets", str]:
    from cmlp.data import load_digits
    from cmlp.data.formats import Sets, load

    if source is None:
        return Sets(*load_digits()), "Built-in digits"
    return load(source), printable(Path(source).resolve().name)
