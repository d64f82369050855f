"""A copy of somebody's forward pass as plain layers, accepted only if it gives the same outputs to the last digits.

With it gradients are exact, and everything about a step becomes arithmetic.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs.activations import FUNCTIONS
from cmlp.diagnosis.programs.scalings import PLAIN, Scaling

Array = NDArray[Any]


@dataclass(frozen=True)
class Piece:
    """Where the weights or biases of a layer are: in which block, from which number on, and how they lie."""

    index: int
    shape: tuple[int, ...]
    start: int = 0
    turned: bool = False
    order: Literal["C", "F"] = "C"
    folded: str = ""  # whether the "first" or the "last" input is a 1, whose weights are the biases

    def of(self, values: list[Array]) -> Array:
        """Return the numbers, as (inputs, outputs) for weights."""
        made = self._place(values).reshape(self.shape, order=self.order)
        return made.T if self.turned else made

    def add(self, values: list[Array], change: Array) -> None:
        """Add to the numbers, in place."""
        made = (change.T if self.turned else change).reshape(self.shape)
        place = self._place(values)
        place += made.ravel(order=self.order)

    def _place(self, values: list[Array]) -> Array:
        return values[self.index].reshape(-1)[self.start : self.start + self.size]

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return int(np.prod(self.shape, dtype=int))

    @property
    def inputs(self) -> int:
        """How many units it takes, without the one that is 1."""
        return self.shape[1 if self.turned else 0] - bool(self.folded)

    @property
    def outputs(self) -> int:
        """How many units it has."""
        return self.shape[0 if self.turned else 1]


@dataclass(frozen=True)
class Replica:
    """Dense layers: where their weights and biases are, and the activations."""

    weights: tuple[Piece, ...]
    biases: tuple[Piece | None, ...]
    acts: tuple[str, ...]
    inputs: Scaling = PLAIN

    def layers(self, values: list[Array]) -> list[tuple[Array, Array | None]]:
        """Return weights of shape (inputs, outputs) and biases, layer by layer."""
        made: list[tuple[Array, Array | None]] = []
        for piece, bias in zip(self.weights, self.biases, strict=True):
            w = piece.of(values)
            if piece.folded == "first":
                made.append((w[1:], w[0]))
            elif piece.folded == "last":
                made.append((w[:-1], w[-1]))
            else:
                made.append((w, None if bias is None else bias.of(values).ravel()))
        return made

    def run(self, values: list[Array], x: Array) -> tuple[list[Array], list[Array]]:
        """Return weighted sums and activations, layer by layer; the first activations are the inputs."""
        zs: list[Array] = []
        outs = [self.inputs(x)]
        with np.errstate(all="ignore"):
            for (w, b), act in zip(self.layers(values), self.acts, strict=True):
                zs.append(outs[-1] @ w + (0 if b is None else b))
                outs.append(FUNCTIONS[act][0](zs[-1]))
        return zs, outs

    def apply(self, values: list[Array], layer: int, weights: Array, biases: Array) -> None:
        """Add to the weights (inputs, outputs) and biases of a layer, in place."""
        piece, bias = self.weights[layer], self.biases[layer]
        if piece.folded:
            parts = [biases[None], weights] if piece.folded == "first" else [weights, biases[None]]
            weights = np.concatenate(parts)
        piece.add(values, weights)
        if bias is not None:
            bias.add(values, (np.full(1, biases.sum()) if bias.size == 1 else biases).reshape(bias.shape))
