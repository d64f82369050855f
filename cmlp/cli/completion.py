"""``cmlp completion``: what teaches a shell to complete the commands, made from their parsers."""

import argparse
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from cmlp.cli.options import Parser, add_command, choices_of, commands_of

FILES = {"FILE", "FOLDER", "MODEL", "PICTURE", "SOURCE"}  # metavars of what is completed as a file

EPILOG = """\
examples:
  source <(cmlp completion bash)
  cmlp completion bash > ~/.local/share/bash-completion/completions/cmlp
  cmlp completion zsh > ~/.zfunc/_cmlp
  cmlp completion fish > ~/.config/fish/completions/cmlp.fish
"""


class Option(NamedTuple):
    """An option of a command: its names, what stands after it, and what it does."""

    names: tuple[str, ...]
    metavar: str | None  # None for a switch
    choices: tuple[str, ...]
    purpose: str


def add_to(commands: Any) -> None:
    """Add the command to what `add_subparsers` returned."""
    purpose = "print a script with which a shell completes cmlp"
    parser = add_command(commands, "completion", run, purpose, EPILOG)
    parser.add_argument("shell", metavar="SHELL", choices=tuple(SCRIPTS), help=" or ".join(SCRIPTS))


def run(arguments: argparse.Namespace) -> None:
    """Print the script."""
    from cmlp.cli import new_parser

    print(SCRIPTS[arguments.shell](new_parser()), end="")


def _options(parser: Parser) -> list[Option]:
    return [
        Option(
            tuple(action.option_strings),
            None if action.nargs == 0 else str(action.metavar or action.dest.upper()),
            choices_of(action),
            _one_line(parser, action),
        )
        for action in parser.actions()
        if action.option_strings
    ]


def _one_line(parser: Parser, action: argparse.Action) -> str:
    text = (action.help or "") % (vars(action) | {"prog": parser.prog})
    return re.split(r" \(default|; ", text)[0]


def _words(parser: Parser) -> tuple[str, ...]:
    """Return the choices of the positional arguments of a command."""
    return tuple(word for action in parser.actions() if not action.option_strings for word in choices_of(action))


BASH = """\
# Completion of cmlp for bash.
_cmlp() {{
    local word="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}" words=""
    if ((COMP_CWORD == 1)); then
        COMPREPLY=($(compgen -W "{commands}" -- "$word"))
        return
    fi
    case "${{COMP_WORDS[1]}} $before" in
{values}
    esac
    case "${{COMP_WORDS[1]}}:$word" in
{options}
    esac
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -o bashdefault -o default -F _cmlp cmlp
"""


def bash(parser: Parser) -> str:
    """Return a script for bash; where it finds nothing, bash completes the names of files."""
    commands = commands_of(parser)
    values = [line for name, command in commands.items() for line in _bash_values(name, command)]
    options = []
    for name, command in commands.items():
        names = " ".join(option for known in _options(command) for option in known.names)
        options.append(f'        {name}:-*) words="{names}" ;;')
        if _words(command):
            options.append(f'        {name}:*) words="{" ".join(_words(command))}" ;;')
    top = " ".join([*commands, "--help", "--version"])
    return BASH.format(commands=top, values="\n".join(values), options="\n".join(options))


def _bash_values(name: str, command: Parser) -> Iterator[str]:
    """Yield what completes the value of each option: its choices, files, or nothing."""
    for option in _options(command):
        if option.metavar is None:
            continue
        places = "|".join(f'"{name} {word}"' for word in option.names)
        if option.choices:
            choices = " ".join(option.choices)
            yield f'        {places}) COMPREPLY=($(compgen -W "{choices}" -- "$word")); return ;;'
        elif option.metavar in FILES:
            yield f"        {places}) return ;;"
        else:
            yield f"        {places}) compopt +o default +o bashdefault 2> /dev/null; return ;;"


ZSH = """\
#compdef cmlp
# Completion of cmlp for zsh.
_cmlp() {{
    local -a commands=(
{commands}
    )
    if ((CURRENT == 2)); then
        _describe command commands
        return
    fi
    local name=$words[2]
    shift words
    ((CURRENT--))
    case $name in
{cases}
    esac
}}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _cmlp "$@"; else compdef _cmlp cmlp; fi
"""


def zsh(parser: Parser) -> str:
    """Return a script for zsh."""
    commands = commands_of(parser)
    lines = [f"        {_quoted(f'{name}:{command.purpose}')}" for name, command in commands.items()]
    cases = [f"        {name}) _arguments {' '.join(_zsh_arguments(command))} ;;" for name, command in commands.items()]
    return ZSH.format(commands="\n".join(lines), cases="\n".join(cases))


def _zsh_arguments(command: Parser) -> Iterator[str]:
    for option in _options(command):
        value = "" if option.metavar is None else f":{option.metavar}:{_zsh_values(option.metavar, option.choices)}"
        purpose = re.sub(r"([\[\]:\\])", r"\\\1", option.purpose)
        for name in option.names:
            yield _quoted(f"{name}[{purpose}]{value}")
    yield _quoted(f"*:argument:{_zsh_values('FILE', _words(command))}")


def _zsh_values(metavar: str, choices: tuple[str, ...]) -> str:
    if choices:
        return f"({' '.join(choices)})"
    return "_files" if metavar in FILES else " "


def fish(parser: Parser) -> str:
    """Return a script for fish."""
    lines = ["# Completion of cmlp for fish.", "complete -c cmlp -n __fish_use_subcommand -f"]
    for name, command in commands_of(parser).items():
        lines.append(f"complete -c cmlp -n __fish_use_subcommand -a {name} -d {_quoted(command.purpose)}")
        place = f"complete -c cmlp -n '__fish_seen_subcommand_from {name}'"
        if _words(command):
            lines.append(f"{place} -f -a {_quoted(' '.join(_words(command)))}")
        lines += [f"{place}{_fish_option(option)}" for option in _options(command)]
    return "\n".join(lines) + "\n"


def _fish_option(option: Option) -> str:
    names = "".join(f" -l {name[2:]}" if name.startswith("--") else f" -s {name[1:]}" for name in option.names)
    if option.choices:
        value = f" -x -a {_quoted(' '.join(option.choices))}"
    else:
        value = "" if option.metavar is None else " -r -F" if option.metavar in FILES else " -x"
    return f"{names}{value} -d {_quoted(option.purpose)}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


SCRIPTS: dict[str, Callable[[Parser], str]] = {"bash": bash, "zsh": zsh, "fish": fish}
