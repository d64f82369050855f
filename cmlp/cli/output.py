"""What is written to stdout and stderr, whatever the terminal can show."""

import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any


def complain(program: str, message: str) -> None:
    """Print one line to stderr, if there is anyone to read it."""
    if sys.stderr is not None:
        with suppress(OSError):
            print(f"{program}: {printable(message)}", file=sys.stderr)


def print_table(rows: Mapping[str, str], width: int) -> None:
    """Print one line per row; the names fill a column of this width."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    for name, text in rows.items():
        shown = text.encode(encoding, "backslashreplace").decode(encoding)
        print(f"{name:<{width}}{shown}", flush=True)


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
