"""Print to stdout and stderr, whatever the terminal can show."""

import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from shutil import get_terminal_size
from textwrap import wrap
from typing import Any

from cmlp.utils.text import printable


def print_error(program: str, message: str) -> None:
    """Print one line to stderr, if it is open."""
    if sys.stderr is not None:
        with suppress(OSError):
            print(f"{program}: {printable(message)}", file=sys.stderr)


def print_warning(program: str, message: str | None) -> None:
    """Print a warning to stderr as one line, if there is one, after what stdout was told."""
    if message is not None:
        if sys.stdout is not None:
            sys.stdout.flush()
        print_error(program, f"warning: {message}")


def print_table(rows: Mapping[str, str], width: int = 10) -> None:
    """Print a row per line, its name padded to this width; on a terminal, long lines are wrapped beside the names."""
    for name, text in rows.items():
        for line in wrapped(f"{name:<{width}}{encodable(text)}", width):
            print(line, flush=True)


def wrapped(text: str, indent: int) -> list[str]:
    """Return the lines of text, wrapped to the width of the terminal; unwrapped where stdout is no terminal."""
    if not is_terminal():
        return [text]
    columns = max(20, get_terminal_size().columns)
    lines = []
    for line in text.split("\n"):
        hanging = " " * max(indent, len(line) - len(line.lstrip()))
        lines += wrap(line, columns, subsequent_indent=hanging, break_on_hyphens=False, break_long_words=False) or [""]
    return lines


def is_terminal() -> bool:
    """Return whether stdout is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def encodable(text: str) -> str:
    """Return text with escapes for characters that stdout cannot encode."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def coloured(text: str, colour: str) -> str:
    """Return text in a colour where stdout is a terminal, or FORCE_COLOR is set, unless NO_COLOR is."""
    wanted = os.environ.get("FORCE_COLOR") or (is_terminal() and os.environ.get("TERM") != "dumb")
    return f"\x1b[{colour}m{text}\x1b[0m" if wanted and not os.environ.get("NO_COLOR") else text


def print_json(report: Mapping[str, Any]) -> None:
    """Print one JSON object on one line."""
    print(json.dumps(report))


def discard_unwritten() -> None:
    """Discard output that cannot be written: Python would report it on exit, with an exit code of its own."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
