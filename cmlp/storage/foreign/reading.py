"""Find out what a file is, and read the network in it: the files of other programs."""

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from cmlp.data.formats.detection import detect_format
from cmlp.data.formats.mat import is_mat
from cmlp.data.formats.npz import ZIP, Archive, opened
from cmlp.data.formats.pickled import is_pickle
from cmlp.data.formats.strangers import STRANGERS, Stranger, describe_zip
from cmlp.data.reading import NAMES, compression_of, read_bytes, read_start
from cmlp.errors import DataError, ModelError
from cmlp.model.record import Model
from cmlp.storage import nielsen, torch
from cmlp.storage.container import LENGTH, read_file
from cmlp.storage.foreign import keras
from cmlp.storage.foreign.collections import ObjectError, model_of_values
from cmlp.storage.foreign.hdf5 import MAGIC
from cmlp.storage.foreign.keras import CONFIG, read_h5, read_keras
from cmlp.storage.foreign.layers import Wanted
from cmlp.storage.foreign.matlab import read_matlab
from cmlp.storage.foreign.onnx import is_onnx, read_onnx
from cmlp.storage.foreign.order import Unfit
from cmlp.storage.foreign.pickled import BEGINNING, JOBLIB, read_pickled, read_torch_legacy, read_torch_zip
from cmlp.storage.foreign.torch_pickles import is_legacy, is_zip
from cmlp.utils.files import open_regular

KERAS = "Dense layers of Keras"
ONNX = "a chain of layers in ONNX"
TORCH = "Linear layers of PyTorch"
WEIGHTS = "the weights of a network"
PLACEHOLDERS = ("the pointer", "a page of HTML", "the error", "a document of XML", "a RAR", "a 7z", "a file compressed")
KINDS = (
    Stranger(
        "the description of a model of Keras, without its weights",
        "model.save('model.keras') writes both",
        lambda start: start.lstrip().startswith(b"{") and b'"class_name"' in start,
    ),
    Stranger("a network of TensorFlow Lite", "save it from Keras, as model.keras", lambda start: start[4:8] == b"TFL3"),
    Stranger("a model in GGUF", "it is no multilayer perceptron", lambda start: start.startswith(b"GGUF")),
    Stranger(
        "a MAT file of version 7.3",
        "save('file.mat', '-v7', ...) in MATLAB writes one that is read",
        lambda start: start.startswith(b"MATLAB 7.3"),
    ),
    Stranger("a network of FANN", "its weights are read from npz", lambda start: start.startswith(b"FANN_")),
)


class Kind(NamedTuple):
    """A kind of file: what it should hold, and the function that reads the network from a path."""

    content: str
    read: Callable[[Path, Wanted], Model]


def kind_of(path: Path) -> Kind | None:
    """Return the kind of a file by its first bytes, or by the names in it if it is a zip file; None if it is not known.

    Raises
    ------
    ModelError
        If it is a damaged zip file or a device.
    OSError
        If it cannot be read.
    """
    with open_regular(path, ModelError) as file:
        start = file.read(1 << 10)
    if start.startswith(ZIP):
        return _kind_of_zip(path)
    if start.startswith(MAGIC):
        return Kind(KERAS, read_h5)
    if is_legacy(start):
        return Kind(TORCH, lambda path, wanted: read_torch_legacy(read_file(path), wanted))
    if any(known.recognises(start) for known in KINDS):
        return None
    if nielsen.is_json(start):
        return Kind("a network of Nielsen's book", _read_nielsen)
    if start[LENGTH : LENGTH + 1] == b"{" and torch.is_state_dict(read_file(path)):
        return Kind(TORCH, lambda path, wanted: torch.read_safetensors(read_file(path), wanted))
    if is_mat(start):
        return Kind(WEIGHTS, read_matlab)
    if is_onnx(start):
        return Kind(ONNX, read_onnx)
    if start[:1] == b"x" and JOBLIB in _inflated(start):
        return Kind(WEIGHTS, lambda path, wanted: read_pickled(_inflated(read_file(path)[:BEGINNING]), wanted))
    if _is_pickle(path):
        return Kind(WEIGHTS, lambda path, wanted: read_pickled(read_bytes(path), wanted))
    return None


def _is_pickle(path: Path) -> bool:
    """Return whether a file is a pickle; the older ones begin like texts."""
    start = read_start(path)
    if start[:1] == b"\x80" or not is_pickle(start):
        return start[:1] == b"\x80"
    try:
        return detect_format(path).name == "pickle"
    except DataError:
        return False


def _inflated(start: bytes | bytearray) -> bytes:
    """Return the beginning of what joblib has compressed, nothing if it is not that."""
    try:
        return zlib.decompressobj().decompress(start, BEGINNING)
    except zlib.error:
        return b""


def _kind_of_zip(path: Path) -> Kind | None:
    try:
        with open_regular(path, ModelError) as file:
            names = opened(file, path).namelist()
    except DataError as error:
        raise ModelError(str(error)) from error
    if is_zip(names):
        return Kind(TORCH, read_torch_zip)
    if {CONFIG, keras.WEIGHTS} <= set(names):
        return Kind(KERAS, read_keras)
    if any(name.endswith(".npy") for name in names):
        return Kind(WEIGHTS, lambda path, wanted: model_of_values(dict(Archive(path)), wanted))
    return None


def read_foreign(path: Path, wanted: Wanted) -> Model:
    """Read the network in a file of another program.

    Parameters
    ----------
    path : Path
        The file.
    wanted : Wanted
        What the caller says of it.

    Returns
    -------
    Model

    Raises
    ------
    ModelError
        If it holds none; the message says what it is.
    CmlpError
        If a library that reads it is not installed.
    OSError
        If it cannot be read.
    """
    kind = kind_of(path)
    if kind is None:
        raise ModelError(f"{path} {_unknown(path)}")
    try:
        return kind.read(path, wanted)
    except Unfit:
        raise
    except (ModelError, DataError) as error:
        hint = _hint_of_data(path) if kind.content == WEIGHTS and not isinstance(error, ObjectError) else ""
        text = str(error).removeprefix(f"{path}: ")
        beginning = "" if text.startswith(str(path)) else f"{path} does not hold {kind.content}: "
        raise ModelError(f"{beginning}{text}{hint}") from error


def read_torch(path: Path, wanted: Wanted) -> Model:
    """Read the Linear layers in a file of PyTorch; parameters and errors are those of `read_foreign`."""
    return _read_one(path, wanted, TORCH)


def read_onnx_file(path: Path, wanted: Wanted) -> Model:
    """Read the chain of layers in an ONNX file; parameters and errors are those of `read_foreign`."""
    return _read_one(path, wanted, ONNX)


def _read_one(path: Path, wanted: Wanted, content: str) -> Model:
    """Read a file that must be of one kind."""
    try:
        kind = kind_of(path)
        if kind is not None and kind.content != content:
            raise ModelError(f"it looks like {kind.content}, which Network.load reads")
        if kind is None:
            raise ModelError(f"it {_unknown(path)}")
    except ModelError as error:
        raise ModelError(f"{path} does not hold {content}: {str(error).replace(str(path), 'it', 1)}") from error
    return read_foreign(path, wanted)


def _unknown(path: Path) -> str:
    """Return what a file is that no reader knows, as the rest of a sentence."""
    with open_regular(path, ModelError) as file:
        compression = compression_of(file.read(8))
    if compression is not None:
        return f"is a file compressed with {NAMES[compression]}, of which only pickles are read: decompress it first"
    start = read_start(path)
    if not start:
        return "is empty"
    if start.startswith(ZIP):
        with open_regular(path, ModelError) as file:
            what = describe_zip(opened(file, path).namelist())
        return f"is {what or 'a zip file'}, and holds no network that is read"
    if start[LENGTH : LENGTH + 1] == b"{":
        return "is a safetensors file without weights of PyTorch; if cmlp wrote it, Network.load reads it"
    for known in KINDS:
        if known.recognises(start):
            return f"is {known.what}, which is not read: {known.remedy}"
    for known in STRANGERS:
        if known.recognises(start):
            remedy = f": {known.remedy}" if known.what.startswith(PLACEHOLDERS) else ""
            return f"is {known.what}, and no network{remedy}"
    return f"is no file of a network that is known here, and begins with {start[:8]!r}{_hint_of_data(path)}"


def refuse_folder(path: Path) -> None:
    """Refuse a folder that TensorFlow wrote; other folders are no files."""
    if path.is_dir() and any((path / name).exists() for name in ("saved_model.pb", "keras_metadata.pb")):
        remedy = "model.save('model.keras') in Python writes a file that is read"
        raise ModelError(f"{path} is a folder of TensorFlow, a SavedModel, which holds a program: {remedy}")


def _hint_of_data(path: Path) -> str:
    """Return what to do about a file in a format of images and labels."""
    try:
        name = detect_format(path).name
        own = ", or pickle.load if it is a network or an estimator of your own" if name == "pickle" else ""
        return f"; it looks like data in the format {name}, which cmlp.load reads{own}"
    except (DataError, OSError):
        return ""


def _read_nielsen(path: Path, wanted: Wanted) -> Model:
    return nielsen.read_nielsen(read_file(path), str(path))
