"""What a caught call has in hand, in the words of `cmlp.check`: network, data, settings, and how to train again."""

import ast
import copy
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cmlp.diagnosis.programs.roles import FIT, role
from cmlp.diagnosis.report import Finding
from cmlp.diagnosis.scripts.advice import Names
from cmlp.diagnosis.scripts.hook import Caught, samples_within
from cmlp.diagnosis.scripts.inlining import calls
from cmlp.diagnosis.scripts.optimizers import is_optimizer, rate_of, set_rate
from cmlp.diagnosis.scripts.options import set_within, settings_within
from cmlp.diagnosis.scripts.state import Variables, arrays, copied, correspond, is_module, numeric

KEPT = 64  # samples that stay within an object that holds its own data: copies of it are made many times


@dataclass
class Subject:
    """The arguments of `cmlp.check`, but for the test data.

    Parameters
    ----------
    network : object
        What is trained.
    train : object
        The training data.
    settings : dict
        Of the training.
    functions : dict
        ``fit`` and ``forward``, where they are needed.
    test : object
        Test data that were passed along, or None.
    caught : str
        What was caught, for people.
    notes : list of str
        What could not be found out.
    holders : list of str
        The arguments of the call that hold the network, if it is no method.
    data : tuple of str
        The arguments of the call with the samples.
    held : str
        The attribute in which an object holds its own images, if it does.
    known : list of Finding
        What the text of the script tells: it is said in the place of what the examination says of the same fault.
    names : Names
        What the script calls all this.
    """

    network: Any
    train: Any
    settings: dict[str, Any] = field(default_factory=dict)
    functions: dict[str, Callable[..., Any]] = field(default_factory=dict)
    test: Any = None
    caught: str = ""
    notes: list[str] = field(default_factory=list)
    holders: list[str] = field(default_factory=list)
    data: tuple[str, ...] = ()
    held: str = ""
    known: list[Finding] = field(default_factory=list)
    names: Names = field(default_factory=Names)


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
        functions = {} if _is_plain(caught, holders, settings) else {"fit": _fit(caught, names, None, settings)}
        return Subject(owner, train, settings, functions, test, data=names)
    networks = {
        name: value
        for name, value in holders.items()
        if name not in settings and holds_network(value) and not is_optimizer(value)
    }
    if not networks:
        return None
    functions = {"fit": _fit(caught, names, list(networks), settings)}
    return Subject(_network(networks), train, settings, functions, test, holders=list(networks), data=names)


def _estimator(arguments: dict[str, Any]) -> Subject:
    network = arguments.pop("self")
    data = [arguments[name] for name in list(arguments)[:2]]
    given = {name: value for name, value in numbers_of(arguments).items() if role(name) in ("epochs", "size")}
    return Subject(network, (data[0], data[1]), given)


def _network(networks: dict[str, Any]) -> Any:
    """Return an object as it is, and arrays, containers and several objects under their names."""
    (first, *others) = networks.values()
    return Variables(**networks) if others or isinstance(first, np.ndarray | tuple | dict | list) else first


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
    return hasattr(value, "__len__") or hasattr(value, "__next__")


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
    method = getattr(caught.arguments[code.co_varnames[0]], code.co_name, None)
    if method is None or code.co_name not in FIT:
        return False
    defaults = {p.name: p.default for p in inspect.signature(method).parameters.values()}
    return all(name in defaults and _same(defaults[name], holders[name]) for name in given)


def _same(first: Any, second: Any) -> bool:
    return first is second or (isinstance(first, str | bool) and first == second)


# Functions that train once more


def _signature(names: tuple[str, ...], settings: dict[str, Any]) -> inspect.Signature:
    plain = inspect.Parameter.POSITIONAL_OR_KEYWORD
    first = "network" if "network" not in (*names, *settings) else "network_"
    parameters = [inspect.Parameter(name, plain) for name in (first, *names)]
    return inspect.Signature([*parameters, *(inspect.Parameter(n, plain, default=v) for n, v in settings.items())])


def signed(function: Callable[..., Any], names: tuple[str, ...], settings: dict[str, Any]) -> Callable[..., Any]:
    """Return a function that says which data and settings it takes after the network."""
    signature = _signature(names, settings)

    def fit(*arguments: Any, **keywords: Any) -> Any:
        bound = signature.bind(*arguments, **keywords)
        bound.apply_defaults()
        network, *values = bound.arguments.values()
        return function(network, dict(zip([*names, *settings], values, strict=True)))

    fit.__signature__ = signature  # type: ignore[attr-defined]
    return fit


def _fit(
    caught: Caught, names: tuple[str, ...], networks: list[str] | None, settings: dict[str, Any]
) -> Callable[..., Any]:
    """Return a function that calls again what was caught, with copies of all that is not given."""
    owner = next(iter(caught.arguments)) if networks is None else None
    single = (
        networks is not None and _network({n: caught.arguments[n] for n in networks}) is caught.arguments[networks[0]]
    )
    places = [owner] if owner is not None else list(networks or [])

    def fit(network: Any, given: dict[str, Any]) -> None:
        parts = {places[0]: network} if owner is not None or single else {n: getattr(network, n) for n in places}
        memo: dict[int, Any] = {}
        for name, value in parts.items():
            correspond(caught.arguments[name], value, memo)
        others = {n: v for n, v in caught.arguments.items() if n not in parts and n not in given}
        arguments = copied(others, memo) | parts | given
        set_within(arguments, given)
        for name in rate_of(caught.arguments):
            set_rate(arguments, arguments[name])
        ordered = {name: arguments[name] for name in caught.arguments}
        if owner is not None:
            getattr(network, caught.code.co_name)(**{n: v for n, v in ordered.items() if n != owner})
            return
        assert caught.function is not None
        returned = caught.function(**ordered)
        give_back(network if single else parts, returned)
        if not single:
            vars(network).update(parts)

    made = signed(fit, names, settings)
    method = getattr(caught.arguments[owner], caught.code.co_name, None) if owner is not None else None
    made.__wrapped__ = caught.function or method  # type: ignore[attr-defined]
    return made


def give_back(network: Any, returned: Any) -> None:
    """Write arrays that a function returned into the network that it was given, where it made new ones."""
    parts = list(returned) if isinstance(returned, tuple) else [returned]
    if isinstance(network, dict):
        (first, *others) = network.values()
        if not others and isinstance(first, dict | list):
            give_back(first, returned)
            return
        dicts = [part for part in parts if isinstance(part, dict) and network.keys() <= part.keys()]
        if dicts:
            network.update({name: dicts[0][name] for name in network})
            return
        fresh = [part for part in parts if numeric(part) is not None or isinstance(part, list)]
        names = list(network)
        if len(fresh) >= len(names) and all(_fits(network[n], p) for n, p in zip(names, fresh, strict=False)):
            network.update(zip(names, fresh, strict=False))
    elif isinstance(network, list):
        lists = [part for part in parts if isinstance(part, list) and part is not network and len(part) == len(network)]
        if lists and all(_fits(old, new) for old, new in zip(network, lists[0], strict=True)):
            network[:] = lists[0]
    elif type(returned) is type(network) and returned is not network:
        vars(network).update(vars(returned))


def _fits(old: Any, new: Any) -> bool:
    return bool(np.shape(old) == np.shape(new)) if numeric(old) is not None else type(old) is type(new)


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
