"""The network in a checkpoint: a dict that holds the arrays of one, or the one dict or module within that does."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from cmlp.errors import ModelError
from cmlp.storage.foreign.named import role_of
from cmlp.storage.foreign.objects import Stranger
from cmlp.storage.foreign.torch_modules import is_module
from cmlp.utils.text import escaped, listed

USUAL = ("model_state_dict", "state_dict", "model_state", "model", "net", "network", "params")
OTHERS = ("optim", "sched", "ema", "best")  # what the name of an optimizer, a schedule or another network has in it
DEEPEST = 4
SAYS_ACTIVATION = re.compile(r"(hidden_?)?(act|activations?|nonlinearity)(_?(fn|func|function|name))?", re.IGNORECASE)
ACTIVATIONS = {
    "relu": "relu", "tanh": "tanh", "sigmoid": "sigmoid", "elu": "elu", "gelu": "gelu", "silu": "silu", "swish": "silu",
    "leakyrelu": "leaky_relu", "softplus": "softplus",
}  # fmt: skip


def network_in(value: object) -> tuple[Any, list[str]]:
    """Return the part of a value that holds the weights of a network, and the names of it and of others beside it.

    Raises
    ------
    ModelError
        If several parts do, so that it is not known which is meant.
    """
    if not isinstance(value, Mapping) or _has_weights(value):
        return value, []
    found = dict(_parts(value, "", 0, set()))
    usual = [name for name in USUAL if name in found]
    own = [name for name in found if not any(word in name.lower() for word in OTHERS)]
    if len(found) > 1 and all(_is_layer(part) for part in found.values()):
        return value, []
    if chosen := usual[:1] or (own if len(own) == 1 else list(found) if len(found) == 1 else []):
        return found[chosen[0]], [*chosen, *(name for name in found if name not in chosen)]
    if found:
        names = listed(map(escaped, list(found)[:8]))
        raise ModelError(f"it holds several networks, {names}: save the one that you want in a file of its own")
    return value, []


def activation_in(value: object) -> str | None:
    """Return the activation that a checkpoint names in words beside the weights, as programs note their settings.

    Raises
    ------
    ModelError
        If it names several, as it does not say of which layers they are.
    """
    found = list(dict.fromkeys(_activations(value, 0, set()))) if isinstance(value, Mapping) else []
    if len(found) > 1:
        what = f"it names {listed(found)} beside the weights, and does not say which layer has which"
        raise ModelError(f"{what}: say the activation of the hidden layers, or of each layer")
    return found[0] if found else None


def _activations(value: Mapping[Any, Any], depth: int, seen: set[int]) -> Iterator[str]:
    for key, part in value.items():
        if isinstance(key, str) and SAYS_ACTIVATION.fullmatch(key):
            words = [part] if isinstance(part, str) else part if isinstance(part, list | tuple) else []
            known = [re.sub("[^a-z]", "", word.lower()) for word in words if isinstance(word, str)]
            yield from (ACTIVATIONS[word] for word in known if word in ACTIVATIONS)
        inner = part.attributes if isinstance(part, Stranger) and not is_module(part) else part
        if isinstance(inner, Mapping) and id(inner) not in seen and depth < DEEPEST and "optim" not in str(key).lower():
            seen.add(id(inner))
            yield from _activations(inner, depth + 1, seen)


def _parts(value: Mapping[Any, Any], path: str, depth: int, seen: set[int]) -> Iterator[tuple[str, Any]]:
    for key, part in value.items():
        name = f"{path}.{key}".lstrip(".")
        if is_module(part) or (isinstance(part, Mapping) and _has_weights(part)):
            yield name, part
        elif isinstance(part, Mapping) and id(part) not in seen and depth < DEEPEST and "optim" not in str(key).lower():
            seen.add(id(part))  # a part that is held in thousands of places is looked at once
            yield from _parts(part, name, depth + 1, seen)


def _is_layer(part: Any) -> bool:
    """Return whether a part of a value holds one array of weights, so that the value may be a dict of layers."""
    return isinstance(part, Mapping) and sum(role_of(str(key))[0] == "weights" for key in part) == 1


def _has_weights(value: Mapping[Any, Any]) -> bool:
    return any(
        isinstance(key, str) and isinstance(part, np.ndarray) and part.ndim > 1 and role_of(key)[0] == "weights"
        for key, part in value.items()
    )
