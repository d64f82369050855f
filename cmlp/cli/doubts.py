"""What a command says of an accuracy that is no good, with the command that finds out why."""

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cmlp.data import Dataset
    from cmlp.network import Network


def doubt(
    network: "Network", train: "Dataset", test: "Dataset | None", source: str | None, model: str | None
) -> str | None:
    """Return why the accuracy of a network is to be doubted, in one sentence, or None.

    Parameters
    ----------
    network : Network
    train, test : Dataset
        What a small network learns for comparison, and what both are asked; without `test`, parts of `train`.
    source : str or None
        Where the data are, the built-in digits if None.
    model : str or None
        Where the network is saved, if it is.
    """
    from cmlp.diagnosis.reference import doubt_about

    found = doubt_about(network, train, test)
    if found is None:
        return None
    sentence, blames_data = found
    data = [source] if source else []
    if blames_data:
        return f"{sentence}: {shlex.join(['cmlp', 'check', *data])} finds out whether it is the data"
    command = shlex.join(["cmlp", "check", *data, "--model", model or "MODEL"])
    return f"{sentence}: {'' if model else 'save the network with --save MODEL, and '}{command} finds out why"
