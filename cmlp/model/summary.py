"""What a network consists of, layer by layer: shapes, parameters, bytes and multiplications."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from cmlp.model.architecture import Architecture
from cmlp.notebook.cards import card, safe, table
from cmlp.notebook.names import ELLIPSIS

COLUMNS = ("layer", "activation", "weights", "biases", "parameters", "bytes", "multiply-adds")
MOST_ROWS = 40  # in a notebook


@dataclass(frozen=True)
class LayerSummary:
    """A layer with weights.

    Attributes
    ----------
    name : str
        "hidden 1", "hidden 2" and so on, or "output".
    activation : str
        Its activation, with the dropout behind it.
    fan_in, fan_out : int
        The number of units before it, and its own.
    itemsize : int
        Bytes of a parameter.
    """

    name: str
    activation: str
    fan_in: int
    fan_out: int
    itemsize: int

    @property
    def parameters(self) -> int:
        """The number of weights and biases."""
        return self.multiply_adds + self.fan_out

    @property
    def bytes(self) -> int:
        """The memory of the parameters."""
        return self.parameters * self.itemsize

    @property
    def multiply_adds(self) -> int:
        """The multiplications, each with an addition, for one image: as many as weights."""
        return self.fan_in * self.fan_out


@dataclass(frozen=True)
class Summary:
    """What a network consists of; made by `Network.summary`.

    ``print(summary)`` writes a table, and a notebook shows one.

    Parameters
    ----------
    kind : str
        The class of the network.
    architecture : Architecture
        Sizes, activations, loss, dropout and type.

    Examples
    --------
    >>> summary = cmlp.Network([64, 16, 10]).summary()
    >>> summary.parameters, summary.bytes, summary.multiply_adds
    (1210, 9680, 1184)
    >>> [layer.parameters for layer in summary.layers]
    [1040, 170]
    """

    kind: str
    architecture: Architecture

    @property
    def layers(self) -> tuple[LayerSummary, ...]:
        """The layers with weights, each with `name`, `activation`, `parameters`, `bytes` and `multiply_adds`."""
        a = self.architecture
        names = [f"hidden {number}" for number in range(1, len(a.activations))] + ["output"]
        dropped = [f", dropout {share:g}" if share else "" for share in a.dropouts]
        return tuple(
            LayerSummary(name, activation + drop, *fans, a.dtype.itemsize)
            for name, activation, drop, fans in zip(names, a.activations, dropped, pairwise(a.sizes), strict=True)
        )

    @property
    def parameters(self) -> int:
        """The number of all weights and biases."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def bytes(self) -> int:
        """The memory of all parameters."""
        return sum(layer.bytes for layer in self.layers)

    @property
    def multiply_adds(self) -> int:
        """The multiplications, each with an addition, for one image without zeros."""
        return sum(layer.multiply_adds for layer in self.layers)

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as values for JSON.

        Returns
        -------
        dict
            The keys ``"layers"``, a list of dicts, ``"parameters"``, ``"bytes"`` and ``"multiply_adds"``.
        """
        layers = [
            vars(layer) | {name: getattr(layer, name) for name in ("parameters", "bytes", "multiply_adds")}
            for layer in self.layers
        ]
        totals = {"parameters": self.parameters, "bytes": self.bytes, "multiply_adds": self.multiply_adds}
        return {"layers": layers} | totals

    def __str__(self) -> str:
        rows = [COLUMNS, *self._rows(), self._totals()]
        widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
        lines = ["  ".join(map(_aligned, row, widths, range(len(row)))).rstrip() for row in rows]
        return "\n".join([f"{self.kind}({self.architecture})", *lines])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = [[safe(cell, 60) for cell in row] for row in self._rows()]
        if len(rows) > MOST_ROWS:
            rows[MOST_ROWS // 2 : -MOST_ROWS // 2] = [[ELLIPSIS] * len(COLUMNS)]
        return card("Summary", [str(self.architecture)], table(COLUMNS, rows, foot=self._totals(), left=(0, 1)))

    def _rows(self) -> list[Sequence[str]]:
        return [
            (
                layer.name,
                layer.activation,
                f"{layer.fan_out:,} x {layer.fan_in:,}",
                f"{layer.fan_out:,}",
                f"{layer.parameters:,}",
                f"{layer.bytes:,}",
                f"{layer.multiply_adds:,}",
            )
            for layer in self.layers
        ]

    def _totals(self) -> Sequence[str]:
        return ("all", "", "", "", f"{self.parameters:,}", f"{self.bytes:,}", f"{self.multiply_adds:,}")


def _aligned(cell: str, width: int, place: int) -> str:
    """Return a cell as wide as its column: text on the left, numbers on the right."""
    return cell.ljust(width) if place < 2 else cell.rjust(width)
