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

    purpose = ""

    def __init__(self, **settings: Any) -> None:
        style = argparse.RawDescriptionHelpFormatter
        super().__init__(formatter_class=style, allow_abbrev=False, **settings)

    def error(self, message: str) -> NoReturn:  # noqa: D102
        hint = "" if message.endswith("?") else f" (see {self.prog} --help)"
        complain(self.prog, f"{message}{hint}")
        raise SystemExit(2)

    def actions(self) -> list[argparse.Action]:
        """Return what the parser understands."""
        return self._actions

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            known = [str(choice) for choice in action.choices]
            near = get_close_matches(str(value), known, n=1)
            rest = f"; did you mean {near[0]!r}?" if near else f", choose from {', '.join(known)}"
            raise argparse.ArgumentError(action, f"invalid choice: {value!r}{rest}")

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
    parser.purpose = purpose
    return parser


def commands_of(parser: Parser) -> dict[str, Parser]:
    """Return the parsers of the commands by name."""
    (commands,) = (action.choices for action in parser.actions() if isinstance(action.choices, dict))
    return commands


# As the library has them, which is not imported for a help; the tests compare.
ACTIVATIONS = (
    "identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "silu", "softplus", "exponential"
)  # fmt: skip
LOSSES = ("quadratic", "cross_entropy")  # those of labels
OPTIMIZERS = ("sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw", "nadam", "lbfgs")


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
