"""Checkpoints on the command line: which may be used, and where a training goes on."""

import argparse
import warnings
from collections.abc import Mapping
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmlp.cli.outputs import STDOUT
from cmlp.errors import CmlpError, ModelError
from cmlp.utils.files import resolved
from cmlp.utils.text import counted

# What options are called in a checkpoint, where that is not their name.
OF_TRAININGS = {
    "hidden": "sizes", "activation": "activations", "dropout": "dropouts", "validation": "validation_data",
    "distort": "distortions",
}  # fmt: skip

if TYPE_CHECKING:
    from cmlp.data import Dataset
    from cmlp.network import Network
    from cmlp.training.checkpoint_files import Checkpoint


def check_options(arguments: argparse.Namespace) -> None:
    """Refuse settings without a checkpoint, and stdout for one."""
    path = arguments.checkpoint
    if path is None:
        given = {"--resume": arguments.resume, "--checkpoint-every": arguments.checkpoint_every != 1}
        for option in (option for option, is_given in given.items() if is_given):
            arguments.refuse(f"{option} goes with --checkpoint FILE, which says where the training is kept")
        return
    if path == STDOUT:
        raise CmlpError("--checkpoint needs a file, which is written again and again, and - is stdout")


def check_checkpoint(arguments: argparse.Namespace) -> None:
    """Refuse to begin where something is kept already, before anything is read."""
    from cmlp.training.generations import Generations

    path = arguments.checkpoint
    if path is None or arguments.resume:
        return
    generations = Generations(Path(path))
    for present in generations.present():
        name = path if present == generations.path else present
        if not _is_checkpoint(present):
            raise CmlpError(f"{name} already exists, and --checkpoint never replaces it: it needs another name")
        another = f"another name begins a new one, and so does removing {name}"
        raise CmlpError(f"{name} holds a training already: --resume goes on with it, {another}")


def previous_checkpoint(path: str) -> str:
    """Return where the checkpoint before lies."""
    from cmlp.training.generations import previous_of

    return str(previous_of(resolved(Path(path))))


def found_checkpoint(arguments: argparse.Namespace, network: "Network") -> "Checkpoint | None":
    """Return the checkpoint from which the training goes on, if there is one.

    Raises
    ------
    ModelError
        If it is the training of another seed, though a network in Python may go on with that, or no checkpoint.
    """
    from cmlp.training.checkpointing import Checkpoints
    from cmlp.training.random_state import state_of

    if arguments.checkpoint is None or not arguments.resume:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the training says, too
        checkpoints = Checkpoints(arguments.checkpoint, arguments.checkpoint_every, resume=True)
    checkpoints.begin(network.rng)
    remedy = "the same seed goes on from it, or another --checkpoint begins anew"
    checkpoints.check_start(network.architecture, state_of(network.rng), f"--seed={arguments.seed}", remedy)
    return checkpoints.found


def check_resumed(
    arguments: argparse.Namespace,
    found: "Checkpoint",
    network: "Network",
    train: "Dataset",
    settings: Mapping[str, Any],
) -> None:
    """Refuse to go on with another training, before anything is said of it.

    Parameters
    ----------
    arguments : argparse.Namespace
    found : Checkpoint
    network : Network
        A new one, which stays as it is.
    train : Dataset
    settings : mapping
        All of what `Network.train` gets besides.

    Raises
    ------
    ModelError
        If it is, with what was typed as the reason, before what follows from it.
    """
    from cmlp.data.origin import Origin
    from cmlp.training.options import Options

    there, now = Origin.read(found.model.training), train._origin
    if there is not None and now is not None and there.checksum == now.checksum and there != now:
        change = f"--test-fraction was {there.test_fraction} there, and is {now.test_fraction} now"
        raise ModelError(f"{arguments.checkpoint} belongs to another training: {change}")
    typed = [word.partition("=")[0].removeprefix("--").replace("-", "_") for word in arguments.words]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the training says, too
        call = signature(type(network).train).bind(network, train, **settings)
        call.apply_defaults()
        loop, _ = network._prepare(Options.of(call.arguments), call.arguments)
        loop.check_checkpoint([OF_TRAININGS.get(name, name) for name in typed])


def where_it_goes_on(found: "Checkpoint | None", path: str, epochs: int | None) -> str:
    """Say where a training begins or goes on."""
    if found is None:
        return f"{path}, new"
    if found.ended:
        return f"{path}, which early stopping has ended after {counted(found.position.epoch, 'epoch')}"
    if epochs is not None and found.position.epoch >= epochs:
        number = found.position.epoch
        return f"{path}, which has trained {'its only epoch' if number == 1 else f'all of its {number:,} epochs'}"
    inside = f", after {counted(found.position.done, 'image')} of it" if found.position.done else ""
    of_all = f", after {found.position.seconds / 60:.1f} minutes" if epochs is None else f" of {epochs:,}"
    return f"{path}, goes on in epoch {found.position.epoch + 1:,}{of_all}{inside}"


def _is_checkpoint(path: Path) -> bool:
    from cmlp.storage.container import read_file
    from cmlp.training.checkpoint_files import is_damaged, read_checkpoint

    try:
        read_checkpoint(path)
        return True
    except ModelError:
        return path.stat().st_size > 0 and is_damaged(read_file(path))
    except OSError:
        return False
