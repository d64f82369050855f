"""The body of a function as the statements of a script."""

import ast
import copy
import types
from typing import Any

from cmlp.diagnosis.scripts.hook import Caught
from cmlp.diagnosis.scripts.inlining import Returns


def body_of(caught: Caught, tree: ast.Module) -> list[ast.stmt] | None:
    """Return the statements of a function that was called: they end a script where the function returns."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == caught.name]
    body = next((node.body for node in found if _first_line(node) == caught.code.co_firstlineno), None)
    return None if body is None else [_Ends().visit(statement) for statement in copy.deepcopy(body)]


def variables_of(function: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the variables that the statements of a function see as they begin."""
    return {**function.__globals__, **_enclosed(function), **arguments}


class _Ends(Returns):
    """Lets what a function does with ``return`` end a script."""

    def visit_Return(self, node: ast.Return) -> ast.stmt:
        (ending,) = ast.parse("raise SystemExit").body
        value = [] if node.value is None else [ast.copy_location(ast.Expr(node.value), node)]
        for part in ast.walk(ending):
            ast.copy_location(part, node)
        return ast.copy_location(ast.If(ast.Constant(True), [*value, ending], []), node)


def _first_line(function: ast.FunctionDef) -> int:
    return min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])


def _enclosed(function: Any) -> dict[str, Any]:
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    return {name: cell.cell_contents for name, cell in cells if isinstance(cell, types.CellType)}
