"""A network as it is stored and exported."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from cmlp.data.framing import Framing
from cmlp.model.architecture import Architecture
from cmlp.model.inputs import Input, input_of
from cmlp.model.ranges import checked_ranges


@dataclass(frozen=True)
class Model:
    """All that the answers of a network depend on, and where it comes from.

    Attributes
    ----------
    architecture : Architecture
    weights : sequence of ndarray (fan_out, fan_in), one per layer
    biases : sequence of ndarray (fan_out,), one per layer
    scale : float
        What uint8 pixels are multiplied by.
    class_names : tuple of str, one per output, or None
        What the labels are called; their numbers by default.
    framing : Framing or None
        How the training images look, where they are pictures.
    training : dict
        The settings of the last training, as JSON has them.
    unsaid : str
        What the file it comes from does not say, as the rest of a sentence, so that activations and loss are those
        of a convention; empty by default.
    notes : sequence of str
        What else one must know of how the file was read, each as the rest of a sentence.
    """

    architecture: Architecture
    weights: Sequence[NDArray[Any]]
    biases: Sequence[NDArray[Any]]
    scale: float = 1 / 255
    class_names: tuple[str, ...] | None = None
    framing: Framing | None = None
    training: Mapping[str, Any] = field(default_factory=dict)
    unsaid: str = ""
    notes: Sequence[str] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """What the outputs are called."""
        return self.class_names or tuple(map(str, range(self.architecture.sizes[-1])))

    @property
    def input(self) -> Input | None:
        """What kind of numbers it was trained on: "uint8" or "float"; None if the training did not say it."""
        return input_of(self.training)

    @property
    def feature_names(self) -> tuple[str, ...] | None:
        """What the inputs are called, if the training data said it; a file may hold anything there."""
        names = self.training.get("feature_names")
        if not isinstance(names, list | tuple) or len(names) != self.architecture.sizes[0]:
            return None
        return tuple(names) if all(isinstance(name, str) for name in names) else None

    @property
    def input_ranges(self) -> dict[str, list[float]] | None:
        """The ``mean``, ``low`` and ``high`` of each input in the training data, if they are known."""
        return checked_ranges(self.training.get("inputs"), self.architecture.sizes[0])
