"""``cmlp show``: plot examples and the mean of each class."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmlp.cli.kinds import kind_of_plot, write_plot
from cmlp.cli.options import add_command, seed
from cmlp.cli.output import print_json, print_table
from cmlp.cli.outputs import FORCE, Output, Outputs, shown
from cmlp.cli.paths import refuse_missing
from cmlp.cli.settings import add_distortions, chosen_distortions
from cmlp.cli.sources import FORMATS, add_table_options, counts, summary, table_options
from cmlp.cli.strangers import needing_data
from cmlp.utils.text import printable

if TYPE_CHECKING:
    from cmlp.data.formats import Sets


EPILOG = f"""\
{FORMATS}

examples:
  cmlp show
  cmlp show data -o data.png
  cmlp show mnist.npz -o mnist.pdf
  cmlp show mnist.npz --distort -o distorted.png
"""


def add_to(commands: Any) -> None:
    """Add the command to what `add_subparsers` returned."""
    parser = add_command(commands, "show", run, "plot examples and the mean of each class, or distorted ones", EPILOG)

    add = parser.add_argument
    add("source", metavar="SOURCE", nargs="?", help="where the data are (default: the built-in digits)")
    where = "where to write the plot; - for stdout (default: %(default)s)"
    add("-o", "--output", metavar="FILE", default="picture.png", help=where)
    add_distortions(add, "draw a picture of each class, and what cmlp train --distort makes of it in nine epochs")
    another = "random seed of the distortions (default: %(default)s)"
    add("--seed", metavar="N", type=seed, default=0, help=another)
    add("--force", action="store_true", help=FORCE)
    add("--json", action="store_true", help="print one JSON object")
    add_table_options(add)


def run(arguments: argparse.Namespace) -> None:
    """Read the data and plot them."""
    from cmlp.plotting.datasets import show

    distortions = chosen_distortions(arguments)
    output = Output("--output", arguments.output, kind_of_plot(arguments.output, "cmlp show"))
    with Outputs([output], [arguments.source], force=arguments.force, json=arguments.json) as outputs:
        sets, name = _load(arguments)
        figure = show(*sets, title=name) if distortions is None else distortions.plot(sets.train, arguments.seed)
        outputs.write({output.option: lambda file: write_plot(figure, file, output.kind)})
        if arguments.json:
            source = arguments.source and printable(arguments.source)
            print_json({"source": source, "picture": printable(arguments.output)} | counts(sets))
        else:
            data = f"{arguments.source or 'built-in digits'}: {summary(sets)}"
            print_table({"data": data, "picture": shown(arguments.output)})


def _load(arguments: argparse.Namespace) -> tuple["Sets", str]:
    from cmlp.data import load_digits
    from cmlp.data.formats import Sets, load

    source = arguments.source
    if source is None:
        return Sets(*load_digits()), "Built-in digits"
    refuse_missing(source)
    with needing_data(source, "cmlp show"):
        return load(source, **table_options(arguments)), printable(Path(source).resolve().name)
