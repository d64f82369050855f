"""Checkpoint files: a training under way, so that it goes on with the same bits."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from io import BytesIO
from math import isnan
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from cmlp.core.state import RunningLoss
from cmlp.errors import ModelError
from cmlp.model.record import Model
from cmlp.storage.container import LENGTH, is_sealed, plain, read_file, unpack, write
from cmlp.storage.models import describe, model_of, tensors_of
from cmlp.training.encoding import decode, encode
from cmlp.training.epoch import Position
from cmlp.training.history import History

KIND = "cmlp-checkpoint"
VERSION = 2  # 1 has no kernels, and only finite numbers
PARAMETERS = ("weights.", "biases.")  # how the names of the model's arrays begin
LIKE_PARAMETERS = ("average", "best", "first", "unfolded")
BEGINNING = b'{"__metadata__":{"cmlp":"{\\"description\\":{\\"ended\\":'  # of a header
MOST_SPOILED = 16  # one byte in so many of a beginning may be another; of a model's, every seventh is
FIELDS = {
    "model": dict,
    "identity": dict,
    "kernels": dict,
    "position": dict,
    "history": dict,
    "progress": list,
    "schedule": dict,
    "patience": dict,
    "start": dict,
    "ended": bool,
}
POSITION = {"epoch": int, "rng": dict, "done": int, "loss": float, "weight": float, "closed": bool, "seconds": float}


@dataclass(frozen=True)
class Memory:
    """What a training remembers besides the parameters.

    Attributes
    ----------
    vectors : dict of ndarray
        Of optimizer, averaging and early stopping; where layers are normalised, also the unfolded parameters.
    progress : (int, float)
        The steps of the optimizer, and the product of nadam's momentums.
    schedule, early_stopping : dict
        Their states.
    """

    vectors: dict[str, NDArray[Any]]
    progress: tuple[int, float]
    schedule: Mapping[str, Any]
    early_stopping: Mapping[str, Any]

    def vector(self, name: str, like: NDArray[Any]) -> NDArray[Any]:
        """Return a vector that must be like the parameters."""
        vector = self.vectors.get(name)
        if vector is None or vector.shape != like.shape or vector.dtype != like.dtype:
            found = "none" if vector is None else f"{vector.dtype} of shape {vector.shape}"
            raise ModelError(f"{name} of a checkpoint must be {like.dtype} of shape {like.shape}, got {found}")
        return vector


@dataclass(frozen=True)
class Checkpoint:
    """All that the rest of a training depends on.

    Attributes
    ----------
    model : Model
        Its parameters, those that are trained; where layers are normalised, folded.
    identity : dict
        What makes it this training and no other: settings, and the checksums of the data.
    kernels : dict
        The names of the kernels that have computed it.
    start : dict
        The state of the generator before the training.
    position : Position
    history : History
        Of the epochs that are over and measured.
    memory : Memory
    ended : bool
        Whether early stopping has ended it.
    """

    model: Model
    identity: Mapping[str, Any]
    kernels: Mapping[str, str]
    start: Mapping[str, Any]
    position: Position
    history: History
    memory: Memory
    ended: bool

    def is_of_training(self, identity: Mapping[str, Any]) -> bool:
        """Return whether this identity is its own; older files lack what was None."""
        return all(self.identity.get(name) == identity.get(name) for name in {*self.identity, *identity})


def pack_checkpoint(checkpoint: Checkpoint) -> bytes:
    """Return the bytes of a checkpoint file."""
    stream = BytesIO()
    write(stream, KIND, VERSION, *parts_of(checkpoint))
    return stream.getvalue()


def checked_writer(checkpoint: Checkpoint, name: str) -> Callable[[BinaryIO], None]:
    """Return what writes a checkpoint to a file.

    Raises
    ------
    ModelError
        If it could not be read again.
    """
    description, tensors = parts_of(checkpoint)
    checkpoint_of(description, tensors, name)
    return lambda file: write(file, KIND, VERSION, description, tensors)


def parts_of(checkpoint: Checkpoint) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return a checkpoint as JSON has it, and its arrays."""
    memory = checkpoint.memory
    description = {
        "model": describe(checkpoint.model),
        "identity": checkpoint.identity,
        "kernels": checkpoint.kernels,
        "position": encode(checkpoint.position.describe(), "position"),
        "history": encode(asdict(checkpoint.history), "history"),
        "progress": list(memory.progress),
        "schedule": encode(memory.schedule, "schedule"),
        "patience": encode(memory.early_stopping, "patience"),
        "start": checkpoint.start,
        "ended": checkpoint.ended,
    }
    return plain(description, "the checkpoint"), tensors_of(checkpoint.model) | dict(memory.vectors)


def is_blank(content: bytes | bytearray) -> bool:
    """Return whether a file is without content, or all zeros, so that nothing could be lost."""
    return not content.strip(b"\0")


def is_damaged(content: bytes | bytearray) -> bool:
    """Return whether this was a checkpoint; a blank file may have been one."""
    beginning = content[LENGTH : LENGTH + len(BEGINNING)]
    return is_blank(content) or (bool(beginning) and BEGINNING.startswith(beginning) and not is_sealed(content))


def is_spoiled(content: bytes | bytearray, whole: bytes | bytearray) -> bool:
    """Return whether this was a checkpoint, too, beside a whole one, though its very beginning is spoiled or short."""
    beginning = content[LENGTH : LENGTH + len(BEGINNING)]
    if beginning:
        others = sum(one != other for one, other in zip(beginning, BEGINNING, strict=False))
        return others * MOST_SPOILED <= len(beginning) and not is_sealed(content)
    is_text = content.decode("utf-8", "surrogateescape").strip().isprintable()
    return whole.startswith(content) or (not is_text and content[2:] == whole[2 : len(content)])


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises
    ------
    ModelError
        If this is no checkpoint, or it is damaged.
    OSError
        If it cannot be read.
    """
    content = read_file(path)
    return checkpoint_of(*unpack(content, KIND, VERSION, str(path)), str(path))


def checkpoint_of(description: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]], name: str) -> Checkpoint:
    """Return the checkpoint of what is in a file, which errors call `name`."""
    description = {"kernels": {}} | dict(description)  # which version 1 of the files does not know
    _check_fields(description, FIELDS, name)
    position, memories = {}, {}
    try:
        position = decode(description["position"])
        history = decode(description["history"])
        memories = {key: decode(description[key]) for key in ("schedule", "patience")}
    except (TypeError, ValueError, OverflowError) as error:
        raise ModelError(f"{name} must hold numbers and texts as cmlp writes them, got others") from error
    if not all(isinstance(each, dict) for each in (position, history, *memories.values())):
        raise ModelError(f"{name} must hold position, history and memories by name, got others")
    position = {"seconds": 0.0} | position  # which older files do not know
    _check_fields(position, POSITION, f"the position in {name}")
    parameters = {key: array for key, array in tensors.items() if key.startswith(PARAMETERS)}
    for key, array in tensors.items():
        if (key in parameters or key in LIKE_PARAMETERS) and not np.isfinite(array).all():
            raise ModelError(f"{key} of {name} must be finite, as in every training that goes on")
    memory = Memory(
        {key: array for key, array in tensors.items() if key not in parameters},
        _progress(description["progress"], name),
        memories["schedule"],
        memories["patience"],
    )
    return Checkpoint(
        model_of(description["model"], parameters, name),
        description["identity"],
        description["kernels"],
        description["start"],
        _position(position),
        _history(history, name),
        memory,
        description["ended"],
    )


def _position(given: Mapping[str, Any]) -> Position:
    running = RunningLoss(min(given["done"], sys.maxsize), given["loss"], given["weight"])
    return Position(given["epoch"], given["rng"], running, given["closed"], given["seconds"])


def _check_fields(given: Mapping[str, Any], fields: Mapping[str, Any], name: str) -> None:
    if given.keys() != fields.keys():
        raise ModelError(f"{name} must have the fields {', '.join(fields)}, got others")
    for key, kind in fields.items():
        value = given[key]
        if type(value) is not kind or (kind is int and value < 0) or (kind is float and isnan(value)):
            raise ModelError(
                f"{key} of {name} must be a {kind.__name__} that training can have, got {repr(value)[:80]}"
            )


def _history(given: Mapping[str, Any], name: str) -> History:
    given = {"validation_score": []} | dict(given)  # which version 1 of the files does not know
    _check_fields(given, dict.fromkeys(asdict(History()), list), f"the history in {name}")
    if not all(isinstance(value, float) for values in given.values() for value in values):
        raise ModelError(f"the history in {name} must hold numbers only")
    return History(**given)


def _progress(given: list[Any], name: str) -> tuple[int, float]:
    if len(given) != 2 or type(given[0]) is not int or not 0 <= given[0] < 2**63 or type(given[1]) is not float:
        raise ModelError(f"progress of {name} must be steps and a product, got {repr(given)[:80]}")
    return given[0], given[1]
