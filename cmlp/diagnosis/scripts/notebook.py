"""Notebooks that were exported as scripts: what only a notebook has is there, and does nothing."""

import ast
import importlib.util
import sys
import types
from typing import Any

TIMED = ("time", "timeit", "capture", "prun")  # magics whose code runs all the same
MODULES = ("IPython", "IPython.display", "IPython.core.display", "google.colab", "google.colab.drive")


class Notebook:
    """Stands for IPython: whatever is asked of it, it does nothing."""

    def __getattr__(self, name: str) -> "Notebook":
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_: Any, **__: Any) -> None:
        """Do nothing."""
        return None


class _Module(types.ModuleType):
    """Stands for a module of a notebook that is not installed."""

    version_info = (9, 0, 0)  # matplotlib compares it

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Notebook()


def stand_in_for_notebooks(text: str) -> None:
    """Let a script import what its text names of notebooks, installed or not.

    Parameters
    ----------
    text : str
        Of the script.
    """
    for name in MODULES:
        root = ".".join(name.split(".")[:2]) if name.startswith("google") else name.split(".")[0]
        if root in text and name not in sys.modules and not _is_installed(root):
            module = _Module(name)
            module.__path__ = []  # so that it has modules of its own
            sys.modules[name] = module
            parent, _, last = name.rpartition(".")
            if parent in sys.modules:
                setattr(sys.modules[parent], last, module)
    if "tqdm.notebook" in text:  # its bar is a widget, which needs a page
        import tqdm

        sys.modules["tqdm.notebook"] = tqdm


def _is_installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


class Cells(ast.NodeTransformer):
    """Writes out the code of cells that are only timed, which an exported script holds as text."""

    def visit_Expr(self, node: ast.Expr) -> Any:  # noqa: D102
        call = node.value
        name = getattr(getattr(call, "func", None), "attr", "")
        if not isinstance(call, ast.Call) or name not in ("run_cell_magic", "run_line_magic"):
            return node
        values = [part.value for part in call.args if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        if len(values) != len(call.args) or len(values) < 2 or values[0] not in TIMED:
            return node
        try:
            body = ast.parse(values[-1]).body
        except SyntaxError:
            return node
        for statement in body:
            for part in ast.walk(statement):
                if isinstance(part, ast.expr | ast.stmt | ast.arg | ast.keyword | ast.alias | ast.excepthandler):
                    ast.copy_location(part, node)
        return body or node
