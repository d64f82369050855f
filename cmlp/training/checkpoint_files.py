"""Checkpoint files: a training under way, so that it goes on with the same bits."""

import os
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.errors import ModelError
from cmlp.model.record import Model
from cmlp.storage.container import pack, read_file, unpack
from cmlp.storage.models import describe, model_of, tensors_of
from cmlp.training.epoch import Position
from cmlp.training.history import History
from cmlp.utils.files import write_file

KIND = "cmlp-checkpoint"
VERSION = 1
PARAMETERS = ("weights.", "biases.")  # how the names of the model's arrays begin
FIELDS = {
    "model": dict,
    "identity": dict,
    "position": dict,
    "history": dict,
    "progress": list,
    "schedule": dict,
    "patience": dict,
    "start": dict,
    "ended": bool,
}
POSITION = {"epoch": int, "rng": dict, "done": int, "loss": float, "weight": float, "closed": bool}


@dataclass(frozen=True)
class Memory:
    """What a training remembers besides the parameters.

    Attributes
    ----------
    vectors : dict of ndarray
        Of optimizer, averaging and early stopping.
    progress : (int, float)
        The steps of the optimizer, and the product of nadam's momentums.
    schedule, early_stopping : dict
        Their states.
    """

    vectors: Mapping[str, NDArray[Any]]
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
        Its parameters, those that are trained.
    identity : dict
        What makes it this training and no other: settings, and the checksums of the data.
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
    start: Mapping[str, Any]
    position: Position
    history: History
    memory: Memory
    ended: bool


class Generations:
    """A checkpoint file, and beside it the one before, named like it with ``.previous`` at its end."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.previous = self.path.with_name(f"{self.path.name}.previous")
        self._current_is_whole = False

    def exist(self) -> bool:
        """Say whether there is a file of either generation."""
        return os.path.lexists(self.path) or os.path.lexists(self.previous)

    def read(self) -> Checkpoint:
        """Return the newest checkpoint that is whole, with a warning if it is the previous one.

        Raises
        ------
        ModelError
            If neither is whole.
        OSError
            If neither can be read.
        """
        try:
            checkpoint = read_checkpoint(self.path)
            self._current_is_whole = True
            return checkpoint
        except (ModelError, OSError) as error:
            try:
                checkpoint = read_checkpoint(self.previous)
            except (ModelError, OSError):
                raise error from None
            found = "it is missing" if isinstance(error, FileNotFoundError) else str(error)
            epoch = checkpoint.position.epoch + 1
            warnings.warn(f"going on from {self.previous}, in epoch {epoch}, because {found}", stacklevel=5)
            return checkpoint

    def write(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint; the present one becomes the previous one, unless it is damaged."""
        content = pack_checkpoint(checkpoint)
        if self._current_is_whole:
            self._keep_current()
        write_file(self.path, content)
        self._current_is_whole = True

    def _keep_current(self) -> None:
        link = self.path.with_name(f".{self.previous.name}.tmp")
        with suppress(FileNotFoundError):
            link.unlink(missing_ok=True)
            try:
                os.link(self.path, link)  # at every instant, both names lead to a whole file
                link.replace(self.previous)
                link.unlink(missing_ok=True)  # where both were one file, replacing does nothing
            except OSError:  # a file system without links
                self.path.replace(self.previous)


def pack_checkpoint(checkpoint: Checkpoint) -> bytes:
    """Return the bytes of a checkpoint file."""
    memory = checkpoint.memory
    description = {
        "model": describe(checkpoint.model),
        "identity": checkpoint.identity,
        "position": asdict(checkpoint.position),
        "history": asdict(checkpoint.history),
        "progress": list(memory.progress),
        "schedule": memory.schedule,
        "patience": memory.early_stopping,
        "start": checkpoint.start,
        "ended": checkpoint.ended,
    }
    return pack(KIND, VERSION, description, tensors_of(checkpoint.model) | dict(memory.vectors))


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises
    ------
    ModelError
        If this is no checkpoint, or it is damaged.
    OSError
        If it cannot be read.
    """
    name = str(path)
    description, tensors = unpack(read_file(path), KIND, VERSION, name)
    _check_fields(description, FIELDS, name)
    _check_fields(description["position"], POSITION, f"the position in {name}")
    parameters = {key: array for key, array in tensors.items() if key.startswith(PARAMETERS)}
    for key, array in tensors.items():
        if not np.isfinite(array).all():
            raise ModelError(f"{key} of {name} must be finite, as in every training that goes on")
    memory = Memory(
        {key: array for key, array in tensors.items() if key not in parameters},
        _progress(description["progress"], name),
        description["schedule"],
        description["patience"],
    )
    return Checkpoint(
        model_of(description["model"], parameters, name),
        description["identity"],
        description["start"],
        Position(**description["position"]),
        _history(description["history"], name),
        memory,
        description["ended"],
    )


def _check_fields(given: Mapping[str, Any], fields: Mapping[str, Any], name: str) -> None:
    if given.keys() != fields.keys():
        raise ModelError(f"{name} must have the fields {', '.join(fields)}, got others")
    for key, kind in fields.items():
        value = given[key]
        if type(value) is not kind or (kind is int and value < 0) or (kind is float and not isfinite(value)):
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
