"""Functions that take the data before the network, as ``forward(X, parameters)``, in the order that is asked for."""

import inspect
import re
from collections.abc import Callable
from typing import Any

from cmlp.diagnosis.programs.roles import parameters_of, role

NETWORK = re.compile(
    r"_*((my_?|the_?)?(net|network|nn|mlp|model|params?|parameters?|parametros|paramètres|parameter"
    r"|theta|thetas|weights?|w|ws|layers?|state|self|red|reseau|réseau|netz|mode(ll|lo|le)|modèle|rete|rede))_*",
    re.IGNORECASE,
)


def network_first(function: Callable[..., Any], kind: str, settings: dict[str, Any]) -> Callable[..., Any]:
    """Return a function that takes the network first, of one that takes data first; any other as it is.

    Parameters
    ----------
    function : callable
        No method.
    kind : str
        "forward", "fit", "step" or "score".
    settings : dict
        Those of the training, which are no network.
    """
    parameters = parameters_of(function)
    if not parameters or role(parameters[0].name) not in ("images", "pairs"):
        return function
    unknown = [p for p in parameters[1:] if p.default is p.empty and p.name not in settings and role(p.name) is None]
    named = [p for p in unknown if NETWORK.fullmatch(p.name)]
    if named or len(unknown) == 1:
        return _reordered(function, parameters, (named or unknown)[0])
    if kind == "fit" and not unknown:
        return _reordered(function, parameters, None)  # it makes its network, and returns it
    return function


def _reordered(
    function: Callable[..., Any], parameters: list[inspect.Parameter], place: inspect.Parameter | None
) -> Callable[..., Any]:
    others = [p for p in parameters if p is not place]
    names = {p.name for p in others}
    taken = next(name for name in ("network", "network_", "network__") if name not in names)
    first = inspect.Parameter(taken if place is None else place.name, inspect.Parameter.POSITIONAL_ONLY)

    def reordered(network: Any, *values: Any, **keywords: Any) -> Any:
        given = {p.name: value for p, value in zip(others, values, strict=False)} | keywords
        return function(**given) if place is None else function(**given, **{place.name: network})

    reordered.__signature__ = inspect.Signature([first, *_after(others)])  # type: ignore[attr-defined]
    reordered.__wrapped__ = function  # type: ignore[attr-defined]
    return reordered


def _after(others: list[inspect.Parameter]) -> list[inspect.Parameter]:
    """Return parameters in an order that a signature may have: those without a default first."""
    kinds = [p.replace(kind=inspect.Parameter.POSITIONAL_OR_KEYWORD) for p in others]
    return sorted(kinds, key=lambda p: p.default is not p.empty)
