"""The page on the design answers a newcomer's questions with files and functions that exist."""

import ast
import re
from pathlib import Path

import pytest

import cmlp

PAGE = Path(__file__).parents[1] / "docs" / "design.md"
ROOT = Path(cmlp.__path__[0]).parent
ROW = re.compile(r"^\| (?P<question>[^|]+\?) \| `(?P<file>cmlp/[\w/]+\.\w+)`(?:: (?P<names>[^|]+))? \|$", re.MULTILINE)
ANSWERS = [match.groupdict() for match in ROW.finditer(PAGE.read_text())]


def defined_in(path):
    """The functions, classes, methods and constants of a file, methods behind their class."""
    text = path.read_text()
    if path.suffix == ".pyx":
        return set(re.findall(r"^c?p?def (?:[\w* ]+ )?(\w+)\(", text, re.MULTILINE))
    if path.suffix == ".h":
        return set(re.findall(r"^static (?:inline )?\w+ (\w+)\(", text, re.MULTILINE))
    names = set()
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{part.name}" for part in node.body if isinstance(part, ast.FunctionDef)}
    return names


def test_there_are_answers_to_many_questions():
    assert len(ANSWERS) >= 15
    assert len(ANSWERS) == PAGE.read_text().count("? |"), "each question has an answer that this test understands"


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer["question"])
def test_what_is_named_exists(answer):
    path = ROOT / answer["file"]
    assert path.is_file()
    names = re.findall(r"`([\w.]+)`", answer["names"] or "")
    assert set(names) <= defined_in(path)
