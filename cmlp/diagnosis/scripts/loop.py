"""Loops at the top level of a script, watched until one of them turns out to train."""

import ast
import itertools
import re
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cmlp.diagnosis.programs.access import attribute
from cmlp.diagnosis.programs.roles import FORWARD, role
from cmlp.diagnosis.scripts.hook import Stopped
from cmlp.diagnosis.scripts.names import Functions, Uses
from cmlp.diagnosis.scripts.optimizers import is_optimizer
from cmlp.diagnosis.scripts.source import Loop
from cmlp.diagnosis.scripts.state import Path, arrays, changes, copied, holds_arrays, is_data, is_module, objects

ONCE = (zip, map, filter, enumerate, types.GeneratorType)  # what can be read once, and then is empty
WEIGHTS = re.compile(
    r"_*(w|b|weights?|bias(es)?|theta|syn|beta|param(eter)?s?|gewichte?|poids|pesos?)([_\dA-Z]\w*)?$", re.IGNORECASE
)
OPTIMIZERS = re.compile(r"_*(opt(im\w*)?|solver|adam|sgd|rmsprop|momentum|sched\w*|trainer)\d*$", re.IGNORECASE)
MOST_SAMPLES = 10_000  # calls with one sample each that are written down


@dataclass
class Training:
    """A loop that trains.

    Parameters
    ----------
    loop : For or While
        The statement.
    uses : Uses
        The variables that it uses.
    namespace : dict
        The variables as they were before it; those that it may change are copies.
    changed : dict
        The arrays that it changes: the paths in each variable.
    """

    loop: Loop
    uses: Uses
    namespace: dict[str, Any]
    changed: dict[str, list[Path]]


class Loops:
    """Compares the variables before a loop with those that it has made of them.

    Parameters
    ----------
    loops : list of For or While
        The statements, by the numbers with which the script reports them.
    functions : dict
        The functions of the script.
    namespace : dict
        The variables of the script.
    """

    def __init__(self, loops: list[Loop], functions: Functions, namespace: dict[str, Any]) -> None:
        self.loops, self.namespace = loops, namespace
        self.uses = [Uses([loop], functions) for loop in loops]
        self.active: list[int] = []
        self.found: Training | None = None
        self.samples: list[tuple[Any, Any]] = []  # of the calls with one sample each, in their order
        self.method: tuple[Any, str, tuple[str, ...]] | None = None  # that was called with them
        self.ready: Callable[[Training], bool] = lambda _: True  # whether enough was seen of a training
        self._before: dict[int, dict[str, Any]] = {}
        self._turns = [0] * len(loops)

    def begin(self, number: int) -> None:
        """Keep the variables that a loop may change, as it finds them for the first time."""
        self.active = [*self._enclosing(number), number]
        if number in self._before:
            return
        kept = {name: value for name, value in self.namespace.items() if not name.startswith("__")}
        for name in self.uses[number].read:
            if isinstance(kept.get(name), ONCE):
                self.namespace[name], kept[name] = itertools.tee(kept[name])
        kept |= copied({name: kept[name] for name in kept if name in self.uses[number].read})
        self._before[number] = kept

    def _enclosing(self, number: int) -> list[int]:
        wanted = self.loops[number]
        return [n for n in self.active if n != number and _inside(wanted, self.loops[n])]

    def turn(self, number: int) -> None:
        """Look at the variables where the outermost loop begins its second turn, its third, its fifth."""
        self._turns[number] += 1
        turns = self._turns[number] - 1
        if number == self.active[0] and turns and turns & (turns - 1) == 0:
            self.decide()

    def end(self, number: int) -> None:
        """Look at the variables after the outermost loop."""
        if self.active and number == self.active[0]:
            self.decide()
            self.active = []

    @property
    def turned(self) -> bool:
        """Whether the outermost loop has turned once."""
        return bool(self.active) and self._turns[self.active[0]] > 1

    def decide(self) -> None:
        """Stop the script if a loop trains: it has changed arrays that were there before and are no temporaries."""
        self.look()
        if self.found is not None and self.ready(self.found):
            raise Stopped

    def look(self, *, last: bool = False) -> None:
        """Look for a loop that trains; at last, for one that should, and changes nothing."""
        if self.found is None:
            candidates = (self._training(number, last) for number in (self.active or sorted(self._before)))
            self.found = next((training for training in candidates if training is not None), None)

    def _training(self, number: int, last: bool) -> Training | None:
        before = self._before.get(number)
        if before is None:
            return None
        uses = self.uses[number]
        held = {name: before[name] for name in uses.read if name in before and name not in uses.scratch}
        changed = own_paths(changes(held, self.namespace), self.namespace)
        still: dict[str, list[Path]] = {
            name: [] for name in held if name not in changed and _alike(name, held, changed)
        }
        training = Training(self.loops[number], uses, before, changed | still)
        if any(_matrix(before[name], paths) for name, paths in changed.items()):
            return training
        return training if last and still and self.ready(training) else None

    def trains_within(self, network: Any) -> bool:
        """Whether a loop that is running got this network from outside, and trains it call by call."""
        for number in self.active:
            test = getattr(self.loops[number], "test", None)
            if isinstance(test, ast.Constant):  # a loop without an end is no training that can be repeated
                continue
            scratch = self.uses[number].scratch
            names = [name for name, value in self.namespace.items() if value is network and name not in scratch]
            own = [name for name in names if name in self.uses[number].read and name in self._before[number]]
            if own:
                self.found = Training(self.loops[number], self.uses[number], self._before[number], {own[0]: []})
                return True
        return False

    def record(self, owner: Any, name: str, arguments: dict[str, Any]) -> None:
        """Write down a call with one sample; after so many, stop."""
        images = [key for key in arguments if role(key) == "images"]
        labels = [key for key in arguments if role(key) == "labels"]
        if not self.active or not images or not labels:
            return
        if self.method is None:
            self.method = owner, name, (images[0], labels[0])
        if self.method[1] == name and len(self.samples) < MOST_SAMPLES:
            self.samples += copied({"pair": (arguments[images[0]], arguments[labels[0]])}).values()
        if len(self.samples) == MOST_SAMPLES:
            self.decide()


def _inside(inner: Loop, outer: Loop) -> bool:
    first, last = inner.lineno, inner.end_lineno or inner.lineno
    return outer.lineno <= first and last <= (outer.end_lineno or outer.lineno)


def own_paths(changed: dict[str, list[Path]], variables: dict[str, Any]) -> dict[str, list[Path]]:
    """Return what was changed with each array once: in the variable that leads to it most directly.

    An optimizer that holds the layers of a network, or moments of its own, is no network.
    """
    seen: set[int] = set()
    own: dict[str, list[Path]] = {}
    changed = {name: paths for name, paths in changed.items() if not is_optimizer(variables[name])}
    for name in sorted(changed, key=lambda name: (OPTIMIZERS.match(name) is not None, min(map(len, changed[name])))):
        places = {path: id(value) for path, value in objects(variables[name])}
        left = [path for path in changed[name] if places[path] not in seen]
        seen |= set(places.values())
        if left and not (own and OPTIMIZERS.match(name)):
            own[name] = left
    return {name: own[name] for name in changed if name in own}


def _alike(name: str, held: dict[str, Any], changed: dict[str, list[Path]]) -> bool:
    """Whether an array or object that a loop does not change belongs to those that it does."""
    value = held[name]
    if isinstance(value, np.ndarray):
        return value.dtype.kind == "f" and value.size > 1 and not is_data(name) and WEIGHTS.match(name) is not None
    if is_module(value):
        return next(value.parameters(), None) is not None
    if isinstance(value, list | tuple | dict):
        return WEIGHTS.match(name) is not None and any(array.dtype.kind == "f" for _, array in arrays(value))
    kinds = {type(held[other]) for other in changed}
    runs = any(callable(attribute(type(value), method, None)) for method in FORWARD if method != "__call__")
    return (type(value) in kinds or (runs and not changed)) and holds_arrays(value)


def _matrix(value: Any, paths: list[Path]) -> bool:
    """Whether one of the arrays is more than a number: what a loop counts is not what it learns."""
    return any(path in paths and array.size > 1 for path, array in arrays(value))
