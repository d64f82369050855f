"""Read the Dense layers of Keras: ``.keras`` of Keras 3 and late Keras 2, and ``.h5`` of models or of weights alone."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from cmlp.data.formats.npz import opened
from cmlp.errors import ModelError
from cmlp.model.record import Model
from cmlp.storage.container import read_file
from cmlp.storage.foreign.hdf5 import File, Node
from cmlp.storage.foreign.keras_config import Dense, Described, described, parsed
from cmlp.storage.foreign.keras_weights import convention_of, silent_layers, with_remarks
from cmlp.storage.foreign.layers import RELU, Wanted, loss_of, model_of
from cmlp.storage.foreign.named import Found, in_order
from cmlp.storage.foreign.order import Unfit, declared, is_open
from cmlp.storage.foreign.zips import Members
from cmlp.utils.files import open_regular
from cmlp.utils.text import escaped

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
STATES = ("seed_generator", "optimizer", "_optimizer", "metrics", "_metrics")  # what is no weight of a layer
DEEPEST = 16  # models within models
PLACES = ("layers", "_layer_checkpoint_dependencies")  # of the weights, in Keras 3 and before
LARGEST_CONFIG = 16 << 20
LOSSES = {
    "mse": "mean_squared_error", "mean_squared_error": "mean_squared_error", "MeanSquaredError": "mean_squared_error",
    "mae": "mean_absolute_error", "mean_absolute_error": "mean_absolute_error",
    "MeanAbsoluteError": "mean_absolute_error", "huber": "huber", "Huber": "huber", "huber_loss": "huber",
}  # fmt: skip
BINARY = ("binary_crossentropy", "BinaryCrossentropy")


def read_keras(path: Path, wanted: Wanted) -> Model:
    """Read the network in a ``.keras`` file, a zip file.

    Raises
    ------
    ModelError
        If it has other layers than Dense and activations, or is damaged.
    """
    with open_regular(path, ModelError) as file:
        size = file.seek(0, 2)
        members = Members(opened(file, path), size)
        config = parsed(members.content(CONFIG, LARGEST_CONFIG))
        root = File(members.content(WEIGHTS)).root
    says = described(config)
    inside = root.children()
    place = next((inside[name] for name in PLACES if name in inside), None)
    if place is None:
        raise ModelError("it has no weights of layers")
    groups = place.children()
    layers = []
    for number, layer in enumerate(says.layers):
        name = f"dense_{number}" if number else "dense"
        held = groups[name].children().get("vars") if name in groups else None
        layers.append(_layer(layer, _arrays(held, name)))
    compiled = config.get("compile_config")
    return _model(says, layers, compiled.get("loss") if isinstance(compiled, Mapping) else None, wanted)


def read_h5(path: Path, wanted: Wanted) -> Model:
    """Read the network in an ``.h5`` file of a model, or of weights alone, which does not say the activations."""
    root = File(read_file(path)).root
    attributes = root.attributes()
    if isinstance(attributes.get("model_config"), str):
        says = described(parsed(attributes["model_config"]))
        groups = (root.children().get("model_weights") or root).children()
        layers = [_layer(layer, _by_name(groups.get(layer.name), layer.name)) for layer in says.layers]
        training = attributes.get("training_config")
        compiled = parsed(training) if isinstance(training, str) else None
        return _model(says, layers, compiled.get("loss") if isinstance(compiled, Mapping) else None, wanted)
    inside = root.children()
    names = attributes.get("layer_names")
    if isinstance(names, list):  # of Keras 2, in the order of the model
        held = {name: _by_name(inside.get(name), name) for name in names}
    elif set(inside) & {*PLACES, "vars"}:
        held = dict(_held(root))
    else:
        raise ModelError("it holds no model or weights of Keras")
    silent = silent_layers([name for name, arrays in held.items() if not arrays], wanted)
    held = held if isinstance(names, list) else _named_alike(held)
    found = [_found(each, part) for name, arrays in held.items() for each, part in _split(name, arrays) if part]
    if not found:
        raise ModelError("it holds no weights of Dense layers")
    in_turn = in_order(found, rows=False, filed=isinstance(names, list), names=wanted.layers)
    model = model_of(in_turn, wanted, convention_of(silent))
    is_declared = wanted.layers is None and not isinstance(names, list) and not _is_chain(inside)
    if is_declared and not model.notes and is_open(in_turn, numbered=False):
        model = replace(model, notes=[declared(in_turn)])
    return with_remarks(model, silent)


def _held(group: Node, path: str = "", depth: int = DEEPEST) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """Yield every layer of a model, however deep its models are nested, by its path, with its arrays."""
    if not depth:
        raise ModelError(f"its layers must be nested at most {DEEPEST} times, got more")
    for name, child in group.children().items():
        if name == "vars":
            yield path, _arrays(child, path)
        elif name not in STATES:
            yield from _held(child, f"{path}/{name}".lstrip("/"), depth - 1)


def _named_alike(held: dict[str, list[tuple[str, Any]]]) -> dict[str, list[tuple[str, Any]]]:
    """Return layers by shorter names, without the groups that are the same in every path, or as they are."""
    own = {path: arrays for path, arrays in held.items() if arrays}
    if not all(path.split("/")[0] in PLACES for path in own):
        return own
    return {"/".join(part for part in path.split("/") if part not in PLACES): arrays for path, arrays in own.items()}


def _is_chain(inside: Mapping[str, Node]) -> bool:
    """Return whether the numbers of its layers are those of a Sequential or a functional model, as Keras names them."""
    if "vars" not in inside:
        return True  # Keras before version 3
    name = inside["vars"].attributes().get("name")
    place = next((inside[each].children() for each in PLACES if each in inside), {})
    return "input_layer" in place or str(name).startswith(("sequential", "functional"))


def _split(name: str, arrays: list[tuple[str, Any]]) -> list[tuple[str, list[tuple[str, Any]]]]:
    """Return the layers of one that is a model, in the order of its arrays; a layer as it is."""
    kernels = [place for place, (_, array) in enumerate(arrays) if array.ndim == 2]
    if len(kernels) < 2 or kernels[0]:
        return [(name, arrays)]
    ends = [*kernels[1:], len(arrays)]
    return [(arrays[start][0].rpartition("/")[0], arrays[start:end]) for start, end in zip(kernels, ends, strict=True)]


def _arrays(group: Node | None, name: str) -> list[tuple[str, Any]]:
    """Return the arrays 0, 1, ... of a layer."""
    held = group.children() if group is not None else {}
    return [
        (f"{name}/{key}", held[key].array(f"{name}/{key}")) for key in sorted(held, key=lambda key: (len(key), key))
    ]


def _by_name(group: Node | None, name: str) -> list[tuple[str, Any]]:
    """Return the arrays that a layer names, kernel first."""
    if group is None:
        return []
    found = []
    for weight in group.attributes().get("weight_names") or []:
        node: Node | None = group
        for part in weight.split("/"):
            node = node.children().get(part) if node is not None else None
        if node is None:
            raise ModelError(f"it names the array {escaped(weight)}, and does not have it")
        found.append((weight, node.array(weight)))
    return found


def _found(name: str, arrays: list[tuple[str, Any]]) -> Found:
    """Return the weights and biases of a Dense layer."""
    shapes = [array.shape for _, array in arrays]
    is_dense = len(arrays) in (1, 2) and len(shapes[0]) == 2 and shapes[1:] in ([], [shapes[0][1:]])
    if not is_dense or 0 in shapes[0]:
        raise ModelError(f"the layer {escaped(name)} must have a matrix and a vector of biases, got {shapes}"[:300])
    (source, weights), *rest = arrays
    return Found(name, weights, rest[0][1] if rest else None, source, rest[0][0] if rest else "")


def _layer(layer: Dense, arrays: list[tuple[str, Any]]) -> Found:
    """Return the arrays of a layer, if they are as it is described."""
    if len(arrays) != 1 + layer.has_biases or arrays[0][1].shape[1:] != (layer.units,):
        shapes = [array.shape for _, array in arrays]
        expected = f"a matrix for {layer.units} units" + (" and as many biases" if layer.has_biases else "")
        raise ModelError(f"the layer {escaped(layer.name)} must have {expected}, got {shapes}"[:300])
    return _found(layer.name, arrays)


def _model(says: Described, found: list[Found], compiled: Any, wanted: Wanted) -> Model:
    if wanted.activation is not None or wanted.layers is not None:
        raise Unfit("a model of Keras says its activations and the order of its layers itself: give the file alone")
    names = [each.name for each in found]
    layers = in_order(found, rows=False, filed=True, names=names)
    if says.offset:
        first = layers[0]
        layers[0] = first._replace(
            biases=first.biases + first.weights.sum(axis=1) * first.weights.dtype.type(says.offset)
        )
    activations = [layer.activation for layer in says.layers]
    loss = wanted.loss or _loss(compiled, activations, len(layers[-1].weights))
    more = {} if says.scale == 1.0 else {"scale": says.scale}
    return model_of(layers, Wanted(activations, loss, names), RELU, unsaid="", **more)


def _loss(compiled: Any, activations: list[str], outputs: int) -> str:
    """Return the loss with which a model was compiled, as far as it goes with its outputs and is known here."""
    name = compiled.get("class_name") if isinstance(compiled, Mapping) else compiled
    if isinstance(name, str) and name in LOSSES and activations[-1] not in ("softmax", "sigmoid", "exponential"):
        return LOSSES[name]
    if name in BINARY and activations[-1] == "sigmoid":
        return "binary_cross_entropy"
    return loss_of(activations, outputs)
