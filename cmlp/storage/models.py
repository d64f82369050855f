"""Model files: what `Network.save` writes and `Network.load` reads."""

from collections.abc import Mapping
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from cmlp.architecture import Architecture, check_dtype, check_sizes, make_architecture
from cmlp.checks import check_positive
from cmlp.errors import ModelError
from cmlp.files import write_file
from cmlp.framing import Framing
from cmlp.model import Model
from cmlp.storage.container import pack, read_file, unpack

KIND = "cmlp-model"
VERSION = 1
FIELDS = {"sizes", "activations", "loss", "dropouts", "dtype", "scale", "class_names", "framing", "training"}


def write_model(model: Model, path: Path) -> None:
    """Write a model: at every instant there is the file that was there, or the new one, whole."""
    write_file(path, pack(KIND, VERSION, describe(model), tensors_of(model)))


def read_model(path: Path) -> Model:
    """Read a model.

    Raises
    ------
    ModelError
        If this is no model file, or it is damaged.
    OSError
        If it cannot be read.
    """
    description, tensors = unpack(read_file(path), KIND, VERSION, str(path))
    return model_of(description, tensors, str(path))


def describe(model: Model) -> dict[str, Any]:
    """Return all of a model but its arrays, as JSON has it."""
    architecture = model.architecture
    return {
        "sizes": list(architecture.sizes),
        "activations": list(architecture.activations),
        "loss": architecture.loss,
        "dropouts": list(architecture.dropouts),
        "dtype": str(architecture.dtype),
        "scale": model.scale,
        "class_names": None if model.class_names is None else list(model.class_names),
        "framing": None if model.framing is None else asdict(model.framing),
        "training": dict(model.training),
    }


def tensors_of(model: Model) -> dict[str, NDArray[Any]]:
    """Return the arrays of a model by the names they have in files."""
    weights = {f"weights.{layer}": w for layer, w in enumerate(model.weights)}
    return weights | {f"biases.{layer}": b for layer, b in enumerate(model.biases)}


def model_of(description: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]], name: str) -> Model:
    """Check a description and its arrays, and return their model."""
    if description.keys() != FIELDS:
        unexpected = ", ".join(sorted(map(str, description.keys() ^ FIELDS)))[:200]
        raise ModelError(f"{name} must describe a network by {len(FIELDS)} fields, got others or none for {unexpected}")
    try:
        architecture = _architecture(description)
        check_arrays(architecture, tensors)
        depth = range(len(architecture.sizes) - 1)
        return Model(
            architecture,
            [tensors[f"weights.{layer}"] for layer in depth],
            [tensors[f"biases.{layer}"] for layer in depth],
            check_positive("scale", description["scale"]),
            check_class_names(description["class_names"], architecture.sizes[-1]),
            _framing(description["framing"]),
            _object("training", description["training"]),
        )
    except ModelError as error:
        raise ModelError(f"{name} does not hold a network: {error}") from error


def check_arrays(architecture: Architecture, tensors: Mapping[str, NDArray[Any]]) -> None:
    """Refuse arrays that are not those of the architecture."""
    expected: dict[str, tuple[int, ...]] = {}
    for layer, (fan_in, fan_out) in enumerate(pairwise(architecture.sizes)):
        expected |= {f"weights.{layer}": (fan_out, fan_in), f"biases.{layer}": (fan_out,)}
    if tensors.keys() != expected.keys():
        wrong = ", ".join(sorted(tensors.keys() ^ expected.keys()))[:200]
        raise ModelError(
            f"its arrays must be those of {len(architecture.sizes) - 1} layers, got others or none: {wrong}"
        )
    for name, shape in expected.items():
        array = tensors[name]
        if array.shape != shape or array.dtype != architecture.dtype:
            found = f"{array.dtype} of shape {array.shape}"
            raise ModelError(f"{name} must be {architecture.dtype} of shape {shape}, got {found}")


def check_class_names(names: Any, outputs: int) -> tuple[str, ...] | None:
    """Return one name per output, or None where there are none."""
    if names is None:
        return None
    rule = f"class_names must be {outputs} different texts, one per output"
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise ModelError(f"{rule}, got {str(names)[:200]}")
    if len(names) != outputs or len(set(names)) != outputs:
        raise ModelError(f"{rule}, got {len(names)}, {len(set(names))} of them different")
    return tuple(names)


def _architecture(description: Mapping[str, Any]) -> Architecture:
    for name in ("sizes", "activations", "dropouts"):
        if not isinstance(description[name], list):
            raise ModelError(f"{name} must be a list, got {str(description[name])[:200]}")
    check_sizes(description["sizes"])
    dtype = check_dtype(description["dtype"]) if isinstance(description["dtype"], str) else None
    if dtype is None or str(dtype) != description["dtype"]:
        raise ModelError(f"dtype must be float64 or float32, got {str(description['dtype'])[:40]!r}")
    *dropouts, last = description["dropouts"] or [None]
    if last != 0 or isinstance(last, bool):
        raise ModelError(f"dropouts must end with the 0 of the outputs, got {str(last)[:40]}")
    return make_architecture(description["sizes"], description["activations"], description["loss"], dropouts, dtype)


def _framing(given: Any) -> Framing | None:
    if given is None:
        return None
    fields = _object("framing", given)
    if fields.keys() != set(Framing.__dataclass_fields__):
        raise ModelError(f"framing must have the fields {', '.join(Framing.__dataclass_fields__)}, got others")
    return Framing(**fields)


def _object(name: str, given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise ModelError(f"{name} must be a JSON object, got {str(given)[:200]}")
    return given
