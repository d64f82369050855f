"""What kind of numbers a network was trained on, and others as it takes them."""

from collections.abc import Mapping
from typing import Any, Literal, Protocol, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from cmlp.data.dataset import Dataset
from cmlp.data.framing import Framing
from cmlp.data.pixels import ROUNDING, scaled
from cmlp.data.validation import check_images

Input: TypeAlias = Literal["uint8", "float"]
LARGEST = "largest_input"  # in the settings of a network that was trained on floats
FEW_BITS = 16
INPUTS: tuple[Input, ...] = get_args(Input)


class Trained(Protocol):
    """What is asked of a network about the data that it was trained on."""

    scale: float
    settings: dict[str, Any]

    @property
    def framing(self) -> Framing | None: ...  # noqa: D102


def input_of(settings: Mapping[str, Any]) -> Input | None:
    """Return what kind of numbers a network was trained on, None where its settings do not say it.

    Parameters
    ----------
    settings : mapping
        Those of the last training; a file may hold anything there.

    Returns
    -------
    {"uint8", "float"} or None
        Integers that are scaled, or numbers that are used as they are.
    """
    return next((kind for kind in INPUTS if settings.get("input") == kind), None)


def takes_bytes(settings: Mapping[str, Any], scale: float) -> bool:
    """Say whether a network takes brightness from 0 to 255, and not from 0 to 1 or from -3 to 3, say."""
    largest = settings.get(LARGEST)
    if input_of(settings) == "float" and isinstance(largest, int | float):
        return scale == 1 and largest > FEW_BITS
    return scale == 1


def like_trained(numbers: NDArray[Any], scale: float, kind: Input | None) -> NDArray[Any]:
    """Return numbers from a file as a network takes them, so that they mean what its training data meant.

    Parameters
    ----------
    numbers : ndarray (n, features)
        As they are in the file; few of them may be of a smaller type than many.
    scale : float
        What the network multiplies bytes by.
    kind : {"uint8", "float"} or None
        What `input_of` says of the network.

    Returns
    -------
    ndarray (n, features)
        Bytes still wait for their scale.
    """
    are_bytes = numbers.dtype.kind in "biu" and numbers.dtype.itemsize == 1
    if kind == "uint8":
        return numbers if are_bytes or scale == 1 or numbers.max() <= ROUNDING else numbers * scale
    if kind == "float" and (scale == 1 or numbers.dtype.kind == "f"):
        return numbers.astype(np.float64) if are_bytes else numbers
    pixels, factor = check_images(numbers, None, "images")
    if kind == "float":
        return scaled(pixels, factor)
    return numbers if are_bytes or factor == 1 else numbers * scale


def scaled_like_training(data: Dataset, network: Trained) -> Dataset:
    """Return test data with the scale of the training data, where those were no pictures.

    A table alone does not show how large the numbers of another may be; pictures of fewer bits show it.

    Parameters
    ----------
    data : Dataset
        Whose scale was inferred.
    network : Network

    Returns
    -------
    Dataset
        `data` itself, if nothing has to change.
    """
    kind = input_of(network.settings)
    wanted = network.scale if kind == "uint8" else 1.0
    known = kind == "uint8" or (kind == "float" and network.scale == 1)
    if not known or data.scale == wanted or network.framing is not None:
        return data
    images, factor = data.images, wanted
    if images.dtype != np.uint8:
        if kind == "uint8" and data.value_range[1] <= ROUNDING:
            return data
        images, factor = images * images.dtype.type(wanted / data.scale), 1.0
    return Dataset(
        images, data.labels, classes=data.classes, scale=factor, class_names=data.class_names,
        feature_names=data.feature_names,
    )  # fmt: skip
