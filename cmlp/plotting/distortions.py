"""A sheet of pictures, and what distortions make of them."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cmlp.data.dataset import Dataset
from cmlp.plotting.datasets import GAP, MARGIN, UNIT, draw_tiles, grey_limits, resized, write
from cmlp.plotting.style import GREY, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EPOCHS, CLASSES = 9, 10
HEAD, AFTER_ORIGINAL = 1.0, 0.3  # in pictures


def chosen(data: Dataset) -> NDArray[np.intp]:
    """Return the first picture of each class, of at most ten classes.

    Parameters
    ----------
    data : Dataset
        The pictures.

    Returns
    -------
    ndarray of intp
        Their indices.
    """
    return np.unique(data.labels, return_index=True)[1][:CLASSES]


def draw(pictures: list[NDArray[Any]], data: Dataset) -> "Figure":
    """Draw a row for each picture: as it is, and as it becomes.

    Parameters
    ----------
    pictures : list of ndarray (n, height, width)
        The originals, and as often as there are epochs what becomes of them.
    data : Dataset
        Where they come from.

    Returns
    -------
    matplotlib.figure.Figure
        ``figure.savefig("picture.png")`` writes it to a file.
    """
    rows, values = len(pictures[0]), grey_limits([data])
    width = 2 * MARGIN + len(pictures) + AFTER_ORIGINAL
    height = HEAD + rows + MARGIN
    figure = new_figure(width * UNIT, height * UNIT, "cmlp show")
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    tiles = np.stack([resized(each) for each in pictures], axis=1)
    right = MARGIN + 1 + AFTER_ORIGINAL
    draw_tiles(axes, MARGIN, HEAD, tiles[:, :1], values)
    draw_tiles(axes, right, HEAD, tiles[:, 1:], values)
    write(axes, MARGIN + 0.5, HEAD - 0.2, "original", color=GREY, ha="center")
    write(axes, right + GAP / 2, HEAD - 0.2, "distorted, in one epoch after the other", color=GREY)
    axes.set(xlim=(0, width), ylim=(height, 0), aspect="equal")
    return figure
