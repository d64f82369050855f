"""Functions written out in the place of their calls: their variables are then those of the script."""

import ast
import copy
from collections.abc import Iterator

from cmlp.diagnosis.programs.roles import role

DEEPEST = 3  # calls within one another that are written out
RESULT, RETURNED, LEAVE = "__cmlp_result__", "__cmlp_returned__", "__cmlp_leave__"


def calls(tree: ast.AST) -> list[ast.Call]:
    """Return all calls of a tree."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """Yield the blocks of a statement that run where it stands: not those of loops, functions and classes."""
    if isinstance(statement, ast.If | ast.With | ast.Try):
        yield statement.body
    if isinstance(statement, ast.If | ast.Try):
        yield statement.orelse
    if isinstance(statement, ast.Try):
        yield statement.finalbody


def written_out(body: list[ast.stmt], functions: dict[str, ast.FunctionDef], within: tuple[str, ...]) -> list[ast.stmt]:
    """Return statements in which calls of functions with loops are replaced by what these do."""
    result: list[ast.stmt] = []
    for statement in body:
        for block in blocks(statement):
            block[:] = written_out(block, functions, within)
        statement, outer = _unwrapped(statement)
        call = statement.value if isinstance(statement, ast.Expr | ast.Assign) else None
        name = call.func.id if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) else ""
        function = functions.get(name)
        if function is None or name in within or len(within) == DEEPEST or not _loops(function, functions, ()):
            result += [statement, *outer]
            continue
        inside = _inside(function, call, statement) if isinstance(call, ast.Call) else None
        result += [*([statement] if inside is None else written_out(inside, functions, (*within, name))), *outer]
    return result


def _unwrapped(statement: ast.stmt) -> tuple[ast.stmt, list[ast.stmt]]:
    """Take ``sys.exit(main())`` and ``raise SystemExit(main())`` apart: the call of main, and what is done with it."""
    value = statement.exc if isinstance(statement, ast.Raise) else getattr(statement, "value", None)
    if not isinstance(statement, ast.Expr | ast.Raise) or not isinstance(value, ast.Call) or len(value.args) != 1:
        return statement, []
    inner = value.args[0]
    if not isinstance(inner, ast.Call) or not isinstance(inner.func, ast.Name):
        return statement, []
    made = ast.copy_location(ast.Assign([ast.Name(RESULT, ast.Store())], inner), statement)
    value.args = [ast.copy_location(ast.Name(RESULT, ast.Load()), inner)]
    return ast.fix_missing_locations(made), [statement]


def _loops(function: ast.FunctionDef, functions: dict[str, ast.FunctionDef], within: tuple[str, ...]) -> bool:
    """Whether a function, or one of the script's that it calls, has a loop."""
    if any(isinstance(node, ast.For | ast.While) for node in ast.walk(function)):
        return True
    names = {call.func.id for call in calls(function) if isinstance(call.func, ast.Name)} - {*within, function.name}
    called = [functions[name] for name in names if name in functions]
    return any(_loops(other, functions, (*within, function.name)) for other in called)


def _inside(function: ast.FunctionDef, call: ast.Call, statement: ast.stmt) -> list[ast.stmt] | None:
    """Return what a call does as statements of the caller, or None where that is not to be done."""
    arguments = function.args
    parameters = [argument.arg for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]]
    if arguments.vararg or arguments.kwarg or function.decorator_list:
        return None
    if any(role(name) in ("images", "labels", "pairs") for name in parameters):
        return None
    values = _bound(arguments, call)
    body = copy.deepcopy(function.body)
    if values is None or any(isinstance(node, ast.Yield | ast.YieldFrom | ast.Nonlocal) for node in ast.walk(function)):
        return None
    last = body.pop() if isinstance(body[-1], ast.Return) else None
    early = any(isinstance(node, ast.Return) for part in body for node in own_nodes(part))
    body = [_Local().visit(part) for part in body]
    given: list[ast.stmt] = [_assignment(ast.Name(name, ast.Store()), value, call) for name, value in values.items()]
    returned = last.value if isinstance(last, ast.Return) and last.value else ast.Constant(None)
    ending: list[ast.stmt]
    if isinstance(statement, ast.Assign):
        ending = [ast.copy_location(ast.Assign(statement.targets, returned), last or statement)]
    else:
        ending = [ast.copy_location(ast.Expr(returned), last or statement)]
    if early:
        return [*given, _with_early_returns(body, ending, statement)]
    return [*given, *body, *ending]


def _with_early_returns(body: list[ast.stmt], ending: list[ast.stmt], statement: ast.stmt) -> ast.stmt:
    """Return the body of a function that also returns before its end: what it returns there is raised, and caught."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    stored = "".join(f"{ast.unparse(target)} = " for target in targets)
    (made,) = ast.parse(f"try: pass\nexcept {LEAVE} as {RETURNED}: {stored}{RETURNED}.value").body
    assert isinstance(made, ast.Try)
    for node in ast.walk(made):
        if isinstance(node, ast.expr | ast.stmt | ast.excepthandler):
            ast.copy_location(node, statement)
    made.body = [*(_Leaves().visit(part) for part in body), *ending]
    return made


class Leave(BaseException):
    """Stands for a return from a function that is written out.

    Parameters
    ----------
    value : object
        What it returns.
    """

    def __init__(self, value: object = None) -> None:
        self.value = value


class Returns(ast.NodeTransformer):
    """Changes the returns of a function, and not those of functions in it."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Visit what belongs to the function itself."""
        inner = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda)
        return node if inner else super().generic_visit(node)


class _Leaves(Returns):
    """Lets the returns of a function raise what they return."""

    def visit_Return(self, node: ast.Return) -> ast.stmt:
        call = ast.Call(ast.Name(LEAVE, ast.Load()), [] if node.value is None else [node.value], [])
        return ast.fix_missing_locations(ast.copy_location(ast.Raise(call), node))


def _bound(arguments: ast.arguments, call: ast.Call) -> dict[str, ast.expr] | None:
    """Return what a call gives for each parameter, defaults included."""
    plain = [argument.arg for argument in [*arguments.posonlyargs, *arguments.args]]
    if any(isinstance(value, ast.Starred) for value in call.args) or len(call.args) > len(plain):
        return None
    values = dict(zip(plain[len(plain) - len(arguments.defaults) :], arguments.defaults, strict=True))
    only = zip([argument.arg for argument in arguments.kwonlyargs], arguments.kw_defaults, strict=True)
    values |= {name: value for name, value in only if value is not None}
    values |= dict(zip(plain, call.args, strict=False))
    values |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    names = [*plain, *(argument.arg for argument in arguments.kwonlyargs)]
    return {name: values[name] for name in names} if set(names) == set(values) else None


def _assignment(target: ast.expr, value: ast.expr, place: ast.expr) -> ast.stmt:
    made = ast.Assign([target], copy.deepcopy(value))
    ast.copy_location(made, place)
    return ast.fix_missing_locations(made)


def own_nodes(statement: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a statement that are not of functions defined in it."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
        return
    yield statement
    for child in ast.iter_child_nodes(statement):
        yield from own_nodes(child)


class _Local(ast.NodeTransformer):
    """Takes ``global`` statements away: what is written out at the top level is global."""

    def visit_Global(self, node: ast.Global) -> ast.stmt:
        return ast.copy_location(ast.Pass(), node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt:
        return node
