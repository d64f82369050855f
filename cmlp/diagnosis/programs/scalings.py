"""What a network does with images before its first layer: it scales and shifts them."""

from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from cmlp.diagnosis.programs.instances import Instance
    from cmlp.diagnosis.programs.subject import Subject

Array = NDArray[Any]
MOST_KEPT = 3  # numbers and vectors that may be means and deviations
LEAST = (0, 1e-8, 1e-7, 1e-6, 1e-5, 1e-10, 1e-12)  # what people add to deviations


@dataclass(frozen=True)
class Scaling:
    """What a network does with images before its first layer: factor times image plus shift."""

    factor: Any = 1.0
    shift: Any = 0.0

    def __call__(self, x: Array) -> Array:
        """Scale images."""
        return np.asarray(x * self.factor + self.shift)

    @property
    def plain(self) -> bool:
        """Whether images are taken as they are."""
        return np.ndim(self.factor) == 0 and self.factor == 1 and np.ndim(self.shift) == 0 and self.shift == 0


PLAIN = Scaling()
USUAL = (
    PLAIN,
    Scaling(1 / 255),
    Scaling(1 / 256),
    Scaling(1, -0.5),
    Scaling(2, -1),
    Scaling(1 / 0.3081, -0.1307 / 0.3081),
    Scaling(1 / 127.5, -1),
    Scaling(0.99, 0.01),
    Scaling(0.99 / 255, 0.01),
)
STARTS = ((1.0, 0.0), (2.0, -1.0), (3.2, -0.4), (0.004, 0.0))  # from which a scaling is searched


def kept_scalings(subject: "Subject", instance: "Instance") -> list[Scaling]:
    """Return the scalings that numbers of the network, which are no weights, may stand for: means and deviations."""
    depth = subject.samples.depth
    kept = [np.ravel(block.read(instance.network)) for block in subject.constants]
    kept = [value if value.size > 1 else value[0] for value in kept if value.size in (1, depth)][:MOST_KEPT]
    found = []
    with np.errstate(all="ignore"):
        for value in kept:
            found += [Scaling(1, -value), Scaling(1 / value), Scaling(value)]
        for mean, deviation in permutations(kept, 2):
            divisors = [deviation + least for least in LEAST] + [np.where(deviation == 0, 1, deviation)]
            found += [Scaling(1 / divisor, -mean / divisor) for divisor in divisors]
    return found
