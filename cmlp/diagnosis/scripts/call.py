"""What a caught call has in hand, in the words of `cmlp.check`: network, data, settings, and how to train again."""

import ast
import copy
import inspect
from typing import Any

import numpy as np

from cmlp.diagnosis.programs.access import attribute, has_attribute
from cmlp.diagnosis.programs.roles import FIT, role
from cmlp.diagnosis.scripts.data import shape_of, training_samples
from cmlp.diagnosis.scripts.hook import Caught, samples_within
from cmlp.diagnosis.scripts.inlining import calls
from cmlp.diagnosis.scripts.loop import Loops
from cmlp.diagnosis.scripts.optimizers import is_optimizer, rate_of
from cmlp.diagnosis.scripts.options import settings_within
from cmlp.diagnosis.scripts.retraining import fit_again, network_of, signed
from cmlp.diagnosis.scripts.state import arrays, is_module
from cmlp.diagnosis.scripts.subject import Subject

KEPT = 64  # samples that stay within an object that holds its own data: copies of it are made many times


def subject_of(caught: Caught) -> Subject | None:
    """Return what a call trains, and with what; None if no argument is, or holds, a network.

    Parameters
    ----------
    caught : Caught
        The call.

    Returns
    -------
    Subject or None
        None for a function that makes its network inside.
    """
    arguments = dict(caught.arguments)
    if caught.library:
        return _estimator(arguments)
    owner = arguments.pop(next(iter(arguments))) if caught.method else None
    data = data_of(arguments)
    inside = samples_within(owner) if data is None and owner is not None else None
    if inside is not None:
        return _holder_of_data(caught, owner, inside, arguments)
    if data is None:
        return None
    names, train = data
    test = next((value for name, value in arguments.items() if role(name) == "test" and _holds(value)), None)
    settings = settings_within(arguments) | numbers_of(arguments) | rate_of(arguments)
    holders = {name: value for name, value in arguments.items() if name not in names and role(name) != "test"}
    if caught.method:
        functions = {} if _is_plain(caught, holders, settings) else {"fit": fit_again(caught, names, None, settings)}
        return Subject(owner, train, settings, functions, test, data=names)
    networks = {
        name: value
        for name, value in holders.items()
        if name not in settings and holds_network(value) and not is_optimizer(value)
    }
    if not networks:
        return None
    functions = {"fit": fit_again(caught, names, list(networks), settings)}
    return Subject(network_of(networks), train, settings, functions, test, holders=list(networks), data=names)


def _estimator(arguments: dict[str, Any]) -> Subject:
    network = arguments.pop("self")
    data = [arguments[name] for name in list(arguments)[:2]]
    given = {name: value for name, value in numbers_of(arguments).items() if role(name) in ("epochs", "size")}
    return Subject(network, (data[0], data[1]), given)


def data_of(arguments: dict[str, Any]) -> tuple[tuple[str, ...], Any] | None:
    """Return the names of the arguments with samples, and the samples."""
    roles: dict[str, str] = {}
    for name, value in arguments.items():
        kind = role(name)
        if kind in ("images", "labels", "pairs") and value is not None and _holds(value):
            roles.setdefault(kind, name)
    if "images" in roles and "labels" in roles:
        names: tuple[str, ...] = (roles["images"], roles["labels"])
    elif "pairs" in roles and "labels" in roles:
        names = (roles["pairs"], roles["labels"])
    elif "pairs" in roles or "images" in roles:
        names = (roles.get("pairs") or roles["images"],)
    else:
        return None
    values = tuple(arguments[name] for name in names)
    return names, values if len(values) == 2 else values[0]


def numbers_of(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments that are plain numbers."""
    kinds = int | float | np.integer | np.floating
    return {n: v for n, v in arguments.items() if isinstance(v, kinds) and not isinstance(v, bool)}


def _holds(value: Any) -> bool:
    return has_attribute(value, "__len__") or has_attribute(value, "__next__")


def holds_network(value: Any) -> bool:
    """Whether an argument is an array, or holds arrays, and is no function, text or list of the sizes of layers."""
    if isinstance(value, str | bytes | int | float):
        return False
    if is_module(value):
        return next(value.parameters(), None) is not None
    return any(array.dtype.kind == "f" or array.ndim > 1 for _, array in arrays(value))  # and no list of sizes


def _is_plain(caught: Caught, holders: dict[str, Any], settings: dict[str, Any]) -> bool:
    """Whether a method is called by a known name, and with nothing but samples and numbers."""
    code = caught.code
    given = [name for name in holders if name not in settings and holders[name] is not None]
    method = attribute(caught.arguments[code.co_varnames[0]], code.co_name, None)
    if method is None or code.co_name not in FIT:
        return False
    defaults = {p.name: p.default for p in inspect.signature(method).parameters.values()}
    return all(name in defaults and _same(defaults[name], holders[name]) for name in given)


def _same(first: Any, second: Any) -> bool:
    return first is second or (isinstance(first, str | bool) and first == second)


def _holder_of_data(caught: Caught, owner: Any, names: tuple[str, str], arguments: dict[str, Any]) -> Subject:
    """Return an object that keeps its own data: they are set before it trains, and few are kept in what is copied."""
    images, labels = names
    train = getattr(owner, images), getattr(owner, labels)
    settings = numbers_of(arguments)
    others = {n: v for n, v in arguments.items() if n not in settings}

    def fit(network: Any, given: dict[str, Any]) -> None:
        setattr(network, images, given.pop("images"))
        setattr(network, labels, given.pop("labels"))
        getattr(network, caught.code.co_name)(**others, **given)

    keep_few(owner, names)
    return Subject(owner, train, settings, {"fit": signed(fit, ("images", "labels"), settings)}, held=images)


def keep_few(owner: Any, names: tuple[str, ...]) -> None:
    """Leave only some samples in an object that holds its own, and is copied for each trial."""
    values = [getattr(owner, name) for name in names]
    number = len(values[-1])
    for name, value in zip(names, values, strict=True):
        if number > KEPT and len(value) == number:
            setattr(owner, name, copy.copy(value[:KEPT]))


def shown(caught: Caught, tree: ast.Module, names: tuple[str, ...] = ()) -> str:
    """Return the call as the script writes it, with the numbers that it passes: ``NN.train(data, epochs=25)``."""
    found = [call for call in calls(tree) if call.lineno == caught.line]
    said = next((c for c in found if getattr(c.func, "attr", getattr(c.func, "id", "")) == caught.name), None)
    name = ast.unparse(said.func) if said is not None and len(ast.unparse(said.func)) < 40 else caught.name
    arguments = list(caught.arguments.items())[1 if caught.method else 0 :]
    parts = [
        f"{key}={value:.6g}" if isinstance(value, float) else f"{key}={value}" if isinstance(value, int) else key
        for key, value in arguments
        if value is not None and not isinstance(value, str | bool)
    ]
    return f"{name}({', '.join(parts)})"


def is_batch(caught: Caught, loops: Loops) -> bool:
    """Whether a call within a loop gets a part of the samples that the loop reads."""
    arguments = dict(list(caught.arguments.items())[1 if caught.method else 0 :])
    data = data_of(arguments)
    number = loops.active[0]
    all_samples = training_samples(loops.namespace, loops.uses[number].read)
    if data is None or all_samples is None:
        return False
    shape = shape_of(data[1][1] if isinstance(data[1], tuple) and len(data[0]) == 2 else data[1])
    return shape is not None and 2 * max(shape[0], shape[-1] if len(data[0]) == 2 else 0) <= all_samples.number
