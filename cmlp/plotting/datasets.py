"""Plot images by class."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cmlp.data.dataset import Dataset
from cmlp.data.pixels import scaled
from cmlp.notebook.names import short_names
from cmlp.plotting.style import GREY, INK, new_figure
from cmlp.utils.text import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_CLASSES = 26
EXAMPLES = {1: 14, 2: 8}  # per class, for one set and for two side by side
TILE_PIXELS = 112  # to which small images are enlarged, so that pixels keep sharp edges and gaps are thin
GAP = 0.09  # between two images, as a part of an image

LONGEST_NAME = 16

# All lengths are in images; this is one, in inches.
UNIT = 0.46
MARGIN, HEAD, COLUMN_HEAD, LABEL, COUNT, BETWEEN, AFTER_MEAN = 0.8, 1.9, 0.55, 0.7, 1.1, 1.0, 0.3
LETTER = 0.19  # of a name


def show(train: Dataset, test: Dataset | None = None, *, title: str = "Images and labels") -> "Figure":
    """Plot the mean and some examples of each class, training and test data side by side.

    Parameters
    ----------
    train : Dataset
        The training data.
    test : Dataset, optional
        The test data; by default only the training data are plotted.
    title : str
        Title of the plot; "Images and labels" by default.

    Returns
    -------
    matplotlib.figure.Figure
        ``figure.savefig("picture.png")`` writes it to a file.

    Raises
    ------
    DataError
        If the images have no `picture_shape`.
    MissingExtraError
        If matplotlib, which is the extra ``cmlp[plot]``, is not installed.
    """
    sets = {"training": train, "test": test} if test is not None else {"": train}
    rows, examples = min(train.classes, MAX_CLASSES), EXAMPLES[len(sets)]
    label = _label_width(train, rows)
    panel = label + 1 + AFTER_MEAN + examples + COUNT
    width = 2 * MARGIN + len(sets) * panel + (len(sets) - 1) * BETWEEN
    height = HEAD + COLUMN_HEAD + rows + MARGIN
    figure = new_figure(width * UNIT, height * UNIT, "cmlp show")
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    write(axes, MARGIN, 0.85, title, size=16, weight="bold")
    write(axes, MARGIN, 1.5, _description(sets, rows), color=GREY)
    values = grey_limits(sets.values())
    for number, (name, dataset) in enumerate(sets.items()):
        _draw_panel(axes, MARGIN + number * (panel + BETWEEN), label, dataset, name, rows, examples, values)
    axes.set(xlim=(0, width), ylim=(height, 0), aspect="equal")
    return figure


def _description(sets: dict[str, Dataset], rows: int) -> str:
    counts = " and ".join(f"{len(dataset):,} {name}".strip() for name, dataset in sets.items())
    first = next(iter(sets.values()))
    _, height, width = first.pictures().shape
    classes = (
        counted(first.classes, "class")
        if rows == first.classes
        else f"the first {rows} of {counted(first.classes, 'class')}"
    )
    return f"{counts} images of {width}\N{MULTIPLICATION SIGN}{height} pixels, {classes}"


def _draw_panel(
    axes: "Axes",
    left: float,
    label_width: float,
    dataset: Dataset,
    name: str,
    rows: int,
    examples: int,
    values: tuple[float, float],
) -> None:
    """Draw one row per class: its label, its mean, some examples and their number."""
    top = HEAD + COLUMN_HEAD
    means, pictures = _tiles(dataset, rows, examples)
    mean_left = left + label_width
    examples_left = mean_left + 1 + AFTER_MEAN
    draw_tiles(axes, mean_left, top, means, values)
    draw_tiles(axes, examples_left, top, pictures, values)
    right = examples_left + examples
    write(axes, mean_left + 0.5, top - 0.2, "mean", color=GREY, ha="center")
    write(axes, examples_left + GAP / 2, top - 0.2, f"{name} images".strip(), color=GREY)
    write(axes, right + COUNT, top - 0.2, "count", color=GREY, ha="right")
    counts = np.bincount(dataset.labels, minlength=rows)[:rows]
    for label, (called, count) in enumerate(zip(_called(dataset, rows), counts, strict=True)):
        middle = top + label + 0.5
        size = 14 if len(called) == 1 else 9.5
        write(axes, left, middle, called, size=size, weight="bold", va="center")
        write(axes, right + COUNT, middle, f"{count:,}", color=GREY, ha="right", va="center")


def _called(dataset: Dataset, rows: int) -> list[str]:
    """Return the names of the first classes, shortened."""
    return short_names((dataset.class_names or [str(label) for label in range(rows)])[:rows], LONGEST_NAME)


def _label_width(dataset: Dataset, rows: int) -> float:
    longest = max(map(len, _called(dataset, rows)))
    return LABEL if longest <= 2 else LABEL + LETTER * (longest - 2)


def _tiles(dataset: Dataset, rows: int, examples: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Means (rows, 1, side, side) and examples (rows, examples, side, side) of each class, NaN where there are none."""
    pictures = dataset.pictures()
    side = resized(pictures[:1]).shape[1]
    means = np.full((rows, 1, side, side), np.nan, np.float32)
    tiles = np.full((rows, examples, side, side), np.nan, np.float32)
    for label in range(rows):
        members = np.flatnonzero(dataset.labels == label)
        if len(members):
            means[label] = resized(scaled(pictures[members], dataset.scale).mean(axis=0, keepdims=True))
            chosen = np.unique(np.arange(examples) * len(members) // examples)  # from all over the data
            tiles[label, : len(chosen)] = resized(scaled(pictures[members[chosen]], dataset.scale))
    return means, tiles


def resized(pictures: NDArray[Any]) -> NDArray[Any]:
    """Make pictures square: small ones larger by a whole factor, large ones averaged.

    Parameters
    ----------
    pictures : ndarray (n, height, width)
        The pictures.

    Returns
    -------
    ndarray (n, side, side)
        NaN where a picture was not.
    """
    height, width = pictures.shape[1:]
    side = max(height, width)
    if height != width:
        above, left = (side - height) // 2, (side - width) // 2
        margins = ((0, 0), (above, side - height - above), (left, side - width - left))
        pictures = np.pad(pictures.astype(np.float32), margins, constant_values=np.nan)
    if side <= TILE_PIXELS:
        times = TILE_PIXELS // side
        return pictures.repeat(times, axis=1).repeat(times, axis=2)
    times = side // TILE_PIXELS
    kept = side // times * times
    blocks = pictures[:, :kept, :kept].reshape(len(pictures), kept // times, times, kept // times, times)
    means: NDArray[Any] = blocks.mean(axis=(2, 4))
    return means


def draw_tiles(axes: "Axes", left: float, top: float, tiles: NDArray[Any], values: tuple[float, float]) -> None:
    """Draw images as one, with thin gaps between them.

    Parameters
    ----------
    axes : Axes
        Where.
    left, top : float
        The place, in images.
    tiles : ndarray (rows, columns, side, side)
        The images, NaN where there is none.
    values : (float, float)
        What is black, and what is white.
    """
    rows, columns, side, _ = tiles.shape
    gap = max(1, round(GAP * side / 2))
    framed = np.pad(tiles, ((0, 0), (0, 0), (gap, gap), (gap, gap)), constant_values=np.nan)
    mosaic = framed.swapaxes(1, 2).reshape(rows * framed.shape[2], columns * framed.shape[3])
    low, high = values
    extent = (left, left + columns, top + rows, top)
    axes.imshow(np.ma.masked_invalid(mosaic), "gray", extent=extent, vmin=low, vmax=high, interpolation="antialiased")


def grey_limits(sets: Iterable[Dataset]) -> tuple[float, float]:
    """Return the values drawn black and white.

    Parameters
    ----------
    sets : iterable of Dataset
        The data that are drawn alike.

    Returns
    -------
    black, white : float
        0 and 1, or, of data that are no pixels, the smallest and the largest value.
    """
    lows, highs = zip(*(dataset.value_range for dataset in sets), strict=True)
    low, high = min(lows), max(highs)
    return (0.0, 1.0) if low >= 0 and high <= 1 else (low, high)


def write(axes: "Axes", x: float, y: float, text: str, size: float = 9.5, color: str = INK, **style: Any) -> None:
    """Write a text at a place.

    Parameters
    ----------
    axes : Axes
        Where.
    x, y : float
        The place, in images.
    text : str
        The text, of which nothing is taken for a formula.
    size : float
        In points; 9.5 by default.
    color : str
        That of ink by default.
    **style : object
        As ``axes.text`` takes it.
    """
    axes.text(x, y, text, fontsize=size, color=color, parse_math=False, **style)
