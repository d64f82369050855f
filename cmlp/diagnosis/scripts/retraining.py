"""Functions that train once more, as a call did that was caught, with networks and data that are given."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from cmlp.diagnosis.programs.access import attribute
from cmlp.diagnosis.scripts.hook import Caught
from cmlp.diagnosis.scripts.optimizers import rate_of, set_rate
from cmlp.diagnosis.scripts.options import set_within
from cmlp.diagnosis.scripts.state import Variables, copied, correspond, numeric


def network_of(networks: dict[str, Any]) -> Any:
    """Return an object as it is, and arrays, containers and several objects under their names."""
    (first, *others) = networks.values()
    return Variables(**networks) if others or isinstance(first, np.ndarray | tuple | dict | list) else first


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


def fit_again(
    caught: Caught, names: tuple[str, ...], networks: list[str] | None, settings: dict[str, Any]
) -> Callable[..., Any]:
    """Return a function that calls again what was caught, with copies of all that is not given."""
    owner = next(iter(caught.arguments)) if networks is None else None
    single = (
        networks is not None and network_of({n: caught.arguments[n] for n in networks}) is caught.arguments[networks[0]]
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
    method = attribute(caught.arguments[owner], caught.code.co_name, None) if owner is not None else None
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
