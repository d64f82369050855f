"""What `partial_fit` goes on with: an optimizer, and what it remembers."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.core.state import OptimizerState
from cmlp.training.optimizers import Optimizer


@dataclass(frozen=True)
class Memory:
    """An optimizer and its state, which can be pickled."""

    optimizer: Optimizer
    state: OptimizerState

    def __reduce__(self) -> tuple[Any, ...]:
        return remember, (self.optimizer, self.state.vectors, self.state.progress)


def remember(optimizer: Optimizer, vectors: dict[str, NDArray[Any]], progress: tuple[int, float]) -> Memory:
    """Return the memory that was pickled as these vectors (n_parameters,) and the steps taken."""
    some = next(iter(vectors.values()), np.empty(0))
    state = OptimizerState(optimizer.name, optimizer.settings(), some.size, some.dtype)
    for name, vector in vectors.items():
        state.vectors[name][...] = vector
    state.progress = progress
    return Memory(optimizer, state)
