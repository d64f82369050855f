"""A network, and functions that train and run it, made of a loop at the top level of a script."""

import ast
import copy
import inspect
import re
import types
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from cmlp.diagnosis.programs.roles import FORWARD, role
from cmlp.diagnosis.programs.script_data import Samples, derived, settings_of, shape_of
from cmlp.diagnosis.programs.script_loop import Training
from cmlp.diagnosis.programs.script_state import Path, arrays, copied, correspond

RUNS = re.compile(r".*(forward|predict|feed|propag|infer|think|activate)", re.IGNORECASE)
DELTAS = re.compile(
    r"_?([dg]|[dg][A-Zwbzi]\w*|d_\w+|(.*_)?(delta|grad|err|diff|nabla)\w*|(.*_)?(loss|cost)(es|s)?)\d*$", re.ASCII
)
OUTPUTS = re.compile(
    r".*(out|pred|hat|prob|softmax|result|sortie|ausgabe|salida)|^(a|h|l|layer_?)\d$|^al$", re.IGNORECASE
)


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
    network : object or dict
        The object that the loop trains, or a dict of all variables that it trains.
    settings : dict
        The numbers of epochs, rates and sizes that the loop reads, by their names.
    """

    def __init__(
        self, training: Training, samples: Samples, tree: ast.Module, path: str, *, holds: bool = False
    ) -> None:
        self.holds = holds
        self.names, self.samples, self.uses = list(training.changed), samples, training.uses
        self.before, self._trained = training.namespace, training.changed
        self._pairs = list(copy.copy(samples.value)) if len(samples.names) == 1 else []
        loop = copy.deepcopy(training.loop)
        self.settings = settings_of(self.before, training.uses.read)
        self._name_epochs(loop)
        self._code = _compiled([loop], path)
        loop.body.append(ast.copy_location(ast.Break(), loop.body[-1]))
        self._once = _compiled([loop], path)
        self._counts = _compiled(list(derived(tree, set(training.uses.read) - set(self.settings))), path)
        value = self.before[self.names[0]]
        self.single = len(self.names) == 1 and not isinstance(value, np.ndarray | tuple)
        self.network: Any = value if self.single else {name: self.before[name] for name in self.names}

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
        self._adapt(variables, data)
        exec(code, variables)
        self._give_back(network, variables)
        return variables

    def _variables(self, network: Any) -> dict[str, Any]:
        memo: dict[int, Any] = {}
        own = {self.names[0]: network} if self.single else {name: network[name] for name in self.names}
        for name, value in own.items():
            correspond(self.before[name], value, memo)
        variables = dict(self.before) | self.settings
        variables |= {"__builtins__": __builtins__, "__name__": "__main__"}
        others = {*self.uses.read, *self.uses.stored} - {*self.names, *self.samples.names}
        variables |= copied({name: variables[name] for name in others if name in variables}, memo)
        variables |= own
        for name, value in variables.items():
            if isinstance(value, types.FunctionType) and not value.__closure__ and name in self.before:
                made = types.FunctionType(value.__code__, variables, value.__name__, value.__defaults__)
                made.__kwdefaults__ = value.__kwdefaults__
                variables[name] = made
        return variables

    def _adapt(self, variables: dict[str, Any], data: list[Any]) -> None:
        """Count the samples anew, and let other variables with a row for each sample follow."""
        number = self._number(data)
        if number == self.samples.number:
            return
        for name in self.uses.read:
            value = variables.get(name)
            if isinstance(value, int) and not isinstance(value, bool) and value == self.samples.number:
                variables[name] = number
        with suppress(Exception):  # what cannot be counted anew stays as it was
            exec(self._counts, variables)

    def _number(self, data: list[Any]) -> int:
        if len(data) == 1:
            return len(data[0]) if hasattr(data[0], "__len__") else self.samples.number
        given, own = shape_of(data[0]), shape_of(self.samples.value[0])
        return given[0 if own is None or own[0] == self.samples.number else -1] if given else len(data[0])

    def _give_back(self, network: Any, variables: dict[str, Any]) -> None:
        if not self.single:
            for name in self.names:
                old, new = network[name], variables[name]
                if isinstance(old, np.ndarray) and isinstance(new, np.ndarray) and _alike(old, new):
                    old[...] = new
                else:
                    network[name] = new
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
        if self.single and any(callable(getattr(self.network, name, None)) for name in FORWARD):
            return None, type(self.network).__name__
        functions = [name for name, value in self.before.items() if isinstance(value, types.FunctionType)]
        known = [name for name in FORWARD if name in functions]
        for name in [*known, *(name for name in functions if RUNS.match(name) and name not in known)]:
            arguments = self._arguments(name, tree)
            if arguments is not None:
                function = self._by_function(name, arguments)
                if self._works(function):
                    return function, name
        place = self._output()
        return (None, "") if place is None else (self._by_loop(*place), "")

    def _works(self, function: Callable[..., Any]) -> bool:
        for images in (self._few(3), self._few(1), self._one()):
            try:
                if function(copy.deepcopy(self.network), images) is not None:
                    return True
            except Exception:
                continue
        return False

    def _few(self, number: int) -> Any:
        if len(self.samples.names) == 1:
            return [image for image, _ in self._pairs[:number]]
        return taken(self.samples.value[0], self.samples.number, range(number))

    def _one(self) -> Any:
        if len(self.samples.names) == 1:
            return self._pairs[0][0]
        return np.asarray(self._few(1)).reshape(-1)

    def _arguments(self, name: str, tree: ast.Module) -> dict[str, str] | None:
        """Return which variable each parameter of a function gets: "" for the images; None if nobody knows."""
        parameters = [p for p in inspect.signature(self.before[name]).parameters.values() if p.kind < p.VAR_POSITIONAL]
        call = next((c for c in ast.walk(tree) if isinstance(c, ast.Call) and getattr(c.func, "id", "") == name), None)
        given: dict[str, ast.expr] = {}
        if call is not None:
            given = dict(zip([p.name for p in parameters], call.args, strict=False))
            given |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        known = {key.lower(): key for key in self.names}
        found: dict[str, str] = {}
        for parameter in parameters:
            value = given.get(parameter.name)
            plain = value.id if isinstance(value, ast.Name) else ""
            if plain in self.names:
                found[parameter.name] = plain
            elif parameter.name.lower() in known:
                found[parameter.name] = known[parameter.name.lower()]
            elif role(parameter.name) in ("images", "pairs") and "" not in found.values():
                found[parameter.name] = ""
            elif plain in self.before and plain not in self.samples.names and plain not in self.uses.scratch:
                found[parameter.name] = plain
            elif parameter.default is parameter.empty:
                if "" in found.values():
                    return None
                found[parameter.name] = ""
        return found if "" in found.values() else None

    def _by_function(self, name: str, arguments: dict[str, str]) -> Callable[..., Any]:
        def forward(network: Any, images: Any) -> Any:
            variables = self._variables(network)
            given = {key: images if value == "" else variables[value] for key, value in arguments.items()}
            return variables[name](**given)

        return forward

    def _by_loop(self, name: str, path: Path) -> Callable[..., Any]:
        def forward(network: Any, images: Any) -> Any:
            found = [dict(arrays(self._outputs(network, row)[name]))[path] for row in _rows(images, self)]
            return np.array([np.ravel(output) for output in found])

        return forward

    def _outputs(self, network: Any, image: Any) -> dict[str, Any]:
        """Run one turn of the loop with one image, on a copy of the network, and return the variables."""
        changed = copy.deepcopy(network)
        if len(self.samples.names) == 1:
            data: list[Any] = [[(image, self._pairs[0][1])]]
        else:
            data = [image, taken(self.samples.value[1], self.samples.number, range(1))]
        return self._run(self._once, changed, data, {})

    def _output(self) -> tuple[str, Path] | None:
        """Return where the loop leaves the outputs: a variable, and what leads to an array in it."""
        try:
            variables = self._outputs(self.network, _rows(self._few(1), self)[0])
        except Exception:
            return None
        classes = number_of_classes(self.samples, self._pairs)
        fitting: list[tuple[str, Path]] = []
        for name in dict.fromkeys([*self.uses.read, *self.uses.stored]):
            for path, array in arrays(variables.get(name), 2):
                right = array.size == classes and array.dtype.kind == "f" and path not in self._trained.get(name, [])
                words = [word for word in (name, *path) if isinstance(word, str)]
                if right and not any(DELTAS.match(word) for word in words) and name not in self.samples.names:
                    fitting.append((name, path))
        named = [place for place in fitting if any(OUTPUTS.match(str(word)) for word in (place[0], *place[1]))]
        chosen = named or fitting
        return chosen[-1] if chosen else None


def _compiled(statements: list[ast.stmt], path: str) -> types.CodeType:
    # Under the script's own name its lines are found in tracebacks, and so they are in findings.
    return compile(ast.fix_missing_locations(ast.Module(statements, [])), path, "exec")


def _alike(old: np.ndarray[Any, Any], new: np.ndarray[Any, Any]) -> bool:
    return old.shape == new.shape and old.dtype == new.dtype and old.flags.writeable


def taken(values: Any, number: int, rows: range) -> Any:
    """Return some of the samples of an array, in its own form: its rows, or its columns."""
    shape = shape_of(values)
    if shape is not None and shape[0] != number and shape[-1] == number:
        return values[..., rows.start : rows.stop]
    return values[rows.start : rows.stop]


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
