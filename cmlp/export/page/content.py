"""The data of a page as values for JSON; arrays are base64 of their bytes."""

from base64 import b64encode
from dataclasses import asdict
from math import isqrt
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cmlp.data.framing import Framing
from cmlp.errors import ModelError
from cmlp.export.page.examples import Examples
from cmlp.export.parameters import parameters_of
from cmlp.model.architecture import MULTILABEL
from cmlp.model.record import Model

LARGEST = 2**26  # bytes of parameters; a browser takes seconds to open more
SMALLEST_SIDE = 8  # of a square that is taken for a picture: few numbers are often no pixels, whatever their count
MNIST_SIDE, MNIST_BOX = 28, 20


def page_content(model: Model, examples: Examples | None) -> dict[str, Any]:
    """Return the data of a page.

    Parameters
    ----------
    model : Model
        The network.
    examples : Examples or None
        Test images to include.

    Returns
    -------
    dict
        Values for JSON.

    Raises
    ------
    ModelError
        If a weight or a bias is not finite, or there are too many for a page.
    """
    architecture = model.architecture
    parameters = parameters_of(model, None)
    size = parameters.count * parameters.dtype.itemsize
    if size > LARGEST:
        raise ModelError(f"a page must have at most {LARGEST:,} bytes of parameters, got {size:,}")
    features = architecture.sizes[0]
    framing = model.framing or _framing_of_square(features, examples)
    if framing is not None and framing.height * framing.width != features:
        framing = None
    layers = zip(parameters.weights, parameters.biases, strict=True)
    return {
        "sizes": architecture.sizes,
        "activations": architecture.activations,
        "says": _kind_of_answer(model),
        "names": model.names,
        "inputs": model.feature_names,
        "ranges": model.input_ranges if framing is None else None,
        "framing": None if framing is None else asdict(framing),
        "type": str(parameters.dtype),
        "parameters": _base64(np.concatenate([array.ravel() for layer in layers for array in layer])),
        "examples": None if examples is None else _describe(examples),
    }


def _kind_of_answer(model: Model) -> Literal["label", "flags", "numbers"]:
    if model.architecture.classifies:
        return "label"
    return "flags" if model.architecture.loss == MULTILABEL else "numbers"


def _framing_of_square(features: int, examples: Examples | None) -> Framing | None:
    """Return the framing of MNIST for a square of this size, or None if the inputs cannot be pixels of one."""
    side = isqrt(features)
    if side * side != features or side < SMALLEST_SIDE or (examples is not None and not examples.are_pixels):
        return None
    return Framing(side, side, dark=False, box=round(side * MNIST_BOX / MNIST_SIDE), centre="mass")


def _describe(examples: Examples) -> dict[str, Any]:
    return {
        "type": str(examples.images.dtype),
        "images": _base64(examples.images),
        "scale": examples.scale,
        "expected": examples.expected.tolist(),
        "total": examples.total,
        "wrong": examples.wrong,
    }


def _base64(array: NDArray[Any]) -> str:
    """Return the bytes of an array in base64, little-endian as in all browsers."""
    return b64encode(array.astype(array.dtype.newbyteorder("<")).tobytes()).decode()
