"""Samples that a loop was seen to use one by one, and targets that pile up in them because they are never made anew."""

import ast
import copy
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.report import Finding, Severity
from cmlp.diagnosis.scripts.hook import Stopped
from cmlp.diagnosis.scripts.inlining import own_nodes
from cmlp.diagnosis.scripts.loop import Training
from cmlp.diagnosis.scripts.source import line_of

SEEN = 200  # samples that are looked at for targets that pile up

Pairs = list[tuple[Any, Any]]


@dataclass(frozen=True)
class PiledUp:
    """Targets that keep what earlier samples have written into them.

    Parameters
    ----------
    name : str
        Of the variable with the target.
    start : ndarray
        What it holds before the loop.
    samples : list of pair
        The samples, each with a target of its own.
    """

    name: str
    start: NDArray[Any]
    samples: Pairs

    def target(self, before: NDArray[Any], own: NDArray[Any]) -> NDArray[Any]:
        """Return what the script's target is after a sample, from what it was before and the sample's own."""
        return np.where(np.asarray(own) == self.start.reshape(np.shape(own)), before, own)


def pile_up(samples: Pairs) -> bool:
    """Whether each target keeps what the one before it had."""
    targets = [np.ravel(label) for _, label in samples[:SEEN] if np.ndim(label)]
    if len(targets) < 2 or len({target.shape for target in targets}) > 1 or targets[0].size < 2:
        return False
    high = _high(targets)
    keeps = all(np.all(later[earlier]) for earlier, later in pairwise(high))
    return bool(keeps and high[0].sum() == 1 and high[-1].sum() > 1)


def _high(targets: list[NDArray[Any]]) -> list[NDArray[Any]]:
    """Return which entries of targets are those of a class that is right."""
    middle = (max(map(np.max, targets)) + min(map(np.min, targets))) / 2
    return [target > middle for target in targets]


def separated(
    training: Training, network: Any, method: str, places: tuple[str, ...], samples: Pairs, path: str
) -> PiledUp | None:
    """Run the loop once more with a target that is made anew for each sample, and return what it then uses.

    Parameters
    ----------
    training : Training
        The loop.
    network : object
        Its method takes one sample.
    method : str
        Its name.
    places : tuple of str
        The names of its arguments with image and label.
    samples : list of pair
        What the loop was seen to use.
    path : str
        The script.

    Returns
    -------
    PiledUp or None
        None where it cannot be found out which variable it is.
    """
    found = _written(training)
    if found is None:
        return None
    name, start = found
    loop = _Anew(name).visit(copy.deepcopy(training.loop))
    made: Pairs = []
    recorder = _recorder(getattr(network, method), places, made, len(samples))
    variables = dict(training.namespace) | {"__name__": "__main__", START: start, name: start.copy()}
    for key, value in training.namespace.items():
        if value is network or type(value) is type(network):
            variables[key] = copy.copy(value)
            setattr(variables[key], method, recorder)
    code = compile(ast.fix_missing_locations(ast.Module([loop], [])), path, "exec")
    try:
        exec(code, variables)
    except Stopped:
        pass
    except Exception:
        return None
    return PiledUp(name, start, made) if made and not pile_up(made) else None


START = "__cmlp_start__"


def _written(training: Training) -> tuple[str, NDArray[Any]] | None:
    """Return the only variable of which the loop writes single items, and its content before the loop."""
    names = {
        target.value.id
        for node in ast.walk(training.loop)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name)
    }
    held = {name: np.asarray(training.namespace.get(name, ())) for name in names - training.uses.scratch}
    held = {name: value for name, value in held.items() if value.ndim and value.size > 1 and value.dtype.kind in "fiub"}
    if len(held) != 1:
        return None
    ((name, value),) = held.items()
    return name, value.copy()


class _Anew(ast.NodeTransformer):
    """Fills a variable with what it held at first, before anything is written into it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def visit_Assign(self, node: ast.Assign) -> Any:
        (target, *_) = node.targets
        if not isinstance(target, ast.Subscript) or getattr(target.value, "id", "") != self.name:
            return node
        (fresh,) = ast.parse(f"{self.name}[:] = {START}").body
        return [ast.copy_location(fresh, node), node]


def _recorder(method: Callable[..., Any], places: tuple[str, ...], made: Pairs, most: int) -> Callable[..., None]:
    signature = inspect.signature(method)

    def record(*arguments: Any, **keywords: Any) -> None:
        given = signature.bind(*arguments, **keywords).arguments
        made.append((copy.deepcopy(given[places[0]]), copy.deepcopy(given[places[1]])))
        if len(made) >= most:
            raise Stopped

    return record


def piled_up(found: PiledUp, training: Training, tree: ast.Module, path: Path, samples: Pairs) -> Finding:
    """Return what is to be said of targets that pile up.

    Parameters
    ----------
    found : PiledUp
        The targets.
    training : Training
        The loop.
    tree : Module
        The script.
    path : Path
        Its file.
    samples : list of pair
        What the loop was seen to use.
    """
    writes = next(
        node
        for node in ast.walk(training.loop)
        if isinstance(node, ast.Assign)
        and any(getattr(getattr(t, "value", None), "id", "") == found.name for t in node.targets)
    )
    last = _high([np.ravel(label) for _, label in samples])[-1]
    begin = training.loop.lineno
    makes = [
        node
        for part in tree.body
        for node in own_nodes(part)
        if isinstance(node, ast.Assign)
        and node.lineno < begin
        and any(getattr(target, "id", "") == found.name for target in node.targets)
    ]
    again = ast.unparse(makes[-1]) if makes else f"{found.name}[:] = {float(found.start.ravel()[0]):g}"
    return Finding(
        "wrong-targets",
        Severity.ERROR,
        "training",
        f"The targets of earlier samples stay in those of later ones: {found.name} is made once, before the loop.",
        f"the target of sample {len(samples):,} has {last.sum()} of {last.size} entries for a class that is right "
        f"({line_of(path, writes.lineno)}: {ast.unparse(writes)})",
        f"{again}  # in the loop, before line {writes.lineno}",
    )
