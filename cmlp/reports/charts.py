"""Plots of what is measured of a network."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from cmlp.plotting.style import COLOURS, GREY, LIGHT, LINE, SMALL, Palette, new_figure, style_axes
from cmlp.reports.scores import Bin

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def calibration_chart(bins: Sequence[Bin], palette: Palette = LIGHT) -> "Figure":
    """Plot accuracy by confidence, the strongest output, and below it the number of images."""
    figure = new_figure(4.6, 4.2, "a report", palette, layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    filled = [part for part in bins if part.count]
    above.plot((0, 1), (0, 1), color=palette.line, linewidth=1.2)
    confidences, shares = [part.confidence for part in filled], [part.accuracy for part in filled]
    above.plot(confidences, shares, color=palette.main, linewidth=1.6, marker="o", markersize=5)
    above.set(xlim=(0, 1.02), ylim=(-0.02, 1.03))
    style_axes(above, "accuracy", palette)
    middles, counts = [(part.low + part.high) / 2 for part in bins], [part.count for part in bins]
    below.bar(middles, counts, width=0.094, color=palette.main)
    for middle, count in zip(middles, counts, strict=True):
        if count:
            below.annotate(
                f"{count:,}",
                (middle, count),
                (0, 2),
                textcoords="offset points",
                ha="center",
                fontsize=SMALL - 2,
                color=palette.grey,
            )
    below.set(ylim=(0, 1.25 * max(counts)), yticks=[])
    style_axes(below, "images", palette)
    below.set_xlabel("confidence (strongest output)", fontsize=SMALL, color=palette.grey)
    return figure


def eta_chart(
    etas: NDArray[Any],
    losses: NDArray[Any],
    smoothed: NDArray[Any],
    suggestion: float | None,
    limits: tuple[float, float],
    title: str,
) -> "Figure":
    """Plot losses by eta, those of each step behind the smoothed ones, and the suggestion."""
    figure = new_figure(6.4, 4.0, "a plot of eta", layout="constrained")
    axes = figure.subplots()
    axes.plot(etas, losses, color=COLOURS[0], linewidth=0.6, alpha=0.35)
    axes.plot(etas, smoothed, color=COLOURS[0], linewidth=1.8)
    axes.set(xscale="log", ylim=limits)
    axes.minorticks_off()
    if suggestion is not None:
        axes.axvline(suggestion, color=COLOURS[1], linewidth=1.2, linestyle="--")
        text = f"suggestion {suggestion:.2g}"
        style: dict[str, Any] = {"color": COLOURS[1], "fontsize": SMALL, "va": "top"}
        axes.annotate(text, (suggestion, limits[1]), (5, -3), textcoords="offset points", **style)
    style_axes(axes, title or "loss")
    axes.grid(axis="y", color=LINE, linewidth=0.8)
    axes.set_xlabel("eta", fontsize=SMALL, color=GREY)
    return figure
