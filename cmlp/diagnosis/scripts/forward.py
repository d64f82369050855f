"""The function of a script that runs its network, and how to call it with any network and images."""

import ast
import copy
import inspect
import re
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from cmlp.diagnosis.programs.access import attribute, has_attribute
from cmlp.diagnosis.programs.roles import FORWARD, role
from cmlp.diagnosis.scripts.inlining import calls
from cmlp.diagnosis.scripts.state import arrays

RUNS = re.compile(r".*(forward|predict|feed|propag|infer|think|activate)", re.IGNORECASE)
DELTAS = re.compile(
    r"_?([dg]|[dg][A-Zwbzi]\w*|d_\w+|(.*_)?(delta|grad|err|diff|nabla)\w*|(.*_)?(loss|cost)(es|s)?)\d*$", re.ASCII
)
OUTPUTS = re.compile(
    r".*(out|pred|hat|prob|softmax|result|sortie|ausgabe|salida)|^(a|h|l|layer_?)\d$|^al$|^act(s|ivations?)?$",
    re.IGNORECASE,
)

Forward = Callable[[Any, Any], Any]


def function_that_runs(
    tree: ast.Module,
    variables: dict[str, Any],
    names: list[str],
    bind: Callable[[Any], dict[str, Any]],
    works: Callable[[Forward], bool],
) -> tuple[Forward, str] | None:
    """Return a function of a network and images, made of one that a script defines, and its name.

    Parameters
    ----------
    tree : Module
        The script.
    variables : dict
        Its variables, functions among them.
    names : list of str
        Under which the network, or its parts, are known.
    bind : function
        Returns the variables of the script with those of a given network.
    works : function
        Whether a function made so returns anything.

    Returns
    -------
    tuple of function and str, or None
        None if no function of the script works.
    """
    functions = [name for name, value in variables.items() if isinstance(value, types.FunctionType)]
    known = [name for name in FORWARD if name in functions]
    for name in [*known, *(name for name in functions if RUNS.match(name) and name not in known)]:
        arguments = _arguments(variables[name], name, tree, names, variables)
        if arguments is not None:
            forward = _called(name, arguments, bind)
            if works(forward):
                return forward, name
    return None


def _called(name: str, arguments: dict[str, str], bind: Callable[[Any], dict[str, Any]]) -> Forward:
    def forward(network: Any, images: Any) -> Any:
        variables = bind(network)
        given = {key: images if value == "" else variables[value] for key, value in arguments.items()}
        return variables[name](**given)

    return forward


def _arguments(
    function: types.FunctionType, name: str, tree: ast.Module, names: list[str], variables: dict[str, Any]
) -> dict[str, str] | None:
    """Return which variable each parameter of a function gets: "" for the images; None if nobody knows."""
    parameters = [p for p in inspect.signature(function).parameters.values() if p.kind < p.VAR_POSITIONAL]
    call = next((call for call in calls(tree) if getattr(call.func, "id", "") == name), None)
    given: dict[str, ast.expr] = {}
    if call is not None:
        given = dict(zip([p.name for p in parameters], call.args, strict=False))
        given |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    known = {key.lower(): key for key in names}
    found: dict[str, str] = {}
    for parameter in parameters:
        value = given.get(parameter.name)
        plain = value.id if isinstance(value, ast.Name) else ""
        if plain in names:
            found[parameter.name] = plain
        elif parameter.name.lower() in known:
            found[parameter.name] = known[parameter.name.lower()]
        elif role(parameter.name) in ("images", "pairs") and "" not in found.values():
            found[parameter.name] = ""
        elif isinstance(variables.get(plain), int | float | str | types.FunctionType):
            found[parameter.name] = plain
        elif parameter.default is parameter.empty:
            if "" in found.values():
                return None
            found[parameter.name] = ""
    return found if "" in found.values() else None


def by_part(network: Any) -> Forward | None:
    """Return how an object runs that trains another one, which it holds: by a method of that."""
    for place, part in vars(network).items() if has_attribute(network, "__dict__") else ():
        for name in FORWARD:
            method = attribute(part, name, None)
            if inspect.ismethod(method) and has_attribute(part, "__dict__"):
                return _by_part(place, name)
    return None


def _by_part(place: str, name: str) -> Forward:
    def forward(network: Any, images: Any) -> Any:
        return getattr(getattr(network, place), name)(images)

    return forward


def by_method(network: Any, images: str, number: int) -> Forward | None:
    """Return how an object runs that holds its own images: a method without arguments, and where the outputs are.

    Parameters
    ----------
    network : object
        The object.
    images : str
        Its attribute with the images.
    number : int
        How many there are.
    """
    for name in FORWARD:
        method = attribute(network, name, None)
        if not inspect.ismethod(method):
            continue
        if any(p.default is p.empty for p in inspect.signature(method).parameters.values()):
            continue
        place = _place_of_outputs(network, name, images, number)
        if place is not None:
            return _by_method(name, images, place)
    return None


def _by_method(name: str, images: str, place: str) -> Forward:
    def forward(network: Any, given: Any) -> Any:
        setattr(network, images, given)
        returned = getattr(network, name)()
        return getattr(network, place) if place else returned

    return forward


def _place_of_outputs(network: Any, name: str, images: str, number: int) -> str | None:
    """Return the attribute in which a method leaves outputs; "" if it returns them."""
    tried = copy.deepcopy(network)
    try:
        returned = getattr(tried, name)()
    except Exception:
        return None
    if returned is not None:
        return ""
    fitting = [
        path[0]
        for path, array in arrays(tried, 1)
        if path
        and array.ndim
        and number in (array.shape[0], array.shape[-1])
        and array.dtype.kind == "f"
        and path[0] != images
    ]
    named = [place for place in fitting if OUTPUTS.match(str(place)) and not DELTAS.match(str(place))]
    best = [place for place in named if "out" in str(place).lower()] or named or fitting
    return str(best[-1]) if best else None


def answers(forward: Forward, network: Any, tries: list[Any]) -> bool:
    """Whether a function of a network and images returns anything for some form of images."""
    for images in tries:
        try:
            if forward(copy.deepcopy(network), images) is not None:
                return True
        except Exception:
            continue
    return False


def forms_of(train: Any) -> list[Any]:
    """Return a few images in the forms in which a script may run them: some, one as a table, and one by itself."""
    if isinstance(train, tuple) and len(train) == 2:
        images, labels = train
        columns = len(np.shape(labels)) > 0 and np.shape(images)[0] not in (np.shape(labels)[0], np.shape(labels)[-1])
        few = [images[..., :3], images[..., :1]] if columns else [images[:3], images[:1]]
        return [*few, images[..., 0] if columns else images[0]]
    pairs = list(copy.copy(train))[:3]
    return [pairs[0][0], np.array([np.ravel(image) for image, _ in pairs])]
