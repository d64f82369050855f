"""Checkpoints: when a training is written to disk, and under which conditions it is resumed."""

import hashlib
import os
import re
import warnings
from collections.abc import Callable, Collection, Mapping
from copy import deepcopy
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from cmlp.errors import ModelError
from cmlp.model.architecture import Architecture
from cmlp.model.samples import Samples
from cmlp.storage.container import plain
from cmlp.training.checkpoint_files import Checkpoint
from cmlp.training.early_stopping import EarlyStopping
from cmlp.training.generations import Generations
from cmlp.training.measurements import Measurements
from cmlp.training.optimizers import LBFGS
from cmlp.training.options import Options
from cmlp.training.random_state import restore, state_of
from cmlp.utils.checks import check_count, check_flag
from cmlp.utils.text import counted

UNITS = {"s": 1, "min": 60, "h": 3600}
BLOCK = 4096  # images whose checksum is taken at once
DATA = ("validation_data", "training_data", "test_data")
LENGTHS = ("epochs", "minutes")
PLURAL = {"sizes": "the layers", "activations": "the activations"}
CAUSES = ("sizes", "activations", "loss", "optimizer", "schedule")  # on which others may depend


class Checkpoints:
    """The checkpoints of a training.

    Parameters
    ----------
    path : str or path
    every : int or str
        After how many epochs, or after what time, to write one: ``"30s"``, ``"5min"``, ``"1h"``.
    resume : bool
        Whether to go on from the file, if there is one.

    Attributes
    ----------
    found : Checkpoint or None
        From which the training goes on.
    """

    def __init__(self, path: str | os.PathLike[str], every: int | str, resume: bool) -> None:
        self._generations = Generations(Path(path))
        self._epochs, self._seconds = _check_every(every)
        self._written = monotonic()
        self._start: dict[str, Any] = {}
        self._last: tuple[dict[str, Any], bool] | None = None
        self.found: Checkpoint | None = None
        if self._generations.present():
            self.found = self._generations.read()  # or refuse: to remove another file would be bad advice
            path, why = self._generations.read_from, self._generations.why_previous
            if not resume:
                files = " and ".join(map(str, self._generations.present()))
                rule = f"resume goes on from it, and removing {files} begins again"
                raise ModelError(f"{path} is a checkpoint already: {rule}")
            if why:
                epoch = self.found.position.epoch + 1
                warnings.warn(f"going on from {path}, in epoch {epoch}, because {why}", stacklevel=4)
            else:
                self._last = _place_of(self.found)

    def begin(self, rng: np.random.Generator) -> np.random.Generator:
        """Return the generator as it was before the training: itself, or a copy if the training goes on."""
        if self.found is not None:
            rng = deepcopy(rng)
            restore(rng, self.found.start)
        self._start = state_of(rng)
        return rng

    @property
    def start(self) -> Mapping[str, Any]:
        """The state of the generator before the training."""
        return self._start

    def write(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint.

        Raises
        ------
        ModelError
            If it could not be read again.
        OSError
            If it cannot be written; what was there is whole.
        """
        self._written = monotonic()
        self._generations.write(checkpoint)
        self._last = _place_of(checkpoint)

    def write_found(self) -> None:
        """Write again the checkpoint that was found: what cannot be written is better known now."""
        if self.found is not None:
            self._generations.write_again(self.found)
            self._last = _place_of(self.found)

    def try_to_write(self, make: Callable[[], Checkpoint]) -> None:
        """Write a checkpoint, or warn: a full disk is no reason to lose the training that is under way."""
        try:
            checkpoint = make()
            if self._last != _place_of(checkpoint):  # otherwise it is there already
                self.write(checkpoint)
        except (OSError, ModelError) as error:
            if isinstance(error, OSError) and error.errno is None:  # not the disk's, but of a handler of signals
                raise
            warnings.warn(f"no checkpoint was written, and the training goes on: {error}", RuntimeWarning, stacklevel=4)

    def after_epoch(self, epoch: int, make: Callable[[], Checkpoint]) -> None:
        """Write a checkpoint if one is due after an epoch, counted from 1."""
        if epoch % self._epochs == 0 if self._epochs else self._is_time():
            self.try_to_write(make)

    def after_chunk(self, make: Callable[[], Checkpoint]) -> None:
        """Write a checkpoint if one is due within an epoch."""
        if self._is_time():
            self.try_to_write(make)

    def _is_time(self) -> bool:
        return bool(self._seconds) and monotonic() - self._written >= self._seconds

    def check(
        self, identity: Mapping[str, Any], kernels: Mapping[str, str], epochs: int | None, chosen: Collection[str] = ()
    ) -> None:
        """Refuse to go on with another training than the one that was kept, or with fewer epochs than it has.

        Of several differences, named is one that is the cause of others: `chosen` are settings known not to follow.
        """
        if self.found is None:
            return
        kept, path = self.found.identity, self._generations.read_from
        for name in _causes_first(kept, identity, chosen):
            if kept.get(name) != identity.get(name):
                found = _difference(name, kept, identity)
                raise ModelError(f"{path} belongs to another training: {found}{_why(name, identity)}")
        self._check_kernels(kernels, identity["optimizer"]["name"])
        position = self.found.position
        if epochs is None:
            return
        if position.epoch > epochs or (position.epoch == epochs and position.done > 0):
            least = position.epoch + (1 if position.done else 0)
            done = f"{counted(position.epoch, 'epoch')}{' and a part of another' if position.done else ''}"
            raise ModelError(f"epochs must be at least {least:,}, got {epochs:,}: {path} has trained {done} already")

    def check_start(self, architecture: Architecture, state: Mapping[str, Any], seed: str, remedy: str) -> None:
        """Refuse to go on if the training that was kept began with another state than that of this seed.

        A network of another architecture has drawn other numbers, and `check` says which it is.
        """
        if self.found is not None and self.found.model.architecture == architecture.plain and self.start != state:
            name, _, number = seed.partition("=")
            found = f"{name} was another one there, and is {number} now: {remedy}"
            raise ModelError(f"{self._generations.read_from} belongs to another training: {found}")

    def _check_kernels(self, kernels: Mapping[str, str], optimizer: str) -> None:
        """Warn, or with L-BFGS refuse, where other kernels would compute the rest, whose last bits differ."""
        assert self.found is not None
        kept = self.found.kernels
        others = [name for name in kernels if kept.get(name, kernels[name]) != kernels[name]]
        if not others:
            return
        found = " and ".join(f"{name} was {kept[name]!r} there, and is {kernels[name]!r} here" for name in others)
        path = self._generations.read_from
        if optimizer == LBFGS.name:
            rule = "lbfgs can go on only where the same kernels compute"
            raise ModelError(f"{path} comes from another machine or installation: {rule}, and {found}")
        told = "the training does not end with the bits of one that was not interrupted"
        warnings.warn(f"{path} comes from another machine or installation: {found}; {told}", stacklevel=5)


def _place_of(checkpoint: Checkpoint) -> tuple[dict[str, Any], bool]:
    return checkpoint.position.describe(), checkpoint.ended


def _causes_first(kept: Mapping[str, Any], identity: Mapping[str, Any], chosen: Collection[str]) -> list[str]:
    """Return what makes a training different, with what others follow from in front of them."""
    data = DATA if "validation_data" in chosen or None in _both("validation_data", kept, identity) else DATA[1:]
    chosen = [name for name in chosen if name not in LENGTHS]  # which count only where the schedule makes them
    return list(dict.fromkeys([*data, "sizes", *chosen, *CAUSES, *kept, *identity]))


def _difference(name: str, kept: Mapping[str, Any], identity: Mapping[str, Any]) -> str:
    there, now = _both(name, kept, identity)
    if name in DATA or (name == "distortions" and None in (there, now)):  # which tell nobody anything
        if None not in (there, now):
            return f"{name} was another one"
        there, now = ("none" if each is None else "some" for each in (there, now))
        return f"{name} was {there} there, and is {now} now"
    if name in PLURAL:
        there, now = ("-".join(map(str, each)) for each in (there, now))
        return f"{PLURAL[name]} were {there} there, and are {now} now"
    if isinstance(there, dict) and isinstance(now, dict) and there.get("name") != now.get("name"):
        there, now = there.get("name"), now.get("name")  # the rest follows
    elif isinstance(there, dict) and isinstance(now, dict):
        other = [each for each in {**there, **now} if there.get(each) != now.get(each)]
        there, now = (", ".join(f"{each}={given.get(each)!r}" for each in other) for given in (there, now))
        return f"{name} was {there} there, and is {now} now"
    return f"{name} was {there!r} there, and is {now!r} now"


def _both(name: str, kept: Mapping[str, Any], identity: Mapping[str, Any]) -> tuple[Any, Any]:
    return kept.get(name), identity.get(name)


def _why(name: str, identity: Mapping[str, Any]) -> str:
    """Say why the number of epochs may not change, if it is that."""
    if name not in LENGTHS or identity[name] is None:
        return ""
    return f", on which every learning rate of the schedule {identity['schedule']['name']!r} depends"


def open_checkpoints(path: str | os.PathLike[str] | None, every: int | str, resume: bool) -> Checkpoints | None:
    """Check the settings of checkpoints, and read the one to go on from."""
    check_flag("resume", resume)
    if path is not None:
        return Checkpoints(path, every, resume)
    if every != 1:
        raise ModelError(f"checkpoint_every needs a checkpoint to write, got {every!r} and no checkpoint")
    if resume:
        raise ModelError("resume needs a checkpoint to go on from, got none")
    return None


def identity_of(
    architecture: Architecture,
    options: Options,
    samples: Samples,
    measurements: Measurements,
    early_stopping: EarlyStopping | None,
) -> dict[str, Any]:
    """Return what makes a training different from all others, but for how long it lasts."""
    watched = {"patience": None, "monitor": None} if early_stopping is None else early_stopping.describe()
    described = options.describe()
    identity = (
        described
        | {
            "epochs": options.epochs if options.schedule.needs_epochs else None,
            "minutes": options.minutes if options.schedule.needs_epochs else None,
            "sizes": list(architecture.sizes),
            "activations": list(architecture.activations),
            "loss": architecture.loss,
            "dropouts": list(architecture.dropouts),
            "normalization": list(architecture.normalizations[:-1]) or None,
            "dtype": str(architecture.dtype),
            "training_data": digest_of(samples),
            "validation_data": digest_of(measurements.validation),
            "test_data": digest_of(measurements.test),
            "training_accuracy": measurements.training is not None,
        }
        | watched
    )
    plain_identity: dict[str, Any] = plain(identity, "the settings")
    return plain_identity


def digest_of(samples: Samples | None) -> str | None:
    """Return the SHA-256 of images, labels or targets, and weights."""
    if samples is None:
        return None
    digest = hashlib.sha256(repr(samples.scale).encode())
    images = samples.images if isinstance(samples.images, tuple) else (samples.images,)
    for array in (*images, samples.labels, samples.targets, samples.weights):
        if array is None:
            digest.update(b"none")
            continue
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        for begin in range(0, len(array), BLOCK):
            digest.update(np.ascontiguousarray(array[begin : begin + BLOCK]).data)
    return digest.hexdigest()


def _check_every(every: Any) -> tuple[int, float]:
    """Return after how many epochs, or after how many seconds; the other is 0."""
    if not isinstance(every, str):
        return check_count("checkpoint_every", every), 0.0
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|min|h)", every.strip(), re.ASCII)
    if match is None or float(match[1]) == 0:
        rule = 'checkpoint_every must be a positive integer of epochs or a time such as "30s", "5min" or "1h"'
        raise ModelError(f"{rule}, got {every!r}")
    return 0, float(match[1]) * UNITS[match[2]]
