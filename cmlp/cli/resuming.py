"""Checkpoints on the command line: which may be used, and where a training goes on."""

import argparse
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from cmlp.cli.outputs import STDOUT
from cmlp.errors import CmlpError, ModelError
from cmlp.utils.files import resolved

if TYPE_CHECKING:
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


def where_it_goes_on(found: "Checkpoint | None", path: str, epochs: int) -> str:
    """Say where a training begins or goes on."""
    if found is None:
        return f"{path}, new"
    if found.ended:
        return f"{path}, which early stopping has ended after {found.position.epoch:,} epochs"
    if found.position.epoch >= epochs:
        return f"{path}, which has trained all of its {found.position.epoch:,} epochs"
    inside = f", after {found.position.done:,} images of it" if found.position.done else ""
    return f"{path}, goes on in epoch {found.position.epoch + 1:,} of {epochs:,}{inside}"


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
