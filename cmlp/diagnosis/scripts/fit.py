"""A network, and functions that train and run it, made of a loop at the top level of a script."""

import ast
import copy
import inspect
import types
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeGuard

import numpy as np

from cmlp.diagnosis.programs.loaders import first_of, is_loader, size_of
from cmlp.diagnosis.programs.roles import FORWARD, role
from cmlp.diagnosis.scripts.data import Samples, derived, settings_of, shape_of
from cmlp.diagnosis.scripts.follow import chosen_rows, follower, taken
from cmlp.diagnosis.scripts.forward import DELTAS, OUTPUTS, answers, by_method, function_that_runs
from cmlp.diagnosis.scripts.loop import Training
from cmlp.diagnosis.scripts.optimizers import rate_of, set_rate
from cmlp.diagnosis.scripts.options import set_within, settings_within
from cmlp.diagnosis.scripts.state import Path, Variables, arrays, copied, correspond, numeric, objects

TOGETHER = (1000, 500, 256, 200, 128, 100, 64, 50, 32, 20, 16, 10, 5, 4, 2)  # sizes of mini-batches that are usual


class Program:
    """A loop that trains, as functions of a network.

    Parameters
    ----------
    training : Training
        The loop, and the variables before it.
    samples : Samples
        The training data among these.
    tree : Module
        The script.
    path : str
        Its file, for tracebacks.
    holds : bool
        Whether the samples are attributes of the network, and not variables.

    Attributes
    ----------
    network : object
        The object that the loop trains, or all variables that it trains.
    settings : dict
        The numbers of epochs, rates and sizes that the loop reads, by their names.
    """

    def __init__(
        self, training: Training, samples: Samples, tree: ast.Module, path: str, *, holds: bool = False
    ) -> None:
        self.holds = holds
        self.names, self.samples, self.uses = list(training.changed), samples, training.uses
        self.before, self._trained = training.namespace, training.changed
        self._pairs = samples.pairs()
        loop = copy.deepcopy(training.loop)
        self._rate = rate_of(self._optimizers(self.before))
        read = {name: self.before[name] for name in training.uses.read if name in self.before}
        self._within = settings_within(read)
        self.settings = settings_of(self.before, training.uses) | self._within | self._rate
        self._name_epochs(loop)
        self._code = _compiled([loop], path)
        self._source = as_function(loop, path, self.before)
        loop.body.append(ast.copy_location(ast.Break(), loop.body[-1]))
        self._once = _compiled([loop], path)
        self._counts = _compiled(list(derived(tree, set(training.uses.read) - set(self.settings))), path)
        value = self.before[self.names[0]]
        self.single = len(self.names) == 1 and not isinstance(value, np.ndarray | tuple | dict | list)
        self.network: Any = value if self.single else Variables(**{n: self.before[n] for n in self.names})

    def _name_epochs(self, loop: ast.For | ast.While) -> None:
        """Give a number of turns that stands in the loop a name, so that it can be set."""
        taken = any(role(name) == "epochs" for name in self.settings) or "epochs" in self.before
        call = loop.iter if isinstance(loop, ast.For) else None
        if taken or not isinstance(call, ast.Call) or getattr(call.func, "id", "") not in ("range", "trange"):
            return
        place = 1 if len(call.args) > 1 else 0
        number = call.args[place] if call.args else None
        if isinstance(number, ast.Constant) and isinstance(number.value, int):
            call.args[place] = ast.copy_location(ast.Name("epochs", ast.Load()), number)
            self.settings["epochs"] = number.value

    def fit(self) -> Callable[..., None]:
        """Return the function that runs the loop with a network, data and settings that are given."""

        def fit(network: Any, *data: Any, **settings: Any) -> None:
            named = [settings.pop(name) for name in self._parameters if name in settings]
            self._run(self._code, network, [*data, *named], settings)

        plain = inspect.Parameter.POSITIONAL_OR_KEYWORD
        parameters = [inspect.Parameter(name, plain) for name in ("network", *self._parameters)]
        parameters += [inspect.Parameter(name, plain, default=value) for name, value in self.settings.items()]
        fit.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        fit.__wrapped__ = self._source  # type: ignore[attr-defined]
        return fit

    @property
    def _parameters(self) -> tuple[str, ...]:
        return ("training_data",) if len(self.samples.names) == 1 else ("images", "labels")

    def _run(self, code: types.CodeType, network: Any, data: list[Any], settings: dict[str, Any]) -> dict[str, Any]:
        """Run the loop with copies of all variables but the network, and return the variables."""
        variables = self._variables(network)
        for name, value in zip(self.samples.names, data, strict=True):
            if self.holds:
                setattr(network, name, value)
            else:
                variables[name] = value
        variables.update(settings)
        set_within(variables, {name: variables[name] for name in self._within})
        for name in self._rate:
            set_rate(self._optimizers(variables), variables[name])
        self._adapt(variables, data)
        exec(code, variables)
        self._give_back(network, variables)
        return variables

    def _optimizers(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Return what of the variables may be an optimizer that the loop uses, or its rate."""
        read = {name: variables[name] for name in self.uses.read if name in variables}
        return read | {name: value for name, value in variables.items() if isinstance(value, int | float)}

    def _variables(self, network: Any) -> dict[str, Any]:
        memo: dict[int, Any] = {}
        own = {self.names[0]: network} if self.single else {name: getattr(network, name) for name in self.names}
        for name, value in own.items():
            correspond(self.before[name], value, memo)
        variables = dict(self.before) | self.settings
        variables |= {"__builtins__": __builtins__, "__name__": "__main__"}
        others = {*self.uses.read, *self.uses.stored} - {*self.names, *self.samples.names}
        variables |= copied({name: variables[name] for name in others if name in variables}, memo)
        variables |= own
        for name, value in variables.items():
            if _is_of_script(value) and not value.__closure__ and name in self.before:
                made = types.FunctionType(value.__code__, variables, value.__name__, value.__defaults__)
                made.__kwdefaults__ = value.__kwdefaults__
                variables[name] = made
        return variables

    def _adapt(self, variables: dict[str, Any], data: list[Any]) -> None:
        """Count the samples anew, and let other variables with a row for each sample follow."""
        number = self._number(data)
        for name in self.uses.read:
            value = variables.get(name)
            if isinstance(value, int) and not isinstance(value, bool) and value == self.samples.number:
                variables[name] = number
            elif len(data) == 2 and name not in (*self.samples.names, *self.names) and name in self.before:
                followed = follower(value, data, self.samples, number)
                variables[name] = value if followed is None else followed
        if number != self.samples.number:
            with suppress(Exception):  # what cannot be counted anew stays as it was
                exec(self._counts, variables)

    def _number(self, data: list[Any]) -> int:
        if len(data) == 1:
            if self.samples.loads and is_loader(data[0]):
                return size_of(data[0])
            return len(data[0]) if hasattr(data[0], "__len__") else self.samples.number
        given, own = shape_of(data[0]), shape_of(self.samples.value[0])
        return given[0 if own is None or own[0] == self.samples.number else -1] if given else len(data[0])

    def _give_back(self, network: Any, variables: dict[str, Any]) -> None:
        if not self.single:
            for name in self.names:
                old, new = getattr(network, name), variables[name]
                if isinstance(old, np.ndarray) and isinstance(new, np.ndarray) and _alike(old, new):
                    old[...] = new
                else:
                    setattr(network, name, new)
            return
        new = variables[self.names[0]]
        if new is network:
            return
        if isinstance(network, list):
            network[:] = new
        elif isinstance(network, dict):
            network.clear()
            network.update(new)
        else:
            vars(network).update(vars(new))

    # Running it

    def forward(self, tree: ast.Module) -> tuple[Callable[..., Any] | None, str]:
        """Return a function that runs the network, and what it was made of.

        Parameters
        ----------
        tree : Module
            The script.

        Returns
        -------
        forward : function or None
            Takes a network and images.
        source : str
            The name of a function of the script, or ``""``: the loop itself.
        """
        if self.holds:
            found = by_method(self.network, self.samples.names[0], len(getattr(self.network, self.samples.names[0])))
            return found, type(self.network).__name__ if found is not None else ""
        if self.single and any(callable(getattr(self.network, name, None)) for name in FORWARD):
            return None, type(self.network).__name__
        known = {name: value for name, value in self.before.items() if name not in self.uses.scratch}
        own = function_that_runs(tree, known, self.names, self._variables, self._works)
        if own is not None:
            return own
        place = self._output()
        return (None, "") if place is None else (self._by_loop(*place), "")

    def _works(self, function: Callable[..., Any]) -> bool:
        return answers(function, self.network, [self._few(3), self._few(1), self._one()])

    def _few(self, number: int) -> Any:
        if self.samples.loads:
            return (first_of(self.samples.value) or ((),))[0][:number]
        if len(self.samples.names) == 1:
            return [image for image, _ in self._pairs[:number]]
        return taken(self.samples.value[0], self.samples.number, range(number))

    def _one(self) -> Any:
        if len(self.samples.names) == 1:
            return self._pairs[0][0]
        return np.asarray(self._few(1)).reshape(-1)

    def _by_loop(self, name: str, path: Path) -> Callable[..., Any]:
        together = self._most_together(name, path) if self._are_together(name, path) else 1

        def forward(network: Any, images: Any) -> Any:
            rows = _rows(images, self)
            if together == 1 or len(rows) == 1:
                return np.array([np.ravel(self._outputs(network, row, name, path)) for row in rows])
            parts = [range(k, min(k + together, len(rows))) for k in range(0, len(rows), together)]
            taken_parts = [images] if len(parts) == 1 else [taken(images, len(rows), part) for part in parts]
            made = [self._outputs(network, some, name, path) for some in taken_parts]
            return np.concatenate([_turned(one, len(part)) for one, part in zip(made, parts, strict=True)])

        return forward

    def _most_together(self, name: str, path: Path) -> int:
        """Return how many images one turn of the loop runs at most: as many as are in a mini-batch of its own."""
        sizes = sorted({*TOGETHER, *(n for n in self.settings.values() if isinstance(n, int) and n > 1)}, reverse=True)
        one = self._outputs(self.network, self._few(1), name, path).size
        for size in (size for size in sizes if size <= self.samples.number):
            try:
                if self._outputs(self.network, self._few(size), name, path).size == size * one:
                    return size
            except Exception:
                continue
        return 1

    def _are_together(self, name: str, path: Path) -> bool:
        """Whether one turn of the loop runs several images, in their order."""
        if len(self.samples.names) == 1:
            return False
        few = self._few(5)
        try:
            single = np.array([np.ravel(self._outputs(self.network, row, name, path)) for row in _rows(few, self)])
            several = _turned(self._outputs(self.network, few, name, path), 5)
        except Exception:
            return False
        return several.shape == single.shape and bool(np.allclose(several, single, equal_nan=True))

    def _outputs(self, network: Any, images: Any, name: str, path: Path) -> np.ndarray[Any, Any]:
        return dict(arrays(self._turn(network, images)[name]))[path]

    def _turn(self, network: Any, images: Any) -> dict[str, Any]:
        """Run one turn of the loop with images, on a copy of the network, and return the variables."""
        changed = copy.deepcopy(network)
        if len(self.samples.names) == 1:
            label = self._pairs[0][1]
            data: list[Any] = [[(images[None], label[None]) if self.samples.loads else (images, label)]]
        else:
            number = len(_rows(images, self))
            rows = np.arange(number) % self.samples.number
            data = [images, chosen_rows(self.samples.value[1], self.samples.number, rows)]
        return self._run(self._once, changed, data, {})

    def _output(self) -> tuple[str, Path] | None:
        """Return where the loop leaves the outputs: a variable, and what leads to an array in it."""
        try:
            image = _rows(self._few(1), self)[0]
            variables, others = self._turn(self.network, image), self._turn(moved(self.network), image)
        except Exception:
            return None
        classes = number_of_classes(self.samples, self._pairs)
        parameters = [array for name in self.names for _, array in arrays(variables[name])]
        fitting: list[tuple[str, Path]] = []
        for name in dict.fromkeys([*self.uses.read, *self.uses.stored]):
            for path, array in arrays(variables.get(name), 2):
                right = array.size == classes and array.dtype.kind == "f" and path not in self._trained.get(name, [])
                right = right and _differs(array, dict(arrays(others.get(name), 2)).get(path))
                right = right and all(_differs(array, parameter) for parameter in parameters)
                words = [word for word in (name, *path) if isinstance(word, str)]
                if right and not any(DELTAS.match(word) for word in words) and name not in self.samples.names:
                    fitting.append((name, path))
        named = [place for place in fitting if any(OUTPUTS.match(str(word)) for word in (place[0], *place[1]))]
        chosen = named or fitting
        return chosen[-1] if chosen else None


def _compiled(statements: list[ast.stmt], path: str) -> types.CodeType:
    # Under the script's own name its lines are found in tracebacks, and so they are in findings.
    return compile(ast.fix_missing_locations(ast.Module(statements, [])), path, "exec")


def _is_of_script(value: Any) -> TypeGuard[types.FunctionType]:
    return isinstance(value, types.FunctionType) and value.__globals__.get("__name__") == "__main__"


def as_function(loop: ast.For | ast.While, path: str, known: dict[str, Any] | None = None) -> types.FunctionType:
    """Return a function without arguments that has the lines of a loop: findings look there for places.

    Parameters
    ----------
    loop : For or While
        The statement.
    path : str
        Its file.
    known : dict, optional
        The variables that it reads, functions among them.
    """
    (made,) = ast.parse("def loop(): pass").body
    assert isinstance(made, ast.FunctionDef)
    made.body = [copy.deepcopy(loop)]
    made.lineno, made.end_lineno = loop.lineno, loop.end_lineno
    made.col_offset = loop.col_offset
    variables = dict(known or {})
    exec(_compiled([made], path), variables)
    function: types.FunctionType = variables["loop"]
    return function


def _alike(old: np.ndarray[Any, Any], new: np.ndarray[Any, Any]) -> bool:
    return old.shape == new.shape and old.dtype == new.dtype and old.flags.writeable


def moved(network: Any) -> Any:
    """Return a copy of a network whose arrays have other numbers."""
    changed, rng = copy.deepcopy(network), np.random.default_rng(0)
    for _, part in objects(changed):
        numbers = numeric(part)
        if numbers is None or numbers.dtype.kind != "f" or not numbers.flags.writeable:
            continue
        numbers += rng.normal(size=numbers.shape) * (0.1 + np.abs(np.nan_to_num(numbers)).mean())
        if isinstance(part, list):
            part[:] = numbers.tolist()
    return changed


def _differs(first: np.ndarray[Any, Any], second: np.ndarray[Any, Any] | None) -> bool:
    return second is not None and not np.array_equal(first, second, equal_nan=True)


def _turned(outputs: np.ndarray[Any, Any], number: int) -> np.ndarray[Any, Any]:
    """Return outputs with a row for each image."""
    turned = outputs.T if outputs.ndim == 2 and outputs.shape[0] != number and outputs.shape[1] == number else outputs
    return turned.reshape(number, -1)


def _rows(images: Any, program: Program) -> list[Any]:
    """Return images one by one, each as a table of one image."""
    if len(program.samples.names) == 1:
        return list(images)
    own, shape = shape_of(program.samples.value[0]), shape_of(images) or ()
    columns = own is not None and own[0] != program.samples.number
    one = len(shape) < len(own or ())
    if one:
        return [np.asarray(images).reshape((-1, 1) if columns else (1, *shape))]
    number = shape[-1] if columns else shape[0]
    return [taken(images, number, range(row, row + 1)) for row in range(number)]


def number_of_classes(samples: Samples, pairs: list[Any]) -> int:
    """Return how many outputs a network for these labels has."""
    if len(samples.names) == 1:
        labels = [label for _, label in pairs]
        if np.size(labels[0]) > 1:
            return int(np.size(labels[0]))
        labels = [np.ravel(label)[0] for label in labels]
    else:
        shape = shape_of(samples.value[1]) or ()
        others = [size for size in shape if size != samples.number]
        if others and others[0] > 1:
            return others[0]
        labels = list(np.ravel(samples.value[1]))
    distinct = len(set(labels))
    return distinct if distinct > 2 else 1
