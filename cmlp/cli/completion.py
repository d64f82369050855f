"""``cmlp completion``: print a shell completion script."""

import argparse
from typing import Any

from cmlp.cli.options import add_command, commands_of

SHELLS = ("bash", "zsh", "fish")
FILES = {"FILE": "FILE", "FOLDER": "DIRECTORY", "MODEL": "FILE", "PICTURE": "FILE", "SOURCE": "FILE"}

EPILOG = """\
The script is made by shtab (cmlp[completion]).

examples:
  source <(cmlp completion bash)
  cmlp completion bash > ~/.local/share/bash-completion/completions/cmlp
  cmlp completion zsh > ~/.zfunc/_cmlp
  cmlp completion fish > ~/.config/fish/completions/cmlp.fish
"""


def add_to(commands: Any) -> None:
    """Add the command to what `add_subparsers` returned."""
    parser = add_command(commands, "completion", run, "print a shell completion script", EPILOG)
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help=" or ".join(SHELLS))


def run(arguments: argparse.Namespace) -> None:
    """Print the script."""
    from cmlp.cli import new_parser
    from cmlp.utils.optional import require

    shtab = require("shtab", "shtab", "completion", "cmlp completion")
    parser = new_parser(hidden=False)  # shtab leaves out what the help does
    for command in commands_of(parser).values():
        for action in command.actions():
            if action.metavar in FILES:
                action.complete = getattr(shtab, FILES[action.metavar])  # type: ignore[attr-defined]
    print(shtab.complete(parser, arguments.shell))
