"""The lines of somebody's program: which one changes a parameter, and how it reads with the other sign."""

import ast
import inspect
import linecache
import re
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cmlp.diagnosis.programs.access import attribute, unwrapped
from cmlp.diagnosis.programs.own_code import own_code

DEEPEST = 3  # calls within one another that are followed
OF_GRADIENTS = re.compile(r"^\s*\w+(\.data)?\s*[-+]=.*\.grad\b")  # of whatever a loop over parameters holds


class Source(list[tuple[int, str]]):
    """Numbered lines of a function, and their file."""

    file = ""

    def place(self, number: int, line: str) -> str:
        """Return how a message shows a line: ``script.py:57: self.W1 -= lr * dW1``."""
        return f"{Path(self.file).name}:{number}: {line.strip()}"


def sources(function: Any, network: Any) -> Iterator[Source]:
    """Yield the lines of a function, of the functions that it calls, and of the methods of its network."""
    functions = [] if function is None else _reached(unwrapped(function), DEEPEST, [])
    functions += [f for f in vars(type(network)).values() if inspect.isfunction(f) and f.__name__ != "__init__"]
    for some in functions:
        code = attribute(unwrapped(some), "__code__", None)
        if code is None or not own_code(code.co_filename):
            continue
        numbers = [line for _, _, line in code.co_lines() if line]
        made = Source()
        if numbers:
            made.extend((n, linecache.getline(code.co_filename, n)) for n in range(min(numbers), max(numbers) + 1))
        made.file = code.co_filename
        yield made


def _reached(function: Any, depth: int, seen: list[Any]) -> list[Any]:
    """Return a function, and those of its own module that it calls by name."""
    if function in seen:
        return seen
    seen.append(function)
    code, known = attribute(function, "__code__", None), attribute(function, "__globals__", {})
    for name in code.co_names if code is not None and depth else ():
        other = known.get(name)
        if isinstance(other, types.FunctionType) and own_code(other.__code__.co_filename):
            _reached(other, depth - 1, seen)
    return seen


def line_that_changes(found: list[Source], name: str) -> str:
    """Return the line that changes a parameter, or "": a line that adds to it rather than one that assigns it.

    Parameters
    ----------
    found : list of Source
        Where to look.
    name : str
        What the parameter is called, such as ``net.W[0]`` or ``params['W1']``.
    """
    last = re.split(r"[.\[]", name.replace("']", ""))[-1].strip("'\"") or name
    stem = re.split(r"\[", name)[0].split(".")[-1]
    wanted = [
        re.compile(rf"\b{re.escape(part)}\b['\"\]]*(\[[^=]*\])?\s*([-+*/]?=)(?!=)") for part in (last, stem) if part
    ]
    best: tuple[int, str] | None = None
    for source in found:
        for number, line in source:
            rank = _rank(line, wanted)
            if rank is not None and (best is None or rank < best[0]):
                best = rank, source.place(number, line)
    return best[1] if best else ""


def _rank(line: str, wanted: list[re.Pattern[str]]) -> int | None:
    for number, pattern in enumerate(wanted):
        if pattern.search(line):
            return number + (0 if _adds(line) else 10)
    return 5 if OF_GRADIENTS.search(line) else None


def _adds(line: str) -> bool:
    """Whether a line adds something to what it assigns, or subtracts it."""
    node = _statement(line)
    if isinstance(node, ast.AugAssign):
        return isinstance(node.op, ast.Add | ast.Sub)
    return (
        isinstance(node, ast.Assign)
        and isinstance(node.value, ast.BinOp)
        and isinstance(node.value.op, ast.Add | ast.Sub)
        and ast.unparse(node.value.left) == ast.unparse(node.targets[0])
    )


def _statement(line: str) -> ast.stmt | None:
    try:
        body = ast.parse(line.strip()).body
    except (SyntaxError, ValueError):
        return None
    return body[0] if len(body) == 1 else None


def downhill(line: str) -> str | None:
    """Return a line that adds a gradient as one that subtracts it, or None where it is no such line.

    Parameters
    ----------
    line : str
        Such as ``W = W + eta * dW``.
    """
    node, text = _statement(line), line.strip()
    if not _adds(line):
        return None
    if isinstance(node, ast.AugAssign):
        return text.replace("+=", "-=", 1) if isinstance(node.op, ast.Add) else None
    assert isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp)
    if isinstance(node.value.op, ast.Sub) or not text.isascii():
        return None
    end, begin = node.value.left.end_col_offset or 0, node.value.right.col_offset
    return text[:end] + text[end:begin].replace("+", "-", 1) + text[begin:]
