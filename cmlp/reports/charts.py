"""Plot the calibration of a network."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cmlp.plotting.style import COLOURS, GREY, LINE, SMALL, new_figure, style_axes
from cmlp.reports.scores import Bin

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def calibration_chart(bins: Sequence[Bin]) -> "Figure":
    """Plot accuracy by confidence, the strongest output, and below it the number of images."""
    figure = new_figure(5.6, 4.6, "a report", layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    filled = [part for part in bins if part.count]
    above.plot((0, 1), (0, 1), color=LINE, linewidth=1.2)
    confidences, shares = [part.confidence for part in filled], [part.accuracy for part in filled]
    above.plot(confidences, shares, color=COLOURS[0], linewidth=1.6, marker="o", markersize=5)
    above.set(xlim=(0, 1.02), ylim=(-0.02, 1.03))
    style_axes(above, "accuracy")
    middles, counts = [(part.low + part.high) / 2 for part in bins], [part.count for part in bins]
    below.bar(middles, counts, width=0.094, color=COLOURS[0])
    for middle, count in zip(middles, counts, strict=True):
        if count:
            below.annotate(
                f"{count:,}",
                (middle, count),
                (0, 2),
                textcoords="offset points",
                ha="center",
                fontsize=SMALL - 2,
                color=GREY,
            )
    below.set(ylim=(0, 1.25 * max(counts)), yticks=[])
    style_axes(below, "images")
    below.set_xlabel("confidence (strongest output)", fontsize=SMALL, color=GREY)
    return figure
