"""A network, and functions that train and run it, made of a loop at the top level of a script."""

import ast
import copy
import inspect
import types
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeGuard

import numpy as np

from cmlp.diagnosis.programs.access import attribute, has_attribute
from cmlp.diagnosis.programs.loaders import first_of, is_loader, size_of
from cmlp.diagnosis.programs.roles import FORWARD, role
from cmlp.diagnosis.scripts.data import Samples, derived, settings_of, shape_of
from cmlp.diagnosis.scripts.follow import follower, taken
from cmlp.diagnosis.scripts.forward import answers, by_method, function_that_runs
from cmlp.diagnosis.scripts.loop import Training
from cmlp.diagnosis.scripts.optimizers import rate_of, set_rate
from cmlp.diagnosis.scripts.options import set_within, settings_within
from cmlp.diagnosis.scripts.state import Variables, copied, correspond
from cmlp.diagnosis.scripts.turns import Turns


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
    pairs : list
        Of image and label, where these are the samples.
    trained : dict
        The places of the arrays that the loop changes, by variable.
    once : code
        One turn of the loop.
    """

    def __init__(
        self, training: Training, samples: Samples, tree: ast.Module, path: str, *, holds: bool = False
    ) -> None:
        self.holds = holds
        self.names, self.samples, self.uses = list(training.changed), samples, training.uses
        self.before, self.trained = training.namespace, training.changed
        self.pairs = samples.pairs()
        loop = copy.deepcopy(training.loop)
        self._rate = rate_of(self._optimizers(self.before))
        read = {name: self.before[name] for name in training.uses.read if name in self.before}
        self._within = settings_within(read)
        self.settings = settings_of(self.before, training.uses) | self._within | self._rate
        self._name_epochs(loop)
        self._code = _compiled([loop], path)
        self._source = as_function(loop, path, self.before)
        loop.body.append(ast.copy_location(ast.Break(), loop.body[-1]))
        self.once = _compiled([loop], path)
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
            self.run(self._code, network, [*data, *named], settings)

        plain = inspect.Parameter.POSITIONAL_OR_KEYWORD
        parameters = [inspect.Parameter(name, plain) for name in ("network", *self._parameters)]
        parameters += [inspect.Parameter(name, plain, default=value) for name, value in self.settings.items()]
        fit.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        fit.__wrapped__ = self._source  # type: ignore[attr-defined]
        return fit

    @property
    def _parameters(self) -> tuple[str, ...]:
        return ("training_data",) if len(self.samples.names) == 1 else ("images", "labels")

    def run(self, code: types.CodeType, network: Any, data: list[Any], settings: dict[str, Any]) -> dict[str, Any]:
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
            return len(data[0]) if has_attribute(data[0], "__len__") else self.samples.number
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
        if self.single and any(callable(attribute(self.network, name, None)) for name in FORWARD):
            return None, type(self.network).__name__
        known = {name: value for name, value in self.before.items() if name not in self.uses.scratch}
        own = function_that_runs(tree, known, self.names, self._variables, self._works)
        if own is not None:
            return own
        return Turns(self).forward(), ""

    def _works(self, function: Callable[..., Any]) -> bool:
        return answers(function, self.network, [self.few(3), self.few(1), self._one()])

    def few(self, number: int) -> Any:
        """Return some images, in the form that they have."""
        if self.samples.loads:
            return (first_of(self.samples.value) or ((),))[0][:number]
        if len(self.samples.names) == 1:
            return [image for image, _ in self.pairs[:number]]
        return taken(self.samples.value[0], self.samples.number, range(number))

    def _one(self) -> Any:
        if len(self.samples.names) == 1:
            return self.pairs[0][0]
        return np.asarray(self.few(1)).reshape(-1)


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
