"""``cmlp fetch``: download a data set to the four pickles of a data folder."""

import argparse
import sys
from typing import Any

from cmlp.cli.options import add_command, positive_number
from cmlp.cli.output import print_json, print_table
from cmlp.cli.outputs import FORCE, check_folder
from cmlp.cli.sources import counts, summary
from cmlp.utils.text import printable

NAMES = ("mnist", "fashion")

EPILOG = """\
Public mirrors are tried in turn until one delivers. Every file must have its
known SHA-256 checksum. Needs cmlp[fetch].

examples:
  cmlp fetch mnist data
  cmlp fetch fashion fashion-data --quiet
"""


def add_to(commands: Any) -> None:
    """Add the command to what `add_subparsers` returned."""
    parser = add_command(commands, "fetch", run, "download MNIST or Fashion-MNIST", EPILOG)

    add = parser.add_argument
    add("name", metavar="NAME", choices=NAMES, help=" or ".join(NAMES))
    add("folder", metavar="FOLDER", help="where to write the pickles; created if missing")
    silence = "seconds to wait for a mirror (default: %(default)s)"
    add("--timeout", metavar="SECONDS", type=positive_number, default=30.0, help=silence)
    add("--force", action="store_true", help=FORCE)
    add("--quiet", action="store_true", help="do not show progress")
    add("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> None:
    """Download, check and write."""
    from cmlp.data.fetching import fetch
    from cmlp.utils.optional import require

    check_folder("FOLDER", arguments.folder, None, force=arguments.force)
    require("pooch", "pooch", "fetch", "cmlp fetch").get_logger().setLevel("WARNING")
    progress = not arguments.quiet and sys.stderr is not None and sys.stderr.isatty()
    sets = fetch(arguments.name, arguments.folder, force=arguments.force, timeout=arguments.timeout, progress=progress)
    if arguments.json:
        print_json({"name": arguments.name, "folder": printable(arguments.folder)} | counts(sets))
    else:
        print_table({"fetched": f"{arguments.name}: {summary(sets)}", "written": arguments.folder})
