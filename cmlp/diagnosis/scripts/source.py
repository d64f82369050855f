"""The text of a script: read as Python reads it, notebooks exported as scripts included, and prepared for the watch."""

import ast
import copy
import re
import tokenize
import warnings
from dataclasses import dataclass
from pathlib import Path

from cmlp.diagnosis.programs.roles import SCORE, SCORE_LIKE
from cmlp.diagnosis.scripts.inlining import blocks, written_out
from cmlp.diagnosis.scripts.notebook import Cells
from cmlp.errors import DataError
from cmlp.utils.text import printable, shown

LARGEST = 4_000_000  # bytes of a script: what is longer was not written by hand
DEEPEST = 3  # loops inside one another that are watched
WATCH = "__cmlp_loops__"  # the name under which the script reaches who watches its loops
MAGIC = re.compile(r"^(\s*)(%{1,2}[a-zA-Z]|!|\?|[\w.]+\?\s*$)")
Function = ast.FunctionDef
Loop = ast.For | ast.While


@dataclass(frozen=True)
class Source:
    """A script.

    Parameters
    ----------
    path : Path
        Where it is.
    text : str
        What it says, without the lines that only a notebook understands.
    tree : ast.Module
        The same, parsed.
    """

    path: Path
    text: str
    tree: ast.Module


def read_source(path: Path) -> Source:
    """Read a script.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Source
        Its text and its syntax tree.

    Raises
    ------
    DataError
        If it is not Python.
    OSError
        If it cannot be read.
    """
    name = printable(path.name)
    if path.stat().st_size > LARGEST:
        raise DataError(f"{name} must be a script of at most {LARGEST // 1_000_000} MB: pass the file with the network")
    if path.suffix == ".ipynb":
        advice = f"jupyter nbconvert --to script {name}"
        raise DataError(f"{name} must be a script, and is a notebook: export it with `{advice}`")
    try:
        with tokenize.open(path) as file:
            text = file.read()
    except (SyntaxError, UnicodeDecodeError) as error:
        raise DataError(f"{name} must be Python in UTF-8, and cannot be read: {error}") from error
    return Source(path, *_parsed(text, path, name))


def _parsed(text: str, path: Path, name: str) -> tuple[str, ast.Module]:
    """Parse a text; where that fails, without what only a notebook understands."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes in strings, which are the asker's
        plain = without_magic(text)
        for attempt in (text, plain):
            try:
                return attempt, ast.fix_missing_locations(Cells().visit(ast.parse(attempt, str(path))))
            except SyntaxError as error:
                line, reason = error.lineno, error.msg
            except (ValueError, RecursionError, MemoryError) as error:
                raise DataError(f"{name} must be Python, and cannot be parsed: {error}") from error
    raise DataError(f"{name}:{line}: {reason}; Python itself cannot run the script before this is mended")


def without_magic(text: str) -> str:
    """Return a text whose lines of a notebook, such as ``%matplotlib inline`` and ``!pip``, do nothing."""
    return "\n".join(MAGIC.sub(r"\1pass  # \2", line) for line in text.split("\n"))


# What is never called


def never_called(tree: ast.Module) -> list[tuple[str, int]]:
    """Return the functions that score and that nothing in the file calls, with their lines."""
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    used |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    defined = [node for node in ast.walk(tree) if isinstance(node, Function)]
    scoring = [node for node in defined if node.name in SCORE or SCORE_LIKE.match(node.name)]
    return [(node.name, node.lineno) for node in scoring if node.name not in used]


# Functions written out where they are called, and loops that report


def prepared(tree: ast.Module) -> tuple[ast.Module, list[Loop]]:
    """Return a copy of a script that says when a loop of its top level begins, turns and ends, and these loops.

    A function without data among its arguments that is called once at the top level, such as ``main()``, is written
    out in the place of the call: its variables can then be looked at like those of a script without functions.
    """
    tree = copy.deepcopy(tree)
    functions = {node.name: node for node in tree.body if isinstance(node, Function)}
    tree.body = written_out(tree.body, functions, ())
    loops: list[Loop] = []
    tree.body = marked(tree.body, loops)
    return ast.fix_missing_locations(tree), loops


def marked(body: list[ast.stmt], loops: list[Loop], depth: int = DEEPEST) -> list[ast.stmt]:
    """Return statements in which each loop reports; the loops as they were are added to a list, outer ones first."""
    result: list[ast.stmt] = []
    for statement in body:
        if isinstance(statement, ast.For | ast.While) and depth:
            number = len(loops)
            loops.append(copy.deepcopy(statement))
            statement.body = [_report("turn", number, statement), *marked(statement.body, loops, depth - 1)]
            result += [_report("begin", number, statement), statement, _report("end", number, statement)]
            continue
        for block in blocks(statement):
            block[:] = marked(block, loops, depth)
        result.append(statement)
    return result


def _report(event: str, number: int, place: ast.stmt) -> ast.stmt:
    (statement,) = ast.parse(f"{WATCH}.{event}({number})").body
    for node in ast.walk(statement):
        if isinstance(node, ast.expr | ast.stmt):
            node.lineno = node.end_lineno = place.lineno
    return statement


def line_of(path: Path, number: int) -> str:
    """Return how a message shows a line of a script."""
    return f"{printable(path.name)}:{number}"


def shown_call(name: str, arguments: dict[str, object]) -> str:
    """Return how a message shows a call: numbers as they are, anything else by the names of the arguments."""
    parts = [
        f"{key}={shown(value, 30)}" if isinstance(value, bool | int | float | str) else key
        for key, value in arguments.items()
    ]
    return f"{name}({', '.join(parts)})"
