"""How pictures lie in their frame: what a drawing needs so that it looks like the training data."""

from dataclasses import dataclass

from cmlp.checks import check_count, check_name
from cmlp.errors import ModelError

CENTRES = ("mass", "box", "none")


@dataclass(frozen=True)
class Framing:
    """What the training images have in common.

    Parameters
    ----------
    height, width : int
        Of an image, in pixels.
    dark : bool
        Whether the ink is darker than the paper; in MNIST it is brighter.
    box : int
        The longer side of the rectangle around the ink, in pixels; 20 in MNIST.
    centre : {"mass", "box", "none"}
        What lies in the middle of the frame: the centre of mass of the ink, the rectangle around it, or neither.
    """

    height: int
    width: int
    dark: bool
    box: int
    centre: str

    def __post_init__(self) -> None:
        for name in ("height", "width", "box"):
            check_count(name, getattr(self, name))
        if not isinstance(self.dark, bool):
            raise ModelError(f"dark must be True or False, got {self.dark!r}")
        check_name("centre", self.centre, CENTRES)
