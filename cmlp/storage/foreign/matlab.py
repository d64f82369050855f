"""Read weights in MAT files of MATLAB and Octave: Theta1, Theta2, ..., as in the well-known course, or W1, b1, ..."""

from dataclasses import replace
from math import isqrt
from pathlib import Path

import numpy as np

from cmlp.data.formats.mat import read_mat
from cmlp.model.record import Model
from cmlp.storage.foreign.collections import arrays_in, model_of_values
from cmlp.storage.foreign.layers import Wanted
from cmlp.storage.foreign.named import role_of

DIGITS = (*"123456789", "0")  # of the outputs of a network for labels from 1 to 10, of which 10 is the digit 0


def upright(model: Model) -> Model:
    """Return a model whose inputs and outputs have MATLAB's order in that of this package; other models as they are.

    Pictures are taken row by row, and output 0 stands for the digit 0.
    """
    side = isqrt(model.architecture.sizes[0])
    if not model.unsaid or model.class_names != DIGITS or side * side != model.architecture.sizes[0]:
        return model
    [first, *others] = model.weights
    weights = [first.reshape(-1, side, side).transpose(0, 2, 1).reshape(len(first), -1), *others]
    biases = list(model.biases)
    weights[-1], biases[-1] = np.roll(weights[-1], 1, axis=0), np.roll(biases[-1], 1)
    return replace(model, weights=weights, biases=biases, class_names=None)


def read_matlab(path: Path, wanted: Wanted) -> Model:
    """Read the network in a MAT file; what else a workspace holds, but no weights, is left out.

    Raises
    ------
    ModelError
        If there are no weights, or not those of one network.
    DataError
        If the file is damaged.
    """
    arrays = arrays_in(read_mat(path))
    weights = {name: array for name, array in arrays.items() if role_of(name)[0] is not None}
    thetas = {name: array for name, array in weights.items() if "theta" in name.lower()}
    model = model_of_values(thetas or weights or arrays, wanted)
    is_course = bool(thetas) and model.architecture.sizes[-1] == len(DIGITS)
    return replace(model, class_names=DIGITS) if is_course else model
