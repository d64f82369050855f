"""What is written to stdout and stderr, whatever the terminal can show."""

import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from shutil import get_terminal_size
from textwrap import wrap
from typing import Any


def complain(program: str, message: str) -> None:
    """Print one line to stderr, if there is anyone to read it."""
    if sys.stderr is not None:
        with suppress(OSError):
            print(f"{program}: {printable(message)}", file=sys.stderr)


def print_table(rows: Mapping[str, str], width: int) -> None:
    """Print one line per row; the names fill a column of this width, beside which a terminal's lines are wrapped."""
    for name, text in rows.items():
        for line in wrapped(f"{name:<{width}}{encodable(text)}", width):
            print(line, flush=True)


def wrapped(text: str, indent: int) -> list[str]:
    """Return text in lines that a terminal shows whole; where stdout leads elsewhere, as it is."""
    if not is_terminal():
        return [text]
    columns = max(20, get_terminal_size().columns)
    lines = []
    for line in text.split("\n"):
        hanging = " " * max(indent, len(line) - len(line.lstrip()))
        lines += wrap(line, columns, subsequent_indent=hanging, break_on_hyphens=False, break_long_words=False) or [""]
    return lines


def is_terminal() -> bool:
    """Say whether somebody sees stdout."""
    return sys.stdout is not None and sys.stdout.isatty()


def encodable(text: str) -> str:
    """Return text with escapes for the characters that stdout cannot show."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def painted(text: str, colour: str) -> str:
    """Return text in a colour where stdout is a terminal, or FORCE_COLOR is set, unless NO_COLOR is."""
    wanted = os.environ.get("FORCE_COLOR") or (is_terminal() and os.environ.get("TERM") != "dumb")
    return f"\x1b[{colour}m{text}\x1b[0m" if wanted and not os.environ.get("NO_COLOR") else text


def print_json(report: Mapping[str, Any]) -> None:
    """Print one JSON object on one line."""
    print(json.dumps(report))


def printable(text: str) -> str:
    """Return text with line breaks, terminal commands and undecodable bytes of file names escaped."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def discard_unwritten() -> None:
    """Drop what cannot be written, about which Python would complain when it ends, with an exit code of its own."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
