"""The network that a command reads, from any file that holds one; options say what files of other programs do not."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from cmlp.cli.output import print_error

if TYPE_CHECKING:
    from cmlp.model.record import Model
    from cmlp.network import Network
    from cmlp.training.checkpoint_files import Checkpoint


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Add the options for what the file of a network may not say."""
    if_not = "where MODEL does not say it, as files of PyTorch and lists of weights do not"
    activation = f"activation of the hidden layers, or one for each layer, separated by commas, {if_not}"
    parser.add_argument("--activation", metavar="NAMES", type=_names, help=activation)
    parser.add_argument("--loss", metavar="NAME", help="loss, which gives the activation of the outputs, likewise")


def _names(text: str) -> str | tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    return names[0] if len(names) == 1 else names


def read_network(arguments: argparse.Namespace) -> "tuple[Model, Checkpoint | None]":
    """Read the record of the network, and the checkpoint that holds it, if one does; warn of what its file leaves open.

    Parameters
    ----------
    arguments : Namespace
        Its `model` is the path; `activation` and `loss` are those of `add_reading`.

    Returns
    -------
    model : Model
        Pictures and labels of MATLAB are in the order in which commands read data.
    checkpoint : Checkpoint or None
    """
    from cmlp.storage import Wanted, remarks, upright
    from cmlp.training import saved

    wanted = Wanted(arguments.activation, arguments.loss)
    found, checkpoint = saved.read_network(Path(arguments.model), wanted)
    model = upright(found)
    for remark in remarks(model, arguments.model, "--activation and --loss"):
        print_error(arguments.program, f"warning: {remark}")
    return model, checkpoint


def load_network(arguments: argparse.Namespace) -> "Network":
    """Load the network as `read_network` reads it."""
    from cmlp.network import Network

    return Network.from_model(read_network(arguments)[0])
