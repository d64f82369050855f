"""The style of all plots: colours, axes and lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from cmlp.notebook.curves import spread_out
from cmlp.utils.optional import require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PAPER, INK, GREY, LINE = "#f7f6f3", "#1d1d1b", "#8b8a86", "#dddbd4"
COLOURS = ("#1c5d99", "#c8553d", "#3d8361")  # training, validation, test: told apart by all eyes, and in grey
SMALL = 9.5


@dataclass(frozen=True)
class Palette:
    """The colours of a plot: its paper, titles, other text and thin lines, and what is drawn."""

    paper: str = PAPER
    ink: str = INK
    grey: str = GREY
    line: str = LINE
    main: str = COLOURS[0]


LIGHT = Palette()
DARK = Palette("#131418", "#eceae4", "#a3a19b", "#363840", "#6cb0f5")  # as in the dark pages


def new_figure(width: float, height: float, user: str, palette: Palette = LIGHT, **settings: Any) -> "Figure":
    """Return an empty figure of a size in inches; `user` is what needs matplotlib, for the error message."""
    require("matplotlib.figure", "matplotlib", "plot", user)
    from cmlp.plotting.figure import ShownFigure

    figure = ShownFigure(figsize=(width, height), dpi=150, facecolor=palette.paper, **settings)
    engine: Any = figure.get_layout_engine()
    if engine is not None:
        engine.set(w_pad=0.12, h_pad=0.12)
    return figure


def style_axes(axes: "Axes", title: str, palette: Palette = LIGHT) -> None:
    """Set the title of axes, and hide all but the bottom spine."""
    axes.set_facecolor(palette.paper)
    axes.set_title(title, loc="left", fontsize=SMALL + 1.5, color=palette.ink, fontweight="bold", parse_math=False)
    axes.tick_params(colors=palette.grey, labelsize=SMALL - 1, length=0)
    for name, spine in axes.spines.items():
        spine.set(color=palette.line, visible=name == "bottom")


def draw_lines(axes: "Axes", lines: Mapping[str, Sequence[float]], colours: Mapping[str, str]) -> None:
    """Plot values per epoch, each line labelled with its name and its last value at its end."""
    for name, values in lines.items():
        epochs = range(1, len(values) + 1)
        axes.plot(epochs, values, color=colours[name], linewidth=1.6, marker="o" if len(values) == 1 else None)
    axes.grid(axis="y", color=LINE, linewidth=0.8)
    axes.set_xlabel("epoch", fontsize=SMALL, color=GREY)
    last = max(map(len, lines.values()))
    axes.set_xlim(0.5 if last == 1 else 1, last + 0.5 if last == 1 else last)
    locator: Any = axes.xaxis.get_major_locator()
    locator.set_params(integer=True, min_n_ticks=1)
    names = sorted(lines, key=lambda name: lines[name][-1])
    low, high = axes.get_ylim()
    heights = spread_out([lines[name][-1] for name in names], low, high, (high - low) * 0.08)
    for name, height in zip(names, heights, strict=True):
        text, place = f"{name} {lines[name][-1]:.4g}", (len(lines[name]), height)
        style: dict[str, Any] = {"fontsize": SMALL, "color": colours[name], "va": "center", "annotation_clip": False}
        axes.annotate(text, place, (7, 0), textcoords="offset points", **style)


def png(figure: "Figure") -> bytes:
    """Return a figure as the bytes of a PNG file."""
    stream = BytesIO()
    figure.savefig(stream, format="png")
    return stream.getvalue()
