"""What files of Keras with weights alone say about layers without weights: that they are there, and not where."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from cmlp.errors import ModelError
from cmlp.model.record import Model
from cmlp.storage.foreign.layers import RELU, Convention, Wanted
from cmlp.utils.text import listed

ACTIVATIONS = {"re_lu": "ReLU", "leaky_re_lu": "LeakyReLU", "elu": "ELU"}
NAMES = {"ReLU": "relu", "LeakyReLU": "leaky_relu", "ELU": "elu"}
RESCALING, NORMALIZATION, OTHER = "rescaling", "normalization", "activation"
WHOLE = "model.save('model.keras') writes it with the rest"


class Silent(NamedTuple):
    """Layers without weights: the activations by name, whether one is not told, and whether inputs are rescaled."""

    activations: tuple[str, ...] = ()
    is_open: bool = False
    rescales: bool = False


def silent_layers(names: Iterable[str], wanted: Wanted) -> Silent:
    """Return what the names of layers without weights tell.

    Raises
    ------
    ModelError
        If a layer matters that the file says too little of, and the caller nothing.
    """
    kinds = {re.sub(r"_[0-9]+$", "", name.rpartition("/")[2]) for name in names}
    found = tuple(ACTIVATIONS[kind] for kind in ACTIVATIONS if kind in kinds)
    if NORMALIZATION in kinds:
        raise ModelError(
            "it has a Normalization layer, and not its numbers: train without it, on data that are scaled before"
        )
    if wanted.activation is None and "LeakyReLU" in found:
        raise ModelError(f"it has a LeakyReLU layer, and not its slope: {WHOLE}, or say the activation of each layer")
    if wanted.activation is None and len(found) > 1:
        raise ModelError(
            f"it has layers of {listed(found)}, and does not say where: {WHOLE}, or say the activation of each layer"
        )
    return Silent(found, OTHER in kinds, RESCALING in kinds)


def convention_of(silent: Silent) -> Convention:
    """Return what is taken for the activations that a file does not place."""
    return (
        Convention(NAMES[silent.activations[0]], RELU.loss)
        if len(silent.activations) == 1 and not silent.is_open
        else RELU
    )


def with_remarks(model: Model, silent: Silent) -> Model:
    """Say of which layers the file says that they are there, and no more."""
    if model.unsaid and silent.activations:
        model = replace(model, unsaid=f"has layers of {listed(silent.activations)}, and does not say where")
    if silent.rescales:
        what = "has a Rescaling layer, and not its factor: bytes are divided by 255, and floats taken as they are"
        model = replace(model, notes=[*model.notes, what])
    return model
