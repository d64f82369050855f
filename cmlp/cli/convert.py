"""``cmlp convert``: convert data in any format to the four pickles of a data folder."""

import argparse
from typing import TYPE_CHECKING, Any

from cmlp.cli.options import add_command, fraction, seed
from cmlp.cli.output import print_json, print_table
from cmlp.cli.outputs import FORCE, check_folder
from cmlp.cli.paths import refuse_missing
from cmlp.cli.sources import FORMATS, add_table_options, counts, summary, table_options
from cmlp.cli.strangers import needing_data
from cmlp.errors import DataError
from cmlp.utils.text import counted, printable

if TYPE_CHECKING:
    from cmlp.data.formats import Sets


EPILOG = f"""\
{FORMATS}

examples:
  cmlp convert mnist.npz data
  cmlp convert train.csv data --test-fraction 0.2
  cmlp convert pictures data --test-fraction 0.2 --seed 1 --force
"""


def add_to(commands: Any) -> None:
    """Add the command to what `add_subparsers` returned."""
    parser = add_command(commands, "convert", run, "convert data in any format to the four pickles of a folder", EPILOG)

    add = parser.add_argument
    add("source", metavar="SOURCE", help="where the data are")
    add("folder", metavar="FOLDER", help="where to write the pickles; created if missing")
    share = "split off this fraction as test data, the same of each class"
    add("--test-fraction", metavar="FRACTION", type=fraction, help=share)
    same = "random seed; the same seed gives the same split (default: %(default)s)"
    add("--seed", metavar="N", type=seed, default=0, help=same)
    add("--force", action="store_true", help=FORCE)
    add("--json", action="store_true", help="print one JSON object")
    add_table_options(add)


def run(arguments: argparse.Namespace) -> None:
    """Read the data, split them if asked to, and write them."""
    from cmlp.data.formats import Sets, load
    from cmlp.data.writing import write_data

    refuse_missing(arguments.source)
    check_folder("FOLDER", arguments.folder, arguments.source, force=arguments.force)
    with needing_data(arguments.source, "cmlp convert"):
        sets = load(arguments.source, **table_options(arguments))
    train, test = _with_test_data(sets, arguments)
    write_data(arguments.folder, train, test, force=arguments.force)
    sets = Sets(train, test)
    if arguments.json:
        print_json({"source": printable(arguments.source), "folder": printable(arguments.folder)} | counts(sets))
    else:
        print_table({"read": f"{arguments.source}: {summary(sets)}", "written": arguments.folder})


def _with_test_data(sets: "Sets", arguments: argparse.Namespace) -> tuple[Any, Any]:
    from cmlp.data.formats import split

    part = arguments.test_fraction
    if sets.test is None and part is None:
        rule = "--test-fraction 0.2 splits off a fifth of them as test data"
        raise DataError(f"{arguments.source} holds {counted(len(sets.train), 'image')} and no test data: {rule}")
    if sets.test is not None and part is not None:
        found = f"{arguments.source} holds {counted(len(sets.test), 'test image')}"
        raise DataError(f"--test-fraction needs a source without test data: {found}")
    return sets if part is None else split(sets.train, part, arguments.seed)
