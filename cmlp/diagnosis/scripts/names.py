"""Which variables a loop reads, and which it makes anew each time."""

import ast
from collections.abc import Iterable

Functions = dict[str, ast.FunctionDef]


class Uses(ast.NodeVisitor):
    """The global names that statements use, in the order in which they run.

    Functions of the script are followed where they are called by name.

    Attributes
    ----------
    read : list of str
        All names that are read, the first first.
    stored : list of str
        All names that are assigned.
    scratch : set of str
        Those that are assigned before they are ever read: temporaries, which no parameters are.
    """

    def __init__(self, statements: Iterable[ast.AST], functions: Functions) -> None:
        self.read: list[str] = []
        self.stored: list[str] = []
        self.scratch: set[str] = set()
        self._functions, self._within, self._local = functions, [""], [set[str]()]
        for statement in statements:
            self.visit(statement)

    def visit_Name(self, node: ast.Name) -> None:  # noqa: D102
        if node.id in self._local[-1]:
            return
        if isinstance(node.ctx, ast.Load):
            self._note(self.read, node.id)
        else:
            if node.id not in self.read:
                self.scratch.add(node.id)
            self._note(self.stored, node.id)

    @staticmethod
    def _note(names: list[str], name: str) -> None:
        if name not in names:
            names.append(name)

    def visit_Assign(self, node: ast.Assign) -> None:  # noqa: D102
        for part in [node.value, *node.targets]:  # the right side runs first
            self.visit(part)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:  # noqa: D102
        if node.value is not None:
            self.visit(node.value)
            self.visit(node.target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:  # noqa: D102
        for part in ast.walk(node.target):
            if isinstance(part, ast.Name) and part.id not in self._local[-1]:
                self._note(self.read, part.id)
                self._note(self.stored, part.id)
        self.visit(node.value)

    def visit_For(self, node: ast.For) -> None:  # noqa: D102
        for part in [node.iter, node.target, *node.body, *node.orelse]:
            self.visit(part)

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:  # noqa: D102
        own = {name.id for part in node.generators for name in ast.walk(part.target) if isinstance(name, ast.Name)}
        self._local.append(self._local[-1] | own)
        self.generic_visit(node)
        self._local.pop()

    visit_SetComp = visit_GeneratorExp = visit_DictComp = visit_ListComp

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:  # noqa: D102
        self._note(self.stored, node.name)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:  # noqa: D102
        self._note(self.stored, node.name)

    def visit_Lambda(self, node: ast.Lambda) -> None:  # noqa: D102
        self._local.append(self._local[-1] | {argument.arg for argument in node.args.args})
        self.visit(node.body)
        self._local.pop()

    def visit_Call(self, node: ast.Call) -> None:  # noqa: D102
        self.generic_visit(node)
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in self._functions and name not in self._within:
            function = self._functions[name]
            self._within.append(name)
            self._local.append(locals_of(function))
            for statement in function.body:
                self.visit(statement)
            self._local.pop()
            self._within.pop()


def locals_of(function: ast.FunctionDef) -> set[str]:
    """Return the names that are local to a function."""
    inside = list(ast.walk(function))
    shared = {name for node in inside if isinstance(node, ast.Global) for name in node.names}
    stored = {node.id for node in inside if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return (stored | {node.arg for node in inside if isinstance(node, ast.arg)}) - shared


def functions_of(tree: ast.Module) -> Functions:
    """Return the functions that a script defines outside of classes."""
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
