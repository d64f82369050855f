"""The command line: results on stdout, progress and errors on stderr, and an exit code.

What needs NumPy is imported where a command runs, so that this package stays quick to import.
"""

import argparse
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from cmlp import __version__
from cmlp.cli import check, completion, convert, export, fetch, info, page, predict, show, test, train
from cmlp.cli.options import Parser, commands_of, refuse_option
from cmlp.cli.output import discard_unwritten, print_error
from cmlp.cli.words import in_options, sentence_of
from cmlp.errors import CmlpError

FINE, COULD_NOT_RUN = 0, 2  # a command that looks for problems returns 1 if it finds some
INTERRUPTED = 128 + signal.SIGINT
ENDINGS = {"SIGTERM": "terminated", "SIGHUP": "hung up", "SIGBREAK": "interrupted"}  # of which no system has all
READER_LEFT = 128 + 13  # SIGPIPE, which Windows has not

GROUPS = {
    "your data": (show, check, convert, fetch),
    "a network": (train, test, predict),
    "a network elsewhere": (page, export),
    "cmlp": (info, completion),
}

WELCOME = """\
cmlp {version}: a compiled multilayer perceptron

To begin:

  cmlp train --save digits.cmlp  train a network on handwritten digits
  cmlp test digits.cmlp          measure its accuracy and see its mistakes
  cmlp check FOLDER              find out what is wrong with your own data

cmlp --help lists every command.
"""

EPILOG = """\
exit codes:
  0 success, 1 problems found, 2 could not run (one line on stderr says why),
  3 nothing can be said (check), 129 hung up, 130 interrupted, 143 terminated

examples:
  cmlp train --save digits.cmlp
  cmlp predict digits.cmlp seven.png
  cmlp train --help
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments, by default those of the process.

    Returns
    -------
    int
        The exit code: 0 success, 1 problems found, 2 could not run, 128 plus the number of the signal that ended it.
    """
    arguments = argparse.Namespace(program="cmlp", options=(), words=())
    try:
        try:
            arguments = _parse(sys.argv[1:] if argv is None else argv)
            with _signals_and_warnings(arguments):
                status = arguments.run(arguments) or FINE
        except SystemExit as ended:  # after --help, --version and bad options
            status = int(ended.code or FINE)
        if sys.stdout is not None:
            sys.stdout.flush()  # here, where a full disk is still an error like others
    except KeyboardInterrupt as error:
        print_error(arguments.program, _noted("interrupted", error, " "))
        status = INTERRUPTED
    except Terminated as ended:
        print_error(arguments.program, _noted(ENDINGS[ended.signal.name], ended, " "))
        status = 128 + ended.signal
    except BrokenPipeError:
        status = READER_LEFT
    except (CmlpError, OSError, MemoryError) as error:
        print_error(arguments.program, _noted(sentence_of(error, arguments.options, arguments.words), error, "; "))
        status = COULD_NOT_RUN
    discard_unwritten()
    return status


class Terminated(BaseException):
    """Raised on the signals of `ENDINGS`, as KeyboardInterrupt is on Ctrl-C."""

    def __init__(self, number: int) -> None:
        self.signal = signal.Signals(number)
        super().__init__(number)


@contextmanager
def _signals_and_warnings(arguments: argparse.Namespace) -> Iterator[None]:
    """Print each warning on one line, and raise `Terminated` where the process would end, so that it cleans up."""

    def terminate(number: int, _: object) -> None:
        raise Terminated(number)

    def warn(message: Warning | str, *_: Any, **__: Any) -> None:
        said = in_options(str(message), arguments.options, arguments.words)
        print_error(arguments.program, f"warning: {said}")

    in_main_thread = threading.current_thread() is threading.main_thread()
    known = [getattr(signal, name) for name in ENDINGS if hasattr(signal, name)] if in_main_thread else []
    handled = [number for number in known if signal.getsignal(number) is signal.SIG_DFL]  # and not ignored
    for number in handled:
        signal.signal(number, terminate)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = warn
            yield
    finally:
        for number in handled:
            signal.signal(number, signal.SIG_DFL)


def _noted(sentence: str, error: BaseException, between: str) -> str:
    """Return a sentence with the notes on an error, which say what is left of what was computed."""
    return between.join([sentence, *filter(None, getattr(error, "__notes__", ()))])


def new_parser(*, hidden: bool = True) -> Parser:
    """Return the parser of all commands.

    Parameters
    ----------
    hidden : bool
        Whether argparse leaves the commands out of its help: it would list them without their groups, in which the
        epilog lists them.

    Returns
    -------
    Parser
    """
    usage = "cmlp [-h] [--version] COMMAND ..."
    parser = Parser(prog="cmlp", usage=usage, description="A compiled multilayer perceptron.")
    parser.add_argument("--version", action="version", version=f"cmlp {__version__}", help="print the version")
    parser.set_defaults(run=_welcome, program="cmlp")
    help = argparse.SUPPRESS if hidden else None
    commands = parser.add_subparsers(prog="cmlp", metavar="COMMAND", help=help)
    listed = []
    for title, modules in GROUPS.items():
        known = set(commands.choices)
        for module in modules:
            module.add_to(commands)
        names = [name for name in commands.choices if name not in known]
        listed.append("\n".join([f"{title}:", *(f"  {name:<12}{commands.choices[name].purpose}" for name in names)]))
    parser.epilog = "\n\n".join([*listed, EPILOG])
    return parser


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = new_parser()
    commands = commands_of(parser)
    is_word = bool(argv) and (argv[0] == "-" or not argv[0].startswith("-"))
    if is_word and argv[0] not in commands:
        parser.refuse("command", argv[0], commands)
    if argv and not is_word and argv[0] not in parser.own_options():
        refuse_option(parser, argv)
    arguments, unknown = parser.parse_known_args(argv)
    if unknown:
        commands.get(argv[0], parser).refuse_argument(unknown[0])
    command = commands.get(argv[0], parser) if argv else parser
    return argparse.Namespace(**vars(arguments), words=argv, options=command.own_options())


def _welcome(_: argparse.Namespace) -> None:
    print(WELCOME.format(version=__version__), end="")
