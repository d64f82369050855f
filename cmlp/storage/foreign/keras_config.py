"""The layers that the configuration of a Keras model describes: JSON, of which no class or function is looked up."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from cmlp.errors import ModelError
from cmlp.utils.text import escaped

ACTIVATIONS = {
    "linear": "identity", "sigmoid": "sigmoid", "tanh": "tanh", "relu": "relu", "elu": "elu", "gelu": "gelu",
    "silu": "silu", "swish": "silu", "softplus": "softplus", "exponential": "exponential", "softmax": "softmax",
}  # fmt: skip
PASSING = (
    "InputLayer",
    "Flatten",
    "Dropout",
    "GaussianNoise",
    "GaussianDropout",
    "AlphaDropout",
    "ActivityRegularization",
)
LEAK = 0.01
DEEPEST = 64  # levels of the configuration
# Of layers that are activations, what their settings must be and what they are called.
LAYERS: dict[str, tuple[str, dict[str, Any]]] = {
    "ReLU": ("relu", {"max_value": None, "negative_slope": 0, "threshold": 0}),
    "LeakyReLU": ("leaky_relu", {"negative_slope": LEAK, "alpha": LEAK}),
    "ELU": ("elu", {"alpha": 1}),
    "Softmax": ("softmax", {"axis": -1}),
}


class Dense(NamedTuple):
    """A layer: its name, its units, whether it has biases, and its activation."""

    name: str
    units: int
    has_biases: bool
    activation: str


class Described(NamedTuple):
    """What a configuration says: the layers, and by what inputs are multiplied, and what is added, before the first."""

    layers: list[Dense]
    scale: float
    offset: float


def described(config: Any) -> Described:
    """Return what the configuration of a model says.

    Parameters
    ----------
    config : object
        The configuration, as JSON has it.

    Raises
    ------
    ModelError
        If it has other layers than Dense and activations, or these are no chain.
    """
    layers: list[Dense] = []
    scale, offset, place = 1.0, 0.0, ""
    for kind, settings in _chain(config):
        activation = _activation_of(kind, settings)
        if kind == "Dense":
            layers.append(_dense(settings))
        elif activation == "identity" or kind in PASSING:
            continue
        elif activation is not None and layers and layers[-1].activation == "identity":
            layers[-1] = layers[-1]._replace(activation=activation)
        elif kind == "Rescaling" and not layers and scale == 1.0 and not offset:
            scale, offset = _number(settings, "scale", 1.0), _number(settings, "offset", 0.0)
        else:
            place = f" after {layers[-1].activation}" if activation and layers else ""
            rule = "Dense layers and activations are read"
            raise ModelError(f"{rule}, got the layer {escaped(str(settings.get('name')))}, {escaped(kind)}{place}")
    if not layers:
        raise ModelError("it must have Dense layers, got none")
    return Described(layers, scale, offset)


def _dense(settings: Mapping[str, Any]) -> Dense:
    units = settings.get("units")
    if type(units) is not int or units < 1:
        raise ModelError(f"a Dense layer must have a positive number of units, got {escaped(str(units))}")
    name = _function(settings.get("activation"))
    return Dense(str(settings.get("name")), units, settings.get("use_bias") is not False, name)


def _function(given: Any) -> str:
    """Return the name here of an activation, which is a name there, or the description of a function or a layer."""
    if isinstance(given, Mapping) and given.get("class_name") in LAYERS:
        found = _activation_of(given["class_name"], given.get("config") or {})
        assert found is not None
        return found
    if isinstance(given, Mapping):
        given = given.get("config")
    if given is None:
        return "identity"
    if not isinstance(given, str) or given not in ACTIVATIONS:
        extra = " (its slope is 0.2 there, and 0.01 here)" if given == "leaky_relu" else ""
        known = ", ".join(ACTIVATIONS)
        raise ModelError(f"the activations {known} are read, got {escaped(str(given))}{extra}")
    return ACTIVATIONS[given]


def _activation_of(kind: str, settings: Mapping[str, Any]) -> str | None:
    """Return the activation that a layer is, None if it is another layer."""
    if kind == "Activation":
        return _function(settings.get("activation"))
    if kind not in LAYERS:
        return None
    name, wanted = LAYERS[kind]
    for key, value in wanted.items():
        given = settings.get(key, value)
        is_near = given == value or (value and isinstance(given, float | int) and abs(given - value) < 1e-6)
        if not is_near and not (value == 0 and given is None):
            raise ModelError(f"{kind} must have {key} {value}, as here, got {escaped(str(given))}")
    return name


def _chain(config: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield class and settings of each layer, in the order in which the model uses them."""
    kind = config.get("class_name") if isinstance(config, Mapping) else None
    inner = config.get("config") if isinstance(config, Mapping) else None
    entries = inner.get("layers") if isinstance(inner, Mapping) else inner  # a list in old files of Sequential
    if kind not in ("Sequential", "Functional", "Model") or not isinstance(entries, list):
        raise ModelError(f"a Sequential or a functional model is read, got {escaped(str(kind))}")
    if not all(isinstance(entry, Mapping) and isinstance(entry.get("config"), Mapping) for entry in entries):
        raise ModelError("its configuration does not describe each layer")
    for entry in entries if kind == "Sequential" else _in_line(entries):
        yield str(entry.get("class_name")), entry["config"]


def _in_line(entries: list[Any]) -> list[Any]:
    """Return the layers of a functional model from the input to the output, if each has one before it."""
    after: dict[str | None, Any] = {}
    for entry in entries:
        before = list(_names_before(entry.get("inbound_nodes")))
        if len(before) > 1 or (before[0] if before else None) in after:
            name = escaped(str(entry.get("name")))
            raise ModelError(f"each layer must follow on one other, as in a chain, and {name} does not")
        after[before[0] if before else None] = entry
    line: list[Any] = []
    last: str | None = None
    while last in after:
        line.append(after.pop(last))
        last = line[-1].get("name") or line[-1]["config"].get("name")
    if after:
        raise ModelError("each layer must follow on one other, as in a chain, and some do not")
    return line


def _names_before(nodes: Any, depth: int = DEEPEST) -> Iterator[str]:
    """Yield the names of the layers whose outputs a layer takes; Keras 2 and 3 nest them differently."""
    if isinstance(nodes, Mapping):
        history = nodes.get("keras_history")
        if isinstance(history, list) and history:
            yield str(history[0])
        else:
            nodes = [nodes.get("args"), nodes.get("config")]
    if isinstance(nodes, list) and depth:
        if len(nodes) >= 3 and isinstance(nodes[0], str):
            yield nodes[0]
            return
        for part in nodes:
            yield from _names_before(part, depth - 1)


def _number(settings: Mapping[str, Any], name: str, default: float) -> float:
    value = settings.get(name, default)
    if type(value) not in (int, float) or not abs(value) < 1e30:
        raise ModelError(f"Rescaling must have one number for its {name}, got {escaped(str(value))}")
    return float(value)


def parsed(text: str | bytes | bytearray) -> Any:
    """Return what JSON says.

    Raises
    ------
    ModelError
        If it is not JSON, or nested very deeply.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"its configuration is not JSON, or is damaged: {str(error)[:100]}") from error
