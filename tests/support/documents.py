"""What a page of documentation shows, and whether it is what happens."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```(python|sh|console)\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)
SAVED = re.compile(r"^```{literalinclude} \.\./(examples/[\w./]+)\n(?:^:.*\n)*?:caption: .* as (\S+)\n", re.MULTILINE)
NUMBER = re.compile(r"(-?\d[\d,]*\.?\d*)( %| seconds| (?:s|ms|µs|ns)\b)?")
POINTS, ROUGHLY = 0.5, 15  # by which 21.3 % and 21 % may differ: another processor adds up in another order


@dataclass(frozen=True)
class Block:
    """What a page lets one type, and the block of text right below it, which shows what it prints."""

    before: str  # the text between the block before and this one
    language: str  # python, sh, or file: an example, and the name under which it is saved
    text: str
    shown: str | None = None

    @property
    def expected(self):
        """The lines it must print: those in comments behind its prints, or those shown below it, if there are any."""
        comments = re.findall(r"^print\(.*\)  # (.*)$", self.text, re.MULTILINE)
        return comments or (None if self.shown is None else self.shown.splitlines())


def blocks(page):
    """Return the blocks of a page that can be typed, in order."""
    text, found, end = page.read_text(), [], 0
    matches = sorted([*FENCE.finditer(text), *SAVED.finditer(text)], key=lambda match: match.start())
    for match in matches:
        before, end = text[end : match.start()], match.end()
        if match.re is SAVED:
            found.append(Block(before, "file", f"{match[1]} {match[2]}"))
        elif match[1] == "console":
            found.append(Block(before, "sh", *_of_console(match[2])))
        else:
            found.append(Block(before, *match.groups()))
    return found


def _of_console(text):
    """Return the commands of a session in a terminal, and what they print, None if that is not shown."""
    lines = text.splitlines()
    commands = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    printed = [line for line in lines if not line.startswith("$ ")]
    return "\n".join(commands), "\n".join(printed) or None


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
