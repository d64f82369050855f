"""Values of parameters that are of a usual size, whatever the network began with."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs.blocks import BIAS, Block


def usual_values(blocks: list[Block], classes: int, seed: int) -> list[NDArray[Any]]:
    """Return weights of the size of Glorot and Bengio (2010), and biases of 0."""
    rng = np.random.default_rng(seed)
    made = []
    for block in blocks:
        if block.matrix or (len(block.shape) == 2 and max(block.shape) > 1 and not BIAS.match(block.name)):
            made.append(rng.normal(size=block.shape) * np.sqrt(2 / sum(block.shape)))
        elif len(block.shape) > 2:
            fan = sum(block.shape[1:]) if len(block.shape) == 3 else int(np.prod(block.shape[1:], dtype=int))
            made.append(rng.normal(size=block.shape) * np.sqrt(2 / max(1, fan)))
        elif block.shape and max(block.shape) > 20 * classes and len(blocks) == 1:
            made.append(0.05 * rng.normal(size=block.shape))  # one vector of all parameters
        else:
            made.append(np.zeros(block.shape))
    return made
