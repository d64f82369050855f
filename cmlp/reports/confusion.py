"""Plot which classes a network takes for which."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cmlp.errors import ModelError
from cmlp.model.evaluation import check_numbers, compute_outputs
from cmlp.model.samples import Data
from cmlp.network import Network
from cmlp.notebook.names import short_names
from cmlp.plotting.style import COLOURS, GREY, INK, PAPER, SMALL, new_figure
from cmlp.reports.scores import Scores, check_predicts_labels
from cmlp.utils.checks import check_flag
from cmlp.utils.text import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_WRITTEN = 40  # classes, whose cells have room for numbers
MOST_NAMES = 60
LONGEST_NAME = 16
CELL, SMALLEST, LARGEST = 0.46, 3.2, 14.0  # inches
LETTER = 0.085
FAINT = 0.06  # of the colour, that the rarest mistake has


def plot_confusion(network: Network, data: Data, *, normalize: bool = False, title: str = "") -> "Figure":
    """Plot the confusion matrix: how many images of each class were predicted as which.

    Parameters
    ----------
    network : Network
        One that predicts labels.
    data : Dataset, two arrays (images, labels) or pairs (image, label)
        The test data.
    normalize : bool, default False
        Whether to write percentages of the true class, not numbers of images.
    title : str, optional
        Heading of the figure; by default the accuracy.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, with true classes in rows and predicted ones in columns, which a notebook shows;
        ``figure.savefig("confusion.png")`` writes it.

    Raises
    ------
    DataError
        If the data break a rule, or an output is not a number.
    ModelError
        If the network does not predict labels.
    MissingExtraError
        If matplotlib is not installed, which ``cmlp[plot]`` does.

    Examples
    --------
    >>> train, test = cmlp.load_digits()
    >>> net = cmlp.Network([64, 16, 10])
    >>> history = net.train(train, 25, 3.0, mini_batch_size=10)
    >>> figure = cmlp.plot_confusion(net, test)
    """
    check_flag("normalize", normalize)
    scores = _scores(network, data)
    count = len(scores.names)
    names = short_names(scores.names, LONGEST_NAME)
    side = min(max(CELL * count, SMALLEST), LARGEST)
    margin = 0.7 + LETTER * max(map(len, names))
    figure = new_figure(side + margin, side + margin, "plot_confusion", layout="constrained")
    axes = figure.subplots()
    axes.imshow(_colours(scores.confusion), interpolation="nearest")
    if count <= MOST_WRITTEN:
        _write(axes, scores.confusion, normalize=normalize)
    _name(axes, names)
    heading = title or f"{scores.accuracy:.2f} % of {len(scores.labels):,} are right"
    axes.set_title(heading, loc="left", fontsize=SMALL + 1.5, color=INK, fontweight="bold", parse_math=False)
    return figure


def _scores(network: Network, data: Data) -> Scores:
    """Return the scores of a network on data in any form."""
    if not isinstance(network, Network):
        other = "scikit-learn's ConfusionMatrixDisplay.from_estimator plots that of an estimator"
        raise ModelError(f"network must be a cmlp.Network, got {shown(network)}; {other}")
    check_predicts_labels(network.architecture)
    samples = network._samples(data, "test data", network._pixel_scale)
    outputs = compute_outputs(samples.source(), network.engine)
    check_numbers(outputs, network.engine)
    assert samples.labels is not None
    return Scores(samples.labels, outputs, network.model.names)


def _colours(matrix: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return colours (classes, classes, 3): blue for what is right, red for mistakes, stronger where there are more."""
    from matplotlib.colors import to_rgb

    paper, blue, red = (np.array(to_rgb(colour)) for colour in (PAPER, *COLOURS[:2]))
    right = np.eye(len(matrix), dtype=bool)
    rows = np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    most = max(int(matrix[~right].max(initial=0)), 1)
    strength = np.where(right, 0.75 * matrix / rows, np.where(matrix > 0, FAINT + 0.7 * matrix / most, 0))
    colours: NDArray[np.float64] = paper + strength[..., None] * (np.where(right[..., None], blue, red) - paper)
    return colours


def _write(axes: "Axes", matrix: NDArray[np.intp], *, normalize: bool) -> None:
    rows = np.maximum(matrix.sum(axis=1), 1)
    most = max(int((matrix - np.diag(matrix.diagonal())).max()), 1)
    for row, column in zip(*np.nonzero(matrix), strict=True):
        value = int(matrix[row, column])
        text = f"{100 * value / rows[row]:.1f}" if normalize else f"{value:,}"
        dark = value / rows[row] > 0.6 if row == column else value / most > 0.6
        style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": SMALL - 1 - (len(text) > 4)}
        axes.text(column, row, text, color=PAPER if dark else INK, **style)


def _name(axes: "Axes", names: list[str]) -> None:
    """Name the rows and the columns, or some of them where there are many."""
    step = -(-len(names) // MOST_NAMES)
    places = range(0, len(names), step)
    named = [names[place] for place in places]
    long = max(map(len, named)) > 3
    style: dict[str, Any] = {"fontsize": SMALL - 1, "color": INK, "parse_math": False}
    axes.set_xticks(places, named, rotation=90 if long else 0, **style)
    axes.set_yticks(places, named, **style)
    axes.tick_params(length=0)
    axes.set_xlabel("predicted", fontsize=SMALL, color=GREY)
    axes.set_ylabel("true class", fontsize=SMALL, color=GREY)
    for spine in axes.spines.values():
        spine.set_visible(False)
