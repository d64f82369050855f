"""How arguments are read: each complaint is one line that says the rule and what was found."""

import argparse
import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from math import isfinite
from typing import Any, NoReturn

from cmlp.cli.output import complain


class Parser(argparse.ArgumentParser):
    """An `ArgumentParser` that complains in one line.

    Abbreviated options are refused: they would break scripts as soon as another option begins alike.
    """

    def __init__(self, **settings: Any) -> None:
        style = argparse.RawDescriptionHelpFormatter
        super().__init__(formatter_class=style, allow_abbrev=False, **settings)

    def error(self, message: str) -> NoReturn:  # noqa: D102
        hint = "" if message.endswith("?") else f" (see {self.prog} --help)"
        complain(self.prog, f"{message}{hint}")
        raise SystemExit(2)

    def refuse(self, kind: str, word: str, known: Iterable[str]) -> NoReturn:
        """Complain about a word that is not known, and name the one that may have been meant."""
        nearest = "".join(f"; did you mean {match!r}?" for match in get_close_matches(word, known, n=1))
        self.error(f"unknown {kind} {word!r}{nearest}")

    def refuse_argument(self, word: str) -> NoReturn:
        """Complain about an argument that no option takes."""
        self.refuse("argument", word, re.findall(r"--[\w-]+", self.format_usage()))


def add_command(commands: Any, name: str, run: Callable[[Any], int | None], purpose: str, epilog: str) -> Parser:
    """Add a command to what `add_subparsers` returned; its arguments hold what to run and how it is called."""
    sentence = f"{purpose[0].upper()}{purpose[1:]}."
    parser: Parser = commands.add_parser(name, help=purpose, description=sentence, epilog=epilog)
    parser.set_defaults(run=run, program=parser.prog)
    return parser


def count(text: str) -> int:
    """Read a positive integer."""
    return _integer(text, 1, "a positive integer")


def seed(text: str) -> int:
    """Read an integer from 0 on."""
    return _integer(text, 0, "an integer from 0 on")


def rate(text: str) -> float:
    """Read a positive, finite number."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not (isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"must be a positive number, got {text!r}")
    return value


def epochs_or_time(text: str) -> int | str:
    """Read a positive integer of epochs, or leave a time to the training, which knows its units."""
    return int(text) if text.isascii() and text.isdecimal() else text


def hidden_layers(text: str) -> tuple[int, ...]:
    """Read units such as 16,16; a lone 0 is no hidden layer."""
    rule = "positive integers separated by commas, or 0 for no hidden layer"
    return () if text.strip() == "0" else tuple(_integer(units, 1, rule) for units in text.split(","))


def _integer(text: str, least: int, rule: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if value < least:
        raise argparse.ArgumentTypeError(f"must be {rule}, got {text!r}")
    return value
