"""Parse arguments: each error is one line with the rule and what was found."""

import argparse
import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import Any, NoReturn

from cmlp.cli.output import print_error
from cmlp.utils.suggestions import nearest
from cmlp.utils.text import listed

# What other programs call a command or an option, besides what other libraries call a parameter.
SYNONYMS = {
    "classify": "predict",
    "download": "fetch",
    "eval": "test",
    "evaluate": "test",
    "fit": "train",
    "hidden_layer_sizes": "hidden",
    "hidden_sizes": "hidden",
    "layers": "hidden",
    "model": "save",
    "out": "save",
    "output": "save",
    "silent": "quiet",
    "sizes": "hidden",
    "units": "hidden",
}


MOST_TAKERS = 2  # of an option, which a message names with all that was typed
PATHS = ("FILE", "FOLDER", "MODEL", "PICTURE", "SOURCE")  # what stands for a file in the help


class Parser(argparse.ArgumentParser):
    """An `ArgumentParser` whose errors are one line.

    Abbreviated options are refused: they would break scripts as soon as another option begins alike.
    """

    purpose = ""

    def __init__(self, **settings: Any) -> None:
        style = argparse.RawDescriptionHelpFormatter
        super().__init__(formatter_class=style, allow_abbrev=False, **settings)

    def error(self, message: str) -> NoReturn:  # noqa: D102
        hint = "" if message.endswith("?") else f" (see {self.prog} --help)"
        print_error(self.prog, f"{message}{hint}")
        raise SystemExit(2)

    def actions(self) -> list[argparse.Action]:
        """Return all arguments that the parser takes."""
        return self._actions

    def own_options(self) -> set[str]:
        """Return the options that it takes."""
        return {option for action in self._actions for option in action.option_strings}

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print help and version like other results: argparse says nothing of a disk that is full."""
        if file is not None and message:
            file.write(message)

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        """Refuse an empty name of a file, as an unset variable of a shell leaves it."""
        if not arg_string and action.metavar in PATHS:
            raise argparse.ArgumentError(action, "must name a file or a folder, got an empty name")
        return super()._get_value(action, arg_string)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            known = [str(choice) for choice in action.choices]
            near = nearest(str(value), known)
            rest = f"; did you mean {near!r}?" if near else f", choose from {', '.join(known)}"
            raise argparse.ArgumentError(action, f"invalid choice: {value!r}{rest}")

    def refuse(self, kind: str, word: str, known: Iterable[str]) -> NoReturn:
        """Refuse an unknown word, and suggest the closest known one."""
        dashes = "--" if word.startswith("-") else ""
        near = nearest(word.lstrip("-").partition("=")[0], [name.removeprefix("--") for name in known], SYNONYMS)
        self.error(f"unknown {kind} {word!r}" + (f"; did you mean {dashes + near!r}?" if near else ""))

    def refuse_argument(self, word: str) -> NoReturn:
        """Refuse an unknown argument."""
        self.refuse("argument", word, re.findall(r"--[\w-]+", self.format_usage()))


def refuse_option(parser: Parser, argv: Sequence[str]) -> NoReturn:
    """Refuse an option before any command, and say to which command it belongs."""
    commands = commands_of(parser)
    words = [word.partition("=")[0] for word in argv]
    given = [word for word in words if word.startswith("-") and len(word) > 1]
    known = {name: command.own_options() for name, command in commands.items()}
    named = [word for word in argv if word in commands]
    takers = [name for name in (named or commands) if set(given) <= known[name]]
    if named and takers:
        after = [word for place, word in enumerate(argv) if place != argv.index(takers[0])]
        parser.error(f"{argv[0]} stands before its command: did you mean cmlp {shlex.join([takers[0], *after])}?")
    if takers and len(takers) <= MOST_TAKERS:
        each = " or ".join(f"cmlp {shlex.join([name, *argv])}" for name in takers)
        parser.error(f"{given[0]} is an option of a command, which stands before it: did you mean {each}?")
    first = next((word for word in given if not any(word in options for options in known.values())), given[0])
    if takers or any(first in options for options in known.values()):
        of = listed(name for name in known if first in known[name])
        parser.error(f"{first} is an option of cmlp {of}, and the command stands before it")
    everything = sorted({option for options in known.values() for option in options if option.startswith("--")})
    meant = nearest(first.lstrip("-"), [option.removeprefix("--") for option in everything], SYNONYMS)
    if meant is None:
        parser.refuse_argument(argv[0])
    of = listed(f"cmlp {name} --{meant}" for name in known if f"--{meant}" in known[name])
    parser.error(f"unknown argument {first!r}; did you mean {of}?")


def add_command(commands: Any, name: str, run: Callable[[Any], int | None], purpose: str, epilog: str) -> Parser:
    """Add a command to what `add_subparsers` returned; its namespace holds `run` and the name of the program."""
    sentence = f"{purpose[0].upper()}{purpose[1:]}."
    parser: Parser = commands.add_parser(name, help=purpose, description=sentence, epilog=epilog)
    parser.set_defaults(run=run, program=parser.prog)
    parser.purpose = purpose
    return parser


def commands_of(parser: Parser) -> dict[str, Parser]:
    """Return the parsers of the commands by name."""
    (commands,) = (action.choices for action in parser.actions() if isinstance(action.choices, dict))
    return commands


# Copied, because --help must not import the library; the tests compare them.
ACTIVATIONS = (
    "identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "silu", "softplus", "exponential"
)  # fmt: skip
LOSSES = ("quadratic", "cross_entropy")  # those of labels
LARGEST = 2**31 - 1  # what the library takes for a count
OPTIMIZERS = ("sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw", "nadam", "lbfgs")
INITIALIZERS = (
    "glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "lecun_normal", "lecun_uniform", "orthogonal", "zeros"
)  # fmt: skip
SCHEDULES = ("constant", "step", "exponential", "invscaling", "adaptive", "cosine", "one_cycle")
RECIPES = ("film", "good", "best")
NORMALIZATIONS = ("batch", "none")
DISTORTIONS = ("rotation", "scale", "shear", "shift", "elastic", "smoothness", "thickness", "noise", "picture_shape")


def positive_integer(text: str) -> int:
    """Read a positive integer that the library takes."""
    number = _integer(text, 1, "a positive integer")
    if number > LARGEST:
        raise argparse.ArgumentTypeError(f"must be a positive integer below 2**31, got {text!r}")
    return number


def seed(text: str) -> int:
    """Read a non-negative integer."""
    return _integer(text, 0, "a non-negative integer")


def positive_number(text: str) -> float:
    """Read a positive, finite number."""
    return _between_0_and(inf, text, "a positive number")


def fraction(text: str) -> float:
    """Read a number between 0 and 1."""
    return _between_0_and(1, text, "a number between 0 and 1")


def non_negative_number(text: str) -> float:
    """Read a finite number of at least 0."""
    return _between_0_and(inf, text, "a number of at least 0", closed=True)


def share(text: str) -> float:
    """Read a number of at least 0 and below 1."""
    return _between_0_and(1, text, "a number of at least 0 and below 1", closed=True)


def shares(text: str) -> tuple[float, ...]:
    """Read shares such as 0.2,0.5."""
    rule = "numbers of at least 0 and below 1, separated by commas"
    return tuple(_between_0_and(1, part, rule, closed=True) for part in text.split(","))


def _between_0_and(high: float, text: str, rule: str, *, closed: bool = False) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < high or (value == 0 and not closed):
        raise argparse.ArgumentTypeError(f"must be {rule}, got {text!r}")
    return value


def normalizations(text: str) -> tuple[str, ...]:
    """Read names such as batch,none."""
    names = tuple(part.strip() for part in text.split(","))
    if not set(names) <= set(NORMALIZATIONS):
        rule = f"{' or '.join(NORMALIZATIONS)}, or one of them per hidden layer, separated by commas"
        raise argparse.ArgumentTypeError(f"must be {rule}, got {text!r}")
    return names


def distortions(text: str) -> dict[str, Any]:
    """Read settings such as rotation=5,elastic=0.8,picture_shape=20x30."""
    settings: dict[str, Any] = {}
    for part in text.split(","):
        name, equals, value = (word.strip() for word in part.partition("="))
        if not equals or name not in DISTORTIONS or name in settings:
            near = nearest(name, DISTORTIONS)
            hint = f"; did you mean {near!r}?" if near and name not in DISTORTIONS else ""
            rule = f"must be NAME=NUMBER, each once, with names of {', '.join(DISTORTIONS)}"
            raise argparse.ArgumentTypeError(f"{rule}, got {part!r}{hint}")
        if name == "picture_shape":
            rule = "must have a picture_shape such as 20x30"
            settings[name] = tuple(_integer(side, 1, rule) for side in value.split("x"))
        else:
            settings[name] = _between_0_and(inf, value, f"a number of at least 0 for {name}", closed=True)
    return settings


def epochs_or_time(text: str) -> int | str:
    """Read a positive integer of epochs, or a time such as 30s."""
    if text.isascii() and text.isdecimal() and 0 < int(text) <= LARGEST:
        return int(text)
    time = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:s|min|h)", text.strip(), re.ASCII)
    if time is not None and float(time[1]) > 0:
        return text
    raise argparse.ArgumentTypeError(f"must be a number of epochs, or a time such as 30s, 5min or 1h, got {text!r}")


def hidden_layers(text: str) -> tuple[int, ...]:
    """Read sizes such as 16,16; a single 0 means no hidden layer."""
    rule = "positive integers separated by commas, or 0 for no hidden layer"
    if text.strip() == "0":
        return ()
    sizes = tuple(_integer(units, 1, rule) for units in text.split(","))
    if max(sizes) > LARGEST:
        raise argparse.ArgumentTypeError(f"must be sizes below 2**31, got {text!r}")
    return sizes


def _integer(text: str, least: int, rule: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if value < least:
        raise argparse.ArgumentTypeError(f"must be {rule}, got {text!r}")
    return value
