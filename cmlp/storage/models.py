"""Read and write model files, for `Network.load` and `Network.save`."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

from numpy.typing import NDArray

from cmlp.data.framing import Framing
from cmlp.data.validation import check_class_names
from cmlp.errors import DataError, ModelError
from cmlp.model.architecture import Architecture, check_sizes, make_architecture
from cmlp.model.record import Model
from cmlp.storage.container import LENGTH, plain, read_file, unpack, write
from cmlp.storage.foreign.layers import NOTHING, Wanted
from cmlp.storage.foreign.matlab import DIGITS
from cmlp.storage.foreign.reading import read_foreign
from cmlp.storage.nielsen import is_json
from cmlp.storage.torch import is_state_dict
from cmlp.utils.checks import check_positive
from cmlp.utils.files import named, open_regular, resolved, write_files
from cmlp.utils.text import counted

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


def read_model(path: Path, wanted: Wanted = NOTHING) -> Model:
    """Read a model, or a network in a file of another program.

    Parameters
    ----------
    path : Path
        The file.
    wanted : Wanted, optional
        What the caller says of a network whose file does not say it.

    Returns
    -------
    Model

    Raises
    ------
    ModelError
        If the file is neither, or is damaged, or says itself what the caller says of it.
    OSError
        If it cannot be read.
    """
    if (content := _container(path)) is None:
        return read_foreign(path, wanted)
    description, tensors = unpack(content, KIND, VERSION, str(path))
    model = model_of(description, tensors, str(path))
    refuse_wanted(path, wanted)
    return model


def refuse_wanted(path: Path, wanted: Wanted) -> None:
    """Refuse what is said of a network whose file says it itself."""
    if not wanted.is_empty:
        raise ModelError(f"{path} says itself what activations and loss its network has: give the file alone")


def remarks(model: Model, name: str, remedy: str) -> list[str]:
    """Return what one must know of a model that was read.

    Parameters
    ----------
    model : Model
    name : str
        What the sentences call its file.
    remedy : str
        With what one says another activation and loss.

    Returns
    -------
    list of str
        A sentence each.
    """
    found = []
    if model.unsaid:
        taken = f"{'-'.join(model.architecture.activations)} with the loss {model.architecture.loss} is taken"
        found.append(f"{name} {model.unsaid}: {taken}; {remedy} say otherwise")
    found += [f"{name} {note}" for note in model.notes]
    if model.unsaid and model.class_names == DIGITS:
        found.append(
            f"{name} has ten outputs, which stand for the labels 1 to 10 as in MATLAB, 10 being the digit 0; its "
            "inputs are in the order of MATLAB, too: pictures column by column"
        )
    if model.training.get("cost") == "CrossEntropyCost":
        found.append(
            f"{name} was trained with the cross-entropy cost of Nielsen's book: its predictions are the same here, "
            "but loss() and further training use the quadratic cost"
        )
    return found


def _container(path: Path) -> bytearray | None:
    """Return the content of a file that begins like one of safetensors, unless it holds weights of PyTorch."""
    resolved(path)  # or refuse what no file can be called
    with named(path), open_regular(path, ModelError) as file:
        start = file.read(LENGTH + 1)
    if start[LENGTH:] != b"{":
        return None
    content = read_file(path)
    return None if is_state_dict(content) or is_json(content) else content


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
        raise ModelError(
            f"its arrays must be those of {counted(len(expected) // 2, 'layer')}, got others, or lacks some: {wrong}"
        )
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
