"""What a page of documentation shows, and whether it is what happens."""

import contextlib
import io
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from support.children import PATIENCE

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```(python|sh)\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"(-?\d[\d,]*\.?\d*)( %| seconds| (?:s|ms|µs|ns)\b)?")
POINTS, ROUGHLY = 0.5, 15  # by which 21.3 % and 21 % may differ: another processor adds up in another order


@dataclass(frozen=True)
class Block:
    """A fenced block of Python or shell, and the block of text right below it, which shows what it prints."""

    language: str
    text: str
    shown: str | None

    @property
    def expected(self):
        """The lines it must print: those in comments behind its prints, or those shown below it, if there are any."""
        comments = re.findall(r"^print\(.*\)  # (.*)$", self.text, re.MULTILINE)
        return comments or (None if self.shown is None else self.shown.splitlines())


def blocks(page):
    """Return the blocks of a page that can be run, in order."""
    return [Block(*match.groups()) for match in FENCE.finditer(page.read_text())]


def run_python(text, names):
    """Execute a block, and return the lines that it printed."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(text, names)
    return output.getvalue().splitlines()


def run_shell(text, folder):
    """Run a block up to the first command that fails, and return the lines that it printed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-ec", text],
        cwd=folder,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode in (0, 1), done.stderr  # 1 says that problems were found
    return done.stdout.splitlines()


def check(block, printed):
    """Hold what was printed against what the page shows."""
    if block.expected is not None:
        assert len(printed) == len(block.expected), printed
        assert [pair for pair in zip(block.expected, printed, strict=True) if not agree(*pair)] == []


def agree(shown, printed):
    """Return whether two lines say the same; durations may differ, and percentages a little, whole ones more."""
    pairs = zip(NUMBER.findall(shown), NUMBER.findall(printed), strict=False)
    return NUMBER.sub("", shown) == NUMBER.sub("", printed) and all(_agree(*pair) for pair in pairs)


def _agree(shown, printed):
    (expected, unit), (found, _) = shown, printed
    if unit == " %":
        return abs(float(expected) - float(found)) <= (POINTS if "." in expected else ROUGHLY)
    return unit != "" or expected == found
