"""A network from a file: a saved one, or that of a checkpoint."""

from dataclasses import replace
from pathlib import Path

from cmlp.core.engine import Engine
from cmlp.errors import ModelError
from cmlp.model.architecture import make_architecture
from cmlp.model.record import Model
from cmlp.storage import Wanted, read_model, refuse_folder, refuse_wanted
from cmlp.storage.container import LENGTH
from cmlp.storage.foreign.layers import NOTHING
from cmlp.training.checkpoint_files import BEGINNING, Checkpoint, read_checkpoint
from cmlp.training.clock import MINUTE
from cmlp.training.normalization import check_variances, folded, normalised_engine
from cmlp.utils.files import named, open_regular, resolved


def read_network(path: Path, wanted: Wanted = NOTHING) -> tuple[Model, Checkpoint | None]:
    """Read a network, and the checkpoint that holds it, if it is one.

    Parameters
    ----------
    path : Path
        A model file of any kind, or a checkpoint.
    wanted : Wanted, optional
        What the caller says of a network whose file does not say it.

    Returns
    -------
    model : Model
        Of a checkpoint, the network that its training leaves if it goes on no further.
    checkpoint : Checkpoint or None

    Raises
    ------
    ModelError
        If the file is neither, or is damaged.
    OSError
        If it cannot be read.
    """
    refuse_folder(path)
    if not is_checkpoint(path):
        return read_model(path, wanted), None
    refuse_wanted(path, wanted)
    checkpoint = read_checkpoint(path)
    return network_of(checkpoint), checkpoint


def is_checkpoint(path: Path) -> bool:
    """Return whether a file begins like a checkpoint."""
    resolved(path)  # or refuse what no file can be called
    with named(path), open_regular(path, ModelError) as file:
        return file.read(LENGTH + len(BEGINNING))[LENGTH:] == BEGINNING


def network_of(checkpoint: Checkpoint) -> Model:
    """Return the network that the training of a checkpoint leaves: after its end, the best one that was looked for."""
    model, memory = checkpoint.model, checkpoint.memory
    epochs = model.training.get("epochs")
    minutes, position = model.training.get("minutes"), checkpoint.position
    is_over = checkpoint.ended or (isinstance(epochs, int) and position.epoch >= epochs)
    is_over |= isinstance(minutes, float) and position.seconds >= MINUTE * minutes
    for name in ("best", "average") if is_over else ("average",):
        if name in memory.vectors:
            engine = _trained_engine(checkpoint)
            vector = memory.vector(name, engine.parameters)
            check_variances(engine, vector, "the checkpoint")
            weights, biases = engine.views(folded(engine, vector))
            return replace(model, weights=weights, biases=biases)
    return model


def _trained_engine(checkpoint: Checkpoint) -> Engine:
    """Return an engine for parameters like those that are trained."""
    a, normalization = checkpoint.model.architecture, checkpoint.identity.get("normalization")
    return normalised_engine(make_architecture(a.sizes, a.activations, a.loss, a.dropouts[:-1], a.dtype, normalization))
