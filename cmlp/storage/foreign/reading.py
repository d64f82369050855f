"""Find out what a file is, and read the network in it: the files of other programs."""

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from cmlp.data.formats.detection import detect_format
from cmlp.data.formats.mat import is_mat
from cmlp.data.formats.npz import NPY, ZIP, Archive, opened
from cmlp.data.formats.pickled import is_pickle
from cmlp.data.reading import read_bytes, read_start
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
    if is_pickle(read_start(path)) and not start.startswith(NPY):
        return Kind(WEIGHTS, lambda path, wanted: read_pickled(read_bytes(path), wanted))
    return None


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
    try:
        kind = kind_of(path)
        if kind is not None and kind.content != TORCH:
            raise ModelError(f"it looks like {kind.content}, which Network.load reads")
        if kind is None:
            raise ModelError(f"it {_unknown(path)}")
    except ModelError as error:
        raise ModelError(f"{path} does not hold {TORCH}: {str(error).replace(str(path), 'it', 1)}") from error
    return read_foreign(path, wanted)


def _unknown(path: Path) -> str:
    """Return what a file is that no reader knows, as the rest of a sentence."""
    start = read_start(path)
    if not start:
        return "is empty"
    if start[LENGTH : LENGTH + 1] == b"{":
        return "is a safetensors file without weights of PyTorch; if cmlp wrote it, Network.load reads it"
    hint = _hint_of_data(path)
    return f"is no file of a network that is known here, and begins with {start[:8]!r}{hint}"


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
