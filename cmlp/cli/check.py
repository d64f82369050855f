"""``cmlp check``: find faults in images, labels and a network."""

import argparse
from shutil import get_terminal_size
from typing import TYPE_CHECKING

from cmlp import __version__
from cmlp.cli.options import add_command, positive_number
from cmlp.cli.output import coloured, encodable, is_terminal, print_json, print_table
from cmlp.cli.outputs import FORCE, check_folder
from cmlp.cli.paths import refuse_missing
from cmlp.cli.reading import add_reading
from cmlp.cli.settings import add_distortions, chosen_distortions
from cmlp.cli.sources import FORMATS, add_table_options, check_digits_fit, refuse_options, table_options
from cmlp.cli.strangers import EMPTY, FOLDER, SCRIPT, TEXT, holds, load_network, needing_data, what_is
from cmlp.errors import DataError
from cmlp.utils.text import printable

if TYPE_CHECKING:
    from typing import Any

    from cmlp.diagnosis.folder import FolderReport
    from cmlp.diagnosis.report import Report

PROBLEMS, UNKNOWN = 1, 3  # the exit codes where something was found, and where nothing can be said
COLOURS = {"error": "1;31", "warning": "1;33", "note": "1"}

EPILOG = f"""\
{FORMATS}
Nothing in it is executed.

Each finding says what was measured, which line of Python repairs it, and what
the accuracy is before and after the repair.

--script runs your own program until it begins to train, and examines the
network that it trains. It runs in its own folder, or in that of --folder, with
a limit of time and no input, and can change no files.

exit codes:
  0 the data are sound, 1 problems found, 2 could not run,
  3 nothing can be said: the data may be sound or not

examples:
  cmlp check
  cmlp check data
  cmlp check mnist.npz
  cmlp check data --model digits.cmlp
  cmlp check data --distortions rotation=180
  cmlp check data --write repaired
  cmlp check data --json > report.json
  cmlp check --script my_network.py
  cmlp check --script my_network.py --folder data --seconds 120
"""


def add_to(commands: "Any") -> None:
    """Add the command to what `add_subparsers` returned."""
    parser = add_command(commands, "check", run, "find and repair faults in images and labels", EPILOG)

    add = parser.add_argument
    add("source", metavar="SOURCE", nargs="?", help="where the data are (default: the built-in digits)")
    add("--model", metavar="MODEL", help="check a saved network as well, on the data it was trained on")
    add("--write", metavar="FOLDER", help="write the repaired data to another folder")
    add("--force", action="store_true", help=FORCE)
    add("--script", metavar="FILE", help="run a Python script until it trains, and check its network")
    add(
        "--folder",
        metavar="FOLDER",
        dest="files",
        help="where the script finds the files that it reads (default: its own folder)",
    )
    add("--seconds", metavar="SECONDS", type=positive_number, help="how long the script may compute (default: 60)")
    add_distortions(
        add, "measure what training with distorted pictures costs or destroys, as cmlp train --distort does"
    )
    add("--json", action="store_true", help="print one JSON object")
    add_reading(parser)
    add_table_options(add)


def run(arguments: argparse.Namespace) -> int:
    """Check the data, print what was found, and write the repaired data."""
    if arguments.script is not None:
        return _run_script(arguments)
    for option, value in (("--folder", arguments.files), ("--seconds", arguments.seconds)):
        if value is not None:
            raise DataError(f"{option} belongs to --script FILE: name a script, or the place of the data as SOURCE")
    refuse_missing(arguments.source, arguments.model)
    if arguments.write is not None:
        _check_target(arguments)
    result = _check(arguments)
    writes = arguments.write is not None and result.repaired
    if writes:
        _write(result, arguments)
    if arguments.json:
        names = {"folder": arguments.source, "written": arguments.write if writes else None}
        shown = {key: name if name is None else printable(name) for key, name in names.items()}
        print_json({"version": __version__} | shown | result.report.to_dict())
    else:
        _print_report(result, arguments)
    return _status(result.report)


def _status(report: "Report") -> int:
    if report.problems:
        return PROBLEMS
    return 0 if report.ok else UNKNOWN


def _run_script(arguments: argparse.Namespace) -> int:
    """Check the network that a script trains, and print what was found."""
    from cmlp.diagnosis.scripts.face import check_script

    others = {"SOURCE": arguments.source, "--model": arguments.model, "--write": arguments.write}
    others |= {"--distort": arguments.distort or None, "--distortions": arguments.distortions}
    for option, value in others.items():
        if value is not None:
            instead = f": its files are named by --folder {printable(value)}" if option == "SOURCE" else ""
            raise DataError(f"{option} and --script do not go together{instead}")
    refuse_missing(arguments.script, arguments.files)
    found = what_is(arguments.script)
    if found not in (SCRIPT, TEXT, FOLDER, EMPTY, None):
        raise DataError(f"{arguments.script} {holds(found)}, and --script needs a Python script")
    seconds = 60.0 if arguments.seconds is None else arguments.seconds
    result = check_script(arguments.script, arguments.files, seconds)
    caught = "" if result.caught is None else encodable(printable(result.caught))
    if arguments.json:
        folder = None if arguments.files is None else printable(arguments.files)
        report = result.report.to_dict()
        report["notes"] = [caught, *report["notes"]] if caught else report["notes"]
        print_json({"version": __version__, "folder": folder, "written": None} | report)
    else:
        if caught:
            print(f"{caught}\n")
        _print_findings(result.report)
    if result.interrupted:
        raise KeyboardInterrupt
    return _status(result.report)


def _check_target(arguments: argparse.Namespace) -> None:
    """Refuse a folder that cannot be written to, before the check takes its time."""
    if arguments.source is None:
        raise DataError("--write needs a SOURCE to repair: the built-in digits have no faults")
    check_folder("--write", arguments.write, arguments.source, force=arguments.force)


def _write(result: "FolderReport", arguments: argparse.Namespace) -> None:
    from cmlp.diagnosis.folder import write_repaired
    from cmlp.training.signals import Signals

    with Signals():
        write_repaired(result, arguments.source, arguments.write, force=arguments.force)


def _check(arguments: argparse.Namespace) -> "FolderReport":
    from cmlp.data import load_digits
    from cmlp.diagnosis import check
    from cmlp.diagnosis.folder import FolderReport, check_source

    distortions = chosen_distortions(arguments)
    network = None if arguments.model is None else load_network(arguments)
    if arguments.source is not None:
        with needing_data(arguments.source, "cmlp check"):
            given = table_options(arguments) | {"distortions": distortions}
            return check_source(arguments.source, network=network, **given)
    refuse_options(table_options(arguments))
    train, test = load_digits()
    if network is not None:
        check_digits_fit(network, train, arguments.model, "cmlp check SOURCE --model {}")
    return FolderReport(check(train, test, network, distortions=distortions), train, test)


def _print_report(result: "FolderReport", arguments: argparse.Namespace) -> None:
    report, rows = result.report, {"data": arguments.source or "built-in digits"}
    if report.accuracy is not None:
        rows["accuracy"] = f"{report.accuracy:.1f} % on the test data"
    if arguments.write is not None:
        rows["written"] = arguments.write if result.repaired else "nothing: no repair was needed"
    print_table({name: printable(text) for name, text in rows.items()})
    print()
    _print_findings(report)


def _print_findings(report: "Report") -> None:
    columns = max(20, get_terminal_size().columns) if is_terminal() else None
    for line in report.text(columns).split("\n"):
        word, colon, rest = encodable(printable(line)).partition(":")
        print(f"{coloured(word, COLOURS[word])}:{rest}" if colon and word in COLOURS else f"{word}{colon}{rest}")
