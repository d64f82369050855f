"""Read and write model files, for `Network.load` and `Network.save`."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

from numpy.typing import NDArray

from cmlp.data.formats.detection import detect_format
from cmlp.data.framing import Framing
from cmlp.data.validation import check_class_names
from cmlp.errors import DataError, ModelError
from cmlp.model.architecture import Architecture, check_sizes, make_architecture
from cmlp.model.record import Model
from cmlp.storage import nielsen, torch
from cmlp.storage.container import plain, read_file, unpack, write
from cmlp.utils.checks import check_positive
from cmlp.utils.files import write_files

KIND = "cmlp-model"
VERSION = 1
FIELDS = {"sizes", "activations", "loss", "dropouts", "dtype", "scale", "class_names", "framing", "training"}


def write_model(model: Model, path: Path) -> None:
    """Write a model; an existing file is replaced atomically.

    Parameters
    ----------
    model : Model
        The model.
    path : Path
        The file.

    Raises
    ------
    ModelError
        If the model is invalid, so that it could not be read again.
    OSError
        If it cannot be written.
    """
    write_files({path: model_writer(model)})


def model_writer(model: Model) -> Callable[[BinaryIO], None]:
    """Return what writes a model to a file; raises what `write_model` does."""
    name = "the model to save"
    description, tensors = describe(model), tensors_of(model)
    model_of(description, tensors, name)
    description = plain(description, name)
    return lambda file: write(file, KIND, VERSION, description, tensors)


def read_model(path: Path) -> Model:
    """Read a model, or a network of Nielsen's book.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Model

    Raises
    ------
    ModelError
        If the file is neither, or is damaged.
    OSError
        If it cannot be read.
    """
    content = read_file(path)
    if nielsen.is_json(content):
        return nielsen.read_nielsen(content, str(path))
    if torch.is_state_dict(content):
        raise torch.refusal(str(path))
    try:
        description, tensors = unpack(content, KIND, VERSION, str(path))
    except ModelError as error:
        raise ModelError(f"{error}{_hint_of_data(path)}") from error
    return model_of(description, tensors, str(path))


def _hint_of_data(path: Path) -> str:
    """Return what to do about a file in a format of images and labels."""
    try:
        name = detect_format(path).name
        own = ", or pickle.load if it is a network or an estimator of your own" if name == "pickle" else ""
        return f"; it looks like data in the format {name}, which cmlp.load reads{own}"
    except (DataError, OSError):
        return ""


def describe(model: Model) -> dict[str, Any]:
    """Return all of a model but its arrays, as values for JSON."""
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
    """Return the arrays of a model by their names in files."""
    weights = {f"weights.{layer}": w for layer, w in enumerate(model.weights)}
    return weights | {f"biases.{layer}": b for layer, b in enumerate(model.biases)}


def model_of(description: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]], name: str) -> Model:
    """Validate a description and its arrays, and return their model; errors call them `name`."""
    if description.keys() != FIELDS:
        wrong = str(sorted(description.keys() ^ FIELDS))[:200]
        raise ModelError(f"{name} must describe a network by {len(FIELDS)} fields, got others, or lacks some: {wrong}")
    try:
        architecture = _architecture(description)
        check_arrays(architecture, tensors)
        depth = range(len(architecture.sizes) - 1)
        return Model(
            architecture,
            [tensors[f"weights.{layer}"] for layer in depth],
            [tensors[f"biases.{layer}"] for layer in depth],
            check_positive("scale", description["scale"]),
            _class_names(description["class_names"], architecture.sizes[-1]),
            _framing(description["framing"], architecture.sizes[0]),
            _object("training", description["training"]),
        )
    except (ModelError, DataError, OverflowError) as error:  # the last of an integer that is larger than any float
        raise ModelError(f"{name} does not hold a network: {str(error)[:400]}") from error


def check_arrays(architecture: Architecture, tensors: Mapping[str, NDArray[Any]]) -> None:
    """Refuse arrays whose names, shapes or types do not match the architecture."""
    expected: dict[str, tuple[int, ...]] = {}
    for layer, (fan_in, fan_out) in enumerate(pairwise(architecture.sizes)):
        expected |= {f"weights.{layer}": (fan_out, fan_in), f"biases.{layer}": (fan_out,)}
    if tensors.keys() != expected.keys():
        wrong = str(sorted(tensors.keys() ^ expected.keys()))[:200]
        raise ModelError(f"its arrays must be those of {len(expected) // 2} layers, got others, or lacks some: {wrong}")
    for name, shape in expected.items():
        array = tensors[name]
        if array.shape != shape or array.dtype != architecture.dtype:
            found = f"{array.dtype} of shape {array.shape}"
            raise ModelError(f"{name} must be {architecture.dtype} of shape {shape}, got {found}")


def _class_names(names: Any, outputs: int) -> tuple[str, ...] | None:
    if names is None:
        return None
    if not isinstance(names, list):
        raise ModelError(f"class_names must be a list, got {repr(names)[:200]}")
    return check_class_names(names, outputs)


def _architecture(description: Mapping[str, Any]) -> Architecture:
    for name in ("sizes", "activations", "dropouts"):
        if not isinstance(description[name], list):
            raise ModelError(f"{name} must be a list, got {repr(description[name])[:200]}")
    check_sizes(description["sizes"])
    dtype = description["dtype"]
    if dtype not in ("float64", "float32"):
        raise ModelError(f"dtype must be float64 or float32, got {repr(dtype)[:40]}")
    *dropouts, last = description["dropouts"] or [None]
    if last != 0 or isinstance(last, bool):
        raise ModelError(f"dropouts must end with the 0 of the outputs, got {repr(last)[:40]}")
    return make_architecture(description["sizes"], description["activations"], description["loss"], dropouts, dtype)


def _framing(given: Any, pixels: int) -> Framing | None:
    if given is None:
        return None
    fields = _object("framing", given)
    if fields.keys() != set(Framing.__dataclass_fields__):
        raise ModelError(f"framing must have the fields {', '.join(Framing.__dataclass_fields__)}, got others")
    framing = Framing(**fields)
    if framing.height * framing.width != pixels:
        raise ModelError(f"framing must have {pixels} pixels, got {framing.height} by {framing.width}")
    return framing


def _object(name: str, given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise ModelError(f"{name} must be a JSON object, got {repr(given)[:200]}")
    return given
